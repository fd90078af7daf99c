# Chromium, which tests look at the page with, and a font; from Debian's packages.

install_chromium() {
  if [ -x /usr/bin/chromium ]; then return 0; fi
  from_packages chromium Chromium chromium fonts-dejavu-core
}
