# hp-stats on a real PostgreSQL (Debian's), which must say to the last digit what SQLite says.
load ../cmd/helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    local bin
    bin=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1)
    [ -x "$bin/initdb" ] || skip "PostgreSQL's server is not installed"
    # It refuses to run as root.
    as=()
    if [ "$(id -u)" = 0 ]; then
        id postgres >/dev/null 2>&1 || skip "there is no user 'postgres' to run PostgreSQL as"
        as=(setpriv --reuid postgres --regid postgres --clear-groups)
    fi
    pg=$(mktemp -d /tmp/hp-pg.XXXXXX)
    echo secret-of-the-test >"$pg/password"
    [ ${#as[@]} -eq 0 ] || chown -R postgres:postgres "$pg"
    (cd / && "${as[@]}" "$bin/initdb" -D "$pg/data" -U hashpool --auth=scram-sha-256 --pwfile="$pg/password" \
        --no-sync -E UTF8 --locale=C.UTF-8) >initdb.log 2>&1 || fail "$(cat initdb.log)"
    export PGPASSFILE=$PWD/pgpass
    echo '*:*:*:hashpool:secret-of-the-test' >pgpass
    chmod 600 pgpass
    start_server
    psql -qX "$admin" -c 'CREATE DATABASE stats'
    url="postgresql://hashpool@localhost:$port/stats"
    now=$(($(date +%s) / 60 * 60000))
}
start_server() {
    free_ports 1
    port=${port:-${ports[0]}}
    admin="postgresql://hashpool@localhost:$port/postgres"
    start_daemon server env -C / "${as[@]}" "$(find /usr/lib/postgresql/*/bin -maxdepth 0 | sort -V | tail -n 1)/postgres" -D "$pg/data" \
        -c "unix_socket_directories=$pg" -c listen_addresses=localhost -c "port=$port"
    is_up() { psql -qX "$admin" -c 'SELECT 1' >/dev/null 2>&1; }
    wait_until is_up
}
teardown() {
    stop_daemons
    rm -rf "${pg:-/nonexistent}"
}

# Three hours of records of every kind that is kept apart, some of them with what a hostile miner would choose for a name.
some_records() {
    python3 -c '
import json, sys
now = int(sys.argv[1])
def record(at, type, source="hp-pool", **fields): print(json.dumps(dict(v=1, ts_ms=now + at, type=type, source=source, **fields)))
names = ["rig1", "a\u0000b", "\u2028\"", "é" * 200, "", "%s?$1", "\\"]
window = dict(window_s=240.0, window_shares=60, window_work_hashes=2.4e6, window_work_squared=1.2e11, window_work_max=2e4)
for second in range(-10800, 0, 7):
    record(second * 1000, "share_accepted", worker=names[second // 7 % len(names)], amount=3 + second % 5, work_hashes=1000.5 * (1 + second % 3))
    record(second * 1000 + 5, "quote_created", amount=3, replay=second % 9 == 0, latency_ms=second % 300)
    if second % 5 == 0: record(second * 1000, "share_rejected", reason="stale-share", worker="x")
    if second % 30 == 0: record(second * 1000, "pool_status", connections=second % 7, channels=3, outbox_pending=4, started_ms=1, mint_connected=True)
record(-9, "share_accepted", worker="big", amount=2**63 - 1, work_hashes=1e70)
record(-8, "share_accepted", worker="big", amount=2**63 - 1, work_hashes=1e70)
for i in range(3): record(-7, "channel_status", connection_id=i // 2, channel_id=i, worker=names[i], peer="192.0.2.1:1", program="hp-proxy", opened_ms=now - 100000, **window)
record(-6, "channel_closed", connection_id=1, channel_id=2)
record(0, "alarm", what="disk\u0000full")' "$now"
}

@test "every figure is the one that SQLite gives, in two goes, with retention of minutes" {
    local kept=(--keep-1m-min 60 --keep-5m-min 120)
    for to in sqlite.db "$url"; do
        some_records | sed -n 1,2000p | hp-stats ingest --db "$to" "${kept[@]}"
        some_records | tail -n +2001 | hp-stats ingest --db "$to" "${kept[@]}"
    done
    # PostgreSQL texts cannot contain NUL.
    same() {
        diff <(hp-stats "$@" | sed 's/\\u0000/\\ufffd/g') <(hp-stats "${@/sqlite.db/$url}" | sed 's/\\u0000/\\ufffd/g') || fail "$*"
    }
    same show sqlite.db --json
    same show sqlite.db --minutes 30 --json
    same show sqlite.db --minutes 170 --json
    same show sqlite.db --minutes 20 --at "$(date -u -d "@$((now / 1000 - 1800))" +%FT%TZ)" --json
    same top sqlite.db --json
    same latency sqlite.db --json
    for step in 1m 5m 1h; do same history sqlite.db --step $step --json; done
    same history sqlite.db --step 5m --worker rig1 --json
    same history sqlite.db --step 5m --gauge connections --json
    same truth sqlite.db --claim rig1=1k --sigma 30 --json
    # And what is served.
    local path
    start_daemon one hp-stats serve sqlite.db --listen 127.0.0.1:0 --stale-after-s 86400
    start_daemon two hp-stats serve "$url" --listen 127.0.0.1:0 --stale-after-s 86400
    for path in one two; do wait_for_text $path.log "serving http://"; done
    served() { curl -sS "$(sed -n 's|.*serving \(http://[^/]*\)/.*|\1|p' "$1.log")$2" | sed 's/\\u0000/\\ufffd/g' | grep -vE 'uptime|_wal_bytes'; }  # PostgreSQL's log is its own
    for path in /metrics /api/v1/workers '/api/v1/figures?minutes=60&names=0' '/api/v1/clients?order=hashrate' /api/v1/clients/0/channels; do
        diff <(served one "$path") <(served two "$path") || fail "$path"
    done
}

@test "one writer; a reader beside it; what was committed survives the server's kill -9" {
    mkfifo pipe
    start_daemon ingest hp-stats ingest --db "$url" pipe
    exec 5>pipe
    some_records | sed -n 1,500p >&5
    has() { [ "$(hp-stats show "$url" --json | jq .records)" = "$1" ]; }
    wait_until has 500
    run_tool -1 hp-stats ingest --db "$url" </dev/null
    [[ $stderr == *"already in use by another process"* ]]
    kill -KILL "$(head -n 1 "$pg/data/postmaster.pid")"
    wait "${daemon_pid[server]}" || true
    unset 'daemon_pid[server]'
    # The writer reports it and exits: its supervisor restarts it. It may have noticed before it reads these.
    some_records | sed -n 501,1000p >&5 || true
    ended() { ! kill -0 "${daemon_pid[ingest]}" 2>/dev/null; }
    wait_until ended
    grep -q "database 'postgresql://hashpool@localhost:$port/stats'" ingest.log
    exec 5>&-
    rm -f "$pg/data/postmaster.pid"
    start_server
    assert_equal "$(hp-stats show "$url" --json | jq .records)" 500
    some_records | tail -n +501 | hp-stats ingest --db "$url"
    assert [ "$(hp-stats show "$url" --json | jq .records)" -gt 3000 ]
}

@test "not there, not ours, newer, or with a password in it: an error, and nothing is made elsewhere" {
    run_tool -1 hp-stats ingest --db "postgresql://hashpool@localhost:$port/nowhere" </dev/null
    [[ $stderr == *'nowhere'*'does not exist'* ]]
    run_tool -1 hp-stats show "postgresql://hashpool@localhost:1/stats"
    [[ $stderr == *"onnection refused"* ]]
    run_tool -1 hp-stats show "$url"
    [[ $stderr == *"has no statistics"* ]]
    psql -qX "$admin" -c 'CREATE TABLE other(x int)'
    run_tool -1 hp-stats ingest --db "$admin" </dev/null
    [[ $stderr == *"holds tables that are not hp-stats'"* ]]
    some_records | sed -n 1,5p | hp-stats ingest --db "$url"
    psql -qX "$url" -c 'UPDATE hashpool_stats SET version = 99'
    run_tool -1 hp-stats show "$url"
    [[ $stderr == *"has schema 99, this program knows 4"* ]]
    run_tool -2 hp-stats show "postgresql://hashpool:secret-of-the-test@localhost:$port/stats"
    [[ $stderr == *PGPASSFILE* && $stderr != *secret-of-the-test* ]]
    : >pgpass
    run_tool -1 hp-stats show "$url"
    [[ $stderr == *password* && $stderr != *secret-of-the-test* ]]
    # The configuration names it as it is.
    hp-config init conf --network sim --ports auto >/dev/null
    sed -i "s|^#*database = .*|database = \"postgresql://hashpool@localhost:1/stats\"|" conf/stats.toml
    hp-config check conf
    run_tool -1 hp-stats show --config-dir conf
    [[ $stderr == *"postgresql://hashpool@localhost:1/stats"* ]]
    assert_equal "$(find . -name '*.db')" ""
}

@test "tables of the version before are upgraded: minutes with a record count as seen" {
    some_records | hp-stats ingest --db "$url" --keep-1m-min 60
    counts() { hp-stats history "$url" --step "$1" --json | jq -c '[.rows[].count]'; }
    local before
    before=$(counts 1m)
    psql -qX "$url" -c 'DROP TABLE slot_heard, refused; UPDATE hashpool_stats SET version = 3'
    run_tool -1 hp-stats show "$url"
    [[ $stderr == *"has schema 3"* ]]
    hp-stats ingest --db "$url" --keep-1m-min 60 </dev/null
    assert_equal "$(counts 1m)" "$before"
    assert_equal "$(hp-stats history "$url" --step 1m --json | jq -c '[.rows[1:-1][].seconds] | unique')" '[60,300]'
    assert_equal "$(hp-stats history "$url" --step 1h --json | jq -c '[.rows[1:-1][].seconds] | unique')" '[3600]'
}
