# scripts/demo is the first thing that a newcomer runs: it must do the main job, say so in one object, and fail loudly.

load ../cmd/helper

@test "the demo brings a share's ehash into a wallet, sends a token, and its audit is exact" {
    run_tool -0 "$HP_SOURCE_DIR/scripts/demo" --seconds 5 --json
    jq -e '.audit == "ok" and .outbox_pending == 0
        and .shares_accepted > 0 and .quotes_created == .shares_accepted
        and .ehash_issued > 0 and .wallet_balance == .ehash_issued
        and (.token | startswith("cashuB"))
        and (.share_to_token_ms.p50 | type == "number") and .share_to_token_ms.p99 >= .share_to_token_ms.p50' <<<"$output"
    assert_equal "$(jq -s length <<<"$output")" 1
}

@test "the demo refuses what it does not understand" {
    run_tool -2 "$HP_SOURCE_DIR/scripts/demo" --seconds soon
    assert_equal "$output" ""
    [[ $stderr == "demo: error: --seconds: expected a whole number above 0, got 'soon'" ]]
    run_tool -2 "$HP_SOURCE_DIR/scripts/demo" --frobnicate
    assert_equal "$output" ""
}
