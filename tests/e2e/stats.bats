# hp-stats serve: the figures over HTTP, while records come in.
load ../cmd/helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    now=$(date +%s%3N)
}

# record TYPE MS FIELDS: one line, MS from now
record() { printf '{"v":1,"ts_ms":%d,"type":"%s","source":"hp-pool"%s}\n' $((now + $2)) "$1" "${3:+,$3}"; }
share() { record share_accepted "$1" "\"worker\":\"$2\",\"amount\":$3,\"work_hashes\":$4"; }

window='"window_s":200.0,"window_shares":50,"window_work_hashes":1e6,"window_work_squared":2e10,"window_work_max":2e4'
# channel CONNECTION CHANNEL MS: its status; miner ID MS: the same of a miner of the proxy
channel() {
    record channel_status "$3" "\"connection_id\":$1,\"channel_id\":$2,\"peer\":\"192.0.2.1:5\",\"program\":\"hp-proxy\",\"kind\":\"extended\",\"worker\":\"rig$2\",\"opened_ms\":$((now - 300000)),\"difficulty\":1.5,\"extranonce_prefix\":\"0011223344556677\",\"extranonce_size\":8,\"shares_accepted\":99,$window"
}
miner() {
    record downstream_status "$2" "\"miner_id\":$1,\"channel_id\":3,\"worker\":\"rig\",\"peer\":\"192.0.2.9:7\",\"connected_ms\":$((now - 60000)),\"shares_accepted\":98,\"worker_count\":2,\"workers\":[{\"worker\":\"rig\",\"shares_accepted\":90},{\"worker\":\"rig2\",\"shares_accepted\":8}],$window" |
        sed s/hp-pool/hp-proxy/
    record proxy_status "$2" '"miners":1,"pool_connected":true' | sed s/hp-pool/hp-proxy/
}

# Four minutes of two workers, fresh.
some_records() {
    local second
    for ((second = -240; second < 0; second += 2)); do share $((second * 1000)) "rig$((second / 2 % 2 + 1))" 1 2000; done
    record share_rejected -500 '"reason":"stale-share","worker":"rig1"'
    record quote_created -400 '"amount":1,"replay":false,"latency_ms":12'
    record pool_status -300 '"connections":2,"channels":3,"outbox_pending":4,"mint_connected":true,"version":"x"'
    channel 7 1 -290
    miner 7 -290
}

# serve [OPTION...]: on a free port; its URL is in $url
serve() {
    start_daemon serve hp-stats serve pool.db --listen 127.0.0.1:0 "$@"
    wait_for_text serve.log "serving http://"
    url=$(sed -n 's|.*serving \(http://[^/]*\)/.*|\1|p' serve.log | tail -n 1)
}
# get PATH [CURL OPTION...]: the body; status_of the same: the status
get() { curl -sS --max-time 10 "${@:2}" "$url$1"; }
status_of() { get "$1" -o /dev/null -w '%{http_code}' "${@:2}"; }

@test "each route answers, and says what the command says" {
    some_records | hp-stats ingest --db pool.db
    serve
    assert_equal "$(get /api/v1/health | jq -r .status)" ok
    assert_equal "$(get /api/v1/global | jq -c '[.sv2_clients.total_clients, .sv2_clients.total_channels, .sv1_clients.total_clients, .stale]')" \
        '[2,3,1,false]'
    # The miners' rate is the one that each of them has in its list.
    assert_equal "$(get /api/v1/global | jq -c '.sv1_clients | [.total_hashrate, .hashrate_low_hps, .hashrate_high_hps]')" \
        "$(get /api/v1/sv1/clients | jq -c '.items[0] | [.hashrate, .hashrate_low_hps, .hashrate_high_hps]')"
    assert_equal "$(get /api/v1/global | jq .sv1_clients.total_hashrate)" 5000
    assert_equal "$(get /api/v1/global | jq '.sv2_clients.total_hashrate | . > 900 and . < 1100')" true
    assert_equal "$(get '/api/v1/figures?minutes=5')" "$(hp-stats show pool.db --minutes 5 --json)"
    assert_equal "$(get '/api/v1/history?step=1m&label=rig1')" "$(hp-stats history pool.db --step 1m --worker rig1 --json)"
    assert_equal "$(get '/api/v1/workers?limit=1' | jq -c '[.total, .limit, (.items | length)]')" '[2,1,1]'
    assert_equal "$(get '/api/v1/workers?offset=1' | jq -c '.items[0].shares_accepted')" 60
    assert_equal "$(get /api/v1/latency | jq -c '.latencies[0].p50_ms')" 12
    # The description names every route, and each of them is there.
    local route
    for route in $(get /api-docs/openapi.json | jq -r '.paths | keys[]'); do
        assert_equal "$route $(status_of "${route/\{id\}/7}")" "$route 200"
    done
    stop_daemon serve
    assert_equal "$daemon_status" 0
}

