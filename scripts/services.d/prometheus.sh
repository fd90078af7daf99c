# promtool, which checks our metrics and alert rules; from Debian's packages.

install_prometheus() {
  if command -v promtool >/dev/null; then return 0; fi
  from_packages prometheus promtool prometheus
}
