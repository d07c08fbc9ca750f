load helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# record TYPE MS FIELDS: one line, MS after a fixed minute
record() { printf '{"v":1,"ts_ms":%d,"type":"%s","source":"hp-pool"%s}\n' $((1760000040000 + $2)) "$1" "${3:+,$3}"; }

# share MS WORKER AMOUNT WORK
share() { record share_accepted "$1" "\"worker\":\"$2\",\"amount\":$3,\"work_hashes\":$4,\"share_hash\":\"00\""; }

hand_made() {
    share 0 alice 5 1000
    share 1000 bob 7 3000
    share 61000 alice 1 1000
    record share_rejected 2000 '"reason":"stale-share","worker":"bob"'
    record share_rejected 2001 '"reason":"stale-share"'
    record share_rejected 2002 '"reason":"duplicate-share"'
    record quote_created 10 '"amount":5,"replay":false,"latency_ms":10'
    record quote_created 1020 '"amount":7,"replay":false,"latency_ms":20'
    record quote_created 1021 '"amount":7,"replay":true'
    record ehash_issued 1030 '"amount":12,"outputs":3'
    record token_minted 1031 '"amount":12,"share_to_token_ms":31'
    record block_found 61000 '"worker":"alice","hash":"00","template_id":1'
    record pool_status 62000 '"connections":2,"channels":3,"outbox_pending":4,"mint_connected":true'
    record moon_phase 62001 '"phase":0.5'
}

field() { hp-stats show "${@:2}" --json | jq -c "$1"; }

sqlite_of() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$@"; }

shares_are() { [ "$(field .shares_accepted pool.db)" = "$1" ]; }

# to_socket PATH: stdin into a Unix socket
to_socket() {
    python3 -c '
import socket, sys
with socket.socket(socket.AF_UNIX) as to:
    to.connect(sys.argv[1])
    while piece := sys.stdin.buffer.raw.read(65536):
        to.sendall(piece)' "$1"
}

# lines_to_length: each line as u32 little-endian and JSON
lines_to_length() {
    python3 -c '
import sys
for line in sys.stdin.buffer:
    line = line.rstrip(b"\n")
    sys.stdout.buffer.write(len(line).to_bytes(4, "little") + line)'
}

# ---- calling

@test "without a verb: 2, and the way to help" {
    run_tool -2 hp-stats
    assert_equal "$output" ""
    assert_equal "${stderr_lines[0]}" "hp-stats: error: a subcommand is required"
}

@test "--help shows the pipeline" {
    run_tool hp-stats --help
    assert_line --partial '$ hp-pool --config-dir d --events - | hp-stats ingest --db pool.db'
    assert_equal "$stderr" ""
}

@test "--minutes 0, and a database given twice: 2" {
    run_tool -2 hp-stats show pool.db --minutes 0
    assert_equal "$output" ""
    run_tool -2 hp-stats show pool.db --db other.db
    assert_equal "$output" ""
}

# ---- what goes in comes out

@test "show has the figures of the records that ingest read" {
    hand_made | hp-stats ingest --db pool.db
    run_tool hp-stats show --db pool.db --json
    assert_equal "$stderr" ""
    assert_equal "${#lines[@]}" 1
    assert_equal "$(jq -c '[.shares_accepted, .share_amount, .work_hashes]' <<<"$output")" "[3,13,5000]"
    assert_equal "$(jq -c .shares_rejected <<<"$output")" '{"duplicate-share":1,"stale-share":2}'
    assert_equal "$(jq -c '[.quotes_created, .quote_amount, .quotes_replayed]' <<<"$output")" "[2,12,1]"
    assert_equal "$(jq -c .share_to_quote_ms <<<"$output")" '{"count":2,"p50":10,"p99":20,"max":20}'
    assert_equal "$(jq -c .share_to_token_ms <<<"$output")" '{"count":1,"p50":31,"p99":31,"max":31}'
    assert_equal "$(jq -c '[.ehash_issued, .tokens_minted, .token_amount, .blocks_found]' <<<"$output")" "[12,1,12,1]"
    assert_equal "$(jq -c '[.outbox_pending, .connections, .channels, .wallet_balance]' <<<"$output")" "[4,2,3,null]"
    assert_equal "$(jq -c '.status["hp-pool"].mint_connected.value' <<<"$output")" true
    assert_equal "$(jq -c '[.records, .records_unknown, .records_damaged]' <<<"$output")" "[14,1,0]"
    assert_equal "$(jq -c '[.first_record_ms, .last_record_ms]' <<<"$output")" "[1760000040000,1760000102001]"
    assert_equal "$(jq -c '.workers | map([.worker, .shares_accepted, .amount])' <<<"$output")" \
        '[["alice",2,6],["bob",1,7]]'
    assert_equal "$(jq -c '.hashrate_hps * .window.seconds | round' <<<"$output")" 5000
}

