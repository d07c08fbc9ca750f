# Channels cost their client nothing: neither invalid shares nor memory are multiplied by opening more of them, on one
# connection or on many, and who earns notices nothing.

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    new_key
}
status_is() { records pool_status | tail -n 1 | jq -e "$1" >/dev/null; }
refused_lines() { cat conf/data/refused-shares.jsonl* | wc -l; }

@test "a connection that opens channels, spoils and closes them is judged for one budget, and closed" {
    set_key pool.toml invalid_shares_max 30
    start_template
    start_pool
    start_daemon control hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 50 --nominal-hash-rate 1 --json
    wait_until has_rows 1
    # A refused share of somebody honest, for later.
    hostile pool free-channels 1 1
    assert_line -n 1 "judged 1 opened 1 open"
    local first
    first=$(records share_rejected | head -n 1 | jq -r .connection_id)
    # 25 on each: a budget, what one good share pays for, and ten more on each of some 50 channels.
    hostile pool free-channels 25 2000
    assert_line -n 1 --regexp '^judged [0-9]+ opened [0-9]+ closed$'
    local judged opened
    read -r _ judged _ opened _ <<<"${lines[1]}"
    assert [ "$judged" -le $((30 + 100 + 10 * opened + 30)) ]
    assert [ "$opened" -le 200 ]
    grep -q 'closed: too many invalid shares, and no valid one among them' pool.log
    wait_until status_is '.connections_closed_for_refusals == 1'
    # 10 on each, which are always judged: then it is the openings that end.
    hostile pool free-channels 10 2000
    assert_line -n 1 --regexp '^judged [0-9]+ opened [0-9]+ closed$'
    read -r _ judged _ opened _ <<<"${lines[1]}"
    assert [ $((judged + opened)) -le 10000 ]
    # The file of refused shares did not turn over: 240 of each connection, and one a second.
    assert [ "$(refused_lines)" -le 1000 ]
    grep -q "\"connection_id\":$first," conf/data/refused-shares.jsonl
    stop_daemon control
    assert_equal "$daemon_status" 0
    assert_equal "$(tail -n 1 control.out | jq -c '[.connects, .disconnects, .shares_rejected]')" '[1,0,0]'
}

@test "channels without a share: 20,000 in all, whose largest holder makes room for a newcomer" {
    start_template
    start_pool
    start_daemon control hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 50 --nominal-hash-rate 1 --json
    wait_until has_rows 1
    mkfifo idle.in
    start_daemon idle bash -c 'exec "$@" <idle.in' - "$tools/hostile" "$(pool_address)" "$(pool_key)" idle-channels 6 4000
    exec {idle_in}>idle.in
    deadline_s=120 wait_for_text idle.out open
    # The sixth connection had none and pushed one of 4,000 out; so does a newcomer.
    mine 1 "$pubkey"
    wait_until status_is '.channels_unproven <= 16000 and .channels_unproven_max == 20000 and .connections_closed_for_room == 2'
    exec {idle_in}>&-
    deadline_s=60 wait_for_text idle.out "4 left"
    grep -q 'closed: its channels have had too few shares, and others need the room' pool.log
    stop_daemon control
    assert_equal "$daemon_status" 0
    assert_equal "$(tail -n 1 control.out | jq -c '[.connects, .disconnects, .shares_rejected]')" '[1,0,0]'
}
