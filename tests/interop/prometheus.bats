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
