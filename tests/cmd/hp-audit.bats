# hp-audit as a user runs it: silent on books that are right, live or dead; and for each invariant a copy of the books
# that somebody has altered by hand.

load helper
load ../e2e/topology

# One run of a whole topology serves all tests: they get copies of its databases.
setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    cd "$BATS_TEST_TMPDIR" || return 1
    start_topology
    new_key
    mine 4 "$pubkey"
    start_proxy
    mine_by_proxy 25
    # Tokens: one that is out, one that came back, and one that another wallet has.
    hp-wallet --config-dir "$dir" send 3 >/dev/null
    hp-wallet --config-dir "$dir" send 5 >own
    hp-wallet --config-dir "$dir" receive - <own >/dev/null
    hp-wallet --config-dir "$dir" send 7 >token
    hp-config keygen mnemonic --out "$dir/secrets/second.seed" >/dev/null
    hp-wallet --config-dir "$dir" --wallet-database "$dir/data/second.db" --wallet-seed-file "$dir/secrets/second.seed" \
        receive - <token >/dev/null
    mine_by_proxy 5
    stop_daemon proxy
    kill_daemon mint
    # While the mint is away two rows wait, and one of them has been given up.
    mine 3 "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 0" 3
    kill_daemon pool
    stop_daemons
    cp -r "$dir/data" dead
    sqlite3 dead/outbox.db "INSERT INTO dead SELECT max(seq) - 2, 'hash-mismatch' FROM share"
    # The shell has taken the -wal into the file; the others are as the killed programs left them.
    cp -r dead books
    for file in books/*.db; do sqlite3 "$file" 'VACUUM'; done
}
teardown_file() { stop_daemons; }

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# Until the wallet has minted them too.
mine_by_proxy() {
    local before
    before=$(wallet "SELECT count(*) FROM quote")
    hp-miner "stratum+tcp://$proxy_listen" --user rig --threads 1 --shares "$1" --connect-timeout 10 >miner.out 2>miner.err 3>&- ||
        fail "hp-miner: $(cat miner.err)"
    wait_for_sql wallet "SELECT count(*) = $before + $1 AND sum(state <> 'done') = 0 FROM quote" 1
}
wallet() { sqlite3 -readonly -cmd ".timeout 10000" "$dir/data/wallet.db" "$1"; }

valuation=target/unit_bits=16
# Copies of good books in the working directory, and what names them all.
fresh() {
    rm -f ./*.db ./*.db-*
    cp "$BATS_FILE_TMPDIR/${1:-books}"/{outbox,mint,wallet,second}.db* .
    # What the pool has seen of the mint is for the tests of I25: others alter what it has seen.
    [ -n "${1-}" ] || sqlite3 outbox.db "UPDATE mint SET quotes = NULL, operations = NULL"
    all=(--pool outbox.db --mint mint.db --wallet wallet.db --wallet second.db --valuation "$valuation")
}
# What sqlite3 is not meant to do, it does.
alter() { # FILE SQL
    sqlite3 "$1" "PRAGMA ignore_check_constraints = ON; $2"
    case $1 in mint.db | other.db) recount "$1" ;; esac
}
# The ledger's own counts follow what was altered by hand: a wrong count is a breach of its own.
recount() {
    sqlite3 "$1" "UPDATE progress SET quotes = (SELECT count(*) FROM quote), operations = (SELECT count(*) FROM op),
        issued_high = 0, issued_low = (SELECT coalesce(sum(issued), 0) FROM quote),
        spent_high = 0, spent_low = (SELECT coalesce(sum(amount), 0) FROM spent)"
}
# broken IDS TEXT FILE SQL: fresh books, altered so, break exactly these invariants, and the text is among what is said.
broken() {
    fresh
    alter "$3" "$4"
    expect_broken "$1" "$2" "${all[@]}"
}
expect_broken() { # IDS TEXT OPTION...
    run_tool -1 hp-audit "${@:3}" --json
    assert_equal "$(jq -r '[.invariants[] | select(.state == "breach") | .id] | join(" ")' <<<"$output")" "$1"
    jq -e --arg text "$2" '[.invariants[].breaches[] | select(contains($text))] | length > 0' <<<"$output" >/dev/null ||
        fail "no '$2' in: $(jq -c '[.invariants[].breaches[]]' <<<"$output")"
    assert_equal "$stderr" "hp-audit: error: broken: ${1// /, }"
}
bad() { # bad CODE TEXT ARGS...: this exit code, nothing on stdout, and TEXT on stderr
    run_tool "-$1" hp-audit "${@:3}"
    assert_equal "$output" ""
    [[ $stderr == *"$2"* ]] || fail "no '$2' in: $stderr"
}
state_of() { jq -r ".invariants[] | select(.id == \"$1\") | .state" <<<"$output"; }
left_out() { jq -r ".invariants[] | select(.id == \"$1\") | .not_checked[]" <<<"$output"; }

# ---- right books

@test "books of killed programs are right: each invariant on its line, with counts, and the files stay as they are" {
    fresh dead
    [ -s mint.db-wal ]
    sha256sum ./*.db ./*.db-wal ./*.db-journal >before
    run_tool -0 hp-audit "${all[@]}"
    assert_equal "$stderr" ""
    assert_equal "$(grep -cE '^(DB|I[0-9]+) +(ok|skipped) ' <<<"$output")" 27
    assert_equal "$(sed -nE 's/^(I[0-9]+) +skipped .*/\1/p' <<<"$output" | paste -sd' ')" "I2 I20 I21 I22 I23"
    assert_line --regexp '^I4 +ok +37 rows +the same numbers everywhere'
    assert_line --regexp '^outbox  37 accepted \(.*\) = 34 acked \(.*\) \+ 2 pending \(.*\) \+ 1 dead \('
    assert_line --regexp '^mint    34 quotes \('
    sha256sum --quiet -c before
}

