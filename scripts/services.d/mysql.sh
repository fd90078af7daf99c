# MariaDB, which speaks MySQL's protocol, from Debian's packages.

install_mysql() {
  if [ -x /usr/sbin/mariadbd ] || command -v mariadbd >/dev/null; then return 0; fi
  from_packages mysql MariaDB mariadb-server
}
