# Dead letters that come back, and databases that came from a backup: noticed, and mended by what the manual says.

load ../cmd/helper
load topology
load restoring
load faults

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# A whole copy of a database whose program has stopped; its log is folded in first.
back_up() { sqlite3 "conf/data/$1.db" "VACUUM INTO '$1.backup'"; }

ids_agree() {
    [ "$(outbox "SELECT replace(quote_id, '-', '') FROM outbox ORDER BY 1")" = "$(ledger "SELECT lower(hex(id)) FROM quote ORDER BY 1")" ]
}

# The mint itself refuses a database that is behind its mark, until the operator has said so, once.
mint_refuses_until_accepted() {
    run_tool -1 hp-mint --config-dir conf
    [[ $stderr == *"is behind its mark"*"$1"* ]] || fail "$stderr"
    run_tool -0 hp-mint accept-rollback --config-dir conf
    [[ $output == *"$1"* ]] || fail "$output"
}

# The operator's leave, until every share has its quote again; those that the mint lacked are held until he lets them go.
let_in_until_there_are() {
    stop_all pool
    start_pool --allow-mint-rollback true
    # Rows that were answered are asked for once more without being pending: their new ids come a moment later. The page waits.
    documented 'until hp-audit' | sed -n '/^until/,/; done$/p' >wait.sh
    [ -s wait.sh ]
    run_tool -0 timeout 60 bash wait.sh
    assert_equal "$(ledger "SELECT count(*) FROM quote")" "$1"
    ids_agree
    run_tool -0 hp-quote held --config-dir conf --json
    assert_equal "$(wc -l <<<"$output")" "$2"
    assert_equal "$(ledger "SELECT count(*) FROM quote WHERE paid = 0")" "$2"
    run_tool -0 hp-quote release --all --config-dir conf --json
    assert_equal "$(jq .released <<<"$output")" "$2"
    books_agree
    assert_equal "$(wc -l <rows)" "$1"
    wait_for_text pool.log "accepted by allow_mint_rollback"
}

@test "dead letters are listed, and requeued with the pool stopped and running; the journal keeps it" {
    start_topology
    new_key
    mine 4 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 4
    stop_all pool mint
    outbox "SELECT seq, quote_id FROM outbox ORDER BY seq" >before
    sqlite3 conf/data/outbox.db "INSERT INTO dead SELECT seq, '6 test' FROM answer WHERE seq IN (2, 3, 4); DELETE FROM answer WHERE seq IN (2, 3, 4)"
    run_tool hp-quote dead --config-dir conf --json
    assert_equal "$(jq -c '[.seq, .dead_reason]' <<<"$output" | tr -d '\n')" '[4,"6 test"][3,"6 test"][2,"6 test"]'

    run_tool hp-quote requeue 2 --config-dir conf --json
    assert_output '{"requeued":1}'
    run_tool -1 hp-quote requeue 1 99 --outbox conf/data/outbox.db
    assert_output "0 dead letters requeued"
    [[ $stderr == *"2 of 2 rows were not dead letters: 1: is acked; 99: is not in the outbox"* ]]

    start_pool
    start_mint
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 2
    run_tool hp-quote requeue 3 3 --config-dir conf
    assert_output "1 dead letters requeued"
    run_tool hp-quote requeue --all --config-dir conf
    assert_output "1 dead letters requeued"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 4
    # The same shares, so the same quotes.
    diff before <(outbox "SELECT seq, quote_id FROM outbox ORDER BY seq")
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 4
    assert_equal "$(outbox "SELECT group_concat(what || ' ' || seq, ', ') FROM journal")" \
        "requeued 2, requeued 3, requeued 4"
    assert_equal "$(records quote_requeued | jq .seq | tr '\n' ' ')" "3 4 "
}

@test "requeue and adopt refuse what they cannot do" {
    make_topology
    run_tool -2 hp-quote requeue --config-dir conf
    [[ $stderr == *"give row numbers, or --all"* ]]
    run_tool -2 hp-quote requeue x --config-dir conf
    run_tool -2 hp-quote requeue 1 --all --config-dir conf
    run_tool -2 hp-quote requeue --all
    run_tool -1 hp-quote requeue --all --config-dir conf
    [[ $stderr == *"does not exist"* ]]
    start_template
    start_pool
    run_tool -1 hp-quote adopt --config-dir conf
    [[ $stderr == *"already in use"* ]]
}