@test "databases that were closed well are read without a file beside them" {
    fresh
    local before=(*.db*)
    run_tool -0 hp-audit "${all[@]}" --deep
    assert_equal "$(echo ./*.db*)" "$(printf './%s ' "${before[@]}" | sed 's/ $//')"
}

@test "--json: one object; the totals are those of the databases" {
    fresh
    run_tool -0 hp-audit "${all[@]}" --json
    assert_equal "$(wc -l <<<"$output")" 1
    assert_equal "$(jq -r '.ok, (.invariants | length), .invariants[0].id, .invariants[26].id' <<<"$output" | paste -sd' ')" "true 27 DB I26"
    assert_equal "$(jq -c '.totals | [.accepted, .accepted_amount, .pending, .dead]' <<<"$output")" \
        "$(sqlite3 outbox.db "SELECT json_array(count(*), sum(amount), sum(state = 0), sum(state = 3)) FROM outbox")"
    assert_equal "$(jq -c '.totals | [.quotes, .quoted, .issued]' <<<"$output")" \
        "$(sqlite3 mint.db "SELECT json_array(count(*), sum(amount), sum(issued)) FROM quote")"
    assert_equal "$(jq -c '.totals | [.signed, .spent, .outstanding]' <<<"$output")" \
        "$(sqlite3 mint.db "SELECT json_array(i, o, i - o) FROM (SELECT (SELECT sum(amount) FROM sig) AS i, (SELECT sum(amount) FROM spent) AS o)")"
    assert_equal "$(jq .totals.reserved <<<"$output")" "$(sqlite3 wallet.db "SELECT sum(amount) FROM proof WHERE state = 'reserved'")"
    # What was checked is not nothing.
    assert_equal "$(jq -r '[.invariants[] | select(.state == "ok" and .checked == 0) | .id] | join(" ")' <<<"$output")" ""
}

@test "what a missing database would answer is left out with the reason, never passed in silence" {
    fresh
    run_tool -0 hp-audit --pool outbox.db --json
    assert_equal "$(state_of I3)" ok
    assert_equal "$(left_out I4)" "amounts by the valuation: it is unknown; give --valuation or --config-dir
against the quotes: no mint is given"
    for id in I5 I7 I8 I10 I16 I17 I18; do assert_equal "$(state_of $id)" skipped; done
    assert_equal "$(left_out I8)" "no mint is given"
    assert_equal "$(left_out I19)" "no mint is given"
    run_tool -0 hp-audit --mint mint.db --json
    for id in I5 I6 I7 I8 I9 I10 I11 I12 I13; do assert_equal "$(state_of $id)" ok; done
    assert_equal "$(state_of I19)" skipped
    run_tool -0 hp-audit --wallet second.db --json
    for id in I17 I18; do assert_equal "$(state_of $id)" ok; done
    assert_equal "$(state_of I16)" skipped
    # Nothing is skipped without a reason.
    assert_equal "$(jq -r '[.invariants[] | select(.state == "skipped" and (.not_checked | length) == 0)] | length' <<<"$output")" 0
}

@test "--config-dir names the databases and the valuation; what is not there yet is left out" {
    local conf=$BATS_FILE_TMPDIR/conf
    run_tool -0 hp-audit --config-dir "$conf" --json
    assert_equal "$(state_of I16)" ok
    [[ $(left_out I4) != *valuation* ]]
    HP_CONFIG_DIR=$conf run_tool -0 hp-audit --json
    assert_equal "$(jq .totals.accepted <<<"$output")" 37
    hp-config init new --network sim >/dev/null
    bad 2 "outbox.db does not exist" --config-dir new
    fresh
    mkdir -p new/data
    cp outbox.db new/data/
    run_tool -0 hp-audit --config-dir new --json
    [[ $(left_out I8) == *"new/data/mint.db does not exist" ]]
    # A file by hand stands for that of the configuration, and another valuation is another worth.
    run_tool -0 hp-audit --config-dir new --mint mint.db --json
    assert_equal "$(state_of I8)" ok
    expect_broken "I4" "by the valuation" --config-dir new --valuation target/unit_bits=15
    # The files of one side only.
    rm new/mint.toml new/shared/proxy.toml
    run_tool -0 hp-audit --config-dir new --json
    [[ $(left_out I8) == "there is no mint.toml in "* ]]
}