@test "who is there: by connection and channel, with their rates, until they go" {
    { some_records; channel 7 2 -280; channel 8 1 -270; } | hp-stats ingest --db pool.db
    serve
    assert_equal "$(get /api/v1/clients | jq -c '[.total, [.items[] | [.client_id, .extended_channels_count, .total_hashrate, .program]]]')" \
        '[2,[[7,2,10000,"hp-proxy"],[8,1,5000,"hp-proxy"]]]'
    assert_equal "$(get '/api/v1/clients?order=hashrate&limit=1&offset=1' | jq -c '[.total, .items[0].client_id]')" '[2,8]'
    assert_equal "$(get /api/v1/clients/8 | jq '.hashrate_low_hps < 5000 and .hashrate_high_hps > 5000')" true
    assert_equal "$(get /api/v1/clients/7/channels | jq -c '[.total_extended, .total_standard, [.extended_channels[] | [.channel_id, .user_identity, .full_extranonce_size, .shares_accepted]]]')" \
        '[2,0,[[1,"rig1",16,99],[2,"rig2",16,99]]]'
    assert_equal "$(get /api/v1/sv1/clients/7 | jq -c '[.authorized_worker_name, .hashrate, .channel_id]')" '["rig",5000,3]'
    assert_equal "$(get /api/v1/sv1/clients/7 | jq -c '[.shares_accepted, .worker_count, [.workers[] | [.worker, .shares_accepted]]]')" \
        '[98,2,[["rig",90],["rig2",8]]]'
    local path
    for path in clients/9 clients/9/channels clients/x clients/ clients//channels clients/7/channels/1 sv1/clients/8 clients/7%2f; do
        assert_equal "$path $(status_of "/api/v1/$path")" "$path 404"
    done
    # AC-301: what is old, or comes again, changes nothing.
    { record connection_closed -60000 '"connection_id":7'; channel 8 1 -100000 | sed s/hp-proxy/old/; channel 8 1 -270; } | hp-stats ingest --db pool.db
    assert_equal "$(get /api/v1/clients | jq -c '[.items[] | [.client_id, .program]]')" '[[7,"hp-proxy"],[8,"hp-proxy"]]'
    { record channel_closed -200 '"connection_id":7,"channel_id":2'; record connection_closed -200 '"connection_id":8'; } | hp-stats ingest --db pool.db
    assert_equal "$(get /api/v1/clients | jq -c '[.items[] | [.client_id, .extended_channels_count]]')" '[[7,1]]'
    # A restarted pool has none of its old ones.
    record pool_status -100 "\"started_ms\":$((now - 150))" | hp-stats ingest --db pool.db
    assert_equal "$(get /api/v1/clients | jq -c '[.total, .items]')" '[0,[]]'
    channel 1 1 -50 | sed "s/$((now - 300000))/$((now - 60))/" | hp-stats ingest --db pool.db
    assert_equal "$(get /api/v1/clients | jq .total)" 1
    # One whose writer was never heard of again is gone too.
    record alarm 150000 '"what":"x"' | hp-stats ingest --db pool.db
    assert_equal "$(get /api/v1/clients | jq .total)" 0
}

