# Somebody holds a lock on the wallet's database: the miners do not notice.

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    start_topology
    set_key proxy.toml events '"data/proxy-events.jsonl"'
    set_key proxy.toml faucet_amount 20
    start_daemon proxy hp-proxy --config-dir "$dir"
    wait_for_text proxy.log "faucet on http://"
    wait_for_text proxy.log ": connected"
    api=http://$(value shared/network.toml proxy_api_listen)
}

# The wallet waits 10 s for a lock; its records are written each second, so a loop that waited too would be caught.
beside() {
    run_tool -0 "$tools/sv1_beside_lock" "$(value shared/network.toml proxy_listen)" "$dir/data/wallet.db" "$1" 2.5
    [ "$(jq '.answers > 20 and .max_ms < 5000' <<<"$output")" = true ] || fail "$output"
}

@test "B4: SV1 miners are answered at once while a shell has the wallet's database open, or has it for itself" {
    beside none
    beside reader
    beside exclusive
}

@test "B4: the faucet says that the wallet is in use, and gives a token when it is not any more" {
    python3 - "$dir/data/wallet.db" <<'EOF' &
import os, sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
database.execute("BEGIN EXCLUSIVE")
open("locked", "w").close()
while not os.path.exists("release"):
    time.sleep(0.02)
EOF
    local holder=$!
    is_locked() { [ -e locked ]; }
    wait_until is_locked
    run -0 curl -sS -w ' %{http_code}' "$api/balance"
    assert_output '{"error":"the wallet cannot be read: the wallet'\''s database is in use"} 503'
    run -0 curl -sS -w ' %{http_code}' -X POST -H 'content-type: application/json' -d '{}' "$api/mint/tokens"
    assert_output --partial ' 503'
    touch release
    wait "$holder"
    answers() { [ "$(curl -sS "$api/balance" | jq .balance)" = 0 ]; }
    wait_until answers
}