@test "AC-234 a mint on an old copy is refused until the operator lets it in; then every share has one quote again" {
    start_topology
    new_key
    mine 3 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 3
    stop_all mint
    back_up mint
    start_mint
    mine 4 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 7
    stop_all mint
    # Two more lives, so that the copy's generation is behind for good.
    start_mint
    wait_for_link
    stop_all mint
    restore mint
    mint_refuses_until_accepted "4 quotes, 0 operations, issued 0, spent 0: at most 0 can be doubled"
    start_mint
    wait_for_text pool.log "refused (mint-rollback): mint_generation: expected at least"
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 3
    let_in_until_there_are 7 4
}

@test "rows that were answered and not saved as such, when pool and mint are killed, come back held, and so do those from before the copy was let in" {
    start_topology
    new_key
    mine 3 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 3
    sqlite3 conf/data/mint.db ".backup 'mint.backup'"
    mine 4 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 7
    wait_for_text conf/marks/mint.mark "quotes 7"
    kill_daemon mint
    kill_daemon pool
    # As if the pool had been killed before it saved the answers: their quotes may have been minted.
    sqlite3 conf/data/outbox.db "DELETE FROM answer WHERE seq > 3; UPDATE mint SET settled = 3"
    restore mint
    # What is mined while the mint is away has no quote anywhere; the mint cannot know.
    start_pool
    mine 2 "$pubkey"
    mint_refuses_until_accepted "4 quotes"
    start_mint
    wait_for_text pool.log "refused (mint-rollback)"
    let_in_until_there_are 9 6
}

@test "a live backup by sqlite3, as documented, disturbs nobody; the mint killed and on that copy is refused" {
    start_topology
    new_key
    mine 3 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 3
    # The command of docs/deployment.md, against the mint that runs.
    grep -qF "sqlite3 /var/lib/hashpool/mint/mint.db \".backup '" "$HP_SOURCE_DIR/docs/deployment.md"
    sqlite3 conf/data/mint.db ".backup 'mint.backup'"
    sqlite3 conf/data/outbox.db "SELECT count(*) FROM outbox" >/dev/null
    run ! grep -F "(deleted)" <(ls -l "/proc/${daemon_pid[mint]}/fd" "/proc/${daemon_pid[pool]}/fd")
    mine 4 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 7
    kill_daemon mint
    kill_daemon pool
    start_pool
    start_mint
    wait_for_link
    books_agree
    assert_equal "$(wc -l <rows)" 7
    run_tool hp-audit --config-dir conf

    # The copy is of the life before this one, as a nightly backup is: the generation alone shows nothing.
    kill_daemon mint
    restore mint
    mint_refuses_until_accepted "4 quotes"
    start_mint
    wait_for_text pool.log "refused (mint-rollback): mark: the mint had"
    wait_for_text mint.log "nothing is signed: the pool says that this database is an old copy"
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 3
    let_in_until_there_are 7 4
    # What was let in has caught up: no leave is needed any more.
    stop_all pool
    start_pool
    wait_until sql_says outbox "SELECT count(*) FROM outbox WHERE state <> 2" 0
    mine 1 "$pubkey"
    wait_for_sql ledger "SELECT count(*) FROM quote" 8
}

@test "a mint with another database in the old one's place is refused too" {
    start_topology
    new_key
    mine 2 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 2
    stop_all mint
    rm conf/data/mint.db*
    run_tool -1 hp-mint --config-dir conf
    [[ $stderr == *"it lacks another database, without 2 quotes"* ]] || fail "$stderr"
    # Nothing was made by the start that was refused.
    run ! ls conf/data/mint.db
    rm -r conf/marks
    start_mint
    wait_for_text pool.log "refused (mint-rollback): mint_store: the mint's database is not the same as last time"
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 0
}

@test "a pool on an old copy is refused until the outbox is adopted; its rows keep their quotes" {
    start_topology
    new_key
    mine 3 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 3
    stop_all pool
    back_up outbox
    outbox "SELECT seq, quote_id FROM outbox ORDER BY seq" >before
    start_pool
    mine 4 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 7
    stop_all pool
    restore outbox
    start_pool
    wait_for_text pool.log "refused (pool-rollback): last_seq: the mint has 7, but this pool assigned only 3"
    stop_all pool
    run_tool hp-quote adopt --config-dir conf
    start_pool
    mine 2 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 5
    diff before <(outbox "SELECT seq, quote_id FROM outbox WHERE seq <= 3 ORDER BY seq")
    assert_equal "$(ledger 'SELECT count(*), count(DISTINCT share_hash) FROM quote')" "9|9"
}

