# mosquitto_pub and mosquitto_sub, clients in tests, and the broker, whose access rules ours are compared with; from Debian's packages.

install_mosquitto() {
  if command -v mosquitto_pub >/dev/null && [ -x /usr/sbin/mosquitto ]; then return 0; fi
  from_packages mosquitto mosquitto mosquitto mosquitto-clients
}