@test "a window has the last minutes only" {
    { share 0 a 1 60; share 120000 a 2 60; share 180000 a 4 60; } | hp-stats ingest --db pool.db
    assert_equal "$(field '[.shares_accepted, .share_amount, .hashrate_hps]' pool.db --minutes 1)" "[2,6,2]"
    assert_equal "$(field '[.window.minutes, .window.seconds]' pool.db --minutes 1)" "[1,60]"
    assert_equal "$(field .shares_accepted pool.db --minutes 3)" 3
}

@test "show prints a table, with the path as an argument too" {
    hand_made | hp-stats ingest --db pool.db
    run_tool hp-stats show pool.db
    assert_equal "$stderr" ""
    assert_line "shares accepted     3  amount 13"
    assert_line "shares rejected     2  stale-share"
    assert_line "share to quote      p50 10 ms  p99 20 ms  max 20 ms  of 2"
    assert_line --regexp '^2 .* alice$'
}

@test "a file, and the same in length framing, give the same" {
    hand_made >events.jsonl
    hp-stats ingest --db lines.db events.jsonl
    lines_to_length <events.jsonl | hp-stats ingest --db length.db -
    assert_equal "$(field . length.db)" "$(field . lines.db)"
}

@test "a second ingest adds to what is there" {
    share 0 a 1 10 | hp-stats ingest --db pool.db
    share 5 a 2 10 | hp-stats ingest --db pool.db
    assert_equal "$(field '[.shares_accepted, .share_amount, .work_hashes]' pool.db)" "[2,3,20]"
}

@test "no records: an empty database, and figures that say so" {
    hp-stats ingest --db pool.db </dev/null
    assert_equal "$(field '[.records, .hashrate_hps, .first_record_ms]' pool.db)" "[0,null,null]"
    run_tool hp-stats show pool.db
    assert_output "records             0  damaged 0"
}

@test "what each record says by its declaration, hp-stats takes: none is unknown or damaged" {
    local types
    run_tool -0 hp-stats ingest --db pool.db "$HP_SOURCE_DIR/tests/data/records.jsonl"
    assert_equal "$(field '[.records, .records_unknown, .records_damaged]' pool.db)" "[$(wc -l <"$HP_SOURCE_DIR/tests/data/records.jsonl"),0,0]"
    # And the lines are of all programs' types but for the newer ones.
    types=$(jq -r .type "$HP_SOURCE_DIR/tests/data/records.jsonl" | sort -u)
    assert [ "$(wc -w <<<"$types")" -ge 44 ]
}

# ---- histories

# an_hour: two workers, one share a minute each, of 60 hashes; the second one ten minutes late and worth the double
an_hour() {
    local minute
    for ((minute = 0; minute < 60; ++minute)); do
        share $((minute * 60000)) alice 1 60
        if ((minute >= 10)); then share $((minute * 60000 + 1)) =bob 2 120; fi
        record pool_status $((minute * 60000 + 2)) "\"outbox_pending\":$((minute % 7)),\"connections\":2"
    done
}

@test "history: slots of a minute, of all and of one worker, as JSON" {
    an_hour | hp-stats ingest --db pool.db
    run_tool hp-stats history pool.db --json
    assert_equal "$stderr" ""
    assert_equal "$(jq -c '[.series, .label, .step_s, (.rows | length)]' <<<"$output")" '["share_accepted",null,60,60]'
    assert_equal "$(jq -c '.rows[0] | [.from_ms, .seconds, .observed, .count, .amount, .hashrate_hps]' <<<"$output")" \
        '[1760000040000,60,true,1,1,1]'
    assert_equal "$(jq -c '.rows[30] | [.count, .amount, .hashrate_hps]' <<<"$output")" '[2,3,3]'
    assert_equal "$(jq '.rows[30] | .hashrate_low_hps < 3 and 3 < .hashrate_high_hps' <<<"$output")" true
    assert_equal "$(hp-stats history pool.db --worker =bob --json | jq -c '[.label, .rows[9].count, .rows[10].count]')" \
        '["=bob",0,1]'
    assert_equal "$(hp-stats history pool.db --step 1h --json | jq -c '[.rows[] | .count]')" '[6,104]'
    assert_equal "$(hp-stats history pool.db --minutes 5 --json | jq '.rows | length')" 6
    assert_equal "$(hp-stats history pool.db --from '2025-10-09 09:00' --to 2025-10-09T09:05:00Z --json |
        jq -c '[.rows[] | .count]')" '[1,1,1,1,2]'
}

