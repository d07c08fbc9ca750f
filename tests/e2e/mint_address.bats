# A mint is its keysets, not its URL: it moves, it has a public name, and another one comes to its old address.

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    start_topology
    set_key proxy.toml faucet_amount 5
    set_key proxy.toml faucet_interval_s 1
    hp-config keygen mnemonic --out other.seed >/dev/null
}

wallet() { hp-wallet --config-dir "$dir" "$@"; }
# A wallet of its own words with the same configuration.
other() { wallet --wallet-seed-file "$PWD/other.seed" --wallet-database "$PWD/other.db" "$@"; }
unspent() { "$@" balance --json | jq .unspent; }
named() { hp-quote decode token - <<<"$1" | jq -r .mint; }

# watch_port PORT: counts in dialled who connects there
watch_port() {
    : >dialled
    start_daemon watcher python3 -u -c '
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("watching", file=sys.stderr)
while True:
    server.accept()[0].close()
    print("dialled")' "$1"
    wait_for_text watcher.log watching
}

start_proxy() {
    start_daemon proxy hp-proxy --config-dir "$dir"
    wait_for_text proxy.log "faucet on http://"
    api=http://$(value shared/network.toml proxy_api_listen)
}

@test "C3: a mint moves and gets a public name: wallet and proxy go on, old and new tokens are good, the old address is left alone" {
    mine 6 "$(wallet pubkey)"
    wait_for_sql ledger "SELECT count(*) FROM quote" 6
    wallet quotes --mint >/dev/null
    total=$(unspent wallet)
    old_url=$(mint_url)
    kept=$(wallet send 2)
    given=$(wallet send 1)
    assert_equal "$(named "$kept")" "$old_url"
    stop_daemon mint

    # As docs/deployment.md has it, The mint's address.
    free_ports 1
    set_key shared/network.toml mint_listen "\"127.0.0.1:${ports[0]}\""
    set_key mint.toml public_urls '["https://mint.example.org/cashu/"]'
    set_key shared/proxy.toml mint_url "\"$(mint_url)\""
    start_mint
    wait_for_link
    watch_port "${old_url##*:}"
    get /v1/info
    assert_equal "$(jq -c .urls <<<"$output")" '["https://mint.example.org/cashu"]'

    run_tool -0 other receive <<<"$given"
    assert_output 1
    run_tool -0 wallet receive <<<"$kept"
    assert_output 2
    [[ $stderr == *"the mint has moved from $old_url to $(mint_url)"* ]]
    assert_equal "$(unspent wallet)" $((total - 1))
    token=$(wallet send 1)
    assert_equal "$(named "$token")" https://mint.example.org/cashu
    run_tool -0 other receive <<<"$token"
    assert_output 1

    # New shares, and the faucet's tokens.
    start_proxy
    hp-miner "stratum+tcp://$(value shared/network.toml proxy_listen)" --user rig1 --threads 1 --shares 5 --seconds 20 \
        >/dev/null 2>&1
    has_more() { [ "$(curl -sS "$api/balance" | jq .balance)" -gt $((total - 2)) ]; }
    wait_until has_more
    token=$(curl -sS -X POST -H 'content-type: application/json' -d '{"amount":1}' "$api/mint/tokens" | jq -r .token)
    assert_equal "$(named "$token")" https://mint.example.org/cashu
    run_tool -0 other receive <<<"$token"
    assert_output 1
    assert_equal "$(unspent other)" 3
    assert_equal "$(cat watcher.out)" ""
}

@test "C3: another mint at the address, of the same name too: no proof goes there" {
    mine 2 "$(wallet pubkey)"
    wait_for_sql ledger "SELECT count(*) FROM quote" 2
    wallet quotes --mint >/dev/null
    total=$(unspent wallet)
    token=$(wallet send 1)
    stop_daemon mint
    hp-config init second --network sim --ports auto >/dev/null
    start_daemon second hp-mint --config-dir second --mint-listen "$(value shared/network.toml mint_listen)" \
        --public-urls "$(mint_url)"
    wait_for_text second.log "serving wallets on"
    run_tool -1 wallet quotes
    [[ $stderr == *"does not know keyset"*", of which this wallet holds proofs"* ]]
    run_tool -1 wallet reclaim 1
    assert_equal "$(unspent wallet)" $((total - 1))
    # A new wallet that trusts the second mint, and a token that seems to be of it.
    run_tool -1 other receive <<<"$token"
    [[ $stderr == *"keyset id '"*"' is not known"* ]]
    assert_equal "$(sqlite3 -readonly second/data/mint.db 'SELECT count(*) FROM spent')" 0
    stop_daemon second
    start_mint
    run_tool -0 other receive <<<"$token"
    assert_output 1
}
