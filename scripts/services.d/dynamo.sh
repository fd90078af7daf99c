# DynamoDB Local, Amazon's own: from Maven into the cache, its version pinned and every file checked by hash. Java and Maven
# are Debian's.

DYNAMO_VERSION=2.6.1

install_dynamo() {
  into="${HOLDFAST_CACHE:-.cache}/dynamodb-local-$DYNAMO_VERSION"
  command -v java >/dev/null || from_packages dynamo Java default-jre-headless || return 1
  [ -d "$into" ] && return 0
  command -v mvn >/dev/null || from_packages dynamo Maven maven || return 1
  echo "services: fetching DynamoDB Local $DYNAMO_VERSION (once, 51 MB) …" >&2
  rm -rf "$into.part"
  mkdir -p "$into.part" || return 1
  part=$(cd "$into.part" && pwd)
  sums="$PWD/scripts/services.d/dynamo.sha256"
  mvn -q -B -f scripts/services.d/dynamo-pom.xml dependency:copy-dependencies -DoutputDirectory="$part" >&2 &&
    (cd "$part" && sha256sum --quiet --strict -c "$sums" >&2) && mv "$part" "$into"
}
