# Starts, awaits and stops programs, for the tests (cmd/helper.bash) and for scripts/demo. Who sources it has a function
# `fail MESSAGE`, and $daemon_dir if it is not bats.
#
# start_daemon NAME CMD...  runs CMD in the background; stdout in NAME.out, stderr in NAME.log, both in
#                           $BATS_TEST_TMPDIR; its id is in ${daemon_pid[NAME]}
# wait_until CMD...         until the command says yes, 30 s at most: only a failure waits that long, and a busy machine is
#                           slow; deadline_s=60 wait_until CMD... waits longer
# wait_for_port PORT        until somebody accepts on 127.0.0.1:PORT, as long
# wait_for_text FILE TEXT   until the file has a line with the text, as long
# wait_for_log NAME TEXT    the same of a daemon's stderr
# stop_daemon NAME          SIGTERM, and its exit code in $daemon_status; 137 if it did not end within 30 s ($deadline_s)
# stop_daemons              all of them
# daemons_live              whether all that were started still run; names in $daemon_ended one that does not. With
#                           daemons_must_live=1, wait_until fails at once where one has ended

# What the developer has set must not decide.
unset HP_CONFIG_DIR HP_LOG_LEVEL HP_LOG_FILE HP_LOG_FORMAT HP_NETWORK JOURNAL_STREAM

declare -gA daemon_pid=()

# Asked for each time: bats has a directory for each test.
daemon_file() { echo "${daemon_dir:-$BATS_TEST_TMPDIR}/$1"; }

start_daemon() {
    local name=$1 out log
    shift
    out=$(daemon_file "$name.out") log=$(daemon_file "$name.log")
    # Here, not by the child: what an earlier one of this name wrote must not be taken for its words.
    : >"$log"
    # A test may have made it a FIFO, which nobody reads yet.
    [ -p "$out" ] || : >"$out"
    # Descriptor 3 belongs to bats: a process that keeps it open keeps bats waiting.
    "$@" >>"$out" 2>>"$log" 3>&- &
    daemon_pid[$name]=$!
}

wait_until() {
    local deadline=$((SECONDS + ${deadline_s:-30}))
    until "$@" 2>/dev/null; do
        if ((SECONDS >= deadline)); then
            show_daemon_logs
            fail "not within ${deadline_s:-30} s: $*"
        fi
        if [ -n "${daemons_must_live:-}" ] && ! daemons_live; then
            show_daemon_logs
            fail "$daemon_ended ended"
        fi
        sleep 0.02
    done
}

accepts() { (exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
wait_for_port() { wait_until accepts "$1"; }
wait_for_text() { wait_until grep -qF -- "$2" "$1"; }
wait_for_log() { wait_for_text "$(daemon_file "$1.log")" "$2"; }

show_daemon_logs() {
    local name
    for name in "${!daemon_pid[@]}"; do
        printf -- '--- %s\n' "$name" >&2
        tail -n 20 "$(daemon_file "$name.log")" >&2
    done
}

daemons_live() {
    for daemon_ended in "${!daemon_pid[@]}"; do
        kill -0 "${daemon_pid[$daemon_ended]}" 2>/dev/null || return 1
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
    # A daemon that does not end in time is killed; the test sees 137. No background watchdog: its sleep would
    # outlive it, and bats waits for any process that still has one of its descriptors.
    local deadline=$((SECONDS + ${deadline_s:-30}))
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
