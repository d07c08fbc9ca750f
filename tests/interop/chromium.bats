# The pages of hp-web in a real Chromium (Debian's), driven by puppeteer-core from npm.
load ../cmd/helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip "chromium is not installed"
    command -v npm >/dev/null || skip "npm is not installed"
    [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || skip "the test needs Node 20 or newer, this is $(node --version)"
    local source=$HP_SOURCE_DIR/tests/interop/chromium
    driver=${XDG_CACHE_HOME:-$HP_SOURCE_DIR/build/cache}/hashpool-interop-chromium
    mkdir -p "$driver"
    if ! cmp -s "$source/package-lock.json" "$driver/installed-lock.json"; then
        cp "$source/package.json" "$source/package-lock.json" "$driver"
        (cd "$driver" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >npm.log 2>&1 ||
            skip "npm cannot install the package: $(tail -n 1 npm.log)"
        cp "$source/package-lock.json" "$driver/installed-lock.json"
    fi
    cp "$source/pages.mjs" "$driver"
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
    record(0, "pool_status", connections=2, channels=3, outbox_pending=4, outbox_dead=0)
    window = dict(window_s=240.0, window_shares=60, window_work_hashes=2.4e6, window_work_squared=1.2e11, window_work_max=2e4)
    for i, program in enumerate(["hp-proxy", names[1]]):
        record(0, "channel_status", connection_id=i + 1, channel_id=1, peer="192.0.2.%d:4000" % i, program=program, kind="extended",
               worker=names[2], opened_ms=now - 3600000, shares_accepted=870, shares_rejected=1, **window)
    record(0, "mint_status", mint="alpha", connected=True, since_ms=now - 60000, pending=0)
else:
    for i in range(300):
        record(-3000000 + 9000 * i, "miner_share_accepted", "hp-proxy", worker="rig1", latency_ms=4)
    record(-1000, "token_minted", "hp-proxy", amount=5, share_to_token_ms=21)
    record(0, "downstream_status", "hp-proxy", miner_id=1, peer="192.0.2.7:5", worker="rig1", user_agent=names[1], connected_ms=now - 3000000,
           shares_accepted=300, shares_rejected=2, last_share_ms=now - 9000, window_s=270.0, window_shares=30, window_work_hashes=6e15,
           window_work_squared=1.2e30, window_work_max=2e14)
    record(0, "proxy_status", "hp-proxy", miners=2, pool_connected=True, mint_connected=True, wallet_balance=1234)' "$1"
}

@test "AC-315 pages in Chromium: figures, live, keyboard, names that are scripts, wide and narrow, nothing from elsewhere" {
    local side screenshots=${HP_SCREENSHOTS:-$PWD/screenshots}
    mkdir -p "$screenshots"
    for side in pool proxy; do
        some_records "$side" | hp-stats ingest --config-dir conf --side "$side"
        start_daemon "serve-$side" hp-stats serve --config-dir conf --side "$side" --stale-after-s 300
        start_daemon "web-$side" hp-web "$side" --config-dir conf
        wait_for_text "web-$side.log" "has fresh figures"
    done
    mkfifo records
    start_daemon ingest hp-stats ingest --config-dir conf records
    API_PORT=$(listen_of proxy_api_listen | cut -d: -f2) MINER_PORT=$(listen_of proxy_listen | cut -d: -f2) CHROMIUM=$browser RECORDS=records SCREENSHOTS=$screenshots POOL_URL=http://$(listen_of pool_web_listen) \
        PROXY_URL=http://$(listen_of proxy_web_listen) STATS_URL=http://$(listen_of pool_stats_listen) \
        run -0 node --test --test-reporter=tap "$driver/pages.mjs"
    assert_line "# fail 0"
    refute_line "# pass 0"
    # Neither page nor log has anything that is secret: the configuration's secrets are nowhere.
    local secret
    for secret in conf/secrets/*; do refute grep -qF "$(head -c 40 "$secret")" web-*.log; done
}
