# A stock wallet against a live pool and mint: @cashu/cashu-ts 4.8.0 as npm has it.

load ../cmd/helper
load ../e2e/topology
load cashu-ts

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

start_other_mint() {
    hp-config init other --network sim --ports auto >/dev/null
    start_daemon other hp-mint --config-dir other
    wait_for_text other.log "serving wallets on"
}

@test "an unmodified cashu-ts finds, mints, sends, receives and restores the ehash of real shares" {
    install_cashu_ts
    cp "$HP_SOURCE_DIR/tests/interop/cashu-ts/wallet.mjs" "$cashu_ts_dir"
    start_topology
    start_other_mint
    other_url=http://$(sed -n 's/^mint_listen *= *"\(.*\)".*/\1/p' other/shared/network.toml)
    MINT_URL=$(mint_url) OTHER_MINT_URL=$other_url MINER_URL=$(miner_url) \
        run -0 node --test --test-reporter=tap "$cashu_ts_dir/wallet.mjs"
    assert_line "# fail 0"
    refute_line "# pass 0"

    # The books agree with the wallets, to the unit: 19 quoted, issued and in circulation.
    assert_equal "$(outbox 'SELECT count(*), sum(amount) FROM outbox WHERE state = 2')" "7|19"
    assert_equal "$(ledger 'SELECT count(*), sum(amount), sum(paid), sum(issued) FROM quote')" "7|19|19|19"
    assert_equal "$(ledger 'SELECT (SELECT sum(amount) FROM sig) - (SELECT sum(amount) FROM spent)')" 19
    run_tool -0 grep -c ' error ' mint.log pool.log || true
}