@test "wrong questions: 400 with the parameter, 404, 405, and no body for HEAD" {
    some_records | hp-stats ingest --db pool.db
    serve
    local path
    for path in '/api/v1/figures?minutes=0' '/api/v1/workers?limit=101' '/api/v1/workers?offset=-1' '/api/v1/history?step=2m' \
        '/api/v1/history?from_ms=1e3' '/api/v1/history?gauge=a&series=b' '/api/v1/global?x=1' '/api/v1/workers?limit=1&limit=2' \
        '/api/v1/workers?limit=%zz' '/api/v1/figures?minutes=18446744073709551617'; do
        assert_equal "$(status_of "$path")" 400
        assert_equal "$(get "$path" | jq -r '.error // .detail | length > 10')" true
    done
    for path in / /api/v1 /api/v1/global/ '/api/v1/../v1/global' /metrics%00 /..%2f..%2fetc/passwd; do
        [[ $(status_of "$path" --path-as-is) =~ ^40[04]$ ]] || fail "$path"
    done
    # What was never recorded: 404, with the nearest that was.
    for path in '/api/v1/history?series=share_acepted' '/api/v1/history?label=rig9' '/api/v1/history?gauge=moon' /api/v1/clients/77; do
        assert_equal "$(status_of "$path")" 404
    done
    assert_equal "$(get '/api/v1/history?series=share_acepted' | jq -r .error)" "there is no series 'share_acepted'; did you mean share_accepted?"
    local method
    for method in POST PUT DELETE OPTIONS TRACE PATCH NONSENSE; do
        assert_equal "$(status_of /metrics -X "$method")" 405
    done
    assert_equal "$(get /metrics -I | tr -d '\r' | sed -n '/^$/,$p' | wc -c)" 1
    assert_equal "$(status_of "/metrics?$(head -c 65536 /dev/zero | tr '\0' a)")" 414
    assert_equal "$(get /api/v1/global -D - -o /dev/null | grep -ci '^cache-control: no-store')" 1
}

@test "a history with too many rows is refused by name, a long one is not" {
    { record tip_changed -8640000000; some_records; } | hp-stats ingest --db pool.db
    serve
    assert_equal "$(get '/api/v1/history?step=1m&from_ms=0' | jq -r .error)" \
        "step: 1m would give more than 5000 rows; take a longer one"
    assert_equal "$(get '/api/v1/history?step=1h&from_ms=0' | jq '.rows | length > 2300')" true
}

@test "tokens: each scope sees its part; no other listens beyond loopback" {
    some_records | hp-stats ingest --db pool.db
    umask 077
    printf '# for the dashboard\npool pppppppppppppppp\nworkers wwwwwwwwwwwwwwww\n\nmetrics mmmmmmmmmmmmmmmm\n' >tokens
    serve --tokens-file tokens
    # seen TOKEN: statuses of health, metrics, global, workers, and one worker's history
    seen() {
        local path out=
        for path in /api/v1/health /metrics /api/v1/global /api/v1/workers '/api/v1/history?label=rig1'; do
            out+="$(status_of "$path" ${1:+-H "Authorization: Bearer $1"}) "
        done
        echo "$out"
    }
    assert_equal "$(seen)" "200 401 401 401 401 "
    assert_equal "$(seen wrong)" "200 401 401 401 401 "
    assert_equal "$(seen mmmmmmmmmmmmmmmm)" "200 200 401 401 401 "
    assert_equal "$(seen pppppppppppppppp)" "200 200 200 401 401 "
    assert_equal "$(seen wwwwwwwwwwwwwwww)" "200 200 200 200 200 "
    refute [ -n "$(get /api/v1/figures -H 'Authorization: Bearer pppppppppppppppp' | grep rig)" ]
    assert_equal "$(get /api/v1/figures -H 'Authorization: Bearer pppppppppppppppp' | jq .shares_accepted)" 120
    refute grep -q 'pppppppp' serve.log
    run_tool -2 hp-stats serve pool.db --listen 0.0.0.0:0
    [[ $stderr == *"listening on 0.0.0.0:0 shows every worker's name"*"set tokens_file"* ]]
}

@test "token files that are wrong: the line, never the token" {
    some_records | hp-stats ingest --db pool.db
    umask 077
    bad() { # TEXT EXPECTED
        printf '%b' "$1" >tokens
        run_tool -2 hp-stats serve pool.db --listen 127.0.0.1:0 --tokens-file tokens
        [[ $stderr == *"$2"* ]] || fail "$stderr"
        [[ $stderr != *ssssssss* ]] || fail "the token is in: $stderr"
    }
    bad 'pool ssssssssssssssss\neverything ssssssssssssssss\n' "tokens:2: scope 'everything' is unknown"
    bad 'ssssssssssssssssssss\n' "tokens:1: expected SCOPE TOKEN"
    bad 'pool ssssssss\n' "tokens:1: the token is shorter than 16"
    bad '# none\n' "it contains no token"
    printf 'pool ssssssssssssssss\n' >tokens
    chmod 644 tokens
    run_tool hp-stats serve pool.db --listen 127.0.0.1:0 --tokens-file tokens || [ "$status" -ne 0 ]
    [[ $stderr == *"0600"* || $stderr == *"permissions"* ]] || fail "$stderr"
}

