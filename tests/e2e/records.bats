# Records from the programs to their collector over each transport, and what becomes of both when it is killed or
# stalled.
load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    new_key
}

# collect [OPTION...]: hp-stats ingest on the configured database, until it listens
collect() {
    start_daemon collector hp-stats ingest --config-dir "$dir" "$@"
    wait_for_text collector.log "records from "
}
kept() { hp-stats show --config-dir "$dir" --json | jq -c "$1"; }
says() { [ "$(kept "$1")" = "$2" ]; }
p99_ms() { jq .ack_p99_ms <<<"$summary"; }

@test "AC-298: kill -9 of the collector under load: the writers go on, and what waits arrives when it is back" {
    make_topology
    start_template
    collect "unix:$dir/data/records.sock"
    start_pool --events unix:data/records.sock --framing length --encoding msgpack
    start_mint --events unix:data/records.sock
    wait_for_link
    mine 30 "$pubkey"
    wait_until says .shares_accepted 30
    wait_until says .quotes_created 30
    kill_daemon collector
    mine 40 "$pubkey"
    books_agree
    collect "unix:$dir/data/records.sock"
    wait_until says '[.shares_accepted, .quotes_created, .records_damaged]' '[70,70,0]'
    wait_until says '.status["hp-pool"].channels.value != null' true
    stop_daemon collector
    assert_equal "$daemon_status" 0
}

@test "AC-298: a collector that hangs slows no share, and gets what waited" {
    make_topology
    start_template
    collect "unix:$dir/data/records.sock"
    start_pool --events unix:data/records.sock
    start_mint
    wait_for_link
    mine 200 "$pubkey"
    local before with
    before=$(p99_ms)
    kill -STOP "${daemon_pid[collector]}"
    mine 200 "$pubkey"
    with=$(p99_ms)
    echo "p99 of the acknowledgement: $before ms with a collector, $with ms with one that hangs" >&3
    # Machines are busy; a writer that waited would need a second at least.
    [ "$(jq -n "$with < 1000")" = true ]
    kill -CONT "${daemon_pid[collector]}"
    wait_until says .shares_accepted 400
}
