# A real Prometheus, from Debian's package (unpacked, not installed: its service would start), scrapes hp-stats.
load ../cmd/helper

HP_INTEROP_CACHE=${HP_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hashpool-interop}

# prometheus_get: $prometheus and $promtool; fails, with the reason on stdout, where that cannot be
prometheus_get() {
    local folder=$HP_INTEROP_CACHE/prometheus
    prometheus=$folder/usr/bin/prometheus promtool=$folder/usr/bin/promtool
    [ -x "$prometheus" ] && return 0
    local new
    mkdir -p "$HP_INTEROP_CACHE" && new=$(mktemp -d "$HP_INTEROP_CACHE/install.XXXXXX") || return 1
    if ! (cd "$new" && apt-get download prometheus && dpkg -x prometheus_*.deb out) >"$new/log" 2>&1; then
        echo "apt-get download prometheus failed: $(tail -n 1 "$new/log")"
        rm -rf "$new"
        return 1
    fi
    mv "$new/out" "$folder"
    rm -rf "$new"
}

setup() {
    local why
    why=$(prometheus_get) || skip "$why"
    prometheus_get
    cd "$BATS_TEST_TMPDIR" || return 1
    now=$(date +%s%3N)
    python3 -c '
import json, sys
now = int(sys.argv[1])
def record(ms, type, **fields): print(json.dumps(dict(v=1, ts_ms=now + ms, type=type, source="hp-pool", **fields)))
for i in range(120): record(-240000 + 2000 * i, "share_accepted", worker="rig \"%d\"\n" % (i % 3), amount=3, work_hashes=2000)
record(-400, "quote_created", amount=3, replay=False, latency_ms=12)
record(-300, "share_rejected", reason="stale-share")
record(-200, "pool_status", connections=2, channels=3, outbox_pending=4, mint_connected=True)' "$now" | hp-stats ingest --db pool.db
    start_daemon serve hp-stats serve pool.db --listen 127.0.0.1:0 --metrics-workers 2
    wait_for_text serve.log "serving http://"
    at=$(sed -n 's|.*serving http://\([^/]*\)/.*|\1|p' serve.log)
}

@test "promtool finds nothing to say about /metrics but the two names that other SV2 applications gave gauges" {
    curl -sS "http://$at/metrics" >page
    run "$promtool" check metrics <page
    assert_output "sv2_client_hashrate_total non-counter metrics should not have \"_total\" suffix
sv2_clients_total non-counter metrics should not have \"_total\" suffix"
}

@test "each alarm fires from a fresh start, and none when all is well (promtool)" {
    local rules=$HP_SOURCE_DIR/config/prometheus/hashpool.rules.yml tests=$HP_SOURCE_DIR/tests/interop/hashpool.rules.test.yml
    run -0 "$promtool" test rules "$tests"
    # Both are there for each of them.
    local name
    for name in $(sed -n 's/^ *- alert: //p' "$rules"); do
        sed -n '/name: all is well/,/^$/p' "$tests" | grep -q "alertname: $name," || fail "$name: not in 'all is well'"
        grep -A 3 "alertname: $name\$" "$tests" | grep -q exp_alerts || fail "$name: no test in which it fires"
    done
}

@test "a real Prometheus scrapes, and its queries give what hp-stats shows" {
    printf 'scrape_configs:\n  - job_name: hashpool\n    scrape_interval: 1s\n    static_configs: [{targets: ["%s"]}]\n' "$at" >prometheus.yml
    local port
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    start_daemon prometheus "$prometheus" --config.file=prometheus.yml --storage.tsdb.path=tsdb \
        --web.listen-address="127.0.0.1:$port"
    # value QUERY: of its only sample
    value() {
        curl -sS -G "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // empty'
    }
    is_up() { [ "$(value 'up{job="hashpool"}')" = 1 ]; }
    wait_until is_up
    assert_equal "$(value sv2_client_shares_accepted_total)" 120
    assert_equal "$(value hashpool_share_ehash_total)" 360
    assert_equal "$(value 'sv2_client_shares_rejected_total{reason="stale-share"}')" 1
    assert_equal "$(value 'hashpool_status{source="hp-pool",field="outbox_pending"}')" 4
    assert_equal "$(value 'sum(hashpool_worker_shares_total)')" 120
    assert_equal "$(value 'histogram_quantile(0.5, hashpool_share_to_quote_seconds_bucket) * 1000 > 10 < 20 or vector(-1)' | cut -c1-2)" 15
    assert_equal "$(value sv2_client_hashrate_total | cut -d. -f1)" "$(curl -sS "http://$at/api/v1/global" | jq '.hashrate_hps | floor')"
}

