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
    start_pool --events "unix:$dir/data/records.sock" --framing length --encoding msgpack
    start_mint --events "unix:$dir/data/records.sock"
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
    start_pool --events "unix:$dir/data/records.sock"
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

@test "every record of a run is valid by hp-stats schema" {
    make_topology
    start_template --events template.jsonl
    start_pool
    start_mint --events mint.jsonl
    wait_for_link
    start_daemon proxy hp-proxy --config-dir "$dir" --events proxy.jsonl
    wait_for_text proxy.log ": connected"
    mine 5 "$pubkey"
    run_tool -0 python3 "$tools/sv1_client.py" "$(value shared/network.toml proxy_listen)" shares
    mkfifo held
    exec 7<>held
    # shellcheck disable=SC2016
    start_daemon steady bash -c 'exec "$@" <held 7>&-' _ python3 "$tools/sv1_client.py" "$(value shared/network.toml proxy_listen)" hold
    local type
    for type in template.jsonl:template_status mint.jsonl:ledger_status mint.jsonl:ehash_issued proxy.jsonl:token_minted \
        proxy.jsonl:miner_share_rejected proxy.jsonl:downstream_status proxy.jsonl:proxy_status; do
        wait_for_text "${type%%:*}" "\"type\":\"${type##*:}\""
    done
    for type in pool_status mint_status channel_status share_rejected; do wait_for_records "$type" 1; done
    exec 7>&-
    stop_daemons
    hp-stats schema >schema.json
    cat "$dir/data/pool-events.jsonl" {template,mint,proxy}.jsonl miner.out >all.jsonl
    assert_equal "$("$tools/valid_records" schema.json all.jsonl)" "$(wc -l <all.jsonl)"
    # And each of a type that is declared.
    for type in $(jq -r .type all.jsonl | sort -u); do hp-stats schema "$type" >/dev/null; done
}

# The collector's own key, as hp-config init wrote it into stats.toml for people to copy.
noise_target() { echo "tcp://$(value shared/network.toml pool_records_listen)/$(hp-config pubkey "$dir/secrets/stats-authority.key" | sed -n 's/^authority //p')"; }

@test "over Noise: pool and mint write to a collector elsewhere; it is killed and comes back" {
    make_topology
    set_key pool.toml events "\"$(noise_target)\""
    set_key mint.toml events "\"$(noise_target)\""
    hp-config check "$dir" >/dev/null
    grep -qF "events = \"tcp://HOST:PORT/" "$dir/stats.toml"
    start_template
    start_pool --framing length
    start_mint
    wait_for_link
    mine 20 "$pubkey"
    collect --listen-records
    grep -qF "records from $(noise_target) into" collector.log
    wait_until says '[.shares_accepted, .quotes_created]' '[20,20]'
    kill_daemon collector
    wait_for_text pool.log "the oldest are dropped if there are too many"
    mine 20 "$pubkey"
    collect --listen-records
    deadline_s=30 wait_until says '[.shares_accepted, .records_damaged]' '[40,0]'
}

@test "over Noise: a writer that is not allowed is refused by name, and its pool goes on" {
    make_topology
    set_key pool.toml events "\"$(noise_target)\""
    set_key stats.toml allowed_writer_keys "[\"$(hp-config pubkey "$dir/secrets/mint-events.key" | sed -n 's/^authority //p')\"]"
    run_tool -2 hp-config check "$dir"
    [[ $output$stderr == *"which is not in allowed_writer_keys of stats.toml"* ]]
    start_template
    collect --listen-records
    start_pool
    start_mint
    wait_for_link
    wait_for_text collector.log "is not in allowed_writer_keys"
    mine 5 "$pubkey"
    assert_equal "$(kept .records)" 0
    set_key stats.toml allowed_writer_keys "[]"
    run_tool -2 hp-stats ingest --config-dir "$dir" --db other.db --listen-records
    [[ $stderr == *"stats.toml:"*"allowed_writer_keys: is empty"* ]]
    # Beside connections a file would be read to its end once, and then what?
    set_key stats.toml allowed_writer_keys "[\"$(hp-config pubkey "$dir/secrets/pool-events.key" | sed -n 's/^authority //p')\"]"
    run_tool -2 hp-stats ingest --config-dir "$dir" --db other.db --listen-records conf/stats.toml
    [[ $stderr == *"'conf/stats.toml' is not a pipe"* ]] || fail "$stderr"
}

@test "a reader of records that is gone is said with what to do: of a pipe for good, of a FIFO until another comes" {
    make_topology
    start_template
    start_daemon pool bash -c 'exec hp-pool --config-dir "$1" --events - > >(head -n 1 >/dev/null)' _ "$dir"
    wait_for_text pool.log "events: the reader of stdout is gone, and cannot come back: no more events until this program is started again with one"
    stop_daemon pool
    mkfifo fifo
    start_pool --events "$PWD/fifo"
    # More than the FIFO holds.
    mine 300 "$pubkey"
    wait_for_text pool.log "events: nobody reads '$PWD/fifo': records wait, and the oldest are dropped if there are too many; start its reader (hp-stats ingest)"
    collect "$PWD/fifo"
    wait_for_text pool.log "events: '$PWD/fifo' has a reader again"
    wait_until says .shares_accepted 300
    assert_equal "$(grep -c 'nobody reads' pool.log)" 1
}
