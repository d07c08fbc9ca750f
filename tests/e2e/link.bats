# The link between pool and mint: who may, what happens when one of them goes, and that every share ends as one quote.

load ../cmd/helper
load topology
load miners
load faults

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# A pool without its mint, and what a probe needs to play one.
start_pool_alone() {
    make_topology
    start_template
    start_pool
    new_key
    mint_key=conf/secrets/mint-link.key
    hp-config pubkey - <conf/secrets/link-authority.key | sed -n 's/^link //p' >authority.hex
}
# Its waits before it dials again are short.
start_mint_alone() {
    make_topology
    HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock start_mint
}

# lie CASE: a false pool with the real authority key, where the mint expects the pool.
lie() { run_tool -0 "$tools/hostile" "$(link_address)" conf/secrets/link-authority.key "$1"; }
alarms() { records alarm | jq -r .what | sed -E 's/link [0-9.]+:[0-9]+: //'; }

# ---- peers that are not mints

@test "flags: without all required bits, with others, or for another protocol there is no link" {
    start_pool_alone
    hostile link link-flags
    assert_output "0 SetupConnection.Error unsupported-feature-flags 7
then closed
1 SetupConnection.Error unsupported-feature-flags 6
then closed
3 SetupConnection.Error unsupported-feature-flags 4
then closed
4 SetupConnection.Error unsupported-feature-flags 3
then closed
15 SetupConnection.Error unsupported-feature-flags 4294967288
then closed
mining SetupConnection.Error unsupported-protocol 0"
}

@test "AC-240 before LinkAuth nothing is heard" {
    start_pool_alone
    hostile link link-before-auth
    assert_output "QuoteResponse closed
QuoteRequest closed
Ping closed"
    # Said, though not once for each: lines that strangers provoke are limited to one a second.
    grep -q 'closed: expected LinkAuth' pool.log
}

@test "AC-218 a stranger and a forged signature get one and the same answer, and raise an alarm" {
    start_pool_alone
    hp-config keygen link --out stranger.key
    hostile link link-stranger stranger.key authority.hex
    assert_output "stranger LinkAuth.Error unauthorised
then closed"
    allowed=$(hp-config pubkey - <"$mint_key" | sed -n 's/^link //p')
    hostile link link-unsigned "$allowed" authority.hex
    assert_output "unsigned LinkAuth.Error unauthorised"
    stranger=$(hp-config pubkey - <stranger.key | sed -n 's/^link //p')
    assert_equal "$(alarms)" "refused (unauthorised): mint key $stranger is not in allowed_mint_keys
refused (unauthorised): the signature does not verify for this session"
    # Logged (one line a second at most), and the link is still free for the real mint.
    grep -q 'warn .*refused (unauthorised)' pool.log
    start_mint
    wait_for_link
}

@test "AC-245 another unit, valuation or authority is refused, with both values in the alarm" {
    start_pool_alone
    hostile link link-wrong "$mint_key" authority.hex
    assert_output "authority LinkAuth.Error unauthorised
unit LinkAuth.Error parameters
valuation LinkAuth.Error parameters"
    assert_equal "$(alarms)" "refused (unauthorised): the mint proved itself to another pool authority
refused (parameters): unit: expected 'hash', got 'HASH'
refused (parameters): valuation: expected 'target/unit_bits=16', got 'target/unit_bits=15'"
}

@test "AC-220 LinkAuth bytes of another session prove nothing, and leave that session alone" {
    start_pool_alone
    hostile link link-replay "$mint_key" authority.hex
    assert_output "first LinkAuth.Success
replayed LinkAuth.Error unauthorised
first session 5"
}

@test "AC-234 an old copy of the mint's database, or of the pool's, is noticed" {
    start_pool_alone
    hostile link link-generations "$mint_key" authority.hex
    assert_output "start 9 LinkAuth.Success
start 8 LinkAuth.Error mint-rollback
start 10 LinkAuth.Success"
    kill_daemon pool
    start_pool
    hostile link link-generations "$mint_key" authority.hex
    assert_line --index 0 "start 9 LinkAuth.Error mint-rollback"
}

@test "a mint that remembers more than the pool ever gave away is refused: the pool is an old copy" {
    start_pool_alone
    hostile link link-ahead "$mint_key" authority.hex
    assert_output "first LinkAuth.Success
ahead LinkAuth.Error pool-rollback"
}

