# The pages of hp-web in a real Chromium (Debian's), driven by puppeteer-core from npm.
load ../cmd/helper
load chromium

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    # In this shell: it sets variables.
    chromium_install >why.txt || skip "$(cat why.txt)"
    hp-config init conf --network sim --ports auto >/dev/null
}

listen_of() { hp-config show conf --json | jq -r "select(.key == \"$1\") | .value"; }

# An hour of eight workers, some of whose names would be scripts; and the proxy's side.
some_records() {
    python3 -c '
import json, sys, time
now = int(time.time() * 1000)
names = ["rig1", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</script>", "a\u2028b", "=cmd()", "\U0001f600" * 20, ""]
def record(ms, type, source="hp-pool", **fields):
    print(json.dumps(dict(v=1, ts_ms=now + ms, type=type, source=source, **fields)))
if sys.argv[1] == "pool":
    for i in range(1740):
        record(-3480000 + 2000 * i, "share_accepted", worker=names[i % 8], amount=5, work_hashes=2000 * (1 + (i // 400) % 3))
        record(-3480000 + 2000 * i, "quote_created", amount=5, replay=False, latency_ms=3 + i % 9)
    record(-5000, "share_rejected", reason="stale-share")
else:
    for i in range(300):
        record(-3000000 + 9000 * i, "miner_share_accepted", "hp-proxy", worker="rig1", latency_ms=4)
    record(-1000, "token_minted", "hp-proxy", amount=5, share_to_token_ms=21)' "$1"
}

# run_tests FILE: all of its tests passed
run_tests() {
    local screenshots=${HP_SCREENSHOTS:-$PWD/screenshots}
    mkdir -p "$screenshots"
    SCREENSHOTS=$screenshots CHROMIUM=$browser run -0 node --test --test-reporter=tap "$driver/$1"
    assert_line "# fail 0"
    refute_line "# pass 0"
}

@test "AC-315 pages in Chromium: figures, silence, streams, touch, the faucet's tokens, selections, axe; names that are scripts; nothing from elsewhere" {
    local side
    for side in pool proxy; do
        some_records "$side" | hp-stats ingest --config-dir conf --side "$side"
        mkfifo "$side-records"
        start_daemon "ingest-$side" hp-stats ingest --config-dir conf --side "$side" "$side-records"
        start_daemon "serve-$side" hp-stats serve --config-dir conf --side "$side"
        start_daemon "web-$side" hp-web "$side" --config-dir conf
        wait_for_text "web-$side.log" "has current figures"
    done
    export API_PORT MINER_PORT POOL_URL PROXY_URL STATS_URL POOL_RECORDS=$PWD/pool-records PROXY_RECORDS=$PWD/proxy-records
    API_PORT=$(listen_of proxy_api_listen | cut -d: -f2)
    MINER_PORT=$(listen_of proxy_listen | cut -d: -f2)
    POOL_URL=http://$(listen_of pool_web_listen)
    PROXY_URL=http://$(listen_of proxy_web_listen)
    STATS_URL=http://$(listen_of pool_stats_listen)
    run_tests pages.mjs
    # Neither page nor log has anything that is secret: the configuration's secrets are nowhere.
    local secret
    for secret in conf/secrets/*; do refute grep -qF "$(head -c 40 "$secret")" web-*.log; done
}

@test "pages through kills of the real pool, mint, proxy, hp-stats and hp-web: who is dead does not look alive" {
    start_daemon template hp-template --config-dir conf
    wait_for_port "$(listen_of template_listen | cut -d: -f2)"
    local side name
    for side in pool proxy; do
        sed -i "s|^#\?events = .*|events = \"unix:$PWD/$side-records\"|" "conf/$side.toml"
        start_daemon "ingest-$side" hp-stats ingest --config-dir conf --side "$side" "unix:$PWD/$side-records"
    done
    for name in pool mint proxy; do
        start_daemon "$name" "hp-$name" --config-dir conf
        wait_for_port "$(listen_of "${name}_listen" | cut -d: -f2)"
    done
    for side in pool proxy; do
        start_daemon "serve-$side" hp-stats serve --config-dir conf --side "$side"
        start_daemon "web-$side" hp-web "$side" --config-dir conf
        wait_for_text "web-$side.log" "has current figures"
    done
    export CONF=$PWD/conf PIDS POOL_URL PROXY_URL
    PIDS=$(for name in pool mint proxy serve-pool web-pool; do echo -n "$name=${daemon_pid[$name]} "; done)
    PIDS=${PIDS% }
    POOL_URL=http://$(listen_of pool_web_listen)
    PROXY_URL=http://$(listen_of proxy_web_listen)
    run_tests kills.mjs
}

@test "the pictures of docs/images can be taken, on records that are sound" {
    PICTURE_DAYS=1 run -0 "$HP_SOURCE_DIR/tests/interop/chromium/pictures" "$PWD/pictures"
    local name
    for name in pool-wide-light pool-narrow-dark pool-silent proxy-wide-light proxy-narrow-light proxy-token; do
        assert_equal "$(head -c 4 "pictures/$name.png" | tail -c 3)" PNG
    done
}
