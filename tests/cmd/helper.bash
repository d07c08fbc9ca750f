# Loaded by every bats file: load helper
#
# run_tool [-N] CMD...      runs with stdout in $output and stderr in $stderr; -N expects exit code N
# free_ports N              N free loopback ports in the array $ports
# start_daemon NAME CMD...  runs CMD in the background; stdout in NAME.out, stderr in NAME.log, both in
#                           $BATS_TEST_TMPDIR; its id is in ${daemon_pid[NAME]}
# wait_until CMD...         until the command says yes, 30 s at most: only a failure waits so long, and a busy machine is
#                           slow; deadline_s=60 wait_until CMD... waits longer
# wait_for_port PORT        until somebody accepts on 127.0.0.1:PORT, as long
# wait_for_text FILE TEXT   until the file has a line with the text, as long
# stop_daemon NAME          SIGTERM, and its exit code in $daemon_status
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

# What the developer has set must not decide a test.
unset HP_CONFIG_DIR HP_LOG_LEVEL HP_LOG_FILE HP_LOG_FORMAT HP_NETWORK JOURNAL_STREAM

declare -gA daemon_pid=()

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

start_daemon() {
    local name=$1
    shift
    # Here, not by the child: what an earlier one of this name wrote must not be taken for its words.
    : >"$BATS_TEST_TMPDIR/$name.log"
    # A test may have made it a FIFO, which nobody reads yet.
    [ -p "$BATS_TEST_TMPDIR/$name.out" ] || : >"$BATS_TEST_TMPDIR/$name.out"
    # Descriptor 3 belongs to bats: whoever keeps it open keeps bats waiting.
    "$@" >>"$BATS_TEST_TMPDIR/$name.out" 2>>"$BATS_TEST_TMPDIR/$name.log" 3>&- &
    daemon_pid[$name]=$!
}

wait_until() {
    local deadline=$((SECONDS + ${deadline_s:-30}))
    until "$@" 2>/dev/null; do
        if ((SECONDS >= deadline)); then
            show_daemon_logs
            fail "not within ${deadline_s:-30} s: $*"
        fi
        sleep 0.02
    done
}

accepts() { (exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
wait_for_port() { wait_until accepts "$1"; }
wait_for_text() { wait_until grep -qF -- "$2" "$1"; }

show_daemon_logs() {
    local name
    for name in "${!daemon_pid[@]}"; do
        printf -- '--- %s\n' "$name" >&2
        tail -n 20 "$BATS_TEST_TMPDIR/$name.log" >&2
    done
}

stop_daemon() {
    kill -TERM "${daemon_pid[$1]}" 2>/dev/null || true
    wait_for_end "$1"
}

wait_for_end() {
    local pid=${daemon_pid[$1]}
    unset "daemon_pid[$1]"
    daemon_status=0
    # A daemon that does not end within 30 s is killed; the test sees 137. No background watchdog: its sleep would
    # outlive it, and bats waits for whoever still has a descriptor of its.
    local deadline=$((SECONDS + 30))
    while kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.02; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || daemon_status=$?
}

# All are told before the first one is waited for: some end when their peers have.
stop_daemons() {
    local name
    [ ${#daemon_pid[@]} = 0 ] || kill -TERM "${daemon_pid[@]}" 2>/dev/null || true
    for name in "${!daemon_pid[@]}"; do wait_for_end "$name"; done
}

teardown() { stop_daemons; }
