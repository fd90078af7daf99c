# mosquitto_pub and mosquitto_sub, clients in tests, from Debian's packages.

install_mosquitto() {
  if command -v mosquitto_pub >/dev/null && command -v mosquitto_sub >/dev/null; then return 0; fi
  from_packages mosquitto "mosquitto's clients" mosquitto-clients
}
