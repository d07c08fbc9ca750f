# Many miners on one connection: more than it may have, and a connection that does not read.

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    new_key
    ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
}

pool_status_is() { records pool_status | tail -n 1 | jq -e "$1"; }
proxy_status_is() { grep -F '"type":"proxy_status"' proxy.events | tail -n 1 | jq -e "$1"; }

@test "miners beyond the limit of one connection come on another one, each with its own shares" {
    set_key pool.toml channels_per_connection 3
    set_key proxy.toml events '"../proxy.events"'
    start_template
    start_pool
    start_daemon proxy hp-proxy --config-dir "$dir" --events "$PWD/proxy.events"
    wait_for_text proxy.log "pool $(pool_address): connected"
    start_daemon miners hp-miner "stratum+tcp://$(value shared/network.toml proxy_listen)" --user "$pubkey" --threads 1 \
        --connections 8 --rate 40 --json
    wait_until pool_status_is '.connections == 3 and .channels == 8 and .channels_busiest == 3 and .channels_max == 3'
    wait_until proxy_status_is '.pool_connections == 3 and .pool_channels == 8 and .pool_channels_max == 4099'
    grep -q "all channels of 2 connections are in use; opening another connection" proxy.log
    # Each connection's channels have the numbers 1 to 3: every miner hears of its own shares.
    wait_until has_rows 100
    stop_daemon miners
    assert_equal "$daemon_status" 0
    assert_equal "$(tail -n 1 miners.out | jq -c '[.connects, .disconnects, .shares_rejected, .shares_accepted >= 50]')" '[8,0,0,true]'
    assert_equal "$(records share_accepted | jq -r '"\(.connection_id)/\(.channel_id)"' | sort -u | wc -l)" 8
}

@test "a connection that does not read gets the newest work only, and is not cut" {
    set_key template.toml sim_block_bits 8
    start_template
    start_pool
    local chain=$dir/data/sim-chain.dat before
    before=$(stat -c %s "$chain")
    start_daemon slow "$tools/hostile" "$(pool_address)" "$(pool_key)" slow-reader "$pubkey" 600 "$chain" $((before + 250000))
    wait_for_text slow.out "open"
    # Each share is a block: a new tip and a template for each of the 600 channels, a hundred times and more.
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 100 --nominal-hash-rate 1 --json
    deadline_s=60 wait_for_text slow.out "one tip for all"
    stop_daemon miner
    wait_for_text slow.out "share SubmitShares."
    # Far fewer tips than blocks came to each of its channels.
    local tips blocks
    tips=$(sed -n 's/^tips //p' slow.log)
    blocks=$(records tip_changed | wc -l)
    assert [ "$blocks" -gt 100 ]
    assert [ "$tips" -lt $((600 * blocks / 2)) ]
    wait_until pool_status_is '.connections_dropped_slow == 0'
    run_tool -1 grep -E "connection cut|reads too slowly" pool.log
}
