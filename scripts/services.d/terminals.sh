# socat, which makes serial lines of two ends, and terminal programs that tests sit at them with: picocom, and tmux as its screen;
# zsh, beside the shell that is there.

install_terminals() {
  if command -v socat >/dev/null && command -v picocom >/dev/null && command -v tmux >/dev/null && command -v zsh >/dev/null; then return 0; fi
  from_packages terminals "socat, picocom, tmux and zsh" socat picocom tmux zsh
}
