# hp-stats truth, certify, audit and the ping of check: what is said of the figures to others.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    begin=$(($(date +%s) / 60 * 60 - 3600))
}

# an_hour [WORKER WORK]...: a share each ten seconds for an hour, which began at $begin
an_hour() {
    python3 -c '
import json, sys
begin, pairs = int(sys.argv[1]), sys.argv[2:]
for second in range(0, 3600, 10):
    for worker, work in zip(pairs[::2], pairs[1::2]):
        print(json.dumps(dict(v=1, ts_ms=(begin + second) * 1000, type="share_accepted", source="hp-pool", worker=worker, amount=3, work_hashes=float(work))))
print(json.dumps(dict(v=1, ts_ms=(begin + 3600) * 1000, type="tip_changed", source="hp-pool")))' "$begin" "$@" | hp-stats ingest --db pool.db 2>/dev/null
}
at() { date -u -d "@$((begin + $1 * 60))" '+%Y-%m-%dT%H:%M:%SZ'; }

@test "truth: a claim within luck fits, one beyond it does not, and the exit says so" {
    an_hour rig1 1e15 'a=b' 1e15
    # 100 TH/s each.
    run_tool -0 hp-stats truth pool.db --claim rig1=100T --claim a=b=99T --claim 201T --json
    assert_equal "$(jq -c '[.claims[] | [.worker, .verdict]]' <<<"$output")" '[["rig1","fits"],["a=b","fits"],[null,"fits"]]'
    run_tool -1 hp-stats truth pool.db --claim rig1=140T --claim rig1=70T --claim 200T --json
    assert_equal "$(jq -c '[.claims[].verdict]' <<<"$output")" '["less","more","fits"]'
    [[ $stderr == *"2 of 3 claims do not fit"* ]]
    # With more patience for luck they would.
    run_tool -0 hp-stats truth pool.db --claim rig1=140T --sigma 8
    # Nothing delivered of late is less; a name that never delivered anything is a mistake.
    printf '{"v":1,"ts_ms":%d,"type":"share_accepted","source":"hp-pool","worker":"gone","amount":3,"work_hashes":1e15}\n' $(((begin - 7200) * 1000)) |
        hp-stats ingest --db pool.db 2>/dev/null
    run_tool -1 hp-stats truth pool.db --minutes 30 --claim gone=10T --csv
    assert_output --regexp 'gone,1e\+13,0,0,,0,-[0-9.]+,less'
    run_tool -1 hp-stats truth pool.db --claim rig2=10T
    assert_output ""
    [[ $stderr == *"there is no worker of share_accepted 'rig2'"*"did you mean rig1?"* ]]
}

@test "truth: without a claim, what each channel announced" {
    local type='"v":1,"type":"channel_status","source":"hp-pool"'
    {
        echo "{$type,\"ts_ms\":${begin}000,\"connection_id\":1,\"channel_id\":1,\"worker\":\"honest\",\"opened_ms\":1,\"nominal_hash_rate_hps\":1e14,\"window_s\":300.0,\"window_shares\":30,\"window_work_hashes\":3e16,\"window_work_squared\":3e31,\"window_work_max\":1e15}"
        echo "{$type,\"ts_ms\":${begin}000,\"connection_id\":1,\"channel_id\":2,\"worker\":\"boaster\",\"opened_ms\":1,\"nominal_hash_rate_hps\":5e14,\"window_s\":300.0,\"window_shares\":30,\"window_work_hashes\":3e16,\"window_work_squared\":3e31,\"window_work_max\":1e15}"
    } | hp-stats ingest --db pool.db 2>/dev/null
    run_tool -1 hp-stats truth pool.db --json
    assert_equal "$(jq -c '[.claims[] | [.worker, .verdict]]' <<<"$output")" '[["honest","fits"],["boaster","less"]]'
}

@test "truth: claims that are none" {
    an_hour rig1 1e15
    local claim
    for claim in '' x '=' rig1= rig1=0 rig1=-1 1X 1TT inf nan 1e400; do
        run_tool -2 hp-stats truth pool.db "--claim=$claim"
        [[ $stderr == *"expected [WORKER=]HPS"* || $stderr == *"--claim"* ]]
    done
    run_tool -2 hp-stats truth pool.db --minutes 5
}

