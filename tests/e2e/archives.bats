# Old shares leave the outbox beside a running pool, and hp-audit finds every unit before, meanwhile and after.

load ../cmd/helper
load topology

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

books() { run_tool -0 hp-audit --config-dir "$dir" --json; }
# As if the rows were old, and had so many after them that their keys are in their table.
make_old() { # UNTIL
    stop_daemon pool
    sqlite3 "$dir/data/outbox.db" "UPDATE share SET accepted_ms = accepted_ms - 100 * 86400000 WHERE seq <= $1;
        UPDATE job SET first_ms = first_ms - 100 * 86400000 WHERE id NOT IN (SELECT job FROM share WHERE seq > $1);
        INSERT OR IGNORE INTO share_key SELECT ntime, substr(share_hash, 1, 12), seq FROM share ORDER BY 1, 2;
        UPDATE mint SET keyed = (SELECT max(seq) FROM share), settled = (SELECT max(seq) FROM share)"
    start_pool
    wait_for_sql outbox "SELECT count(*) > 0 FROM mint WHERE store IS NOT NULL" 1
}

@test "answered shares are archived beside a running pool and come back, and books stay right" {
    start_topology
    new_key
    mine 30 "$pubkey"
    books_agree
    mine 30 "$pubkey"
    books_agree
    make_old 50
    books
    run_tool -0 hp-pool archive --config-dir "$dir" --to "$PWD/old.archive" --json
    assert_equal "$(jq -c '[.rows, .deleted_by_pool]' <<<"$output")" "[50,true]"
    wait_for_text pool.log "the rows in archive '$PWD/old.archive' are deleted"
    assert_equal "$(outbox 'SELECT count(*) FROM share')" 10
    assert_equal "$(outbox "SELECT detail LIKE '%old.archive' FROM journal WHERE what = 'archived'")" 1
    assert [ ! -e "$dir/data/outbox.db.archive" ]
    books
    mine 5 "$pubkey"
    wait_for_sql outbox "SELECT count(*), sum(state = 2) FROM outbox" "15|15"
    books
    # Nothing more is old enough.
    run_tool -0 hp-pool archive --config-dir "$dir"
    assert_output "nothing is old enough"
    # A quote that is missing at the mint is found, though its row is archived.
    stop_daemons
    cp "$dir/data/mint.db" kept.db
    sqlite3 "$dir/data/mint.db" "DELETE FROM quote WHERE seq = 7; UPDATE progress SET quotes = quotes - 1"
    run_tool -1 hp-audit --config-dir "$dir"
    assert_output --partial "archived rows of"
    cp kept.db "$dir/data/mint.db"
    # All of it back, by a stopped pool's tool.
    run_tool -0 hp-pool archive --config-dir "$dir" --restore "$PWD/old.archive"
    assert_equal "$(outbox 'SELECT count(*), sum(state = 2) FROM outbox')" "65|65"
    books
    run_tool -0 hp-pool archive --config-dir "$dir" --to "$PWD/again.archive"
    assert_output --partial "50 rows are in '$PWD/again.archive'; the outbox has them no more"
    books
    run_tool -1 hp-quote adopt --config-dir "$dir"
    assert_regex "$stderr" "rows are archived: bring them back first"
}

@test "a mint that lacks archived rows is an alarm, and gets its quotes once they are back" {
    start_topology
    new_key
    mine 20 "$pubkey"
    books_agree
    stop_daemon mint
    cp "$dir/data/mint.db" mint-old.db
    start_mint
    mine 20 "$pubkey"
    books_agree
    make_old 40
    run_tool -0 hp-pool archive --config-dir "$dir" --to "$PWD/old.archive"
    wait_for_text pool.log "are deleted"
    stop_daemon mint
    rm -f "$dir/data/mint.db"*
    cp mint-old.db "$dir/data/mint.db"
    stop_daemon pool
    set_key pool.toml allow_mint_rollback true
    start_pool
    hp-mint accept-rollback --config-dir "$dir" >/dev/null
    start_daemon mint hp-mint --config-dir "$dir"
    wait_for_text pool.log "those up to 40 are archived: bring them back with hp-pool archive --restore"
    stop_daemon pool
    run_tool -0 hp-pool archive --config-dir "$dir" --restore "$PWD/old.archive"
    start_pool
    wait_for_sql ledger "SELECT count(*) FROM quote" 40
}
