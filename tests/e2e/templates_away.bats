# The template provider, or the node behind it, is away: miners continue, and the status shows it.

load ../cmd/helper
load topology

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# pool_says FILTER: of the newest status
pool_says() { [ "$(records pool_status | tail -n 1 | jq "$1")" = true ]; }
# checked STATE LIMITS...: hp-stats check of all that the pool has recorded until now
checked() {
    rm -f seen.db*
    hp-stats ingest --db seen.db "$dir/data/pool-events.jsonl" 2>/dev/null
    run hp-stats check seen.db "${@:2}"
    [[ $output == "HASHPOOL $1"* ]] || { echo "$output"; false; }
}

@test "a template provider that is killed is in the pool's status and in check, until it is back" {
    start_topology
    wait_until pool_says '.template_provider_connected and .has_template and .template_age_ms >= 0'
    checked OK --critical-template-away 1
    since=$(records pool_status | tail -n 1 | jq .template_provider_since_ms)
    kill_daemon template
    wait_until pool_says '(.template_provider_connected | not) and .has_template'
    assert [ "$(records pool_status | tail -n 1 | jq .template_provider_since_ms)" -gt "$since" ]
    wait_until checked CRITICAL --critical-template-away 1
    assert_regex "$output" "seconds without templates [0-9.e+]+ above 1"
    # The age keeps growing.
    wait_until pool_says '.template_age_ms > 2000'
    start_template
    wait_until pool_says .template_provider_connected
    checked OK --critical-template-away 1
}

@test "a block that is found while the template provider is away is an alarm record" {
    make_topology
    set_key template.toml sim_block_bits 16
    start_template
    start_pool
    new_key
    kill_daemon template
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --nominal-hash-rate 1
    wait_for_text pool.log "is sent when it is back"
    stop_daemon miner
    wait_for_records alarm 1
    records alarm | jq -r .what | grep -q "^template provider is away: the solution for template [0-9]* is sent when it is back$"
}

@test "a block that is found while hp-template is gone, with its memory, lies whole on disk and reaches the chain when it is back" {
    make_topology
    set_key template.toml sim_block_bits 16
    start_template
    start_pool --log-level debug
    new_key
    # The template's transactions come after the jobs.
    wait_for_text pool.log "holds the transactions of template"
    kill_daemon template
    local before chain=$dir/data/sim-chain.dat
    before=$(stat -c %s "$chain")
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --nominal-hash-rate 1
    wait_for_text pool.log "block found: "
    stop_daemon miner
    local hash
    hash=$(sed -n 's/.*block found: \([0-9a-f]\{64\}\) .*, whole in .*/\1/p' pool.log | head -n 1)
    [ -s "$dir/data/blocks/$hash.hex" ] || fail "no file for $hash: $(ls "$dir/data/blocks")"
    wait_until recorded_whole "$hash"
    # The pool forgets too: only the files are left.
    kill_daemon pool
    start_template
    start_pool
    wait_for_text pool.log "block $hash: accepted"
    assert [ "$(stat -c %s "$chain")" -gt "$before" ]
    wait_until has_verdict "$hash"
    # Once more: the same answer, and nothing new.
    local after
    after=$(stat -c %s "$chain")
    stop_daemon pool
    start_pool
    wait_for_text pool.log "block $hash: accepted"
    assert_equal "$(stat -c %s "$chain")" "$after"
    # By hand: the other program has the chain.
    run_tool -1 hp-template submit "$dir/data/blocks/$hash.hex" --config-dir "$dir"
    assert_regex "$stderr" "is in use by another process"
    stop_daemon template
    run_tool hp-template submit "$dir/data/blocks/$hash.hex" --config-dir "$dir" --json
    assert_equal "$(jq -c '[.hash, .fate, .reason]' <<<"$output")" "[\"$hash\",\"accepted\",\"duplicate\"]"
}
recorded_whole() { records block_found | jq --arg h "$1" 'select(.hash == $h and (.file | endswith($h + ".hex")))' | grep -q .; }
has_verdict() { records block_verdict | jq --arg h "$1" 'select(.hash == $h and .accepted and .fate == "accepted")' | grep -q .; }