@test "an old copy of the outbox that gives numbers again before its mint is back: no quote lost, and the mint says so" {
    start_topology
    new_key
    mine 2 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 2
    stop_all pool
    back_up outbox
    start_pool
    mine 2 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 4
    stop_all pool mint
    restore outbox
    start_pool
    mine 3 "$pubkey"
    start_mint
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 5
    wait_for_text mint.log "reused 2 numbers for other shares"
    assert_equal "$(ledger 'SELECT count(*), count(DISTINCT share_hash) FROM quote')" "7|7"
}

# ---- an old copy that no share shows: AC-234 is not enough

@test "a backup, then one swap, then the backup restored: mint, pool and audit each notice; what can be doubled is said" {
    start_topology
    earn 3
    swap
    live_backup mint
    before=$(ledger "SELECT operations FROM progress")
    swap
    after=$(ledger "SELECT operations FROM progress")
    [ "$after" -gt "$before" ]
    wait_until marks_are "$after"
    run_tool -0 hp-audit --config-dir conf
    kill_daemon mint
    restore mint
    lost=$(ledger "SELECT spent_low FROM progress")
    lost=$(($(sed -n 's/^spent //p' conf/marks/mint.mark) - lost))

    # The audit, by the pool's word alone, and by the mark's alone.
    run_tool -1 hp-audit --pool conf/data/outbox.db --mint conf/data/mint.db --json
    assert_equal "$(jq -r '.invariants[] | select(.state == "breach") | .id' <<<"$output")" I25
    [[ $(jq -r '.invariants[].breaches[]' <<<"$output") == *"at most $lost can be doubled"* ]] || fail "$output"
    run_tool -1 hp-audit --mint conf/data/mint.db --mark conf/marks/mint.mark
    [[ $output == *"is behind its mark conf/marks/mint.mark"* ]] || fail "$output"

    mint_refuses_until_accepted "spent $lost: at most $lost can be doubled"
    start_mint
    wait_for_text pool.log "refused (mint-rollback): mark: the mint had"
    wait_for_records alarm 1
    # While the pool says so, nothing is signed: what was spent since could be spent again.
    wait_for_text mint.log "nothing is signed"
    post /v1/swap "$(jq -nc '{inputs: [{amount: 1, id: "00", secret: "x", C: "02"}], outputs: []}')"
    post /v1/mint/ehash '{"quote":"019e6d5a-2347-7000-8850-39c85ed1b5d3","outputs":[]}'
    [ "$status" != 200 ]
    run hp-wallet --config-dir conf send 2
    [ "$(ledger 'SELECT operations FROM progress')" = "$before" ]

    stop_all pool
    start_pool --allow-mint-rollback true
    wait_for_text pool.log "accepted by allow_mint_rollback; it lacks"
    wait_for_text mint.log "signing: the pool knows nothing newer"
    # The report keeps it for good.
    run_tool hp-audit --mint conf/data/mint.db --mark conf/marks/mint.mark
    [[ $output == *"noted: conf/data/mint.db: an old copy was accepted at "*"at most $lost can be doubled"* ]] || fail "$output"
}

@test "the same copy restored twice: what was lost the first time is still known, to accept-rollback and the audit" {
    start_topology
    earn 3
    live_backup mint
    for lap in 1 2; do
        swap
        wait_until marks_are "$(ledger 'SELECT operations FROM progress')"
        kill_daemon mint
        restore mint
        run_tool -0 hp-mint accept-rollback --config-dir conf --json
        assert_equal "$(jq .rollbacks <<<"$output")" "$lap"
        lost[lap]=$(jq -r .lacks.doubled_max <<<"$output")
        [ "${lost[lap]}" -gt 0 ]
        [ "$lap" = 2 ] && break
        start_mint
        stop_all pool
        start_pool --allow-mint-rollback true
        wait_for_text mint.log "signing: the pool knows nothing newer"
    done
    all=$((lost[1] + lost[2]))
    assert_equal "$(jq -r .doubled_max_of_all <<<"$output")" "$all"
    assert_equal "$(ledger 'SELECT count(*) FROM rollback')" 1
    run_tool hp-audit --mint conf/data/mint.db --mark conf/marks/mint.mark
    assert_equal "$(grep -c 'noted: conf/data/mint.db: an old copy was accepted at ' <<<"$output")" 2
    [[ $output == *"2 old copies were accepted: at most $all can be doubled in total"* ]] || fail "$output"
    truncate -s -1 conf/marks/mint.mark.rollbacks
    run_tool -1 hp-audit --mint conf/data/mint.db --mark conf/marks/mint.mark
    [[ $stderr == *"mint.mark.rollbacks': expected a newline at the end: the file is truncated"* ]] || fail "$stderr"
}