@test "a mint of the outbox whose database is not given, and one that was never met" {
    fresh
    local other=$(((1 << 48) | 1))
    alter outbox.db "INSERT INTO mint(id, name) VALUES(1, 'other'); UPDATE share SET seq = $other WHERE seq = (SELECT max(seq) FROM share)"
    run_tool -0 hp-audit "${all[@]}" --json
    assert_equal "$(left_out I19)" ""
    alter outbox.db "UPDATE mint SET store = zeroblob(32), generation = 1 WHERE id = 1"
    run_tool -0 hp-audit "${all[@]}" --json
    assert_equal "$(left_out I19)" "mint 'other' (1 rows in outbox.db): its database is not given"
    # A row for no mint at all; a hole in the numbers of one only.
    alter outbox.db "UPDATE share SET seq = $other + 1 WHERE seq = $other"
    expect_broken "I3" "outbox.db: other: number 1 is missing" "${all[@]}"
    alter outbox.db "DELETE FROM mint WHERE id = 1"
    expect_broken "I3" "belongs to an unknown mint" "${all[@]}"
    # Acknowledged by nobody.
    fresh
    alter outbox.db "UPDATE mint SET store = NULL"
    expect_broken "I14" "34 rows are acked by a mint that never linked" "${all[@]}"
}

@test "two mints at once: each row is looked for in its own, and a quote in both is one too many" {
    fresh
    local other=$(((1 << 48) | 1))
    cp mint.db other.db
    alter other.db "UPDATE store SET id = randomblob(32); DELETE FROM quote; DELETE FROM op; DELETE FROM op_quote; DELETE FROM sig;
                    DELETE FROM spent; DELETE FROM pool; DELETE FROM keyset"
    alter outbox.db "ATTACH 'other.db' AS o; INSERT INTO mint(id, name, store, generation) SELECT 1, 'other', id, generation FROM o.store;
                     UPDATE share SET seq = $other WHERE seq = (SELECT max(seq) FROM share)"
    run_tool -0 hp-audit "${all[@]}" --mint other.db --json
    assert_equal "$(left_out I19)" ""
    alter mint.db "ATTACH 'other.db' AS o; INSERT INTO o.quote SELECT * FROM quote WHERE seq = 3; UPDATE o.quote SET pool_store = zeroblob(32), issued = 0;
                   INSERT INTO o.pool VALUES(zeroblob(32), 3, 0)"
    recount other.db
    expect_broken "I1 I24" "has a quote in mint.db and one in other.db" "${all[@]}" --mint other.db
}

@test "an outbox with a new identity: its quotes were made under the old one, and count" {
    fresh
    alter outbox.db "UPDATE store SET id = randomblob(32)"
    run_tool -0 hp-audit "${all[@]}" --json
    assert_equal "$(jq '.invariants[] | select(.id == "I19") | .checked' <<<"$output")" 37
    [[ $(left_out I24) == *"it is not given, or has another store id now" ]]
    alter mint.db "DELETE FROM quote WHERE seq = 2"
    expect_broken "I19 I24" "is not in mint.db" "${all[@]}"
}

# ---- live

audit_live() {
    run_tool -0 hp-audit --config-dir "$dir" --json
    assert_equal "$(jq .ok <<<"$output")" true
}

@test "live: right at every moment under load, and after kill -9 of each, before and after the restart" {
    start_topology
    start_proxy
    start_daemon miner hp-miner "stratum+tcp://$proxy_listen" --user rig --threads 1 --rate 100
    new_key
    start_daemon direct hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 200 --nominal-hash-rate 1
    wait_for_sql outbox "SELECT count(*) > 20 FROM outbox" 1
    for _ in {1..15}; do audit_live; done
    for name in mint pool proxy; do
        kill_daemon "$name"
        audit_live
        "start_$name"
        audit_live
    done
    stop_daemon miner
    stop_daemon direct
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state <> 2" 0
    wait_for_sql wallet "SELECT count(*) FROM quote WHERE state <> 'done'" 0
    audit_live
    assert_equal "$(jq '.totals | .accepted == .quotes and .accepted_amount == .quoted' <<<"$output")" true
    [ "$(jq .totals.accepted <<<"$output")" -gt 40 ]
}

# ---- AC-268 rows that were altered by hand

@test "DB: pages that are garbage, and with --deep an index that has lost a row" {
    fresh
    local size
    size=$(stat -c %s mint.db)
    dd if=/dev/urandom of=mint.db bs=4096 seek=$((size / 4096 / 2)) count=3 conv=notrunc status=none
    run_tool -1 hp-audit "${all[@]}" --json
    assert_equal "$(jq -r '.invariants[0] | .id, .state' <<<"$output" | paste -sd' ')" "DB breach"
    # The index is put aside while a row changes that it should have.
    fresh
    alter mint.db "PRAGMA writable_schema = ON; CREATE TABLE aside AS SELECT * FROM sqlite_schema WHERE name = 'sig_op';
                   DELETE FROM sqlite_schema WHERE name = 'sig_op'"
    alter mint.db "INSERT INTO sig SELECT randomblob(33), keyset, amount, C_, e, s, op, position + 100 FROM sig LIMIT 1;
                   PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM aside"
    run_tool -1 hp-audit "${all[@]}" --json
    assert_equal "$(jq -r '.invariants[0].state' <<<"$output")" ok
    run_tool -1 hp-audit "${all[@]}" --deep
    assert_line --partial "missing from index sig_op"
}

