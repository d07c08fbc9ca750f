# Whose share it is: each goes to the owner of its own name, and what is nobody's makes no money.

load ../cmd/helper
load topology

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }
two_keys() {
    new_key && key1=$pubkey
    new_key && key2=$pubkey
}
# rows: how many shares each worker of each owner has, by the names "key1", "key2" and "other".
rows() {
    outbox "SELECT lower(hex(locking_key)), worker, count(*) FROM outbox GROUP BY 1, 2" |
        sed -E "s/$key1/key1/g; s/$key2/key2/g; s/^[0-9a-f]{66}/other/" | LC_ALL=C sort
}
proxy_records() { jq -c "select(.type == \"$1\")" "$BATS_TEST_TMPDIR/proxy.out"; }
workers_of() { proxy_records "$1" | jq -r .worker | sed "s/$key1/key1/; s/$key2/key2/" | LC_ALL=C sort | uniq -c | tr -s ' '; }

@test "several workers on one SV1 connection: each share, quote and record is its own worker's" {
    start_topology
    start_proxy
    two_keys
    run_tool -0 "$tools/owners" sv1 "$proxy_listen" shares "$key1" "$key2"
    assert_equal "$(jq -c 'select(length == 3) | [.[1], .[2]]' <<<"$output" | uniq -c | tr -s ' ')" \
        " 9 [true,null]
 4 [null,24]
 1 [true,null]"
    assert_equal "$(jq -c 'select(length == 4) | [.[1], .[2]]' <<<"$output" | sort -u)" '[true,null]'
    books_agree
    assert_equal "$(rows)" "key1|key1.rigA|3
key2|key2_rigB|3
other|plain.rig|4"
    # The wallet gets what is its own, and nothing else.
    wait_until has_tokens 4
    assert_equal "$(hp-wallet --config-dir "$dir" balance --json | jq .unspent)" \
        "$(outbox "SELECT sum(amount) FROM outbox WHERE worker = 'plain.rig'")"
    # Others' quotes are told under their own names; one that comes when the miner has gone is not told.
    proxy_records quote_for_other_key | jq -r '"\(.quote_id)|\(.worker)"' | LC_ALL=C sort >told
    outbox "SELECT quote_id, worker FROM outbox" | LC_ALL=C sort >known
    assert [ -s told ]
    assert_equal "$(LC_ALL=C comm -23 told known)" ""
    assert_equal "$(workers_of miner_share_accepted)" " 3 key1.rigA
 3 key2_rigB
 4 plain.rig"
    assert_equal "$(proxy_records miner_share_rejected | jq -c '[.worker, .reason]' | sort | uniq -c | tr -s ' ')" ' 4 ["","unauthorized"]'
    run_tool -0 hp-audit --config-dir "$dir"
}
has_tokens() { [ "$(proxy_records token_minted | wc -l)" -ge "$1" ]; }

@test "a suggestion that no pool would take costs nobody the key" {
    make_topology
    set_key pool.toml vardiff_interval_s 2 # the wish is taken back: the next judgement forgets it
    start_template
    start_pool
    start_mint
    wait_for_link
    start_proxy
    two_keys
    run_tool -0 "$tools/owners" sv1 "$proxy_listen" suggestions "$key1"
    assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.[1], .[2]]')" '[true,null]'
    books_agree
    assert_equal "$(rows)" "key1|key1.w|1"
    run grep -c 'UpdateChannel of channel' "$BATS_TEST_TMPDIR/proxy.log"
    assert_output 0
}

@test "a mistyped key is refused with the reason, an ordinary name is not" {
    start_topology
    start_proxy
    two_keys
    run_tool -0 "$tools/owners" sv1 "$proxy_listen" names "$key1"
    assert_equal "$(jq -c '[.[1], .[2]]' <<<"$output" | uniq -c | tr -s ' ')" ' 9 [false,24]
 3 [true,null]'
    assert_equal "$(jq -r '.[3] // empty' <<<"$output" | grep -c '^invalid locking key: ')" 9
    wait_for_text "$BATS_TEST_TMPDIR/proxy.log" "refused: invalid locking key: expected 66 hex digits, got 65"
    # The page lists them.
    assert_equal "$(proxy_records miner_refused | jq -c 'select(.reason | startswith("invalid locking key: ")) | .worker' | sort -u | wc -l)" 9
}

@test "an SV2 share names its owner; a key that is none is refused, and the share is nobody's" {
    start_topology
    two_keys
    run_tool -0 "$tools/owners" sv2 "$(pool_address)" "$(pool_key)" shares "$key1" "$key2"
    assert_equal "$(uniq -c <<<"$output" | tr -s ' ')" " 5 SubmitShares.Success
 5 SubmitShares.Error invalid-locking-key
 1 SubmitShares.Success"
    books_agree
    assert_equal "$(rows)" "key1|farm|2
key1|rigD|1
key2|farm|1
key2|key2.rigC|1
key2|rigB|1"
    run_tool -0 hp-audit --config-dir "$dir"
}

@test "a refused update of a channel changes nothing of it" {
    start_topology
    two_keys
    run_tool -0 "$tools/owners" sv2 "$(pool_address)" "$(pool_key)" update "$key1" "$key2"
    assert_output "UpdateChannel.Error max-target-out-of-range
UpdateChannel.Error invalid-locking-key
UpdateChannel.Error invalid-locking-key
SubmitShares.Success
SubmitShares.Success"
    books_agree
    assert_equal "$(rows)" "key1|farm|1
key2|given|1"
}

opened() { for ((i = 0; i < $1; i++)); do echo OpenExtendedMiningChannel.Success; done; }
refused() { for ((i = 0; i < $1; i++)); do echo OpenMiningChannel.Error invalid-locking-key; done; }

@test "an SV2 identity that was meant to be a key is refused, with and without a default owner" {
    start_topology
    two_keys
    # hp-config init has no default owner: an ordinary name is refused too, as nobody's.
    run_tool -0 "$tools/owners" sv2 "$(pool_address)" "$(pool_key)" opens "$key1"
    assert_output "$(refused 2 && opened 2 && refused 7 && opened 1 && refused 1)"
    stop_daemon pool
    set_key pool.toml default_locking_key "\"$key2\""
    start_pool
    run_tool -0 "$tools/owners" sv2 "$(pool_address)" "$(pool_key)" opens "$key1"
    assert_output "$(opened 4 && refused 7 && opened 1 && refused 1)"
    wait_for_text "$BATS_TEST_TMPDIR/pool.log" "invalid locking key: expected 66 hex digits, got 65"
}