@test "history of a field: lowest, highest and last of each slot" {
    an_hour | hp-stats ingest --db pool.db
    assert_equal "$(hp-stats history pool.db --gauge outbox_pending --step 1h --json | jq -c '.rows[0] | [.low, .high, .last]')" \
        '[0,5,5]'
}

@test "history: a time without records is a gap, one with records and no shares is 0" {
    { share 0 a 1 60; record tip_changed 60000 '"prev_hash":"00","nbits":1'; share 180000 a 1 60; } | hp-stats ingest --db pool.db
    assert_equal "$(hp-stats history pool.db --json | jq -c '[.rows[] | [.observed, .hashrate_hps]]')" \
        '[[true,1],[true,0],[false,null],[true,null]]'
    run_tool hp-stats history pool.db
    assert_line --index 2 --regexp '^2025-10-09T08:55:00Z  0 +0 +0 H/s$'
    assert_line --index 3 --regexp '^2025-10-09T08:56:00Z  - no records$'
}

@test "AC-306 history and top as CSV: a head, exact numbers, no cell that a spreadsheet runs" {
    an_hour | hp-stats ingest --db pool.db
    share 3600000 big 9223372036854775807 1 | hp-stats ingest --db pool.db
    run_tool hp-stats history pool.db --csv
    assert_line --index 0 $'from_ms,seconds,observed,count,amount,work_hashes,hashrate_hps,hashrate_low_hps,hashrate_high_hps\r'
    assert_line --index 1 --regexp '^1760000040000,60.0,true,1,1,60.0,1.0,'
    run_tool hp-stats top pool.db --csv
    assert_line --index 1 --regexp "^'=bob,50,100,6000.0,"
    assert_line --index 3 --regexp '^big,1,9223372036854775807,'
    share 3600000 '@SUM(1)' 9007199254740993 1 | hp-stats ingest --db pool.db
    run_tool hp-stats top pool.db --csv
    assert_line --regexp "^'@SUM\(1\),1,9007199254740993,"
    assert_equal "$(hp-stats top pool.db --json | grep -o '"amount":90071[0-9]*')" '"amount":9007199254740993'
}

@test "top: the most work first, no more than asked for" {
    an_hour | hp-stats ingest --db pool.db
    assert_equal "$(hp-stats top pool.db --json | jq -c '[.workers[] | [.worker, .amount]]')" '[["=bob",100],["alice",60]]'
    assert_equal "$(hp-stats top pool.db --count 1 --json | jq '.workers | length')" 1
    assert_equal "$(hp-stats top pool.db --minutes 5 --json | jq -c '[.workers[] | .shares_accepted]')" '[6,6]'
    run_tool hp-stats top pool.db
    assert_line --index 1 --regexp '^50 .*=bob$'
}

@test "show --at: the figures of another time" {
    an_hour | hp-stats ingest --db pool.db
    assert_equal "$(field '[.shares_accepted, .window.to_ms, .outbox_pending]' pool.db --minutes 3 --at '2025-10-09 09:10')" \
        '[6,1760001000000,1]'
    # One time as RFC 3339 has it in another zone and with a fraction, and as date +%s prints it.
    local at
    for at in 2025-10-09T11:10:00+02:00 2025-10-09T09:10:00.75Z 1760001000; do
        assert_equal "$(hp-stats at "$at" pool.db --minutes 3 --json | jq -c '[.shares_accepted, .window.to_ms]')" '[6,1760001000000]'
    done
    run_tool -2 hp-stats show pool.db --at yesterday
    assert_equal "$stderr" "hp-stats: error: expected a time such as 2026-11-26T12:00:00Z, 2026-11-26T13:00:00.5+01:00, '2026-11-26 12:00' (UTC) or 1795694400 (seconds since 1970), got 'yesterday'"
    run_tool -2 hp-stats history pool.db --from 2025-10-10 --to 2025-10-09
    [[ $stderr == "hp-stats: error: --from 2025-10-10T00:00:00Z is not before --to 2025-10-09T00:00:00Z"* ]]
    run_tool -2 hp-stats history pool.db --step 2m
    run_tool hp-stats at '2025-10-09 09:00' pool.db --json
    assert_equal "$output" "$(hp-stats show pool.db --at '2025-10-09 09:00' --json)"
    run_tool -2 hp-stats at
    run_tool -2 hp-stats at yesterday pool.db
}

@test "latency: percentiles of each" {
    hand_made | hp-stats ingest --db pool.db
    assert_equal "$(hp-stats latency pool.db --json | jq -c '.latencies[0]')" \
        '{"name":"share_to_quote_ms","count":2,"p50_ms":10,"p99_ms":20,"max_ms":20}'
    run_tool hp-stats latency pool.db
    assert_line --regexp '^share_to_token_ms +1 +31 +31 +31$'
}

