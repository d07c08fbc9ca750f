# hp-proxy's balance and tokens over HTTP, and hp-web in front of it.

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    start_topology
    set_key proxy.toml events '"data/proxy-events.jsonl"'
}

start_faucet() { # AMOUNT INTERVAL
    set_key proxy.toml faucet_amount "$1"
    set_key proxy.toml faucet_interval_s "$2"
    start_daemon proxy hp-proxy --config-dir "$dir"
    wait_for_text proxy.log "faucet on http://"
    api=http://$(value shared/network.toml proxy_api_listen)
    hp-miner "stratum+tcp://127.0.0.1:$(value shared/network.toml proxy_listen | cut -d: -f2)" --user rig1 --threads 1 \
        --shares 60 --seconds 30 >/dev/null 2>&1
    # All that was mined: what comes later would be in a test's sums.
    has_all() {
        local earned
        earned=$(outbox "SELECT sum(amount) FROM outbox")
        [ "$earned" -ge 50 ] && [ "$(curl -sS "$api/balance" | jq .balance)" = "$earned" ]
    }
    wait_until has_all
}
# ask [CURL OPTION...]: POST /mint/tokens; the status is in $code, the body in $body
ask() {
    body=$(curl -sS -X POST -H 'content-type: application/json' -w '\n%{http_code}' "$@" "$api/mint/tokens")
    code=${body##*$'\n'}
    body=${body%$'\n'*}
}

@test "off by default: nobody listens" {
    start_daemon proxy hp-proxy --config-dir "$dir"
    wait_for_text proxy.log "SV1 miners on"
    run -7 curl -sS "http://$(value shared/network.toml proxy_api_listen)/balance"
    refute grep -q faucet proxy.log
}

@test "a token that another wallet receives; the balance goes down by it" {
    start_faucet 20 1
    local before
    before=$(curl -sS "$api/balance" | jq .balance)
    ask -d '{"amount":7}'
    assert_equal "$code" 200
    assert_equal "$(jq -c '[.amount, .unit]' <<<"$body")" '[7,"hash"]'
    hp-config init other --network sim --ports auto >/dev/null
    sed -i "s|^#*mint_url = .*|mint_url = \"$(mint_url)\"|" other/shared/proxy.toml
    jq -r .token <<<"$body" | hp-wallet --config-dir other receive -
    assert_equal "$(hp-wallet --config-dir other balance --json | jq .unspent)" 7
    assert_equal "$(curl -sS "$api/balance" | jq .balance)" $((before - 7))
    assert_equal "$(curl -sSI "$api/balance" | grep -ci '^cache-control: no-store')" 1
}

@test "AC-332 amounts that are none: 400 with the reason, and no token is made" {
    start_faucet 20 1
    local bad
    for bad in '{"amount":0}' '{"amount":-1}' '{"amount":21}' '{"amount":18446744073709551616}' '{"amount":1e3}' '{"amount":1.5}' \
        '{"amount":"5"}' '{"amount":null}' '{"amuont":5}' '[5]' '5' 'x' '{"amount":5'; do
        ask -d "$bad"
        assert_equal "$bad $code" "$bad 400"
        assert [ "$(jq -r '.error | length' <<<"$body")" -gt 10 ]
    done
    body=$(curl -sS -o /dev/null -w '%{http_code}' -X POST -d '{"amount":5}' "$api/mint/tokens")
    assert_equal "$body" 415
    ask -d "$(head -c 5000 /dev/zero | tr '\0' ' ')"
    assert_equal "$code" 413
    assert_equal "$(curl -sS -o /dev/null -w '%{http_code}' "$api/mint/tokens")" 405
    assert_equal "$(curl -sS -o /dev/null -w '%{http_code}' "$api/")" 404
    assert_equal "$(hp-wallet --config-dir "$dir" balance --json | jq .reserved)" 0
}

@test "more than the wallet has: 400, and the next one may ask at once" {
    start_faucet 1000000 60
    ask -d '{"amount":1000000}'
    assert_equal "$code" 400
    [[ $(jq -r .error <<<"$body") == "amount: the wallet has "* ]]
    ask -d '{"amount":5}'
    assert_equal "$code" 200
}

@test "AC-317 100 at once: one token an interval, the rest 429 with the time to wait" {
    start_faucet 5 60
    seq 100 | xargs -P 50 -I{} curl -sS -o /dev/null -w '%{http_code}\n' -X POST -H 'content-type: application/json' \
        "$api/mint/tokens" >codes
    assert_equal "$(sort codes | uniq -c | tr -s ' ')" " 1 200
 99 429"
    run -0 curl -sS -D - -o /dev/null -X POST -H 'content-type: application/json' "$api/mint/tokens"
    assert_line --regexp $'^Retry-After: ([1-9]|[1-5][0-9]|60)\r$'
    assert_equal "$(hp-wallet --config-dir "$dir" balance --json | jq .reserved)" 5
}

@test "a page elsewhere that points its own name here gets nothing, from hp-proxy and hp-web alike; a public name does" {
    start_faucet 20 60
    set_key shared/network.toml public_names '["pool.example"]'
    start_daemon web hp-web proxy --config-dir "$dir"
    wait_for_text web.log "serving http://"
    # Of hp-proxy, which does not know the public name, and of hp-web, which does.
    local -A rights=([$api/mint/tokens]=no [http://$(value shared/network.toml proxy_web_listen)/api/faucet]=yes)
    local url port known
    for url in "${!rights[@]}"; do
        port=$(sed 's|.*:\([0-9]*\)/.*|\1|' <<<"$url")
        known=403
        [ "${rights[$url]}" = no ] || known=429
        tell() { curl -sS -o body -w '%{http_code}' -X POST -H 'content-type: application/json' -d '{"amount":1}' "$@" "$url"; }
        assert_equal "$(tell -H 'Host: evil.example' -H 'Origin: http://evil.example')" 403
        assert_equal "$(tell -H "Host: evil.example:$port")" 403
        assert_equal "$(jq -r .error body)" "host evil.example:$port is not one of this server's names (public_names)"
        assert_equal "$(tell -H 'Origin: http://evil.example')" 403
        assert_equal "$(tell -H 'Origin: null')" 403
        assert_equal "$(tell -H 'Origin: http://127.0.0.1:1')" 403
        # curl sends one Host, whatever it is told.
        assert_equal "$(python3 -c '
import socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
peer.sendall(b"POST /mint/tokens HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")
print(peer.recv(99).split()[1].decode())' "$port")" 400
        assert_equal "$(tell -H 'Host;')" 400
        assert_equal "$(tell -H 'Host:')" 400
        # Nothing was paid so far, so that the next one is.
        tell -H "Host: localhost:$port" -H "Origin: http://localhost:$port" >code
        [[ $(<code) == 200 || $(<code) == 429 ]]
        assert_equal "$(tell -H 'Host: pool.example' -H 'Origin: https://pool.example')" "$known"
        # What only reads gives no balance either.
        assert_equal "$(curl -sS -o /dev/null -w '%{http_code}' -H 'Host: evil.example' "${url/mint\/tokens/balance}")" 403
    done
    assert_equal "$(hp-wallet --config-dir "$dir" balance --json | jq .reserved)" 1
}

@test "the mint is away: 503, nothing is lost, and it goes on when it is back" {
    start_faucet 6 60
    kill_daemon mint
    # 6 of one proof or two: a swap is needed or not. Either way a second try works once the mint is there.
    ask -d '{"amount":3}'
    start_mint
    if [ "$code" != 200 ]; then
        assert_equal "$code" 503
        again() { ask -d '{"amount":3}' && [ "$code" = 200 ]; }
        wait_until again
    fi
    hp-audit --config-dir "$dir" >audit || fail "$(cat audit)"
}

@test "hp-web hands it on with a QR code, and only to its own page" {
    start_faucet 20 60
    start_daemon web hp-web proxy --config-dir "$dir"
    wait_for_text web.log "serving http://"
    local url
    url=http://$(value shared/network.toml proxy_web_listen)
    assert_equal "$(curl -sS "$url/api/faucet" | jq .amount_max)" 20
    assert_equal "$(curl -sS "$url/api/settings" | jq .miner_port)" "$(value shared/network.toml proxy_listen | cut -d: -f2)"
    assert_equal "$(curl -sS -X POST -d '{}' -o /dev/null -w '%{http_code}' "$url/api/faucet")" 415
    run -0 curl -sS -X POST -H 'content-type: application/json' -d '{"amount":9}' "$url/api/faucet"
    assert_equal "$(jq -r '.qr | split("/") | (length >= 21) and (map(length) | unique | length == 1)' <<<"$output")" true
    assert_equal "$(jq -r '.qr | split("/")[0][0:8]' <<<"$output")" 11111110  # the finder in its corner
    assert_equal "$(curl -sS -X POST -H 'content-type: application/json' -o /dev/null -w '%{http_code}' "$url/api/faucet")" 429
    stop_daemon proxy
    # Most proxies have none: that is not an error for the browser's console.
    assert_equal "$(curl -sSf "$url/api/faucet")" '{"amount_max":null}'
    assert_equal "$(curl -sS -X POST -H 'content-type: application/json' -o /dev/null -w '%{http_code}' "$url/api/faucet")" 503
}

@test "AC-313 AC-320 AC-329 no page, route, log, command line or environment has a seed, key or proof; money is not cached" {
    ulimit -c unlimited 2>/dev/null || true  # where this machine would keep core dumps
    start_faucet 20 1
    local side path url
    for side in pool proxy; do
        hp-stats ingest --config-dir "$dir" --side "$side" "$dir/data/$side-events.jsonl" 2>/dev/null
        start_daemon "serve-$side" hp-stats serve --config-dir "$dir" --side "$side"
        start_daemon "web-$side" hp-web "$side" --config-dir "$dir"
        wait_for_text "serve-$side.log" "serving http://"
        wait_for_text "web-$side.log" "has current figures"
    done
    for side in pool proxy; do
        url=http://$(value shared/network.toml "${side}_stats_listen")
        for path in $(curl -sS "$url/api-docs/openapi.json" | jq -r '.paths | keys[]'); do curl -sS "$url${path/\{id\}/1}"; done
        url=http://$(value shared/network.toml "${side}_web_listen")
        for path in / /app.js /style.css /api/state '/api/history?span=1h' /api/settings /api/faucet; do curl -sS -i "$url$path"; done
    done >said
    curl -sS -i "$api/balance" >>said
    curl -sS "$(mint_url)/v1/info" >>said
    assert [ "$(wc -c <said)" -gt 20000 ]
    # What runs, as anybody on the machine sees it.
    for path in "${daemon_pid[@]}"; do tr '\0' '\n' <"/proc/$path/cmdline"; tr '\0' '\n' <"/proc/$path/environ"; done >seen
    assert [ -s seen ]
    # The seeds as words and as entropy, the keys, and every proof's secret.
    {
        cat "$dir"/secrets/*
        sqlite3 -readonly -cmd ".timeout 10000" "$dir/data/wallet.db" 'SELECT secret FROM proof'
    } | grep . | sort -u >secrets
    assert [ "$(wc -l <secrets)" -gt 20 ]
    refute grep -qF -f secrets said seen ./*.log
    # A token is money: nothing between may keep it.
    ask -d '{"amount":1}' -D head
    assert_equal "$code $(grep -ci '^cache-control: no-store' head)" "200 1"
    # Nor does a crash leave the memory of one that has secrets on the disk.
    for path in pool mint proxy; do
        assert_equal "$path $(awk '/Max core file size/ {print $5, $6}' "/proc/${daemon_pid[$path]}/limits")" "$path 0 0"
    done
}
