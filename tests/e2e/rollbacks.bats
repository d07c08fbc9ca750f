# What a mint that was let in on an old copy cannot know: quotes that its pool has forgotten too, and what an older copy lacks.

load ../cmd/helper
load topology
load restoring

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

mark_says() { grep -qxF "$1" conf/marks/mint.mark; }
issued() { ledger "SELECT sum(issued) FROM quote"; }
is_gone() { [ ! -e "$1" ]; }
is_after() { [ "$(date +%s)" -gt "$1" ]; }

@test "pool and mint restored from copies of one time: shares that waited then are held, newer ones are not" {
    start_topology
    earn 3
    stop_all mint
    mine 5 "$pubkey"
    live_backup mint
    live_backup outbox
    # After the copies the waiting shares get their quotes, and are minted.
    start_mint
    wait_for_sql ledger "SELECT count(*) FROM quote" 8
    before=$(issued)
    hp-wallet --config-dir conf quotes --mint >/dev/null
    [ "$(issued)" -gt "$before" ]
    wait_until mark_says "quotes 8"
    kill_daemon mint
    kill_daemon pool
    restore mint
    restore outbox
    run_tool -0 hp-mint accept-rollback --config-dir conf
    [[ $output == *"lacks "*" 5 quotes"* ]] || fail "$output"

    # The pool knows of nothing newer, needs no leave, and asks for its rows as for the first time.
    start_pool
    start_mint
    wait_for_sql ledger "SELECT count(*) FROM quote" 8
    wait_for_text mint.log "5 quotes that this database lacks were answered before, or may have been"
    run_tool -0 hp-quote held --config-dir conf --json
    assert_equal "$(wc -l <<<"$output")" 5
    # The same owner with another database of his wallet gets none of it twice.
    had=$(issued)
    cp -r conf conf2
    rm conf2/data/wallet.db*
    hp-wallet --config-dir conf2 quotes --mint >/dev/null
    assert_equal "$(issued)" "$had"

    # What is found after the copy was let in is paid at once.
    wait_until is_after "$(ledger "SELECT max(at_ms) / 1000 FROM rollback")"
    stop_all pool
    start_pool
    wait_for_link
    mine 2 "$pubkey"
    wait_for_sql ledger "SELECT count(*) FROM quote" 10
    assert_equal "$(ledger "SELECT count(*) FROM held")" 5
}

@test "an older copy in the place of one that the pool has refused: noticed, and what it lacks is on record" {
    start_topology
    earn 2
    live_backup mint
    mv mint.backup older.backup
    earn 10
    live_backup mint
    earn 3
    wait_until marks_are "$(ledger 'SELECT operations FROM progress')"
    kill_daemon mint
    restore mint
    run_tool -0 hp-mint accept-rollback --config-dir conf --json
    lost=$(jq -r .lacks.doubled_max <<<"$output")
    [ "$lost" -gt 0 ]
    start_mint
    wait_for_text mint.log "nothing is signed: the pool says that this database is an old copy"
    # Another start of the same copy does not forget it either.
    stop_all mint
    run ! ls conf/marks/mint.mark
    start_mint
    stop_all mint
    has=$(issued)
    mv older.backup mint.backup
    restore mint
    lacks=$((has - $(issued)))
    [ "$lacks" -gt 0 ]
    run_tool -1 timeout 60 hp-mint --config-dir conf
    [[ $stderr == *"is behind its mark"*"mint.mark.held"* ]] || fail "$stderr"
    run_tool -1 hp-audit --config-dir conf
    [[ $output == *"is behind its mark"*"at most $lacks can be doubled"* ]] || fail "$output"
    run_tool -0 hp-mint accept-rollback --config-dir conf --json
    assert_equal "$(jq -c '[.lacks.doubled_max, .rollbacks, .doubled_max_of_all]' <<<"$output")" \
        "[\"$lacks\",2,\"$((lost + lacks))\"]"
    run_tool -0 hp-audit --mint conf/data/mint.db --mark conf/marks/mint.mark
    [[ $output == *"2 old copies were accepted: at most $((lost + lacks)) can be doubled in total"* ]] || fail "$output"

    stop_all pool
    start_mint
    wait_for_text mint.log "nothing is signed: there is no mark file"
    start_pool --allow-mint-rollback true
    wait_for_text mint.log "signing: the pool knows nothing newer"
    wait_until ls conf/marks/mint.mark
    wait_for_sql ledger "SELECT count(*) FROM held" 13
    wait_until is_gone conf/marks/mint.mark.held

    # Without any mark nothing says what a copy lacks, and no sum pretends to.
    stop_all mint
    rm conf/marks/mint.mark
    restore mint
    run_tool -0 hp-mint accept-rollback --config-dir conf --json
    assert_equal "$(jq -c '[.lacks, .rollbacks, .doubled_max_of_all]' <<<"$output")" "[null,3,null]"
    run_tool -0 hp-audit --mint conf/data/mint.db --mark conf/marks/mint.mark
    [[ $output == *"what it lacked is unknown"*"3 old copies were accepted: how much can be doubled in total is unknown"* ]] ||
        fail "$output"
    # Once is enough.
    run_tool -0 hp-mint accept-rollback --config-dir conf --json
    assert_equal "$(jq .rollbacks <<<"$output")" 3
}