@test "minutes go after their time, hours stay, and the sums with them" {
    local day
    for ((day = 0; day < 40; ++day)); do share $((day * 86400000)) a 1 60; done >days
    hp-stats ingest --db pool.db --keep-1m-min 60 --keep-5m-min 1440 --keep-1h-d 20 days
    # Each run catches up for two seconds at most, which a busy machine may use up.
    minutes_are_gone() {
        hp-stats ingest --db pool.db --keep-1m-min 60 --keep-5m-min 1440 --keep-1h-d 20 </dev/null
        [ "$(sqlite_of pool.db 'SELECT count(*) FROM slot_total WHERE level = 0 AND name = "share_accepted"')" = 1 ]
    }
    wait_until minutes_are_gone
    assert_equal "$(hp-stats history pool.db --from 2025-01-01 --step 1d --json | jq -c '[.rows[] | .count] | [length, add]')" '[40,40]'
    assert_equal "$(hp-stats history pool.db --from 2025-01-01 --step 1h --json | jq -c '[.rows[] | .count] | add')" 40
    assert_equal "$(field .shares_accepted pool.db --minutes 1000000)" 40
}

@test "a database of schema 1 is migrated after a copy, and says what it said" {
    python3 -c '
import sqlite3, sys
sqlite3.connect("old.db").executescript(open(sys.argv[1]).read())' "$HP_SOURCE_DIR/tests/data/stats-v1.sql"
    run_tool -1 hp-stats show old.db
    [[ $stderr == *"old.db"* ]]
    hp-stats ingest --db old.db </dev/null
    assert [ -e old.db.backup-v1 ]
    assert_equal "$(field '[.shares_accepted, .share_amount, .work_hashes, .records]' old.db)" '[40,640,2748779069440,82]'
    assert_equal "$(field .share_to_quote_ms old.db)" '{"count":40,"p50":11,"p99":13,"max":13}'
    assert_equal "$(hp-stats history old.db --step 1m --json | jq '[.rows[] | .count] | add')" 40
    assert_equal "$(hp-stats top old.db --minutes 5 --json | jq '[.workers[] | .amount] | add')" 144
}

@test "a database of schema 3 is migrated, and its gap is a gap at every step" {
    python3 -c '
import sqlite3, sys
sqlite3.connect("old.db").executescript(open(sys.argv[1]).read())' "$HP_SOURCE_DIR/tests/data/stats-v3.sql"
    hp-stats ingest --db old.db </dev/null
    assert [ -e old.db.backup-v3 ]
    # Two shares of 30,000 hashes a minute are 1000 H/s wherever somebody looked; 07:00, 08:00 with its gap, 09:00.
    assert_equal "$(hp-stats history old.db --from 2026-01-01T07:00:00Z --step 1h --json |
        jq -c '[.rows[:3][] | [.seconds, (.hashrate_hps | round)]]')" '[[3595,1001],[1800,1000],[3600,1000]]'
    local step
    for step in 5m 1m; do
        assert_equal "$(hp-stats history old.db --from 2026-01-01T07:05:00Z --to 2026-01-01T10:00:00Z --step $step --json |
            jq -c '[([.rows[] | select(.observed) | .hashrate_hps | round] | unique), ([.rows[] | select(.observed | not) | .from_ms] | [min, max])]')" \
            "[[1000],[1767255300000,1767256800000]]"
    done
    assert_equal "$(field '(.hashrate_hps - 1000 | fabs) < 10' old.db --minutes 150)" true
}

