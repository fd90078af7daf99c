# PostgreSQL, from Debian's packages.

install_pgsql() {
  if [ -n "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || command -v initdb >/dev/null; then return 0; fi
  from_packages pgsql PostgreSQL postgresql
}
