# A mint whose keyset rotates under a proxy: its wallet continues by itself, old ehash stays valid, and the books agree.

load ../cmd/helper
load topology

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }
teardown() { stop_daemons; }

wallet() { hp-wallet --config-dir "$dir" "$@"; }
unspent() { wallet balance --json | jq .unspent; }
holds() { [ "$(unspent)" -ge "$1" ]; }
# Shares through the proxy, whose wallet owns their quotes, until their ehash is in the wallet, but for what is away.
earn() {
    hp-miner "stratum+tcp://$(value shared/network.toml proxy_listen)" --user rig1 --threads 1 --shares "$1" --json \
        --connect-timeout 10 >miner.out 2>miner.err 3>&- || fail "hp-miner: $(cat miner.err)"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state <> 2" 0
    wait_until holds $(($(ledger "SELECT sum(paid) FROM quote") - ${2-0}))
}
signed_by() { ledger "SELECT count(*) FROM sig JOIN keyset ON keyset.id = sig.keyset WHERE keyset.derivation_index = $1"; }

@test "a new keyset: the wallet fetches it when it is told to, and what it holds of the old one stays good" {
    start_topology
    start_daemon proxy hp-proxy --config-dir "$dir"
    wait_for_address "$(value shared/network.toml proxy_listen)"
    earn 5
    local before old_token
    before=$(unspent)
    old_token=$(wallet send 1)
    refute [ "$(signed_by 0)" = 0 ]

    set_key mint.toml keyset_index_min 1
    stop_daemon mint
    start_mint
    wait_for_text mint.log "(index 1, "
    assert_equal "$(curl -sS "$(mint_url)/v1/keysets" | jq -c '[.keysets[].active] | sort')" '[false,true]'
    # The proxy was not restarted: the mint refuses outputs of the old keyset, and that is what tells it.
    local old_ones
    old_ones=$(signed_by 0)
    earn 5 1
    assert_equal "$(signed_by 0)" "$old_ones"
    refute [ "$(signed_by 1)" = 0 ]
    assert [ "$(unspent)" -ge "$before" ]

    # A token of the old keyset is worth what it says, and comes back as one of the new.
    run_tool wallet receive - <<<"$old_token"
    wallet send "$((before + 1))" >token
    run_tool wallet receive - <token
    run_tool hp-audit --config-dir "$dir" --wallet "$dir/data/wallet.db"
    assert_equal "$(ledger "SELECT count(*) FROM keyset WHERE active")" 1
}