@test "figures that are old are stale: no hash rate is better than the last one for ever" {
    some_records | hp-stats ingest --db pool.db
    serve --stale-after-s 1
    stale() { [ "$(get /api/v1/health | jq -r .status)" = stale ]; }
    wait_until stale
    assert_equal "$(get /api/v1/global | jq -c '[.stale, .hashrate_hps, .sv2_clients.total_hashrate]')" '[true,null,null]'
    get /metrics >page
    refute grep '^sv2_client_hashrate_total ' page
    assert grep -qx 'sv2_client_shares_accepted_total 120' page
}

@test "a database that goes away is 503 until it is back; one that never was is an error at start" {
    run_tool -1 hp-stats serve none.db --listen 127.0.0.1:0
    [[ $stderr == *"none.db' does not exist"* ]]
    some_records | hp-stats ingest --db pool.db
    serve
    mv pool.db away.db
    assert_equal "$(status_of /api/v1/global)" 503
    mv away.db pool.db
    assert_equal "$(status_of /api/v1/global)" 200
}

@test "AC-304 100,000 workers: names in /metrics are as many as asked for, and one for the rest" {
    python3 -c '
import json, sys
for i in range(100000):
    print(json.dumps({"v": 1, "ts_ms": int(sys.argv[1]) - 60000, "type": "share_accepted", "source": "hp-pool",
                      "worker": "w%d\n\"\\" % i, "amount": 1, "work_hashes": 1 + i % 7}))' "$now" | hp-stats ingest --db pool.db
    serve
    refute [ -n "$(get /metrics | grep -F 'worker=')" ]
    stop_daemon serve
    serve --metrics-workers 10
    get /metrics >page
    assert_equal "$(grep -c '^hashpool_worker_shares_total{' page)" 11
    assert_equal "$(awk '/^hashpool_worker_shares_total{/ {sum += $NF} END {print sum}' page)" 100000
    assert_equal "$(get '/api/v1/workers?limit=100' | jq -c '[.total, (.items | length)]')" '[20001,100]'
}

scrape_is_answered() { [ "$(status_of /metrics 2>/dev/null)" = 200 ]; }

@test "AC-305 scrapers that never end their request: bounded, and the others are served" {
    some_records | hp-stats ingest --db pool.db
    serve
    mkfifo go
    python3 -c '
import socket, sys
at = ("127.0.0.1", int(sys.argv[1]))
kept = []
for i in range(700):
    if i == 55: print("ready", flush=True); open("go").read()
    s = socket.create_connection(at)
    s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")  # and no end
    kept.append(s)
print("full", flush=True); open("go").read()
' "${url##*:}" >said 3>&- &
    local holder=$!
    wait_until grep -q ready said
    local i
    for i in 1 2 3; do assert_equal "$(status_of /metrics)" 200; done
    echo >go
    wait_until grep -q full said
    # More than there are places for such: the oldest of them went, and who asks is served.
    for i in 1 2 3; do assert scrape_is_answered; done
    assert [ "$(ls "/proc/${daemon_pid[serve]}/fd" | wc -l)" -lt 600 ]
    echo >go
    wait "$holder"
}

@test "without --listen the configuration says where, for each side" {
    hp-config init conf --network sim --ports auto >/dev/null
    some_records | hp-stats ingest --config-dir conf
    some_records | hp-stats ingest --config-dir conf --side proxy
    local side port
    for side in pool proxy; do
        start_daemon "$side" hp-stats serve --config-dir conf --side "$side"
        wait_for_text "$side.log" "serving http://"
        port=$(hp-config show conf --json | jq -r "select(.key == \"${side}_stats_listen\") | .value")
        assert_equal "$(curl -sS "http://$port/api/v1/health" | jq -r .status)" ok
    done
}
