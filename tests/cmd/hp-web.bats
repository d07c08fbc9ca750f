load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config init conf --network sim --ports auto >/dev/null
    now=$(date +%s%3N)
}

listen_of() { hp-config show conf --json | jq -r "select(.key == \"$1\") | .value"; }

# some_records: two workers, one of them with a name that would be a script
some_records() {
    local second
    for ((second = -120; second < 0; second += 2)); do
        printf '{"v":1,"ts_ms":%d,"type":"share_accepted","source":"hp-pool","worker":"%s","amount":1,"work_hashes":2000}\n' \
            $((now + second * 1000)) "$([ $((second % 4)) = 0 ] && echo rig1 || echo '<script>alert(1)</script>')"
    done
    printf '{"v":1,"ts_ms":%d,"type":"pool_status","source":"hp-pool","connections":2,"channels":3}\n' "$now"
}

start_web() { # SIDE
    start_daemon web hp-web "$1" --config-dir conf
    wait_for_text web.log "serving http://"
    url=http://$(listen_of "$1_web_listen")
}
state_is() { [ "$(curl -sS "$url/api/state" | jq -r .stats.state)" = "$1" ]; }

@test "without a side: 2; a port that is taken: 1 with its address" {
    run_tool -2 hp-web
    assert_equal "$output" ""
    start_web pool
    run_tool -1 hp-web pool --config-dir conf
    [[ $stderr == *"$(listen_of pool_web_listen)"* ]]
    stop_daemon web
    assert_equal "$daemon_status" 0
}

@test "AC-324 AC-325 pages and files, each with the policy; what is none of them is not there" {
    start_web pool
    local path
    for path in / /pool.html /app.js /style.css /icon.svg /dygraph.min.js /dygraph.min.css; do
        run_tool curl -sSf -D - -o /dev/null "$url$path"
        assert_line --partial "Content-Security-Policy: default-src 'none'; script-src 'self'"
        assert_line --partial "X-Content-Type-Options: nosniff"
    done
    for path in /proxy.html /nothing /../conf/secrets/mint.seed /%2e%2e/conf/secrets/mint.seed '/app.js%00' //etc/passwd /.git/config /etc/passwd \
        '/..\..\conf/pool.toml' /web/app.js; do
        [[ $(curl -sS --path-as-is -o /dev/null -w '%{http_code}' "$url$path") =~ ^40[04]$ ]] || fail "$path"
    done
    local method
    for method in POST PUT DELETE TRACE OPTIONS; do
        assert_equal "$(curl -sS -X "$method" -o /dev/null -w '%{http_code}' "$url/")" 405
        curl -sS -X "$method" -D - -o /dev/null "$url/" | grep -qi '^allow: GET, HEAD' || fail "$method: no Allow"
    done
    assert_equal "$(curl -sS -o /dev/null -w '%{http_code}' "$url/?$(head -c 65536 /dev/zero | tr '\0' a)")" 414
    assert_equal "$(curl -sSI "$url/" | tr -d '\r' | sed -n '/^$/,$p' | wc -c)" 1
    assert_equal "$(curl -sS -o /dev/null -w '%{http_code}' "$url/api/history?span=2h")" 400
    # Nothing on a page comes from elsewhere.
    refute grep -rnE '(src|href)="(https?:)?//' "$HP_SOURCE_DIR/web"
}

@test "AC-321 figures are those of hp-stats; away, back and stale are said" {
    start_web pool
    wait_until state_is away
    assert_equal "$(curl -sS --max-time 30 -o /dev/null -w '%{http_code}' "$url/")" 200
    assert_equal "$(curl -sS "$url/api/state" | jq -c '[.global, .figures]')" '[null,null]'
    assert_equal "$(curl -sS -o /dev/null -w '%{http_code}' "$url/api/history?span=1h")" 503
    some_records | hp-stats ingest --config-dir conf
    # An hour: on a busy machine the records of setup() are old soon.
    start_daemon serve hp-stats serve --config-dir conf --stale-after-s 3600
    wait_until state_is ok
    assert_equal "$(curl -sS "$url/api/state" | jq -c '[.figures.shares_accepted, .global.sv2_clients.total_channels]')" '[60,3]'
    assert_equal "$(curl -sS "$url/api/history?span=1h" | jq '[.rows[].count] | add')" 60
    stop_daemon serve
    wait_until state_is away
    # What was known stays, with its time.
    assert_equal "$(curl -sS "$url/api/state" | jq -c '[.figures.shares_accepted, .stats.as_of_ms > 0]')" '[60,true]'
    start_daemon serve hp-stats serve --config-dir conf --stale-after-s 1
    wait_until state_is stale
    assert_equal "$(curl -sS "$url/api/state" | jq .global.hashrate_hps)" null
}