@test "I1: a second quote or row for a share, a mint on an old copy" {
    broken "I1 I24" "the same share as" mint.db "INSERT INTO pool VALUES(zeroblob(32), 1, 0);
        INSERT INTO quote SELECT randomblob(16), ntime, share_hash, zeroblob(32), 1, unit, amount, paid, 0, pubkey, 1, 1, NULL FROM quote WHERE seq = 2"
    broken "I1" "the same share as seq 2" outbox.db "INSERT INTO share SELECT (SELECT max(seq) + 1 FROM share),
        ntime, share_hash, header, target, amount, locking_key, worker, accepted_ms, job, extranonce FROM share WHERE seq = 2"
    broken "I1" "mint.db: is an old copy: start 0, and outbox.db has seen it at start 1" mint.db "UPDATE store SET generation = 0"
    broken "I1 I14" "the same quote" outbox.db "DROP INDEX answer_quote;
        UPDATE answer SET quote_id = (SELECT quote_id FROM answer WHERE seq = 1) WHERE seq = 2"
}

@test "I3: a row that is gone, in the middle and at the end, and states that are none" {
    broken "I3 I19" "outbox.db: mint: number 5 is missing" outbox.db "DELETE FROM share WHERE seq = 5"
    broken "I3 I19" "numbers 1 to 3 are missing" outbox.db "DELETE FROM share WHERE seq < 4"
    broken "I3 I24" "has settled number 34, but outbox.db ends at number 30" outbox.db "DELETE FROM share WHERE seq > 30; DELETE FROM answer WHERE seq > 30;
        DELETE FROM dead WHERE seq > 30"
    broken "I3" "acked without a time" outbox.db "UPDATE answer SET acked_ms = 0 WHERE seq = 4"
    broken "I3" "dead without a reason" outbox.db "UPDATE dead SET reason = ''"
    broken "I3" "seq 99: has an answer, a dead reason or a key, but no row" outbox.db "INSERT INTO dead VALUES(99, 'x')"
    broken "I3" "seq 36: is pending, but not above 'settled'" outbox.db "UPDATE mint SET settled = 36"
    broken "I1" "seq 36: its share could be accepted again" outbox.db "INSERT INTO share_key SELECT ntime, substr(share_hash, 1, 12), seq
        FROM share WHERE seq <> 36; UPDATE mint SET keyed = 37"
    broken "I1" "its share could get a second quote" mint.db "UPDATE store SET shares_keyed = (SELECT max(id) FROM quote)"
    broken "I24" "does not link to its owner's previous quote" mint.db "UPDATE quote SET before = NULL WHERE seq = 3"
    broken "I24" "is newer than its owner's newest quote on record" mint.db "UPDATE store SET owners_keyed = (SELECT max(id) FROM quote)"
}

@test "I4: numbers that differ between header, row and quote" {
    broken "I4 I19" "amount is" outbox.db "UPDATE share SET amount = amount + 1 WHERE seq = 4"
    broken "I4 I26" "share_hash is not the hash of the header" outbox.db "UPDATE share SET header = randomblob(80) WHERE seq = 4"
    broken "I4" "does not meet the target" outbox.db "UPDATE share SET target = zeroblob(32) WHERE seq IN (SELECT seq FROM dead)"
    broken "I4" "ntime is not that of the header" outbox.db "UPDATE share SET ntime = ntime + 1 WHERE seq IN (SELECT seq FROM dead)"
    broken "I4 I26" "has a wrong size" outbox.db "UPDATE share SET header = x'00' WHERE seq = 4"
    broken "I4 I19" "amount is not that of outbox.db: seq 2" mint.db "UPDATE quote SET amount = amount + 1, paid = paid + 1 WHERE seq = 2"
    broken "I4 I24" "owner is not that of outbox.db: seq 2" mint.db "UPDATE quote SET pubkey = randomblob(33) WHERE seq = 2"
}

@test "I5, I6, I7, I9: what quotes say of themselves" {
    broken "I5 I7 I9" "paid 1, issued 2" mint.db "UPDATE quote SET issued = paid + 1 WHERE seq = 1"
    broken "I5 I7 I9" "issued -1" mint.db "UPDATE quote SET issued = -1 WHERE seq = 1"
    broken "I4 I6 I19" "paid 2 of 3" mint.db "UPDATE quote SET amount = 3, paid = 2 WHERE seq = 1"
    broken "I7 I9" "issued is" mint.db "UPDATE quote SET issued = amount WHERE seq = 1"
    broken "I7 I9 I18" "but the quotes say issued" mint.db "UPDATE quote SET issued = 0 WHERE seq = 10"
}