@test "more quotes are held than one transaction or one request takes: all are released, by their ids too" {
    start_topology
    new_key
    mine 1 "$pubkey"
    wait_for_sql ledger "SELECT count(*) FROM quote" 1
    hold() { # HOW-MANY FROM
        sqlite3 conf/data/mint.db "PRAGMA busy_timeout = 10000" "WITH RECURSIVE n(i) AS (SELECT $2 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2 + $1)
            INSERT INTO quote SELECT CAST(printf('held%012d', i) AS BLOB), ntime, share_hash, pool_store, 0, unit, amount, 0, 0,
                pubkey, created_ms, updated_ms, NULL FROM n, (SELECT * FROM quote LIMIT 1);
            INSERT INTO held SELECT id, 1, NULL, NULL FROM quote WHERE paid = 0 AND id NOT IN (SELECT quote FROM held)" >/dev/null
    }
    hold 100001 0
    run_tool -0 hp-quote release --all --config-dir conf --json
    assert_equal "$(jq .released <<<"$output")" 100001
    # Ids of more than 1 MiB, each twice.
    hold 30000 200000
    ledger "SELECT lower(substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-' || substr(h, 13, 4) || '-' || substr(h, 17, 4) || '-' ||
        substr(h, 21)) FROM (SELECT hex(quote) AS h FROM held WHERE released_ms IS NULL)" >ids
    mapfile -t ids <ids
    run_tool -0 hp-quote release "${ids[@]}" "${ids[0]}" --config-dir conf --json
    assert_equal "$(jq .released <<<"$output")" 30000
    stop_all mint
    hold 100002 400000
    run_tool -0 hp-quote release --all --config-dir conf --json
    assert_equal "$(jq .released <<<"$output")" 100002
}

@test "a copy restored with its mark, which signs past the pool's mark while the pool is away: the pool notices" {
    start_topology
    earn 3
    live_backup mint
    cp conf/marks/mint.mark mark.copy
    swap
    wait_until marks_are "$(ledger 'SELECT operations FROM progress')"
    stop_all pool
    kill_daemon mint
    restore mint
    cp mark.copy conf/marks/mint.mark
    start_daemon mint hp-mint --config-dir conf
    wait_until curl -sf "$(mint_url)/v1/keys" -o /dev/null
    swap
    swap
    start_pool
    wait_for_text pool.log "refused (mint-rollback): mark: the mint had"
    wait_for_text mint.log "nothing is signed"
}

@test "restored without its newest signatures: what can be doubled is said before, what was doubled is accepted once" {
    start_topology
    earn 2
    live_backup mint
    earn 3
    wait_until marks_are "$(ledger 'SELECT operations FROM progress')"
    kill_daemon mint
    had=$(hp-wallet --config-dir conf balance --json | jq .unspent)
    restore mint
    run_tool -0 hp-mint accept-rollback --config-dir conf --json
    doubled=$(jq -r .lacks.doubled_max <<<"$output")
    start_mint
    stop_all pool
    start_pool --allow-mint-rollback true
    wait_for_sql ledger "SELECT count(*) FROM held" 3
    wait_until ids_agree
    # Held: the wallet sees them unpaid and gets nothing, until the operator lets one go, and then the others.
    hp-wallet --config-dir conf quotes --mint >/dev/null
    assert_equal "$(hp-wallet --config-dir conf balance --json | jq .unspent)" "$had"
    run_tool -0 hp-quote held --config-dir conf --json
    one=$(head -n 1 <<<"$output" | jq -r .quote_id)
    run_tool -0 hp-quote release "$one" --config-dir conf
    assert_line --partial "1 quotes of "
    run_tool -1 hp-quote release "$one" --config-dir conf
    [[ $stderr == *"1 of 1 quotes were not held: $one: already released, at "* ]] || fail "$stderr"
    run_tool -2 hp-quote release --config-dir conf
    run_tool -2 hp-quote release x --config-dir conf
    run_tool -0 hp-quote release --all --config-dir conf --json
    assert_equal "$(jq .released <<<"$output")" 2
    hp-wallet --config-dir conf quotes --mint >/dev/null
    has=$(hp-wallet --config-dir conf balance --json | jq .unspent)
    [ $((has - had)) -gt 0 ] && [ $((has - had)) -le "$doubled" ]
    assert_equal "$(ledger "SELECT count(DISTINCT released_by) FROM held WHERE released_ms > 0")" 1

    # Red, and green again by what the page says.
    run_tool -1 hp-audit --config-dir conf
    documented '>broken' >accept.sh
    run_tool -0 bash accept.sh
    [ -s broken ]
    assert_equal "$(grep -c 'accepted up to ' <<<"$output")" "$(wc -l <broken)"
    run_tool -0 hp-audit --config-dir conf
}