@test "a pool without a first template says so, and hp-template says that it has no node" {
    make_topology
    set_key template.toml events '"data/template-events.jsonl"'
    (umask 077 && echo p >password)
    start_daemon template hp-template --config-dir "$dir" --source rpc --network regtest --rpc-url http://127.0.0.1:1 --rpc-user u \
        --rpc-password-file "$PWD/password"
    wait_for_address "$(value shared/network.toml template_listen)"
    start_daemon pool hp-pool --config-dir "$dir"
    wait_until pool_says '.template_provider_connected and (.has_template | not) and .template_age_ms == 0'
    wait_until checked CRITICAL --critical-template-away 0
    node_says() { [ "$(grep '"template_status"' "$dir/data/template-events.jsonl" | tail -n 1 | jq "$1")" = true ]; }
    wait_until node_says '(.node_connected | not) and .height == 0'
}

# start_node NETWORK [OPTION...]: a node, and hp-template on it; the node's state is from node_has
start_node() {
    free_ports 1
    set_key template.toml events '"data/template-events.jsonl"'
    (umask 077 && echo p >password)
    restart_node
    start_template --source rpc --network "$1" --rpc-url "http://127.0.0.1:${ports[0]}" --rpc-user u \
        --rpc-password-file "$PWD/password" "${@:2}"
}
restart_node() {
    start_daemon node "$tools/fake_node" "${ports[0]}" "$HP_SOURCE_DIR/tests/unit/templates/getblocktemplate-btcd.json" state.json
    wait_for_port "${ports[0]}"
}
# node_has CHAIN BLOCKS HEADERS IN_DOWNLOAD
node_has() {
    printf '{"chain":"%s","blocks":%s,"headers":%s,"initialblockdownload":%s}' "$@" >state.new
    mv state.new state.json
}
template_says() { [ "$(grep '"template_status"' "$dir/data/template-events.jsonl" | tail -n 1 | jq "$1")" = true ]; }
node_checked() { # STATE
    rm -f seen.db*
    hp-stats ingest --db seen.db "$dir/data/template-events.jsonl" 2>/dev/null
    run hp-stats check seen.db --critical-template-away 0
    [[ $output == "HASHPOOL $1"* ]] || { echo "$output"; false; }
}

@test "a node in initial block download gives no work, with one line and an alarm of check, and SIGUSR2 ends the wait for a tip" {
    make_topology
    node_has signet 90 100 true
    start_node signet --fee-refresh-s 3600
    wait_for_text template.log "the node is behind its network, no work until it has caught up: it is in initial block download"
    was_asked() { [ "$(grep -c getblockchaininfo node.out)" -ge 3 ]; }
    wait_until was_asked
    assert_equal "$(grep -c 'no templates from' template.log)" 1
    assert_equal "$(grep -c getblocktemplate node.out)" 0
    wait_until template_says '(.node_connected | not) and .height == 0'
    wait_until node_checked CRITICAL
    node_has signet 100 100 false
    wait_until template_says '.node_connected and .height == 101'
    # As bitcoind's -blocknotify sends it; the next plain request would be in an hour.
    node_has signet 101 101 false
    kill -USR2 "${daemon_pid[template]}"
    wait_until template_says '.node_connected and .height == 102'
    stop_daemon template
    assert_equal "$daemon_status" 0
}

@test "allow_ibd takes the templates of a node that is behind" {
    make_topology
    node_has signet 90 100 true
    start_node signet --allow-ibd true
    wait_until template_says '.node_connected and .height == 91'
}

@test "work of a node that is gone is withdrawn after max_template_age_s, and comes back with the node on the same tip" {
    make_topology
    node_has regtest 7 7 false
    start_node regtest --fee-refresh-s 1 --max-template-age-s 1
    start_pool
    wait_until template_says '.clients == 1 and (.work_withdrawn | not)'
    kill_daemon node
    wait_for_text template.log "no new work for 1 s (max_template_age_s): clients are disconnected until there is some: "
    wait_until template_says '.work_withdrawn and (.node_connected | not) and .height == 8'
    grep '"type":"alarm"' "$dir/data/template-events.jsonl" | grep -q max_template_age_s
    # The pool keeps its miners on the last job, and dials again.
    wait_for_text pool.log "; trying again"
    wait_until pool_says '.template_provider_connected and .has_template'
    restart_node
    wait_until template_says '.node_connected and .clients == 1 and (.work_withdrawn | not)'
    wait_until pool_says '.template_provider_connected and .has_template and .template_age_ms < 10000'
}