@test "certify: the renter checks it with the key alone, and sees each change of a byte" {
    an_hour rig1 1e15 other 7e14
    hp-config init conf --network sim --ports auto >/dev/null
    local key
    key=$(hp-config pubkey conf/secrets/pool-authority.key | sed -n 's/^authority //p')
    run_tool -0 hp-stats certify pool.db --from "$(at 10)" --to "$(at 40)" --worker rig1 --key-file conf/secrets/pool-authority.key
    printf '%s\n' "$output" >work.txt
    assert_equal "$(head -n 1 work.txt | jq -c '[.worker, .from, .to, .shares_accepted, .work_hashes, .amount]')" \
        "[\"rig1\",\"$(at 10)\",\"$(at 40)\",180,1.8e+17,540]"
    assert_equal "$(hp-stats certify --check work.txt --key "$key" | jq '.hashrate_hps == 1e14')" true
    assert_equal "$(hp-stats certify --check - --key "$key" <work.txt)" "$(head -n 1 work.txt)"
    sed 's/"shares_accepted":180/"shares_accepted":181/' work.txt >more.txt
    run_tool -1 hp-stats certify --check more.txt --key "$key"
    [[ $stderr == *"more.txt: line 2: the signature does not match this statement and key"* && -z $output ]]
    local other
    hp-config init conf2 --network sim --ports auto >/dev/null
    other=$(hp-config pubkey conf2/secrets/pool-authority.key | sed -n 's/^authority //p')
    run_tool -1 hp-stats certify --check work.txt --key "$other"
    [[ $stderr == *"the key is not the given one"* ]]
    head -n 1 work.txt >cut.txt
    run_tool -1 hp-stats certify --check cut.txt --key "$key"
    head -c 70000 /dev/zero >zeros.txt
    run_tool -1 hp-stats certify --check zeros.txt --key "$key"
    refute grep -rqF "$(cat conf/secrets/pool-authority.key)" work.txt
}

@test "certify: only what is known to the minute and over, and only with a key that is ours" {
    an_hour rig1 1e15
    hp-config init conf --network sim --ports auto >/dev/null
    local sign=(hp-stats certify pool.db --key-file conf/secrets/pool-authority.key)
    run_tool -1 "${sign[@]}" --from "$(at 10)" --to "$(at 70)"
    [[ $stderr == *"have no window from"*"the nearest is"* ]]
    run_tool -1 "${sign[@]}" --from "$(at -10)" --to "$(at 20)"
    run_tool -1 "${sign[@]}" --from "$(date -u -d "@$((begin + 630))" +%FT%TZ)" --to "$(at 20)"
    run_tool -2 "${sign[@]}" --from "$(at 20)" --to "$(at 20)"
    run_tool -2 "${sign[@]}" --from "$(at 20)"
    run_tool -2 hp-stats certify pool.db --from "$(at 10)" --to "$(at 20)"
    run_tool -2 hp-stats certify --check x --worker y
    chmod 644 conf/secrets/pool-authority.key
    run_tool -2 "${sign[@]}" --from "$(at 10)" --to "$(at 20)"
    [[ -z $output && $stderr == *"pool-authority.key"* ]]
}

@test "audit: needs ledgers, and reads nothing else" {
    an_hour rig1 1e15
    run_tool -2 hp-stats audit pool.db
    [[ $stderr == *"expected --pool, --mint or both"* ]]
    run_tool -1 hp-stats audit pool.db --pool missing.db
    [[ $stderr == *"missing.db"* ]]
    refute [ -e missing.db ]
}

@test "check --ping: GET when all is well, POST with the reason when not; a watchdog that is away changes nothing" {
    an_hour rig1 1e15
    python3 -c '
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        print(self.command, self.path, body, flush=True)
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    do_GET = do_POST = answer
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()' >heard 3>&- &
    local watchdog=$!
    wait_until test -s heard
    local url
    url=http://127.0.0.1:$(head -n 1 heard)/ping/secret-id
    run_tool -0 hp-stats check pool.db --minutes 100 --ping "$url"
    assert_equal "$(sed -n 2p heard)" "GET /ping/secret-id "
    HP_CHECK_PING=$url run_tool -2 hp-stats check pool.db --minutes 100 --critical-hashrate 1e18
    [[ $(sed -n 3p heard) == "POST /ping/secret-id/fail hashrate_hps "*" below "* ]]
    kill "$watchdog"
    wait "$watchdog" || true
    run_tool -0 hp-stats check pool.db --minutes 100 --ping "$url"
    [[ $stderr == *"ping to http://127.0.0.1:"* && $stderr != *secret-id* ]]
}