@test "I8, I9, I12: proofs and fees that do not add up" {
    broken "I8 I9" "proofs of 1099511627776 spent, 0 signed" mint.db "INSERT INTO spent SELECT randomblob(33), keyset, 1 << 40, NULL, op FROM spent LIMIT 1"
    broken "I9" "fee is 1, its inputs' is 0" mint.db "UPDATE op SET fee = 1 WHERE id = (SELECT op FROM spent LIMIT 1)"
    broken "I9" "mints, but takes a fee of 1" mint.db "UPDATE op SET fee = 1 WHERE id = 1"
    broken "I9" "kind 3 is neither" mint.db "INSERT INTO op VALUES(999, 3, randomblob(32), 0, 0)"
    broken "I12" "spent by an unknown operation (999)" mint.db "INSERT INTO spent SELECT randomblob(33), keyset, amount, NULL, 999 FROM sig
        WHERE amount =
        (SELECT amount FROM (SELECT amount, 1 AS d FROM sig UNION ALL SELECT amount, -1 FROM spent) GROUP BY amount HAVING sum(d) > 0 LIMIT 1) LIMIT 1"
    broken "I12" "0 inputs spent, 0 outputs signed" mint.db "INSERT INTO op VALUES(999, 2, randomblob(32), 0, 0)"
}

@test "I10, I16: what a wallet had from the mint and the mint has lost" {
    broken "I9 I10 I12" "was spent, but is not spent in mint.db" mint.db "ATTACH 'wallet.db' AS w;
        DELETE FROM spent WHERE op = (SELECT spent.op FROM spent JOIN w.proof p ON p.y = spent.Y WHERE p.state = 'spent' LIMIT 1)"
    # Of the last mint, whose proofs have not been spent.
    broken "I7 I9 I16 I18" "its signature is not in mint.db" mint.db "DELETE FROM sig WHERE (op, position) =
        (SELECT op, max(position) FROM sig WHERE op = (SELECT max(id) FROM op WHERE kind = 1))"
}

@test "I11, I13: answers that are not whole, quotes of no operation" {
    broken "I11" "the last at position" mint.db "UPDATE sig SET position = position + 100 WHERE op = 1 AND position = 0"
    broken "I7 I9 I11" "of an unknown operation (999)" mint.db "UPDATE sig SET op = 999 WHERE op = 1 AND position = 0"
    broken "I11" "has a wrong size" mint.db "UPDATE sig SET C_ = x'02' WHERE op = 1 AND position = 0"
    broken "I7 I13" "does not mint a quote" mint.db "DELETE FROM op_quote WHERE op = 1"
    broken "I7 I13" "which does not exist" mint.db "INSERT INTO op_quote VALUES(1, randomblob(16), 1)"
    broken "I7 I13" "minted by an unknown operation (999)" mint.db "UPDATE op_quote SET op = 999 WHERE op = 1"
}

@test "I26: a share whose coinbase is not the one of its header, and books from before jobs were stored" {
    fresh
    run_tool -0 hp-audit "${all[@]}"
    assert_line --regexp '^I26 +ok +37 rows +'
    broken "I26" "give another merkle root" outbox.db "UPDATE job SET coinbase_suffix = zeroblob(length(coinbase_suffix))"
    broken "I26" "give another merkle root" outbox.db "UPDATE job SET merkle_path = zeroblob(32)"
    broken "I26" "give another merkle root" outbox.db "UPDATE share SET extranonce = zeroblob(16) WHERE seq = 3"
    broken "I26" "its job is missing" outbox.db "DELETE FROM job"
    broken "I26" "seq 3: has no job, but an earlier row has one" outbox.db "UPDATE share SET job = NULL WHERE seq = 3"
    # A migrated outbox, and one of the schema before.
    fresh
    alter outbox.db "UPDATE share SET job = NULL, extranonce = NULL WHERE seq <= 10"
    run_tool -0 hp-audit "${all[@]}" --json
    assert_equal "$(left_out I26)" "outbox.db: 10 rows of an earlier version, which stored no jobs"
    alter outbox.db "DROP VIEW outbox; ALTER TABLE share DROP COLUMN job; ALTER TABLE share DROP COLUMN extranonce; DROP TABLE job;
        ALTER TABLE mint DROP COLUMN archived; ALTER TABLE mint DROP COLUMN archived_rows;
        ALTER TABLE mint DROP COLUMN archived_high; ALTER TABLE mint DROP COLUMN archived_low;
        $(sed -n '/^CREATE VIEW outbox/,/;$/p' "$HP_SOURCE_DIR/tests/data/outbox-v4.sql") PRAGMA user_version = 4"
    run_tool -0 hp-audit "${all[@]}" --json
    assert_equal "$(state_of I26)" skipped
    assert_equal "$(left_out I26)" "outbox.db: has an older schema, without jobs"
}

