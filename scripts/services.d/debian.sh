# Debian systems of their own below a folder, in which packages are installed and services run; and what looks at packages.

install_debian() {
  if command -v mmdebstrap >/dev/null && command -v arch-test >/dev/null && command -v systemd-nspawn >/dev/null &&
    command -v lintian >/dev/null; then return 0; fi
  from_packages debian "mmdebstrap, systemd-nspawn and lintian" mmdebstrap arch-test systemd-container lintian
}
