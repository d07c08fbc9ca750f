# Loaded by every bats file: load helper
#
# run_tool [-N] CMD...      runs with stdout in $output and stderr in $stderr; -N expects exit code N
# free_ports N              N free loopback ports in the array $ports
# start_daemon, wait_until, wait_for_text, stop_daemon and their kind: ../daemons.bash
# A bats file that has its own teardown() calls stop_daemons in it.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

HP_SOURCE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HP_BIN_DIR=${HP_BIN_DIR:-$HP_SOURCE_DIR/build/release/bin}
# A shim in shell, as pyenv's, would take 0.1 s for each of hundreds of calls.
python=$(type -P python3)
if [[ $python == */shims/python3 ]] && PATH=${PATH//"${python%/*}":/} type -P python3 >/dev/null; then
    PATH=${PATH//"${python%/*}":/}
fi
PATH=$HP_BIN_DIR:$PATH
export HP_SOURCE_DIR HP_BIN_DIR PATH

# shellcheck source=../daemons.bash
source "$HP_SOURCE_DIR/tests/daemons.bash"

run_tool() {
    local code=-0
    if [[ $1 =~ ^-[0-9]+$ ]]; then
        code=$1
        shift
    fi
    run --separate-stderr "$code" "$@"
}

# Python holds all sockets open together, so that no port comes twice; below those that the kernel gives to who dials.
free_ports() {
    # shellcheck disable=SC2034
    mapfile -t ports < <(python3 -c '
import random, socket, sys
held = []
while len(held) < int(sys.argv[1]):
    try:
        held.append(socket.create_server(("127.0.0.1", random.randrange(10000, 32768))))
    except OSError:
        pass
print("\n".join(str(one.getsockname()[1]) for one in held))' "$1")
}

teardown() { stop_daemons; }