@test "I25: a ledger that miscounts, or that its mark or a pool has seen further on, with what can be doubled" {
    for what in quotes operations issued_low spent_low; do
        fresh
        sqlite3 mint.db "UPDATE progress SET $what = $what + 1"
        expect_broken "I25" "its rows give" "${all[@]}"
    done
    local store
    store=$(sqlite3 mint.db "SELECT lower(hex(id)) FROM store")
    mark() { # QUOTES OPERATIONS ISSUED SPENT [STORE]: as the ledger has it, and so much more
        echo "hashpool mint mark 1"
        sqlite3 mint.db "SELECT 'store ${5-$store}'" "SELECT 'generation ' || generation FROM store" \
            "SELECT 'quotes ' || (quotes + $1), 'operations ' || (operations + $2), 'issued ' || (issued_low + $3),
                'spent ' || (spent_low + $4) FROM progress" | tr '|' '\n'
    }
    fresh
    mark 0 0 0 0 >mark
    run_tool -0 hp-audit "${all[@]}" --mark mark --json
    assert_equal "$(left_out I25)" ""
    mark 0 1 0 5 >mark
    expect_broken "I25" "it is behind its mark mark; it lacks quotes 0, operations 1, issued 0, spent 5; at most 5 can be doubled" \
        "${all[@]}" --mark mark
    mark 0 0 0 0 "$(printf '11%.0s' {1..32})" >mark
    expect_broken "I25" "is the mark of a database other than mint.db" "${all[@]}" --mark mark
    # A pool that has seen more of it.
    sqlite3 outbox.db "ATTACH 'mint.db' AS m; UPDATE mint SET quotes = 1, operations = 0, issued_high = 0, spent_high = 0,
        issued_low = (SELECT issued_low + 7 FROM m.progress), spent_low = 0 WHERE store = (SELECT id FROM m.store)"
    expect_broken "I25" "outbox.db has seen a later state; it lacks quotes 0, operations 0, issued 7, spent 0" "${all[@]}"
    # Copies of a backup are behind it in the normal course of things.
    run_tool -0 hp-audit --backup "${all[@]}"
    bad 2 "--backup and --mark exclude each other" --backup --mint mint.db --mark mark
    # A last number that lost its end is one all the same.
    { echo "hashpool mint mark 1"
      sqlite3 mint.db "SELECT 'store ' || lower(hex(id)), 'generation ' || generation FROM store" | tr '|' '\n'
      printf 'quotes 1\noperations 0\nissued 0\nspent 12'; } >mark
    bad 1 "the file is truncated" --mint mint.db --mark mark
    echo "hashpool mint mark 2" >mark
    bad 1 "line 1" --mint mint.db --mark mark
    bad 1 "cannot open" --mint mint.db --mark nowhere
}

@test "accept: a signed row, printed in each report, green up to its amount and red beyond; what is not signed does not count" {
    local conf=$BATS_FILE_TMPDIR/conf key
    key=$(hp-config pubkey - <"$conf/secrets/mint-link.key" | sed -n 's/^link //p')
    sign=(--key-file "$conf/secrets/mint-link.key")
    with_key() { run_tool "$@" --mint-key "$key" --json; }
    fresh
    rm -f mint.db.accepted
    # A mark that is further on.
    mark() {
        echo "hashpool mint mark 1"
        sqlite3 mint.db "SELECT 'store ' || lower(hex(id)), 'generation ' || generation FROM store" "SELECT 'quotes ' || quotes,
            'operations ' || operations, 'issued ' || issued_low, 'spent ' || (spent_low + $1) FROM progress" | tr '|' '\n'
    }
    mark 5 >mark
    all+=(--mark mark)
    run_tool -1 hp-audit "${all[@]}" --json
    assert_equal "$(jq '.invariants[25].breach_amount' <<<"$output")" 5
    run_tool -0 hp-audit accept I25 --amount 4 --reason "too little" "${all[@]}" "${sign[@]}"
    assert_equal "$(jq -r '[.invariant, .reason, .sums.broken_by] | join("|")' <<<"$output")" "I25|too little|5"
    with_key -1 hp-audit "${all[@]}"
    assert_equal "$(state_of I25)" breach
    run_tool -0 hp-audit accept I25 --amount 5 --reason "restored on Thursday" "${all[@]}" "${sign[@]}"
    with_key -0 hp-audit "${all[@]}"
    assert_equal "$(state_of I25)" accepted
    run_tool -0 hp-audit "${all[@]}" --mint-key "$key"
    assert_line --regexp '^I25  accepted '
    assert_line --partial "accepted up to 5: "
    assert_line --partial ": restored on Thursday"
    # More of it is red again.
    mark 6 >mark
    with_key -1 hp-audit "${all[@]}"
    assert_equal "$(state_of I25)" breach
    # A row that was not written whole does not count, nor does it spoil the next one.
    mark 5 >mark
    cp mint.db.accepted whole
    truncate -s -20 mint.db.accepted
    with_key -1 hp-audit "${all[@]}"
    [[ $output == *"mint.db.accepted:2: this acceptance does not count: it is truncated; accept again"* ]] || fail "$output"
    run_tool -0 hp-audit accept I25 --amount 5 --reason "restored on Thursday" "${all[@]}" "${sign[@]}"
    with_key -0 hp-audit "${all[@]}"
    assert_equal "$(state_of I25)" accepted
    cp whole mint.db.accepted
    mark 6 >mark
    # Who has no key of the mint accepts nothing; nor does a row of another database, or one that was changed.
    run_tool -1 hp-audit "${all[@]}"
    [[ $output == *"does not count: the mint's link key is unknown"* ]] || fail "$output"
    sed -i 's/"amount":"[0-9]*"/"amount":"999999"/' mint.db.accepted
    with_key -1 hp-audit "${all[@]}"
    [[ $output == *"not signed by a key of the mint"* ]] || fail "$output"
    rm mint.db.accepted
    for wrong in "I99 --amount 1" "I15 --amount 1" "I18 --amount -1" "I18 --amount x" "I18 --amount ''"; do
        eval "run_tool -2 hp-audit accept $wrong --reason r \"\${all[@]}\" \"\${sign[@]}\""
    done
    run_tool -2 hp-audit accept I18 --amount 1 --reason "" "${all[@]}" "${sign[@]}"
    run_tool -2 hp-audit accept I18 --amount 1 --reason r "${all[@]}"
    [ ! -e mint.db.accepted ]
}

