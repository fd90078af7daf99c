# DynamoDB Local, Amazon's own: from Maven into the cache, its version pinned and every file checked by hash. Java and Maven
# are Debian's.

DYNAMO_VERSION=2.6.1

install_dynamo() {
  into="${HOLDFAST_CACHE:-.cache}/dynamodb-local-$DYNAMO_VERSION"
  command -v java >/dev/null || from_packages dynamo Java default-jre-headless
  [ -d "$into" ] || fetch_dynamo "$into"
}

fetch_dynamo() {
  command -v mvn >/dev/null || from_packages dynamo Maven maven
  if ! command -v mvn >/dev/null; then return 0; fi
  echo "services: fetching DynamoDB Local $DYNAMO_VERSION (once, 51 MB) …" >&2
  part="$1.part"
  rm -rf "$part"
  mkdir -p "$part"
  part=$(cd "$part" && pwd)
  mvn -q -B -f scripts/services.d/dynamo-pom.xml dependency:copy-dependencies -DoutputDirectory="$part" >&2
  sums=$PWD/scripts/services.d/dynamo.sha256
  (cd "$part" && sha256sum --quiet -c "$sums" >&2)
  mv "$part" "$1"
}
