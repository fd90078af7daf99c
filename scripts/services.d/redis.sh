# Redis and its sentinel, from Debian's packages.

install_redis() {
  if command -v redis-server >/dev/null && command -v redis-sentinel >/dev/null; then return 0; fi
  from_packages redis Redis redis-server redis-sentinel
}
