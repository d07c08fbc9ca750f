# The main job on a node that nobody here wrote: a block mined by an SV1 miner goes through hp-proxy, hp-pool and
# hp-template into btcd, and its coinbase pays the configured script.

load ../cmd/helper
load ../e2e/topology
load btcd

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    local reason
    if ! reason=$(btcd_install); then skip "SKIPPED: $reason"; fi
    btcd_install
    free_ports 1
    btcd_start "$BATS_TEST_TMPDIR/btcd" "${ports[0]}"
    dir=$BATS_TEST_TMPDIR/conf
    payout=0014751e76e8199196d454941c45d1b3a323f1433bd6
    hp-config init "$dir" --network regtest --payout "raw($payout)" --ports auto >/dev/null
    set_key template.toml rpc_url "\"$btcd_url\""
    sed -i '/^rpc_cookie_file/d' "$dir/template.toml"
    set_key template.toml rpc_user "\"$btcd_user\""
    set_key template.toml rpc_password_file '"secrets/rpc.password"'
    (umask 077 && printf '%s\n' "$btcd_password" >"$dir/secrets/rpc.password")
    set_key shared/pool.toml unit_bits 10
    set_key pool.toml easiest_target_bits 10
    set_key pool.toml shares_per_minute 600
    set_key proxy.toml initial_hash_rate_hps 1000
}

teardown() {
    stop_daemons
    btcd_stop
}

blocks() { btcd_rpc getblockcount | jq .result; }
has_blocks() { [ "$(blocks)" -ge "$1" ]; }

@test "btcd accepts blocks that an SV1 miner found, and they pay the configured script" {
    hp-config check "$dir"
    start_daemon template hp-template --config-dir "$dir"
    wait_for_text "$BATS_TEST_TMPDIR/template.log" "template for height 1:"
    start_pool
    start_mint
    start_daemon proxy hp-proxy --config-dir "$dir" --events -
    wait_for_address "$(value shared/network.toml proxy_listen)"
    # On regtest every share of this difficulty is a block as well.
    start_daemon miner hp-miner "stratum+tcp://$(value shared/network.toml proxy_listen)" --user rig1 --threads 1 --rate 2
    wait_until has_blocks 3
    stop_daemon miner

    local height hash coinbase
    for height in 1 2 3; do
        hash=$(btcd_rpc getblockhash "[$height]" | jq -r .result)
        coinbase=$(btcd_rpc getblock "[\"$hash\", 2]" | jq -c '.result.rawtx[0] // .result.tx[0]')
        assert_equal "$(jq -r '.vout[0].scriptPubKey.hex' <<<"$coinbase")" "$payout"
        assert_equal "$(jq -r '.vout[0].value' <<<"$coinbase")" 50
    done
    # The same shares are quotes, and their ehash is in the proxy's wallet.
    wait_for_text "$BATS_TEST_TMPDIR/proxy.out" '"type":"token_minted"'
    assert [ "$(hp-wallet --config-dir "$dir" balance --json | jq .unspent)" -gt 0 ]
}

@test "a block that is found while hp-template is gone goes to btcd by hand from its file, and again by the pool when it is back" {
    start_daemon template hp-template --config-dir "$dir"
    wait_for_text "$BATS_TEST_TMPDIR/template.log" "template for height 1:"
    start_pool --log-level debug
    new_key
    wait_for_text "$BATS_TEST_TMPDIR/pool.log" "holds the transactions of template"
    kill_daemon template
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 2
    wait_for_text "$BATS_TEST_TMPDIR/pool.log" "block found: "
    stop_daemon miner
    local file hash before
    hash=$(sed -n 's/.*block found: \([0-9a-f]\{64\}\) .*, whole in .*/\1/p' "$BATS_TEST_TMPDIR/pool.log" | head -n 1)
    file=$dir/data/blocks/$hash.hex
    before=$(blocks)
    run_tool -0 hp-template submit "$file" --config-dir "$dir" --json
    assert_equal "$(jq -r '[.hash, .fate, .reason] | join(" ")' <<<"$output")" "$hash accepted "
    assert_equal "$(blocks)" "$((before + 1))"
    # Once more, and by the pool.
    run_tool -0 hp-template submit "$file" --config-dir "$dir"
    assert_output --regexp "^block $hash at height 1: accepted \(rejected: already have block .*\)$"
    start_daemon template hp-template --config-dir "$dir"
    wait_for_text "$BATS_TEST_TMPDIR/pool.log" "block $hash: accepted"
    assert_equal "$(blocks)" "$((before + 1))"
    # What is not valid is refused by the node, in its words; what is no block, by us.
    sed 's/^\(.\{140\}\)....../\1ffffff/' "$file" >spoilt.hex
    run_tool -3 hp-template submit spoilt.hex --config-dir "$dir"
    assert_output --regexp "^block [0-9a-f]{64} at height 1: rejected \(.+\)$"
    head -c 100 "$file" >cut.hex
    run_tool -1 hp-template submit cut.hex --config-dir "$dir"
    assert_regex "$stderr" "error: 'cut.hex' is not a block: "
    # No node.
    run_tool -1 hp-template submit "$file" --config-dir "$dir" --rpc-url http://127.0.0.1:1
    assert_equal "$output" ""
}
