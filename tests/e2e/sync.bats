# I23: nothing that promises something leaves before its commit's fsync has returned. Seen from outside, by strace.

load ../cmd/helper
load topology
load faults

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    strace -e trace=none true 2>strace.err || skip "strace may not trace here: $(tail -n 1 strace.err)"
    new_key
}

# trace NAME: its syncs and its sockets, from now on, in NAME.trace
trace() {
    start_daemon "strace-$1" strace -f -yy -s 32 -e trace=fsync,fdatasync,sendto,sendmsg,recvfrom,recvmsg -o "$1.trace" \
        -p "${daemon_pid[$1]}"
    wait_for_text "strace-$1.log" attached
}
end_trace() {
    kill "${daemon_pid[strace-$1]}"
    wait "${daemon_pid[strace-$1]}" || true
    unset "daemon_pid[strace-$1]"
}
port() { value shared/network.toml "$1" | cut -d: -f2; }
# all_synced NAME DATABASE PORT N [OPTION]: at least N answers, none too early; and it would be seen if one were
all_synced() {
    local count=$4
    run_tool -0 "$tools/sync_before_send" "$1.trace" "$2" "$3" "${@:5}"
    assert_regex "$output" '^[0-9]+ answers, 0 too early$'
    ((${output%% *} >= count)) || fail "$output, at least $count were expected"
    run_tool -1 "$tools/sync_before_send" "$1.trace" "$2" "$3" "${@:5}" --ignore-syncs
}

@test "I23 the pool acknowledges a share after its outbox is on disk" {
    make_topology
    start_template
    start_pool
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 20 --nominal-hash-rate 1 --json
    wait_until has_rows 1
    trace pool
    wait_until has_rows 30
    end_trace pool
    stop_daemon miner
    all_synced pool outbox.db "$(port pool_listen)" 20
}

@test "I23 the mint answers the pool after the quote, and a wallet after the signatures are on disk" {
    start_topology
    trace mint
    start_proxy
    start_daemon miner hp-miner "stratum+tcp://$(value shared/network.toml proxy_listen)" --user rig --threads 1 --rate 20 --json
    wait_until has_rows 20
    stop_daemon miner
    tokens_agree
    end_trace mint
    all_synced mint mint.db "$(port link_listen)" 10
    all_synced mint mint.db "$(port mint_listen)" 3 --http
}
