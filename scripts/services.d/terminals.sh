# socat, which makes serial lines of two ends, and terminal programs that tests sit at them with: picocom, and tmux as its screen.

install_terminals() {
  if command -v socat >/dev/null && command -v picocom >/dev/null && command -v tmux >/dev/null; then return 0; fi
  from_packages terminals "socat, picocom and tmux" socat picocom tmux
}
