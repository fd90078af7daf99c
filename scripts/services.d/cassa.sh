# Cassandra 5, its own artifacts: from Maven into the cache, its version pinned and every file checked by hash. Java (11 or 17)
# and Maven are Debian's.

CASSANDRA_VERSION=5.0.6

install_cassa() {
  into="${HOLDFAST_CACHE:-.cache}/cassandra-$CASSANDRA_VERSION"
  command -v java >/dev/null || from_packages cassa Java openjdk-17-jre-headless || return 1
  [ -d "$into" ] && return 0
  command -v mvn >/dev/null || from_packages cassa Maven maven || return 1
  echo "services: fetching Cassandra $CASSANDRA_VERSION (once, 66 MB) …" >&2
  rm -rf "$into.part"
  mkdir -p "$into.part/lib" || return 1
  part=$(cd "$into.part" && pwd)
  sums="$PWD/scripts/services.d/cassa.sha256"
  mvn -q -B -f scripts/services.d/cassa-pom.xml dependency:copy-dependencies -DoutputDirectory="$part/lib" >&2 &&
    (cd "$part/lib" && sha256sum --quiet --strict -c "$sums" >&2) && mv "$part" "$into"
}