@test "a second session of the same mint replaces the first" {
    start_pool_alone
    hostile link link-replaced "$mint_key" authority.hex
    assert_output "first LinkAuth.Success
second LinkAuth.Success
first closed
second 6"
    assert_equal "$(grep -c 'replaced by a newer session' pool.log)" 1
}

# ---- peers that are not pools

@test "a mint that pins another authority key never speaks to the pool, and says why" {
    start_pool_alone
    set_key shared/pool.toml link_authority_public_key "\"$(pool_key)\""
    start_mint
    wait_for_text mint.log "the certificate is not signed by the expected authority key"
    mine 2 "$pubkey"
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 0
    assert_equal "$(outbox 'SELECT count(*) FROM outbox WHERE state = 0')" 2
    assert_equal "$(grep -c 'mint .* connected' pool.log)" 0
}

@test "a pool that strips flags, speaks too early or of another unit is left by the mint" {
    start_mint_alone
    lie pool-without-flags
    assert_output "0 closed
1 closed
3 closed
4 closed"
    lie pool-before-auth
    assert_line --regexp '^QuoteRequest (LinkAuth )?closed$'
    lie pool-other-unit
    assert_output "unit closed"
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 0
}

@test "a pool that lies about a share gets the code of its lie; the mint remembers it and makes no quote" {
    start_mint_alone
    lie pool-lies
    assert_output "honest 1 1 False
again 2 True True
amount QuoteError 4
amount 0 QuoteError 4
hash QuoteError 2
harder target QuoteError 3
header 79 QuoteError 1
key 32 QuoteError 1
key QuoteError 5
other owner QuoteError 6
no link message closed"
    assert_equal "$(ledger 'SELECT count(*), sum(amount) FROM quote')" "1|1"
    assert_equal "$(ledger 'SELECT group_concat(code, " ") FROM (SELECT code FROM refusal ORDER BY seq)')" "4 4 2 3 1 1 5 6"
}

# ---- when one of them goes

# acknowledged: how many shares the miner was told of as accepted
acknowledged() { jq .shares_accepted <<<"$summary"; }

@test "AC-222 while the mint is away shares are accepted as ever; on its return each has one quote" {
    start_topology
    new_key
    mine 5 "$pubkey"
    stop_daemon mint
    mine 200 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 0" 200
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 5
    start_mint
    books_agree
    assert_equal "$(wc -l <rows)" 205
    assert_equal "$(outbox "SELECT DISTINCT lower(hex(locking_key)) FROM outbox")" "$pubkey"
}

@test "a pool killed with -9 under load loses no acknowledged share" {
    start_topology
    new_key
    start_miner 200
    for rows_before in 60 180; do
        wait_until has_rows "$rows_before"
        kill_daemon pool
        start_pool
    done
    wait_until has_rows 300
    stop_miner
    books_agree
    # What was committed but not yet acknowledged when the pool died may be more, never less.
    (($(acknowledged) > 0 && $(acknowledged) <= $(wc -l <rows)))
}

@test "a mint killed with -9 under load loses no quote and makes none twice" {
    start_topology
    new_key
    start_miner 200
    for rows_before in 60 180; do
        wait_until has_rows "$rows_before"
        kill_daemon mint
        start_mint
    done
    wait_until has_rows 300
    stop_miner
    books_agree
    assert_equal "$(acknowledged)" "$(wc -l <rows)"
    assert_equal "$(ledger 'SELECT generation FROM store')" 3
}

@test "both killed with -9, the pool first back: nothing is lost" {
    start_topology
    new_key
    start_miner 200
    wait_until has_rows 60
    kill_daemon mint
    wait_until has_rows 120
    kill_daemon pool
    start_pool
    wait_until has_rows 180
    start_mint
    stop_miner
    books_agree
    (($(acknowledged) <= $(wc -l <rows)))
}

@test "AC-244 interleaved miners: every quote bears its own miner's key" {
    start_topology
    new_key
    one=$pubkey
    new_key
    two=$pubkey
    start_daemon first hp-miner "$(miner_url)" --user "$one" --threads 1 --shares 60 --rate 100 --nominal-hash-rate 1
    start_daemon second hp-miner "$(miner_url)" --user "$two.rig" --threads 1 --shares 60 --rate 100 --nominal-hash-rate 1
    wait_for_sql outbox "SELECT count(*) FROM outbox" 120
    books_agree
    assert_equal "$(ledger "SELECT lower(hex(pubkey)), count(*) FROM quote GROUP BY 1 ORDER BY 1")" \
        "$(printf '%s|60\n%s|60\n' "$one" "$two" | sort)"
}
