# Nothing comes before a found block: no log line, no record, nothing that may wait for somebody.

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    new_key
    set_key template.toml sim_block_bits 16
}

# with_reader NAME CMD...: CMD's stderr is a pipe, whose reader is NAME_reader and writes NAME.err
with_reader() {
    local name=$1
    shift
    mkfifo "$name.fifo"
    start_daemon "${name}_reader" "$tools/stalled_reader" "$name.fifo" "$name.err"
    wait_for_text "${name}_reader.out" reading
    # shellcheck disable=SC2016
    start_daemon "$name" bash -c 'exec "${@:2}" 2>"$1"' _ "$name.fifo" "$@"
}
stall() {
    kill -USR1 "${daemon_pid[$1_reader]}"
    wait_for_text "$1_reader.out" full
}
has_quotes() { [ "$(outbox 'SELECT count(*) FROM answer')" -ge "$1" ]; }
height() { stat -c %s "$dir/data/sim-chain.dat"; }
has_grown() { [ "$(height)" -gt "$1" ]; }

@test "shares, quotes and blocks go on though nobody reads the logs; SIGTERM ends each, and a reader that comes back gets them" {
    local name
    with_reader template hp-template --config-dir "$dir"
    wait_for_address "$(value shared/network.toml template_listen)"
    with_reader pool hp-pool --config-dir "$dir" --log-level debug
    wait_for_text pool.err "ready: miners have work"
    with_reader mint hp-mint --config-dir "$dir" --log-level debug
    wait_for_text mint.err ": up, session"
    local before
    before=$(height)
    for name in pool template mint; do stall "$name"; done
    # About every second share is a block.
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 20 --nominal-hash-rate 1 --json
    wait_until has_quotes 100
    has_grown "$((before + 4 * 80))" || fail "the chain has not grown: $before, $(height)"
    assert [ "$(outbox 'SELECT count(*) FROM dead')" = 0 ]
    stop_daemon mint
    assert_equal "$daemon_status" 0
    # What was found is in both logs once they are read.
    kill -USR2 "${daemon_pid[pool_reader]}" "${daemon_pid[template_reader]}"
    wait_for_text pool.err "block found: "
    wait_for_text template.err "at height 1 is accepted"
    for name in pool template; do
        stall "$name"
        stop_daemon "$name"
        assert_equal "$name $daemon_status" "$name 0"
    done
    stop_daemon miner
}
