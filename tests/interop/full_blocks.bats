# Blocks of 3,000 transactions, half of them with a witness, found over channels of each kind, into a node that nobody here wrote.

load ../cmd/helper
load ../e2e/topology
load btcd

transactions=3100

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    local reason
    if ! reason=$(btcd_install); then skip "SKIPPED: $reason"; fi
    btcd_install
    free_ports 1
    btcd_address=bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85 # P2WSH of OP_TRUE
    btcd_start "$BATS_TEST_TMPDIR/btcd" "${ports[0]}"
    dir=$BATS_TEST_TMPDIR/conf
    hp-config init "$dir" --network regtest --payout 'raw(0014751e76e8199196d454941c45d1b3a323f1433bd6)' --ports auto >/dev/null
    set_key template.toml rpc_url "\"$btcd_url\""
    sed -i '/^rpc_cookie_file/d' "$dir/template.toml"
    set_key template.toml rpc_user "\"$btcd_user\""
    set_key template.toml rpc_password_file '"secrets/rpc.password"'
    (umask 077 && printf '%s\n' "$btcd_password" >"$dir/secrets/rpc.password")
    # Every share of this difficulty is a block on regtest, and found at once.
    set_key shared/pool.toml unit_bits 10
    set_key pool.toml easiest_target_bits 10
    set_key pool.toml shares_per_minute 600
    set_key pool.toml events '"data/pool-events.jsonl"'
}

teardown() {
    stop_daemons
    btcd_stop
}

full_blocks() { NODE_PASSWORD=$btcd_password "$HP_SOURCE_DIR/tests/interop/full_blocks" "$btcd_url" "$btcd_user" coins.json "$@"; }

has_verdict() { records block_verdict | grep -qF "$1"; }

# find_block KIND MESSAGE: a block by this kind of channel, whose jobs come by this message; its hash is in $hash.
find_block() {
    run_tool -0 full_blocks find "$(pool_address)" "$(pool_key)" "$pubkey" "$1"
    assert_line -n 0 "$1 by $2 SubmitShares.Success"
    assert_line -n 1 "transactions $transactions with a witness $((transactions / 2))"
    assert_line -n 2 "merkle root True commitment True"
    hash=${lines[3]}
    # The pool has the same block, whole, and knows its fate.
    wait_until has_verdict "$hash"
    assert_equal "$(records block_verdict | grep -F "$hash" | jq -r .fate)" accepted
    wait_until test -e "$dir/data/blocks/$hash.hex" # at this difficulty it is found sooner than the transactions come
    btcd_rpc getblock "[\"$hash\", 0]" | jq -r .result | cmp - "$dir/data/blocks/$hash.hex"
}

@test "btcd accepts blocks of 3,000 transactions, with their witness commitment, found over extended, standard and group channels" {
    # BIP 9 on regtest: segwit is active after three periods.
    btcd_generate 432
    run_tool -0 full_blocks fund "$transactions"
    assert_output "coins $transactions"
    start_template
    start_pool
    new_key
    find_block extended NewExtendedMiningJob
    find_block standard NewMiningJob
    find_block grouped-extended NewExtendedMiningJob
    find_block grouped-standard NewExtendedMiningJob
    assert_equal "$(records share_rejected | wc -l)" 0
    assert_equal "$(records block_found | wc -l)" 4
}
