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
    wait_for_text mint.log "5 quotes that this database lacks had been answered before, or may have been"
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
    [[ $output == *"2 old copies were let in: at most $((lost + lacks)) can be doubled in all"* ]] || fail "$output"

    stop_all pool
    start_mint
    wait_for_text mint.log "nothing is signed: there is no mark file"
    start_pool --allow-mint-rollback true
    wait_for_text mint.log "signing: the pool knows of nothing newer"
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
    [[ $output == *"what it lacked is unknown"*"3 old copies were let in: how much can be doubled in all is unknown"* ]] ||
        fail "$output"
    # Once is enough.
    run_tool -0 hp-mint accept-rollback --config-dir conf --json
    assert_equal "$(jq .rollbacks <<<"$output")" 3
}