@test "I14, I24: quotes under wrong ids, wrong numbers, of unknown pools, unpaid" {
    broken "I14" "in mint.db it is" outbox.db "UPDATE answer SET quote_id = '01890a5d-ac96-774b-bcce-b302099a8057' WHERE seq = 4"
    broken "I14" "quote id 'no-id' is not a UUID" outbox.db "UPDATE answer SET quote_id = 'no-id' WHERE seq = 4"
    broken "I14 I19 I24" "a second one for outbox.db: seq 4" mint.db "INSERT INTO quote SELECT randomblob(16), 1, randomblob(32), pool_store, 4, unit, 1, 1, 0, pubkey, 1, 1, NULL FROM quote WHERE seq = 4"
    broken "I24" "for number 1004, but outbox.db ends at number 37" mint.db "UPDATE quote SET seq = seq + 1000 WHERE seq = 4"
    broken "I24" "that was never served" mint.db "UPDATE quote SET pool_store = zeroblob(32) WHERE seq = 4"
    broken "I24" "is not paid" mint.db "UPDATE quote SET paid = 0 WHERE seq = 1"
}

@test "I15: keysets" {
    broken "I15" "has 2 active keysets" mint.db "INSERT INTO keyset SELECT randomblob(33), unit, 1, 0, 1, 1, 0 FROM keyset"
    broken "I9 I15" "in wallet.db 0 and" mint.db "UPDATE keyset SET input_fee_ppk = 1000"
    broken "I15" "its keys have the id" wallet.db "UPDATE keyset SET text = replace(text, '\"unit\":\"hash\"', '\"unit\":\"sat\"')"
    broken "I15" "its keys cannot be read" wallet.db "UPDATE keyset SET text = '{}'"
    fresh
    alter mint.db "DELETE FROM keyset"
    run_tool -1 hp-audit --mint mint.db --json
    assert_equal "$(state_of I15)" breach
}

@test "I17: counters" {
    broken "I17" "is used, but the next one is 3" wallet.db "UPDATE counter SET next = 3"
    broken "I17" "is used, but the next one is 0" wallet.db "DELETE FROM counter"
    broken "I17" "appears twice" wallet.db "UPDATE output SET B_ = (SELECT B_ FROM output WHERE counter = 0)
        WHERE counter = (SELECT min(counter) FROM output WHERE counter > 0 AND amount = (SELECT amount FROM output WHERE counter = 0))"
    broken "I17" "of an unknown operation" second.db "UPDATE output SET op = 999"
}

@test "I18: a wallet that has what nobody gave it, or has lost what it got" {
    broken "I18" "no signature in mint.db made it" wallet.db "INSERT INTO proof SELECT randomblob(33), keyset, amount, 's', c, randomblob(32), s, r, 'unspent', NULL, NULL FROM proof LIMIT 1"
    broken "I18" "unspent, but spent in mint.db" wallet.db "UPDATE proof SET state = 'unspent' WHERE y = (SELECT min(y) FROM proof WHERE state = 'spent')"
    broken "I18" "have no proof" wallet.db "DELETE FROM proof WHERE y = (SELECT min(y) FROM proof WHERE state = 'unspent')"
    broken "I18" "amount or keyset is not that of its signature" wallet.db "UPDATE proof SET amount = 2 * amount WHERE y = (SELECT min(y) FROM proof WHERE state = 'unspent')"
    broken "I18" "but its operation is none" wallet.db "UPDATE quote SET op = NULL WHERE rowid = 1"
    broken "I18" "but its operation is done" wallet.db "UPDATE quote SET state = 'minting' WHERE rowid = 1"
    broken "I18" "its quotes are worth" wallet.db "UPDATE quote SET amount = amount + 1 WHERE rowid = 1"
    broken "I18" "done, but not in mint.db" wallet.db "UPDATE quote SET id = '01890a5d-ac96-774b-bcce-b302099a8057' WHERE rowid = 1"
    broken "I18" "token 1: is worth" wallet.db "UPDATE token SET amount = amount + 1 WHERE id = 1"
    broken "I18" "open, but all its proofs are spent" wallet.db "UPDATE token SET state = 'open'; UPDATE proof SET token = NULL, state = 'unspent', op = NULL
        WHERE token = 1; UPDATE token SET amount = 0 WHERE id = 1"
    broken "I18" "closed, but not all its proofs are spent" wallet.db "UPDATE token SET state = 'closed'"
    broken "I18" "still spending" wallet.db "UPDATE proof SET state = 'spending' WHERE state = 'spent'"
}