@test "each metric that the alarm rules and dashboards ask for is there in the first scrape, the counters at 0" {
    hp-stats ingest --db new.db </dev/null
    start_daemon serve hp-stats serve new.db --listen 127.0.0.1:0
    wait_for_text serve.log "serving http://"
    run_tool -0 curl -sSf "http://$(sed -n 's|.*serving http://\([^/]*\)/.*|\1|p' serve.log)/metrics"
    echo "$output" >page
    python3 - page "$HP_SOURCE_DIR"/config/prometheus/*.yml "$HP_SOURCE_DIR"/config/grafana/*.json <<'PY'
import re, sys
page = open(sys.argv[1]).read()
kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M))
asked = set()
for file in sys.argv[2:]:
    asked |= set(re.findall(r"\b(?:hashpool|sv[12])_[a-z0-9_]+", open(file).read()))
asked -= {"hashpool_rules"}
assert len(asked) > 15, asked
for name in sorted(asked):
    # The page by workers is off unless metrics_workers says how many.
    if name.startswith("hashpool_worker_"): continue
    family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in kinds else name
    assert family in kinds, f"{name}: not in /metrics"
    values = re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", page, re.M)
    assert kinds[family] == "gauge" or values, f"{name}: has no sample before its first event"
    assert kinds[family] == "gauge" or set(values) == {"0"}, (name, values)
PY
}

# ---- check

@test "check: the exit codes and the line of a monitoring plugin" {
    local now
    now=$(date +%s%3N)
    record() { printf '{"v":1,"ts_ms":%d,"type":"%s","source":"hp-pool"%s}\n' $((now + $2)) "$1" "${3:+,$3}"; }
    { share -20000 a 1 60000; share -10000 a 1 60000; record share_rejected -1000 '"reason":"stale-share"'
        record pool_status 0 '"outbox_pending":12'; } | hp-stats ingest --db pool.db
    run_tool hp-stats check pool.db --critical-age 600 --warn-hashrate 10 --warn-rejected 50
    assert_output --regexp '^HASHPOOL OK - hashrate [0-9.]+ kH/s, 2 shares in 5 min \| age=[0-9.]+s;'
    run_tool -1 hp-stats check pool.db --critical-age 600 --warn-hashrate 1e12
    assert_output --regexp '^HASHPOOL WARNING - hashrate_hps [0-9.e+]+ below 1e\+12 \|'
    run_tool -2 hp-stats check pool.db --warn-pending 3 --critical-pending 10 --warn-rejected 10 --min-rejected 1
    assert_output --regexp '^HASHPOOL CRITICAL - rejected shares in % 33.3333 above 10; outbox_pending 12 above 10 \|'
    # A few refused shares wake nobody.
    run_tool -0 hp-stats check pool.db --critical-rejected 10
    for _ in $(seq 9); do record share_rejected -900 '"reason":"stale-share"'; done | hp-stats ingest --db refused.db
    run_tool -0 hp-stats check refused.db --critical-rejected 10
    record share_rejected -800 '"reason":"stale-share"' | hp-stats ingest --db refused.db
    run_tool -2 hp-stats check refused.db --critical-rejected 10
    run_tool -2 hp-stats check pool.db --critical-hashrate 1e12 --json
    assert_equal "$(jq -r '[.state, .figures.shares_accepted] | @csv' <<<"$output")" '"CRITICAL",2'
    run_tool -3 hp-stats check none.db
    assert_output --regexp "^HASHPOOL UNKNOWN - database '.*none.db' does not exist"
    # Who calls a plugin wrongly has its line on stdout too, and 3: to the monitor 1 and 2 are states.
    run_tool -3 hp-stats check pool.db --minutes 0
    assert_output "HASHPOOL UNKNOWN - --minutes: expected 1 to 10000000, got 0"
    run_tool -3 hp-stats check --db ""
    assert_output "HASHPOOL UNKNOWN - --db: expected a value, got an empty one"
    HP_STALE_AFTER_S=x run_tool -3 hp-stats check pool.db
    assert_output "HASHPOOL UNKNOWN - HP_STALE_AFTER_S: is 'x', allowed: an integer"
    run_tool -3 hp-stats check pool.db --bogus --json
    assert_equal "$(jq -r .state <<<"$output")" UNKNOWN
    run_tool -2 hp-stats show pool.db --bogus
    # Performance data: no exponents, the limits behind the value, U where nothing is known.
    run_tool -1 hp-stats check pool.db --warn-hashrate 1e12 --critical-rejected 50.5 --warn-age 600
    assert_output --regexp ' \| age=[0-9.]+s;600;;0 hashrate=[0-9.]+;1000000000000:;;0 shares=2;;;0 rejected=33.333%;;50.5;0;100 pending=12;;;0 mint_away=U;;;0 template_away=U;;;0 alarms=0;;;0$'
    # A cron job's mail is its alarm.
    run_tool -0 hp-stats check pool.db --critical-age 600 --quiet
    assert_output ""
    run_tool -2 hp-stats check pool.db --critical-pending 1 --quiet
    assert_output --partial CRITICAL
    hp-stats ingest --db empty.db </dev/null
    run_tool -3 hp-stats check empty.db
    assert_output "HASHPOOL UNKNOWN - no records"

    # Mints: one that is away counts for as long as it is, one that nobody waits for does not.
    run_tool -3 hp-stats check pool.db --critical-mint-away 60
    assert_output --partial "no record of a mint"
    local now
    now=$(date +%s000)
    mint() { # NAME CONFIGURED CONNECTED SECONDS
        echo "{\"v\":1,\"ts_ms\":$now,\"type\":\"mint_status\",\"source\":\"hp-pool\",\"mint\":\"$1\",\"configured\":$2,\"connected\":$3,\"since_ms\":$((now - $4 * 1000))}"
    }
    { mint here true true 5000 && mint gone false false 9000; } | hp-stats ingest --db mints.db
    run_tool hp-stats check mints.db --critical-mint-away 60
    mint away true false 100 | hp-stats ingest --db mints.db
    run_tool -1 hp-stats check mints.db --warn-mint-away 60 --critical-mint-away 600
    assert_output --regexp '^HASHPOOL WARNING - seconds that a mint is down 10[0-9.]+ above 60 '
}

@test "check: a template provider, or its node, that is away counts for as long as it is; who is silent is not asked" {
    local now
    now=$(date +%s000)
    status() { # TYPE SOURCE AGO_S FIELDS
        printf '{"v":1,"ts_ms":%d,"type":"%s","source":"%s",%s}\n' $((now - $3 * 1000)) "$1" "$2" "$4"
    }
    provider() { status pool_status hp-pool 0 "\"template_provider_connected\":$1,\"has_template\":$2,\"template_provider_since_ms\":$((now - $3 * 1000))"; }
    node() { status template_status hp-template "$3" "\"node_connected\":$1,\"node_since_ms\":$((now - $2 * 1000))"; }
    check() { run_tool "-$1" hp-stats check t.db --warn-template-away 30 --critical-template-away 120; }
    status pool_status hp-pool 0 '"connections":1' | hp-stats ingest --db t.db
    check 3
    assert_output --partial "UNKNOWN - no record of templates"
    provider true true 900 | hp-stats ingest --db t.db
    check 0
    assert_output --partial "template_away=0s;30;120"
    provider false true 60 | hp-stats ingest --db t.db
    check 1
    assert_output --regexp '^HASHPOOL WARNING - seconds without templates 6[0-9.]+ above 30 '
    # It is there, and has none to give.
    provider true false 200 | hp-stats ingest --db t.db
    check 2
    provider true true 900 | hp-stats ingest --db t.db
    node false 50 0 | hp-stats ingest --db t.db
    check 1
    rm t.db*
    { provider true true 900 && node false 5000 3000; } | hp-stats ingest --db t.db
    check 0
}

@test "check --run: the command hears of each change of the state, once, and again where it failed" {
    export XDG_STATE_HOME=$PWD/state
    share 0 a 1 60 | hp-stats ingest --db pool.db
    # tell CODE LIMITS...: the age of the newest record is some years
    tell() { run_tool "-$1" hp-stats check pool.db "${@:2}" --run 'printf "%s<%s|%s\n" "$HP_CHECK_STATE" "$HP_CHECK_BEFORE" "$HP_CHECK_TEXT" >>ran; test ! -e broken'; }
    tell 0
    refute [ -e ran ]
    # Other limits are another check: what one knows the other does not.
    touch broken
    tell 2 --critical-age 60
    assert_equal "${#lines[@]}" 1
    assert_regex "$(cat ran)" "^CRITICAL<OK\|newest record's age in seconds [0-9.e+]+ above 60$"
    [[ $stderr == *"the command of --run ended with 1, and runs again at the next check"* ]]
    rm broken
    tell 2 --critical-age 60
    assert_equal "$(wc -l <ran)" 2
    tell 2 --critical-age 60
    assert_equal "$(wc -l <ran)" 2
    # It is well again: that is a change too.
    printf '{"v":1,"ts_ms":%d,"type":"share_accepted","source":"hp-pool","worker":"a","amount":1,"work_hashes":60}\n' "$(date +%s%3N)" |
        hp-stats ingest --db pool.db
    tell 0 --critical-age 60
    assert_regex "$(tail -n 1 ran)" '^OK<CRITICAL\|hashrate '
    # Without a place to remember the state: at each check that is not OK.
    unset XDG_STATE_HOME HOME
    tell 2 --critical-hashrate 1e18
    tell 2 --critical-hashrate 1e18
    assert_equal "$(wc -l <ran)" 5
    [[ $stderr == *"give --state-file"* ]]
    tell 2 --critical-hashrate 1e18 --state-file last
    tell 2 --critical-hashrate 1e18 --state-file last
    assert_equal "$(cat last) $(wc -l <ran)" "CRITICAL 6"
}

# ---- damage

@test "damaged records are counted, reported with their place, and never stop it" {
    {
        share 0 a 1 10
        echo 'no json at all'
        share 1 a 1 10
        record share_accepted 2 '"worker":"a","amount":"much","work_hashes":1'
        echo '{"v":9,"ts_ms":1,"type":"share_accepted","source":"x"}'
        share 3 a 1 10
        printf '{"v":1,"ts_m'
    } >events
    local second
    second=$(($(head -n 1 events | wc -c)))
    run_tool hp-stats ingest --db pool.db events
    assert_equal "$output" ""
    [[ ${stderr_lines[1]} =~ "warn  hp-stats: record at byte $second is damaged: does not parse" ]]
    [[ $stderr == *"info  hp-stats: 3 records, 0 of unknown type, 4 damaged"* ]]
    assert_equal "$(field '[.shares_accepted, .records, .records_damaged]' pool.db)" "[3,3,4]"
}

@test "many damaged records make few lines" {
    { yes nonsense | head -n 5000; share 0 a 1 1; } | hp-stats ingest --db pool.db 2>log
    assert [ "$(wc -l <log)" -lt 10 ]
    assert_equal "$(field '[.records, .records_damaged]' pool.db)" "[1,5000]"
}

@test "a worker's name cannot reach the terminal or break the JSON" {
    record share_accepted 0 '"worker":"\u001b[2J\u009b\"\\","amount":1,"work_hashes":1' | hp-stats ingest --db pool.db
    run_tool hp-stats show pool.db
    refute_output --regexp $'[\x01-\x09\x0b-\x1f\x7f-\xff]'
    assert_equal "$(hp-stats show pool.db --json | LC_ALL=C grep -c $'[\x80-\xff]')" 0
}

# ---- the database

@test "a missing directory, file or input: 1, and nothing is made" {
    run_tool -1 hp-stats ingest --db none/pool.db </dev/null
    assert_equal "$output" ""
    [[ $stderr == "hp-stats: error: cannot open database 'none/pool.db': there is no directory '$PWD/none'" ]]
    run_tool -1 hp-stats show pool.db
    [[ $stderr == "hp-stats: error: database '$PWD/pool.db' does not exist"* ]]
    refute [ -e pool.db ]
    run_tool -1 hp-stats ingest --db pool.db nothing.jsonl
    [[ $stderr == "hp-stats: error: cannot open 'nothing.jsonl': No such file or directory" ]]
}

@test "another program's database, a newer one and no database: 1, and the file stays as it is" {
    python3 -c '
import sqlite3
db = sqlite3.connect("other.db"); db.execute("PRAGMA application_id=7"); db.execute("CREATE TABLE t(x)"); db.commit()'
    echo hello >text.db
    hp-stats ingest --db newer.db </dev/null
    python3 -c '
import sqlite3
db = sqlite3.connect("newer.db"); db.execute("PRAGMA user_version=99"); db.commit()'
    local file what sum
    for file in "other.db|belongs to another program" "text.db|is not a database" "newer.db|newer program"; do
        what=${file#*|}
        file=${file%|*}
        sum=$(sha256sum "$file")
        run_tool -1 hp-stats ingest --db "$file" </dev/null
        assert_equal "$output" ""
        [[ $stderr == *"$what"* ]] || fail "$stderr"
        run_tool -1 hp-stats show "$file"
        [[ $stderr == *"$what"* ]] || fail "$stderr"
        assert_equal "$(sha256sum "$file")" "$sum"
    done
}

@test "the configuration names the database where --db does not" {
    hp-config init conf --network sim --ports auto >/dev/null
    share 0 a 1 1 | hp-stats ingest --config-dir conf
    assert_equal "$(field .shares_accepted --config-dir conf)" 1
    assert [ -e conf/data/stats.db ]
}

# ---- while it runs

@test "show reads while ingest runs, within a second of the record; SIGTERM ends it cleanly" {
    mkfifo pipe
    start_daemon ingest hp-stats ingest --db pool.db pipe
    exec 5>pipe
    share 0 a 1 1 >&5
    wait_until shares_are 1
    share 1 a 1 1 >&5
    wait_until shares_are 2
    run_tool -1 hp-stats ingest --db pool.db </dev/null
    [[ $stderr == *"already in use by another process"* ]]
    share 2 a 1 1 >&5
    stop_daemon ingest
    exec 5>&-
    assert_equal "$daemon_status" 0
    assert_equal "$(field .shares_accepted pool.db)" 3
}

@test "ingest unix:PATH: several writers, each in its own framing, and the damage of one is its own" {
    start_daemon ingest hp-stats ingest --db pool.db unix:records.sock
    wait_until test -S records.sock
    assert_equal "$(stat -c %a records.sock)" 660
    exec 5> >(to_socket records.sock) 6> >(lines_to_length | to_socket records.sock) 7> >(to_socket records.sock)
    printf '{"v":1,"ts_ms":1,"type":"half a rec' >&7
    share 0 a 1 1 >&5
    share 1 b 1 1 >&6
    share 2 a 1 1 >&5
    exec 5>&- 6>&- 7>&-
    wait_until shares_are 3
    wait_for_text ingest.log "is damaged"
    stop_daemon ingest
    assert_equal "$daemon_status" 0
    assert_equal "$(field '[.records, .records_damaged]' pool.db)" "[3,1]"
    grep -qE 'pid [0-9]+, uid [0-9]+: record at byte 0 is damaged' ingest.log
    [ ! -e records.sock ]
}

@test "ingest unix:PATH: a socket that kill -9 left is replaced, a live one and a file are not" {
    start_daemon ingest hp-stats ingest --db pool.db unix:records.sock
    wait_until test -S records.sock
    run_tool -1 hp-stats ingest --db other.db unix:records.sock
    [[ $stderr == *"cannot listen on unix:"*"records.sock: another program listens there"* ]]
    kill -KILL "${daemon_pid[ingest]}"
    wait "${daemon_pid[ingest]}" || true
    [ -S records.sock ]
    start_daemon ingest hp-stats ingest --db pool.db unix:records.sock
    sends() { share 0 a 1 1 | to_socket records.sock; }
    wait_until sends
    wait_until shares_are 1
    echo precious >file
    run_tool -1 hp-stats ingest --db other.db unix:file
    [[ $stderr == *"the path exists and is not a socket"* ]]
    assert_equal "$(cat file)" precious
    run_tool -2 hp-stats ingest --db other.db "unix:/$(printf 'a%.0s' {1..200})"
    run_tool -2 hp-stats ingest --db other.db unix:
}

@test "AC-300: ingest takes 10 MiB lines, NUL bytes, other versions and random bytes as damage, and goes on" {
    {
        share 0 a 1 1
        head -c 10485760 /dev/zero | tr '\0' x
        echo
        share 1 a 1 1
        printf 'a\0b\0{"v":1\n'
        echo '[]'
        echo '{"v":2,"ts_ms":1,"type":"share_accepted","source":"x"}'
        share 2 a 1 1
        head -c 100000 /dev/urandom | tr '\n' ' '
        echo
        share 3 a 1 1
    } | hp-stats ingest --db pool.db
    assert_equal "$(field '[.records, .records_damaged]' pool.db)" "[4,5]"
}

@test "AC-299: half a line that kill -9 left in a file is skipped with a count, and the next writer begins a line" {
    hp-config init conf --network sim --ports auto >/dev/null
    { share 0 a 1 1; printf '{"v":1,"ts_ms":17600'; } >conf/data/events
    start_daemon template hp-template --config-dir conf
    start_daemon pool hp-pool --config-dir conf --events conf/data/events
    wait_for_text pool.log "ready: miners have work"
    wait_until grep -q '"type":"pool_status"' conf/data/events
    stop_daemon pool
    hp-stats ingest --db pool.db conf/data/events
    assert_equal "$(field '[.shares_accepted, .records_damaged]' pool.db)" "[1,1]"
}

@test "hp-pool --events - | hp-stats ingest, as the documentation has it" {
    hp-config init conf --network sim --ports auto >/dev/null
    local port key
    start_daemon template hp-template --config-dir conf
    start_daemon mint hp-mint --config-dir conf
    # A shell's pipe by name, so that both ends have a process id of their own here.
    mkfifo pool.out
    start_daemon pool hp-pool --config-dir conf --events -
    start_daemon stats bash -c 'exec hp-stats ingest --db pool.db <pool.out'
    port=$(hp-config show conf --json | jq -r 'select(.key == "pool_listen") | .value | split(":")[1]')
    key=$(hp-config pubkey conf/secrets/pool-authority.key | sed -n 's/^authority //p')
    wait_for_text pool.log "ready: miners have work"
    hp-miner "stratum2+tcp://127.0.0.1:$port/$key" --threads 1 --shares 5 --seconds 30 --json \
        --user 02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17 >miner.jsonl 2>/dev/null
    local accepted
    accepted=$(tail -n 1 miner.jsonl | jq .shares_accepted)
    assert [ "$accepted" -ge 1 ]
    at_least() { [ "$(field '.shares_accepted >= '"$accepted"' and .quotes_created >= 1 and .hashrate_hps > 0' pool.db)" = true ]; }
    wait_until at_least
    stop_daemon pool
    assert_equal "$daemon_status" 0
    # The end of the pipe is the end of the records.
    wait_for_text stats.log " of unknown type, 0 damaged"
    assert_equal "$(field '.work_hashes > 0 and .share_amount > 0' pool.db)" true
    # Records and ledgers say the same, to the unit.
    run_tool -0 hp-stats audit pool.db --pool conf/data/outbox.db --mint conf/data/mint.db --strict --json
    assert_equal "$(jq -c '[.ledgers_agree, .records_dropped, (.figures | map(.verdict == "same") | all)]' <<<"$output")" '[true,0,true]'
    # One share more than the ledger has would be money that nobody owes.
    echo '{"v":1,"ts_ms":'"$(date +%s%3N)"',"type":"share_accepted","source":"hp-pool","worker":"","amount":1,"work_hashes":1}' |
        hp-stats ingest --db pool.db 2>/dev/null
    run_tool -1 hp-stats audit pool.db --pool conf/data/outbox.db
    [[ $output == *more* && $stderr == *"shares accepted: more records than in the ledger"* ]]
}
