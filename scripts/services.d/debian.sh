# Debian systems of their own below a folder, in which packages are installed and services run; what looks at packages, and at what
# a program does.

install_debian() {
  if command -v mmdebstrap >/dev/null && command -v arch-test >/dev/null && command -v systemd-nspawn >/dev/null &&
    command -v lintian >/dev/null && command -v strace >/dev/null; then return 0; fi
  from_packages debian "mmdebstrap, systemd-nspawn, lintian and strace" mmdebstrap arch-test systemd-container lintian strace
}
