# Cassandra 5, its own artifacts as Maven has them, into the cache; a Java and Maven from Debian's packages.

cassandra_version=5.0.6
# of the list of all jars with their sums
cassandra_sum=ca24b0e8547b5bc7101daf8d43396be10b4df0cc4aaf2687425d1184e18f0cbf

install_cassa() {
  home=${HOLDFAST_CACHE:-.cache}/cassandra-$cassandra_version
  if ! command -v java >/dev/null; then from_packages cassa Cassandra openjdk-17-jre-headless; fi
  if [ -d "$home/lib" ]; then return 0; fi
  if ! command -v mvn >/dev/null; then from_packages cassa Cassandra maven; fi
  if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then return 0; fi
  echo "services: fetching Cassandra $cassandra_version (once) …" >&2
  new=$home.$$
  mkdir -p "$new"
  cat >"$new/pom.xml" <<END
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test.services</groupId><artifactId>cassandra</artifactId><version>1</version>
<dependencies><dependency>
<groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId><version>$cassandra_version</version>
</dependency></dependencies></project>
END
  (cd "$new" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >&2)
  sum=$(cd "$new/lib" && LC_ALL=C && export LC_ALL && sha256sum ./*.jar | sed 's,\./,,' | sha256sum | cut -d' ' -f1)
  if [ "$sum" != "$cassandra_sum" ]; then
    echo "services: what came is not Cassandra $cassandra_version as we know it: $sum" >&2
    rm -r "$new"
    return 1
  fi
  if [ -d "$home" ]; then rm -r "$new"; else mv "$new" "$home"; fi
}
