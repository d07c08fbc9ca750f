# Peers that have proved who they are and then send what is wrong: that message is refused, the session ends if it must,
# and the miner beside it notices nothing. What a lying pool hears about each share is in link.bats.

load ../cmd/helper
load topology
load miners
load faults

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    new_key
    mint_key=conf/secrets/mint-link.key
    hp-config pubkey - <conf/secrets/link-authority.key | sed -n 's/^link //p' >authority.hex
}
wrong_answers_are() { records mint_status | tail -n 1 | jq -e ".wrong_answers == $1"; }
alarms() { records alarm | jq -r .what; }

@test "AC-227 AC-228 a mint with the right key whose answers are wrong gets no quote accepted, and nothing goes downstream" {
    start_template
    start_pool
    start_miner 50
    hostile link mint-lies "$mint_key" authority.hex 100
    # A wrong answer affects only its row, an unknown message nothing; an invalid message ends the session.
    assert_equal "$(grep -c ' heard$' <<<"$output")" 11
    assert_equal "$(grep -c ' closed$' <<<"$output")" 5
    # No row was touched, the miner heard of no quote, and the log names the session, what was wrong, and no escape.
    assert_equal "$(outbox 'SELECT count(*) FROM outbox WHERE state <> 0 OR quote_id IS NOT NULL')" 0
    assert_equal "$(alarms | grep -c "to request 1 does not match it: quote_id: expected a UUID, got '")" 5
    assert_equal "$(alarms | grep -c "to request 1 does not match it: amount: expected ")" 2
    assert_equal "$(alarms | grep -c "to request 1 does not match it: share_hash")" 1
    assert_equal "$(alarms | grep -c "refused request 18446744073709551615 of share 2222.*, which is not in flight; ignored")" 1
    wait_until wrong_answers_are 9
    run_tool -1 grep -q $'\x1b' pool.log
    hostile link mint-repeats "$mint_key" authority.hex 200
    assert_output "then Pong 7"
    assert_equal "$(alarms | grep -c '^mint .mint. answered request .* which is not in flight; ignored')" 3
    wait_for_sql outbox "SELECT count(*), max(quote_id) FROM outbox WHERE state = 2" "1|019e6d5a-2347-7000-8850-000000000001"
    assert_equal "$(records quote_created | wc -l)" 1
    miner_is_unharmed
    assert_equal "$(jq -c '[.quotes, .quote_failures]' <<<"$summary")" '[1,0]'
}

@test "AC-227 a quote id that another share has already is not taken a second time" {
    start_template
    start_pool
    mine 2 "$pubkey"
    hostile link mint-reuses "$mint_key" authority.hex 100
    assert_output "then Pong 8"
    wait_for_records alarm 1
    assert_equal "$(outbox "SELECT count(*) FROM outbox WHERE quote_id = '019e6d5a-2347-7000-8850-39c85ed1b5d3'")" 1
    assert_equal "$(outbox "SELECT state, count(*) FROM outbox GROUP BY state")" "0|1
2|1"
}

@test "a pool with the right key whose frames are wrong is left by the mint, which serves its wallets all the time" {
    HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock start_mint
    start_daemon reader bash -c "while curl -sSf --max-time 5 -o body '$(mint_url)/v1/keysets' && echo ok; do :; done"
    run_tool -0 "$tools/hostile" "$(link_address)" conf/secrets/link-authority.key pool-garbles
    assert_output "request cut closed
header without payload closed
key past the end closed
response closed
setup again closed
longer than its type closed
unknown messages: then Pong 3
seq 0 closed
seq 9223372036854775808 closed
seq 18446744073709551615 closed"
    # Each session ended for what was wrong in it, and the log says which pool it was.
    assert_equal "$(grep -c "link to pool $(link_address): up" mint.log)" 10
    grep -q "link to pool $(link_address): quote request with the impossible number 0; trying again" mint.log
    grep -q "link to pool $(link_address): unexpected message QuoteResponse; trying again" mint.log
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 0
    # Served from the first to the last moment: the loop ends at the first failure.
    kill -0 "${daemon_pid[reader]}"
    kill "${daemon_pid[reader]}"
    unset "daemon_pid[reader]"
    assert [ "$(wc -l <reader.out)" -ge 10 ]
    assert_equal "$(cat reader.log)" ""
}

