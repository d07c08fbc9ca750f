# The main job on a node that nobody here wrote: a block mined by an SV1 miner goes through hp-proxy, hp-pool and
# hp-template into btcd, and its coinbase pays the configured script.

load ../cmd/helper
load ../e2e/topology
load btcd

setup() {
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