@test "the dashboards' queries are answered, of metrics that there are; the alarm rules hold and fire" {
    # A fault of each kind that the rules look for, which began before the first scrape or comes after it.
    records() { python3 -c '
import json, sys
now = int(sys.argv[1])
def record(type, source="hp-pool", **fields): print(json.dumps(dict(v=1, ts_ms=now, type=type, source=source, **fields)))
record("mint_status", mint="alpha", connected=False, pending=3, oldest_age_ms=400000)
record("quote_dead", code=5)
record("alarm", what="disk full")
record("request_refused", "hp-mint", route="/v1/swap", status=400, code=11001)
record("ehash_issued", "hp-mint", amount=1, outputs=1)
record("quotes_created", "hp-mint", created=1, replayed=0, refused=1, amount=1)
for type in ("miner_share_accepted", "miner_share_rejected"): record(type, "hp-proxy", worker="a", reason="stale", latency_ms=3)
record("token_minted", "hp-proxy", amount=1, share_to_token_ms=9)
record("quote_parked", "hp-proxy")
record("block_found", worker="a")
record("proxy_status", "hp-proxy", miners=1, wallet_balance=5, pool_connected=True, mint_connected=True)' "$1"; }
    records "$now" | hp-stats ingest --db pool.db
    run -0 "$promtool" check rules "$HP_SOURCE_DIR/config/prometheus/hashpool.rules.yml"
    # What holds for minutes holds for seconds here.
    sed -E 's/\[[0-9]+m\]/[5s]/; s/for: [0-9]+m/for: 1s/' "$HP_SOURCE_DIR/config/prometheus/hashpool.rules.yml" >rules.yml
    printf 'global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs:\n  - job_name: hashpool\n    static_configs: [{targets: ["%s"]}]\n' "$at" >prometheus.yml
    local port
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    start_daemon prometheus "$prometheus" --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address="127.0.0.1:$port"
    query() { curl -sS -G "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1"; }
    is_up() { [ "$(query 'up{job="hashpool"}' | jq -r '.data.result[0].value[1] // empty')" = 1 ]; }
    wait_until is_up
    records "$(date +%s%3N)" | hp-stats ingest --db pool.db
    python3 - "$port" "$HP_SOURCE_DIR"/config/grafana/*.json <<'PY'
import json, re, sys, time, urllib.parse, urllib.request
port, files = sys.argv[1], sys.argv[2:]
def query(text):
    return json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": text})))
empty, deadline = None, time.time() + 30
while empty != [] and time.time() < deadline:
    empty = []
    for file in files:
        for panel in json.load(open(file))["panels"]:
            for target in panel["targets"]:
                expr = target["expr"].replace("$job", "hashpool")
                for window in ("5m", "1h", "24h", "7d"): expr = expr.replace(f"[{window}]", "[20s]")
                answer = query(expr)
                assert answer["status"] == "success", (file, panel["title"], answer)
                if not answer["data"]["result"]: empty.append((panel["title"], expr))
    time.sleep(0.5)
assert not empty, empty
PY
    is_firing() { [[ $(query 'ALERTS{alertstate="firing"}' | jq -r '[.data.result[].metric.alertname] | unique | join(" ")') == *"$1"* ]]; }
    local name
    for name in HashpoolMintAway HashpoolQuotesWait; do wait_until is_firing $name; done
    # Counters that go up fire while they do.
    for name in HashpoolAlarm HashpoolQuotesDead; do
        fires() { records "$(date +%s%3N)" | hp-stats ingest --db pool.db 2>/dev/null; is_firing "$name"; }
        wait_until fires
    done
    # No names, no holes: each panel has its place, and asks the source that the person chose.
    assert_equal "$(jq -s '[.[] | .panels[] | select(.datasource.uid != "${datasource}")] | length' "$HP_SOURCE_DIR"/config/grafana/*.json)" 0
}