@test "I19: a quote that is gone" {
    broken "I19 I24" "is not in mint.db" mint.db "DELETE FROM quote WHERE seq = 2"
    [[ $(jq -r '[.invariants[19].breaches[]] | join("\n")' <<<"$output") == *"accepted "*", but quoted "* ]]
}

@test "--limit: at most this many breaches of each are named, all are counted; nothing secret is shown" {
    fresh
    alter outbox.db "UPDATE share SET amount = amount + 1"
    run_tool -1 hp-audit "${all[@]}" --limit 2
    assert_line --regexp '^ {6}outbox.db: seq 1: amount is [0-9]+, by the valuation [0-9]+$'
    assert_line "      and 69 more"
    assert_equal "$stderr" "hp-audit: error: broken: I4, I19"
    run_tool -1 hp-audit "${all[@]}" --limit 0 --json
    assert_equal "$(jq -c '.invariants[4] | [.state, .breach_count, .breaches]' <<<"$output")" '["breach",71,[]]'
    fresh
    alter wallet.db "UPDATE proof SET state = 'unspent', e = randomblob(32)"
    run_tool -1 hp-audit "${all[@]}" --limit 1000
    sqlite3 wallet.db "SELECT secret FROM proof UNION SELECT lower(hex(r)) FROM proof UNION SELECT lower(hex(c)) FROM proof" >secrets
    [ "$(wc -l <secrets)" -gt 20 ]
    run ! grep -qFf secrets <<<"$output"
}

# ---- called wrongly, and files that are none

@test "the usual directory is looked into; what may not be read there is named, and is no thing that is missing" {
    unshare -rm true 2>why || skip "SKIPPED: no mount namespaces here: $(cat why)"
    mkdir -p etc var
    in_place() { unshare -rm bash -c 'mount --bind etc /etc && mount --bind var /var/lib && exec "$@"' - "$@"; }
    in_place hp-config init /etc/hashpool --network sim >/dev/null
    run_tool -2 in_place hp-audit
    [[ $stderr == *"/var/lib/hashpool/pool/outbox.db does not exist; /var/lib/hashpool/mint/mint.db does not exist"* ]] || fail "$stderr"
    run_tool -1 in_place hp-quote list
    [[ $stderr == *"/var/lib/hashpool/pool/outbox.db"* ]] || fail "$stderr"
    # Without the rights that root has over modes.
    chmod 0 etc/hashpool/stats.toml var/hashpool/pool
    powerless() { in_place setpriv --bounding-set=-all --inh-caps=-all "$@"; }
    run_tool -1 powerless hp-audit
    [[ $stderr == *"/var/lib/hashpool/pool/outbox.db: Permission denied"* ]] || fail "$stderr"
    run_tool -2 powerless hp-stats show
    [[ $stderr == *"/etc/hashpool/stats.toml: cannot be read: permission denied"* ]] || fail "$stderr"
    chmod 0 etc/hashpool
    run_tool -2 powerless hp-stats show
    [[ $stderr == *"/etc/hashpool/stats.toml: cannot be read: permission denied"* ]] || fail "$stderr"
    # Served without the file, there would be no tokens.
    run_tool -2 powerless hp-stats serve pool.db
    [[ $stderr == *"/etc/hashpool/stats.toml: cannot be read: permission denied"* ]] || fail "$stderr"
    chmod 700 etc/hashpool var/hashpool/pool
}

@test "called wrongly: 2" {
    bad 2 "no database is given"
    bad 2 "unit_bits" --pool x --valuation target
    bad 2 "--limit" --pool x --limit -1
    bad 2 "did you mean --pool?" --pol x
    bad 2 "there is no directory 'none'" --config-dir none
    bad 2 "" --pool
    hp-config init broken --network sim >/dev/null
    sed -i 's/^allowed_mint_keys.*/allowed_mint_keys = 3/' broken/pool.toml
    bad 2 "allowed_mint_keys" --config-dir broken
}

@test "files that are none of ours: 1, with the reason" {
    fresh
    bad 1 "database '$PWD/none.db' does not exist" --pool none.db
    bad 1 "belongs to another program" --pool mint.db --mint outbox.db
    bad 1 "belongs to another program" --wallet mint.db
    echo text >text.db
    bad 1 "is not a database" --mint text.db
    : >empty.db
    bad 1 "is empty" --mint empty.db
    sqlite3 mint.db "PRAGMA user_version = 99"
    bad 1 "was written by a newer program (schema 99" --mint mint.db
    # One that cannot be read ends it all: half an audit is none.
    bad 1 "newer program" --pool outbox.db --mint mint.db
}

@test "the examples of --help are for this program" {
    [ "$(hp-audit --help | grep -c '\$ hp-audit ')" -ge 2 ]
}