@test "held quotes: their owner sees them, and those that he had not minted are found and released by the documented commands" {
    start_topology
    earn 2
    live_backup mint
    earn 2
    # Told, and seen by the wallet, but not minted.
    mine 3 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state <> 2" 0
    hp-wallet --config-dir conf quotes >/dev/null
    assert_equal "$(hp-wallet --config-dir conf quotes --json | jq -r .state | sort | uniq -c | tr -s ' ' | tr '\n' ',')" " 4 done, 3 open,"
    outbox "SELECT quote_id FROM outbox WHERE seq > 4 ORDER BY 1" >open.ids
    outbox "SELECT quote_id FROM outbox WHERE seq IN (3, 4) ORDER BY 1" >minted.ids
    had=$(hp-wallet --config-dir conf balance --json | jq .unspent)
    wait_until marks_are "$(ledger 'SELECT operations FROM progress')"
    kill_daemon mint
    restore mint
    run_tool -0 hp-mint accept-rollback --config-dir conf
    start_mint
    stop_all pool
    start_pool --allow-mint-rollback true
    wait_for_sql ledger "SELECT count(*) FROM held" 5
    wait_for_sql outbox "SELECT count(*) FROM journal WHERE what = 'requoted'" 5

    # The owner: by key, with --mint and without, in both forms; none of them is minted.
    for how in "" --mint; do
        run_tool -0 hp-wallet --config-dir conf quotes $how
        assert_equal "$(grep -cE '^[0-9a-f-]{36} [0-9]+ held 20[0-9T:-]+Z$' <<<"$output")" 5
        [[ $stderr == *"hint: 5 quotes of "*" are held: the mint was restored"* ]] || fail "$stderr"
    done
    run_tool -0 hp-wallet --config-dir conf quotes --json
    assert_equal "$(jq -c 'select(.state == "held") | [.quote, .amount]' <<<"$output")" \
        "$(hp-quote held --config-dir conf --json | jq -c '[.quote_id, .amount]')"
    assert_equal "$(hp-wallet --config-dir conf balance --json | jq .unspent)" "$had"
    one=$(hp-quote held --config-dir conf --json | jq -r .quote_id | head -n 1)
    run_tool -1 hp-wallet --config-dir conf quotes "$one"
    [[ $stderr == *"is held: the mint was restored"* ]] || fail "$stderr"
    run_tool -0 hp-quote get "$one" --config-dir conf
    assert_line "state HELD"
    hp-quote list --mint-db conf/data/mint.db --state held --json | jq -se 'length == 5' >/dev/null

    # The operator: the earlier ids, in the list and to explain.
    hp-quote held --config-dir conf --json | jq -r '.earlier_ids[]' | sort >earlier.ids
    diff <(sort open.ids minted.ids) earlier.ids
    old=$(head -n 1 minted.ids)
    run_tool -0 hp-quote explain "$old" --config-dir conf
    assert_line --regexp '^mint +held, issued 0 of '
    assert_line --regexp '^ +held since 20.*Z, after the rollback of 20.*Z: it cannot be minted'
    assert_line "        was $old before the mint was restored"
    assert_line --partial "quote created, and held, amount"
    assert_line --regexp '^wallet +done'
    refute_line --partial "created and paid"

    # As the page says.
    eval "$(documented '>his.json' | sed 's/^hp-wallet/hp-wallet --config-dir conf/')"
    documented '--slurpfile' | sed "s/^KEY=.*/KEY=$pubkey/" >decide.sh
    bash -eo pipefail decide.sh
    assert_equal "$(hp-quote explain "$old" --config-dir conf --json | jq -c '[.mint.state, .mint.held.released_ms]')" '["held",null]'
    assert_equal "$(hp-quote held --config-dir conf --json | jq -r '.earlier_ids[]' | sort)" "$(cat minted.ids)"
    hp-wallet --config-dir conf quotes --mint >/dev/null
    has=$(hp-wallet --config-dir conf balance --json | jq .unspent)
    assert_equal $((has - had)) "$(outbox "SELECT sum(amount) FROM outbox WHERE seq > 4")"

    # What cannot be released is named, with the reason; the others are.
    released=$(head -n 1 release.ids) never=$(ledger "SELECT lower(hex(id)) FROM quote WHERE id NOT IN (SELECT quote FROM held) LIMIT 1")
    never=$(sed -E 's/(.{8})(.{4})(.{4})(.{4})/\1-\2-\3-\4-/' <<<"$never")
    unknown=01890a5d-ac96-774b-bcce-b302099a8057
    good=$(hp-quote held --config-dir conf --json | jq -r .quote_id | head -n 1)
    run_tool -1 hp-quote release "$released" "$never" "$unknown" "${good^^}" --config-dir conf
    assert_output --partial "1 quotes of "
    [[ $stderr == *"3 of 4 quotes were not held: "*"$unknown: unknown to this mint"* ]] || fail "$stderr"
    [[ $stderr == *"$released: already released, at 20"*" by $(id -un), and minted since"* ]] || fail "$stderr"
    [[ $stderr == *"$never: was never held"* ]] || fail "$stderr"
    run_tool -1 hp-quote release "$unknown" --config-dir conf --json
    assert_equal "$(jq -c '[.released, .not_held]' <<<"$output")" "[0,[\"$unknown: unknown to this mint\"]]"
}