@test "without its mark file a mint signs nothing until the pool has spoken; the mark follows while the pool is away" {
    start_topology
    earn 2
    stop_all mint pool
    rm -r conf/marks
    start_mint
    wait_for_text mint.log "there is no mark file"
    # Its 30 s of patience are 1.5.
    run -1 env HP_CLOCK_SPEED=20 "LD_PRELOAD=$fast_clock" hp-wallet --config-dir conf send 1
    start_pool
    wait_for_text mint.log "signing: the pool knows nothing newer"
    swap
    stop_all pool
    swap
    wait_until sql_says operations "" "$(ledger 'SELECT operations FROM progress')"
    # The pool hears of it when it is back.
    start_pool
    wait_until marks_are "$(operations)"
    kill_daemon mint
    start_mint
    run_tool -0 hp-audit --config-dir conf
}

@test "copies made one after the other under load pass the audit, 10 of 10, and a real difference in them does not" {
    start_topology
    new_key
    grep -qF "hp-audit --backup --pool" "$HP_SOURCE_DIR/docs/deployment.md"
    hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --nominal-hash-rate 1 --connections 8 --rate 400 --seconds 60 \
        >miner.out 2>miner.err 3>&- &
    miner=$!
    wait_until has_rows 200
    between=0
    for i in 1 2 3 4 5 6 7 8 9 10; do
        rm -f ./*.backup
        # The documented order, and at times the other one.
        if ((i <= 8)); then live_backup mint && sleep 0.05 && live_backup outbox; else live_backup outbox && live_backup mint; fi
        run_tool hp-audit --backup --pool outbox.backup --mint mint.backup --valuation target/unit_bits=16 --json
        assert_equal "$status $(jq -c '[.invariants[].breaches[]]' <<<"$output")" "0 []"
        between=$((between + $(jq '[.invariants[] | select(.id == "I19" or .id == "I24") | .notes[]] | length' <<<"$output")))
    done
    kill "$miner"
    wait "$miner" || true
    # The pairs did differ, or this would show nothing.
    [ "$between" -ge 5 ]
    live_backup mint
    live_backup outbox
    for damage in "DELETE FROM quote WHERE seq = 7" "UPDATE quote SET amount = amount + 1, paid = paid + 1 WHERE seq = 9" \
        "DELETE FROM quote WHERE seq = (SELECT last_seq FROM pool)"; do
        cp mint.backup damaged.db
        sqlite3 damaged.db "$damage"
        run_tool -1 hp-audit --backup --pool outbox.backup --mint damaged.db
        rm -f damaged.db*
    done
    cp outbox.backup damaged.db
    sqlite3 damaged.db "DELETE FROM share WHERE seq = 5"
    run_tool -1 hp-audit --backup --pool damaged.db --mint mint.backup
}

@test "a reader that does not end: pool and mint tell how long their logs get and since when, once; then they shrink" {
    make_topology
    start_template
    start_pool --wal-alarm-mib 17
    start_mint --wal-alarm-mib 17 --events "$BATS_TEST_TMPDIR/mint-events.jsonl"
    wait_for_link
    new_key
    # Holds a snapshot of each while the loop runs: a backup over a slow line, or a shell that was left open.
    mkfifo hold
    for name in outbox mint; do
        sqlite3 -readonly "conf/data/$name.db" "BEGIN" "SELECT count(*) FROM store" ".read hold" >/dev/null 3>&- &
    done
    exec 5>hold
    hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --nominal-hash-rate 1 --connections 16 --rate 6000 --seconds 120 \
        >miner.out 2>miner.err 3>&- 5>&- &
    miner=$!
    deadline_s=60 wait_for_text pool.log "MiB, held by a reader for"
    deadline_s=60 wait_for_text mint.log "MiB, held by a reader for"
    assert_equal "$(records alarm | grep -c 'write-ahead log')" 1
    [ "$(records pool_status | tail -n 1 | jq .wal_held_ms)" -gt 0 ]
    jq -se '[.[] | select(.type == "alarm" and (.what | contains("write-ahead log")))] | length == 1' mint-events.jsonl >/dev/null
    exec 5>&-
    short_again() { [ "$(records pool_status | tail -n 1 | jq '.wal_held_ms == 0 and .wal_bytes < 17 * 1048576')" = true ]; }
    deadline_s=30 wait_until short_again
    kill "$miner"
    wait "$miner" || true
}
