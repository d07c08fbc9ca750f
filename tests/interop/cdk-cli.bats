# A stock wallet of another make against a live pool and mint: cdk-cli of CDK, unmodified.

load ../cmd/helper
load ../e2e/topology
load cdk-cli

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    local reason
    if ! reason=$(cdk_find); then skip "SKIPPED: $reason"; fi
    cdk_find
    start_topology
    url=$(mint_url)
    # It derives its quote keys as hp-wallet does: the words give both the same first one.
    hp-config keygen mnemonic --out words >/dev/null
    mkdir wallet
    cp words wallet/seed
    key=$(hp-wallet --config-dir "$dir" --wallet-seed-file "$PWD/words" pubkey)
}

has_quotes() { [ "$(ledger 'SELECT count(*) FROM quote')" = "$1" ]; }
quote_ids() {
    ledger "SELECT lower(substr(h,1,8)||'-'||substr(h,9,4)||'-'||substr(h,13,4)||'-'||substr(h,17,4)||'-'||substr(h,21))
        FROM (SELECT hex(id) AS h FROM quote)"
}
# What the wallet says that it has of the unit.
balance() { cdk "$1" balance | sed -nE "s/.*[^0-9]([0-9]+) hash.*/\\1/p" | tail -n 1; }

@test "cdk-cli reads the mint, mints real shares by quote id, sends, receives, restores, and cannot melt" {
    mine 4 "$key"
    wait_until has_quotes 4
    total=$(ledger 'SELECT sum(amount) FROM quote')

    run_tool -0 cdk wallet mint-info "$url"
    assert_output --partial ehash

    # It mints at once, and then waits for the quote to be worth more.
    for id in $(quote_ids); do
        run_tool -0 cdk wallet mint "$url" --method ehash --quote-id "$id" --wait-duration 1
    done
    assert_equal "$(ledger 'SELECT sum(issued) FROM quote')" "$total"
    assert_equal "$(balance wallet)" "$total"

    run_tool -0 cdk wallet send --amount 2 --mint-url "$url"
    token=$(grep -oE 'cashuB[A-Za-z0-9_=-]+' <<<"$output")
    # Into a wallet of ours, and from there back into another of theirs.
    hp-wallet --config-dir "$dir" receive <<<"$token"
    assert_equal "$(hp-wallet --config-dir "$dir" balance --json | jq .unspent)" 2
    token=$(hp-wallet --config-dir "$dir" send 1)
    run_tool -0 cdk other receive --allow-untrusted "$token"
    assert_equal "$(balance other)" 1
    run_tool -1 cdk other receive --allow-untrusted "$token"

    run_tool -0 cdk wallet check-pending
    assert_equal "$(balance wallet)" $((total - 2))

    mkdir restored
    cp words restored/seed
    run_tool -0 cdk restored restore "$url"
    assert_equal "$(balance restored)" $((total - 2))

    run_tool -1 cdk wallet melt --mint-url "$url" --method bolt11 --invoice lnbc1

    # The books agree with the wallets, to the unit.
    assert_equal "$(ledger 'SELECT (SELECT sum(amount) FROM sig) - (SELECT sum(amount) FROM spent)')" "$total"
}
