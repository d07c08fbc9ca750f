# SV1 miners on a whole topology: what real firmware says is answered as its authors expect, and what is wrong gets
# the standard error, is counted, and disturbs nobody else.

load ../cmd/helper
load topology

setup() {
    start_topology
    start_proxy
    client=(python3 "$HP_SOURCE_DIR/tests/e2e/tools/sv1_client.py" "$proxy_listen")
}

answer() { jq -c "select(.case == \"$1\") | [.result, .error[0]]" <<<"$output"; }

@test "each kind of share gets the answer that SV1 has for it" {
    run_tool -0 "${client[@]}" shares
    assert_equal "$(answer not-subscribed)" '[null,25]'
    assert_equal "$(answer unauthorized)" '[null,24]'
    assert_equal "$(answer authorize)" '[true,null]'
    assert_equal "$(answer accepted)" '[true,null]'
    assert_equal "$(answer duplicate)" '[null,22]'
    assert_equal "$(answer low-difficulty)" '[null,23]'
    assert_equal "$(answer unknown-job)" '[null,21]'
    assert_equal "$(answer wrong-extranonce2-size)" '[null,20]'
    assert_equal "$(answer unknown-method)" '[null,20]'
    assert_equal "$(answer suggest-difficulty)" '[true,null]'
    assert_equal "$(answer extranonce-subscribe)" '[true,null]'
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"reason":"duplicate-share"'
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"reason":"difficulty-too-low"'
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"reason":"invalid-job-id"'
    # The one good share is one quote, and its ehash is in the wallet.
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"type":"token_minted"'
    assert_equal "$(sqlite3 -readonly "$dir/data/outbox.db" 'SELECT count(*) FROM outbox')" 1
}

@test "recorded dialogues of cpuminer, cgminer and ESP-Miner are answered" {
    local name
    for name in cpuminer cgminer esp-miner; do
        run_tool -0 "${client[@]}" replay "$HP_SOURCE_DIR/tests/vectors/sv1/$name-dialogue.jsonl"
        assert [ -n "$output" ]
        # Everything but the recorded shares (of a job that is not ours) has a result; those are "job not found", or
        # refused for the size of an extranonce2 that another server gave.
        assert_equal "$(jq -c 'select(.method != "mining.submit" and (.answer.error != null or .answer.result == null))' <<<"$output")" ''
        assert_equal "$(jq -c 'select(.method == "mining.submit") | .answer.error[0] | select(. != 21 and . != 20)' <<<"$output")" ''
    done
    jq -es 'map(select(.method == "mining.configure")) | length > 0 and all(.answer.result["version-rolling"] == true and .answer.result["version-rolling.mask"] == "1fffffe0")' <<<"$output"
    jq -es 'map(select(.method == "mining.subscribe") | .answer.result) | length > 0 and all((.[1] | test("^[0-9a-f]+$")) and .[2] >= 2)' <<<"$output"
}

@test "garbage is answered once and closed, and a miner beside it goes on" {
    start_daemon steady "${client[@]}" hold
    wait_for_text "$BATS_TEST_TMPDIR/steady.out" accepted
    run_tool -0 "${client[@]}" garbage
    assert_equal "$(jq -c '.answer.error[0]' <<<"$output" | sort -u)" '-32700'
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"reason":"bad-line"'
    wait "${daemon_pid[steady]}"
    assert_equal "$(jq -c 'select(.case == "accepted") | .result' "$BATS_TEST_TMPDIR/steady.out" | sort | uniq -c | tr -s ' ')" ' 5 true'
}

@test "a worker name that is a key owns its ehash: the proxy's wallet stays out of it" {
    local key=02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17
    # It stays: a quote that comes when its miner has gone is the pool's and the mint's business alone.
    start_daemon miner hp-miner "stratum+tcp://$proxy_listen" --user "$key.rig1" --threads 1 --rate 20
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"type":"quote_for_other_key"'
    stop_daemon miner
    assert_equal "$(sqlite3 -readonly "$dir/data/outbox.db" "SELECT DISTINCT lower(hex(locking_key)) FROM outbox")" "$key"
    assert_equal "$(hp-wallet --config-dir "$dir" balance --json | jq .unspent)" 0
}

@test "what is unusual in one parameter costs neither the other extensions nor a share" {
    run_tool -0 "${client[@]}" odd
    jq -es 'map(select(.case == "configure").result) | length == 9 and all(.["version-rolling.mask"] == "1fffffe0"
        and .["subscribe-extranonce"] == true and .x == false and (.["minimum-difficulty"] | type) == "string")' <<<"$output"
    assert_equal "$(answer authorize)" '[true,null]'
    assert_equal "$(answer share | sort | uniq -c | tr -s ' ')" ' 4 [true,null]'
}

# 20 good miners' word: one connection each for all the time, and no share refused.
start_good_miners() {
    start_daemon good hp-miner "stratum+tcp://$proxy_listen" --user good --threads 1 --connections 20 --rate 100 --json
    wait_until good_are 100
}
good_are() { [ "$(tail -n 1 "$BATS_TEST_TMPDIR/good.out" | jq .shares_accepted)" -ge "$1" ]; }
good_are_unharmed() {
    good_are "$(($(tail -n 1 "$BATS_TEST_TMPDIR/good.out" | jq .shares_accepted) + 50))" ||
        wait_until good_are "$(($(tail -n 1 "$BATS_TEST_TMPDIR/good.out" | jq .shares_accepted) + 50))"
    stop_daemon good
    assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/good.out" | jq -c '[.connects, .disconnects, .shares_rejected]')" '[20,0,0]'
    assert_equal "$(grep -c ': connected' "$BATS_TEST_TMPDIR/proxy.log")" 2
}

@test "40,000 authorize lines of 240 bytes in one go end one connection, with the reason, and no other" {
    start_good_miners
    run_tool -0 "$tools/sv1_flood" "$proxy_listen" authorize
    assert_equal "$(jq .closed <<<"$output")" 1
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"reason":"too many requests: '
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"closed_for_requests":1'
    good_are_unharmed
}

@test "invalid shares end their connections, with the reason, and the pool sees few of them" {
    start_good_miners
    run_tool -0 "$tools/sv1_flood" "$proxy_listen" invalid --connections 4
    assert_equal "$(jq .closed <<<"$output")" 4
    jq -e '.errors["too-many-invalid-shares: it was not checked: nearly all before it were invalid"] >= 1' <<<"$output"
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"reason":"too-many-invalid-shares: '
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"closed_for_invalid_shares":4'
    # Each connection's budget, what time gave back meanwhile, and what was on its way.
    assert [ "$(records share_rejected | wc -l)" -le $((4 * 700)) ]
    good_are_unharmed
}

@test "a share target is never harder than the network's: an SV1 miner's block is a block" {
    stop_daemon proxy
    stop_daemon pool
    stop_daemon template
    # By its hash rate the miner would be asked for 2^41 hashes a share; a block takes 2^22.
    set_key pool.toml shares_per_minute 20
    set_key proxy.toml initial_hash_rate_hps 1e12
    set_key template.toml sim_block_bits 22
    rm -f "$dir"/data/sim-chain.dat
    start_template
    start_pool
    start_proxy
    run_tool -0 hp-miner "stratum+tcp://$proxy_listen" --user rig --threads 1 --shares 1 --seconds 30 --json
    assert_equal "$(tail -n 1 <<<"$output" | jq .shares_accepted)" 1
    wait_for_records block_found 1
}
