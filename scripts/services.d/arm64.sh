# A processor and the libraries of an arm64 machine, for tests of the binary, from Debian's packages.

install_arm64() {
  if [ "$(uname -m)" = aarch64 ]; then return 0; fi
  if command -v qemu-aarch64-static >/dev/null && [ -f /usr/aarch64-linux-gnu/lib/libstdc++.so.6 ]; then return 0; fi
  from_packages arm64 "an emulator of arm64" \
    qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross
}
