# Dead letters that come back, and databases that came from a backup: noticed, and mended by what the manual says.

load ../cmd/helper
load topology

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

stop_all() { for name in "$@"; do stop_daemon "$name" && assert_equal "$daemon_status" 0; done; }
# A whole copy of a database whose program has stopped; its log is folded in first.
back_up() { sqlite3 "conf/data/$1.db" "VACUUM INTO '$1.backup'"; }
restore() {
    rm -f "conf/data/$1.db" "conf/data/$1.db-wal" "conf/data/$1.db-shm"
    cp "$1.backup" "conf/data/$1.db"
}

ids_agree() {
    [ "$(outbox "SELECT replace(quote_id, '-', '') FROM outbox ORDER BY 1")" = "$(ledger "SELECT lower(hex(id)) FROM quote ORDER BY 1")" ]
}

# The operator's leave, until every share has its quote again.
let_in_until_there_are() {
    stop_all pool
    start_pool --allow-mint-rollback true
    # Rows that were answered are asked for once more without being pending: their new ids come a moment later.
    wait_for_sql ledger "SELECT count(*) FROM quote" "$1"
    wait_until ids_agree
    books_agree
    assert_equal "$(wc -l <rows)" "$1"
    wait_for_text pool.log "which allow_mint_rollback lets pass"
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
    assert_output "0 dead letters try again"
    [[ $stderr == *"2 of 2 rows are not dead letters"* ]]

    start_pool
    start_mint
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 2
    run_tool hp-quote requeue 3 --config-dir conf
    assert_output "1 dead letters try again"
    run_tool hp-quote requeue --all --config-dir conf
    assert_output "1 dead letters try again"
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
    [[ $stderr == *"give the numbers of rows, or --all"* ]]
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
    start_mint
    wait_for_text pool.log "refused (mint-rollback): mint_generation: expected at least"
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 3
    let_in_until_there_are 7
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
    start_mint
    wait_for_text pool.log "refused (mint-rollback): last_seq: the mint has 3, and has answered the row after it"
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" 3
    let_in_until_there_are 7
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
    start_mint
    wait_for_text pool.log "refused (mint-rollback): mint_store: the mint's database is not the one of last time"
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
    wait_for_text pool.log "refused (pool-rollback): last_seq: the mint has 7, this pool gave only 3"
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
    wait_for_text mint.log "gave 2 numbers to other shares than before"
    assert_equal "$(ledger 'SELECT count(*), count(DISTINCT share_hash) FROM quote')" "7|7"
}