@test "a request to release that waits from before a rollback does not release what is held after it" {
    start_topology
    earn 2
    live_backup mint
    earn 2
    wait_until marks_are "$(ledger 'SELECT operations FROM progress')"
    stop_all mint
    # Left behind by a mint that was killed; nothing but the pool notices the rollback, so nobody runs accept-rollback.
    last=$(ledger "SELECT lower(hex(max(id))) FROM quote" | sed -E 's/(.{8})(.{4})(.{4})(.{4})/\1-\2-\3-\4-/')
    restore mint
    rm conf/marks/mint.mark
    (umask 077 && printf 'by root\nuntil %s\n' "$last" >conf/data/mint.db.release)
    stop_all pool
    start_pool --allow-mint-rollback true
    start_mint
    wait_for_sql ledger "SELECT count(*) FROM held" 2
    wait_until is_gone conf/data/mint.db.release
    run_tool -0 hp-quote held --config-dir conf --json
    assert_equal "$(wc -l <<<"$output")" 2
    # A new one does.
    run_tool -0 hp-quote release --all --config-dir conf --json
    assert_equal "$(jq .released <<<"$output")" 2
    run_tool -0 hp-quote release --all --config-dir conf
    assert_output "0 quotes of 0 released"
}

@test "accept-rollback that fails or is killed on its way: one old copy is let in, with what it lacks, once" {
    start_topology
    earn 2
    live_backup mint
    earn 3
    wait_until marks_are "$(ledger 'SELECT operations FROM progress')"
    kill_daemon mint
    restore mint
    # The file beside the mark cannot be read; then the mark cannot be written; then a kill at any moment.
    echo "half a li" >conf/marks/mint.mark.rollbacks
    run_tool -1 hp-mint accept-rollback --config-dir conf
    run_tool -1 hp-mint accept-rollback --config-dir conf
    rm conf/marks/mint.mark.rollbacks
    mkdir conf/marks/mint.mark.new
    run_tool -1 hp-mint accept-rollback --config-dir conf
    run_tool -1 hp-mint accept-rollback --config-dir conf
    rmdir conf/marks/mint.mark.new
    for pause in 0 0.001 0.002 0.003 0.005 0.008 0.012 0.02; do
        timeout -s KILL "$(echo "0.004 + $pause" | bc)" hp-mint accept-rollback --config-dir conf >/dev/null 2>&1 || true
    done
    run_tool -0 hp-mint accept-rollback --config-dir conf --json
    assert_equal "$(jq .rollbacks <<<"$output")" 1
    assert_equal "$(ledger "SELECT count(*) FROM rollback")" 1
    # The sum is that of the three quotes, as the mark had them.
    lost=$(ledger "SELECT issued_low + spent_low FROM rollback")
    assert_equal "$(jq -r .doubled_max_of_all <<<"$output")" "$lost"
    [ "$lost" -gt 0 ]
    run ! ls conf/marks/mint.mark.accepting
}
