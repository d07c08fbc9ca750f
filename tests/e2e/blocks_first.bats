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
height() { stat -c %s "$dir/data/sim-chain.dat"; }
has_grown() { [ "$(height)" -gt "$1" ]; }

@test "a block reaches the chain though nobody reads the log of the pool, or that of the template provider" {
    with_reader template hp-template --config-dir "$dir"
    wait_for_address "$(value shared/network.toml template_listen)"
    with_reader pool hp-pool --config-dir "$dir"
    wait_for_text pool.err "ready: miners have work"
    local before
    before=$(height)
    stall pool
    stall template
    # About every second share is a block; the first stalls the pool at its line, after the block has left.
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 20 --nominal-hash-rate 1 --json
    wait_until has_grown "$before"
    # Both stand at their first line now; with a reader they go on, and what was found is in both logs.
    kill -USR2 "${daemon_pid[pool_reader]}" "${daemon_pid[template_reader]}"
    wait_for_text pool.err "block found: "
    wait_for_text template.err "at height 1 is accepted"
    wait_until has_rows 5
    stop_daemon miner
}
