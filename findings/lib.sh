# Sourced by every script: changes to a temporary folder, which is removed at the end, and defines functions.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"

# install runs a command of a package manager.
install() { "$@" >log 2>&1 || { cat log; echo "cannot install the packages"; exit 2; }; }

# run_go MODULE VERSION... runs main.go with modules, and keeps the output in the file seen.
run_go() {
  install go mod init finding
  while [ $# -gt 0 ]; do
    install go get "$1@$2"
    echo "$1 $2"
    shift 2
  done
  go run . | tee seen
}

# expect compares the file seen with standard input.
expect() { diff - seen || { echo "the behaviour has changed"; exit 1; }; }
