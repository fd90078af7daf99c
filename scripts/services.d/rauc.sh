# RAUC, which updates the image of a device, and what its bundles are made and mounted with; from Debian's packages.

install_rauc() {
  if command -v rauc >/dev/null && command -v dbus-daemon >/dev/null && command -v busctl >/dev/null &&
    command -v mksquashfs >/dev/null; then return 0; fi
  from_packages rauc "RAUC, D-Bus and squashfs-tools" rauc dbus systemd squashfs-tools
}
