# A mint moves, has a public name, another one comes to its old address, and one shows the keysets of another.

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

start_faucet() {
    start_proxy
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

    # A new wallet cannot know: it asks the current server at the old address, only for public info.
    run_tool -1 other receive <<<"$given"
    [[ $stderr == *"add '$old_url' to mint_aliases in shared/proxy.toml"* ]]
    assert_equal "$(cat watcher.out)" dialled
    run_tool -0 other --mint-aliases "$old_url" receive <<<"$given"
    assert_output 1
    # The one that has moved with the mint does.
    run_tool -0 wallet receive <<<"$kept"
    assert_output 2
    [[ $stderr == *"the mint has moved from $old_url to $(mint_url)"* ]]
    assert_equal "$(unspent wallet)" $((total - 1))
    token=$(wallet send 1)
    assert_equal "$(named "$token")" https://mint.example.org/cashu
    run_tool -0 other receive <<<"$token"
    assert_output 1

    # New shares, and the faucet's tokens.
    start_faucet
    hp-miner "stratum+tcp://$proxy_listen" --user rig1 --threads 1 --shares 5 --seconds 20 \
        >/dev/null 2>&1
    has_more() { [ "$(curl -sS "$api/balance" | jq .balance)" -gt $((total - 2)) ]; }
    wait_until has_more
    token=$(curl -sS -X POST -H 'content-type: application/json' -d '{"amount":1}' "$api/mint/tokens" | jq -r .token)
    assert_equal "$(named "$token")" https://mint.example.org/cashu
    run_tool -0 other receive <<<"$token"
    assert_output 1
    assert_equal "$(unspent other)" 3
    assert_equal "$(cat watcher.out)" dialled
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
    [[ $stderr == *"keyset id '"*"' is unknown"* ]]
    assert_equal "$(sqlite3 -readonly second/data/mint.db 'SELECT count(*) FROM spent')" 0
    stop_daemon second
    start_mint
    run_tool -0 other receive <<<"$token"
    assert_output 1
}

@test "a mint that shows the public keysets of another is shown none of the other's proofs" {
    mine 2 "$(wallet pubkey)"
    wait_for_sql ledger "SELECT count(*) FROM quote" 2
    wallet quotes --mint >/dev/null
    token=$(wallet send 1)
    free_ports 1
    thief=http://127.0.0.1:${ports[0]}
    start_daemon thief python3 -u -c '
import http.server, json, sys, urllib.request
class Thief(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def put(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        body = urllib.request.urlopen(sys.argv[2] + self.path).read()
        if self.path == "/v1/info": body = json.dumps(json.loads(body) | {"urls": [sys.argv[2]]}).encode()
        self.put(body)
    def do_POST(self):
        print(self.path, self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.put(b"{}")
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Thief)
print("serving", file=sys.stderr)
server.serve_forever()' "${ports[0]}" "$(mint_url)"
    wait_for_text thief.log serving
    hp-wallet init --mint "$thief" --config-dir victim --network sim >/dev/null
    run_tool -1 hp-wallet --config-dir victim receive <<<"$token"
    [[ $stderr == *"the same public keysets do not prove that they are the same mint"* ]]
    [[ $stderr == *"hint: its keysets are those of your mint at '$thief'; if you know that both are the same mint, add '$(mint_url)' to mint_aliases"* ]]
    assert_equal "$(cat thief.out)" ""
    run_tool -0 other receive <<<"$token"
    assert_output 1
}