@test "AC-231 the same share again with another owner or amount: the first quote stands, the row of the second is dead" {
    # A pool that lost its outbox asks again, under the numbers of a new store.
    start_template
    start_pool
    start_mint
    wait_for_link
    mine 3 "$pubkey"
    books_agree
    ledger 'SELECT hex(id), paid, hex(pubkey) FROM quote ORDER BY 1' >quotes.before
    stop_daemon mint
    # By hand, as no honest pool does it: other owners for shares that have their quotes.
    stop_daemon pool
    new_key
    sqlite3 conf/data/outbox.db "DELETE FROM answer; UPDATE mint SET settled = 0; UPDATE share SET locking_key = x'$pubkey' WHERE seq % 2 = 1"
    start_pool
    start_mint
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 0" 0
    assert_equal "$(outbox "SELECT state, count(*) FROM outbox GROUP BY state")" "2|1
3|2"
    assert_equal "$(outbox "SELECT DISTINCT dead_reason FROM outbox WHERE state = 3")" "6 this share has a quote with another amount or key"
    assert_equal "$(ledger 'SELECT hex(id), paid, hex(pubkey) FROM quote ORDER BY 1')" "$(cat quotes.before)"
    assert_equal "$(ledger 'SELECT count(*) FROM refusal WHERE code = 6')" 2
    wait_for_records quote_dead 2
}

@test "a channel of invalid shares is closed; its connection's other channels and the miner beside it notice nothing" {
    set_key pool.toml invalid_shares_max 30
    start_template
    start_pool
    start_miner 50
    hostile pool invalid-shares 30
    assert_line -n 0 "first invalid-job-id too-many-invalid-shares then too-many-invalid-shares"
    assert_line -n 1 "a right share on the next channel SubmitShares.Success"
    # A second gives one invalid share back.
    assert_line -n 2 --regexp "^then all 1[67] few [34]$"
    assert_line -n 3 "a right share after all that SubmitShares.Success"
    assert_line -n 4 "channels that it never had: invalid-channel-id then closed"
    wait_for_text conf/data/pool-events.jsonl '"reason":"too-many-invalid-shares"'
    grep -q 'closed: too-many-invalid-shares' pool.log
    # The budget is what the pool has judged and told of; the rest was not looked at.
    assert [ "$(records share_rejected | grep -c invalid-job-id)" -le $((18 * 40 + 4 * 30)) ]
    miner_is_unharmed
}

@test "names that are no text are kept as text, in the outbox, the records and hp-quote" {
    start_template
    start_pool
    hostile pool odd-names
    assert_equal "$(grep -c SubmitShares.Success <<<"$output")" 3
    owner=0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
    rest=$'\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd'
    assert_equal "$(outbox "SELECT worker || '|' || lower(hex(locking_key)) FROM outbox ORDER BY seq")" \
        "$owner.opening$rest|$owner
$owner.share$rest|$owner
$owner.update$rest|$owner"
    run_tool -0 hp-quote list --config-dir conf --json
    assert_equal "$(jq -r .worker <<<"$output" | sort)" "$(outbox 'SELECT worker FROM outbox ORDER BY worker')"
    # What an older pool wrote is shown too.
    sqlite3 conf/data/outbox.db "UPDATE share SET worker = CAST(x'6fff' AS TEXT) WHERE seq = 1" 2>/dev/null || true
    run_tool -0 hp-quote list --config-dir conf --json
}

@test "an address answers for a connection that earned nothing, a proxy's address not for one of its miners, an exempt one for nobody" {
    set_key pool.toml invalid_shares_max 30
    set_key shared/network.toml sources_exempt '[]'
    start_template
    start_pool
    hostile pool reputation 30
    assert_output "earned SubmitShares.Success
at first all
after one that earned all
after one that did not few"
    stop_daemon pool
    set_key shared/network.toml sources_exempt '["127.0.0.0/8"]'
    start_pool
    hostile pool reputation 30
    assert_output "earned SubmitShares.Success
at first all
after one that earned all
after one that did not all"
}

@test "a block in a share under a key that is none goes to the node, and costs its channel budget" {
    set_key shared/pool.toml unit_bits 8
    set_key pool.toml easiest_target_bits 8
    set_key template.toml sim_block_bits 8
    set_key pool.toml invalid_shares_max 10
    start_template
    start_pool
    hostile pool blocks-without-owner
    # Some come too late, behind the tip that such a block makes.
    assert_output --regexp '^[1-9][0-9]* of 1[0-9] too-many-invalid-shares$'
    wait_for_records block_found 1
    assert_equal "$(outbox 'SELECT count(*) FROM outbox')" 0
}