@test "events come at once and go on" {
    some_records | hp-stats ingest --config-dir conf
    start_daemon serve hp-stats serve --config-dir conf
    start_web pool
    curl -sSN --max-time 120 "$url/events" >events 3>&- &
    has_events() { [ "$(grep -c '^event: state$' events)" -ge "$1" ]; }
    wait_until has_events 3
    kill %1 2>/dev/null || true
    assert_equal "$(sed -n 's/^data: //p' events | jq -s 'length >= 3 and all(.stats.now_ms > 0)')" true
}

@test "AC-322 answers of hp-stats that are none: away with the reason, nothing breaks" {
    echo 0 >which
    python3 -c '
import http.server, os, sys
bodies = [b"", b"<html>", b"[1]", b"{\"a\":NaN}", b"{" * 100000, b"x" * (8 << 20), b"null", b"{}"]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = bodies[int(open("which").read())]
        print("asked", file=sys.stderr, flush=True)
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *args): pass
host, port = sys.argv[1].split(":")
http.server.ThreadingHTTPServer((host, int(port)), Handler).serve_forever()' "$(listen_of pool_stats_listen)" 2>asked 3>&- &
    local server=$!
    start_web pool
    # Each for a round of up to five questions; four may be left of the round before.
    asked() { [ "$(wc -l <asked)" -ge "$1" ]; }
    local which
    for which in {1..7}; do
        echo "$which" >next
        mv next which
        deadline_s=90 wait_until asked $(($(wc -l <asked) + 9))
    done
    kill "$server"
    assert_equal "$(curl -sS -o /dev/null -w '%{http_code}' "$url/")" 200
    [[ $(cat web.log) == *"something other than a JSON object"* && $(cat web.log) == *"something other than figures"* ]]
    refute grep "has current figures" web.log
}

@test "AC-326 many pages that never read or go away: bounded, and others are served" {
    some_records | hp-stats ingest --config-dir conf
    start_daemon serve hp-stats serve --config-dir conf
    start_web pool
    python3 -c '
import socket, sys
host, port = sys.argv[1].split("//")[1].split(":")
held = []
for i in range(1000):
    s = socket.create_connection((host, int(port)))
    s.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n" if i % 2 else b"")
    held.append(s)
print("open", flush=True)
for s in held: s.close()' "$url" >opened
    is_served() { [ "$(curl -sS --max-time 30 -o /dev/null -w '%{http_code}' "$url/api/state")" = 200 ]; }
    wait_until is_served
    few() { [ "$(ls "/proc/${daemon_pid[web]}/fd" | wc -l)" -lt 40 ]; }
    wait_until few
}

@test "AC-323 only miners are let in from elsewhere unless the operator says so" {
    # Where nothing is configured: the defaults of the declaration.
    grep -v '_listen' conf/shared/network.toml >network.toml
    mv network.toml conf/shared/network.toml
    local open
    open=$(hp-config show conf --json | jq -r 'select((.key | endswith("_listen")) and (.value | startswith("127.0.0.1:") | not)) | .key')
    assert_equal "$(sort -u <<<"$open")" $'pool_listen\nproxy_listen'
}

@test "AC-330 the pages are in the program: nothing can be missing beside it" {
    mkdir bare
    cp "$(command -v hp-web)" bare/
    start_daemon web env -C bare ./hp-web pool --config-dir ../conf
    wait_for_text web.log "serving http://"
    url=http://$(listen_of pool_web_listen)
    local file
    for file in pool.html app.js style.css icon.svg; do
        assert_equal "$(curl -sSf "$url/$file" | sha256sum)" "$(sha256sum <"$HP_SOURCE_DIR/web/$file")"
    done
    assert [ "$(curl -sSf "$url/dygraph.min.js" | wc -c)" -gt 10000 ]
}
