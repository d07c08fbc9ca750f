# One of the daemons is away, stopped or told to end, under load: the list that the earlier Hashpool never tested.
# Also in link.bats: strangers, unlisted keys, replayed proofs, and kill -9.

load ../cmd/helper
load topology
load miners
load faults

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    new_key
}

@test "the mint's connection fails again and again, and each time comes back: every share is one quote" {
    make_topology
    start_mitm link "$(link_address)"
    set_key shared/pool.toml link_address "\"$mitm_address\""
    start_template
    start_pool
    HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock start_mint
    wait_for_link
    start_miner
    local round
    for round in 1 2 3; do
        # Nobody answers at the pool's port, then it is there again: as a broken network, not as a killed process.
        tell link refuse
        tell link now both:reset
        wait_until has_rows $(($(rows) + 40))
        (($(outbox 'SELECT count(*) FROM outbox WHERE state = 0') >= 30))
        tell link accept
        wait_until has_lines $((round + 1)) ': up, session' mint.log
    done
    miner_is_unharmed
    books_agree
    assert_equal "$(jq .shares_accepted <<<"$summary")" "$(wc -l <rows)"
    # Quotes were asked for in the order of the shares.
    assert_equal "$(ledger 'SELECT sum(created_ms < before) FROM
        (SELECT created_ms, lag(created_ms, 1, 0) OVER (ORDER BY seq) AS before FROM quote)')" 0
}

@test "the pool restarts: the mint finds it by itself, wallets are served meanwhile, nothing is asked for twice" {
    start_topology
    start_miner
    wait_until has_rows 50
    stop_daemon miner
    books_agree
    before=$(wc -l <rows)
    stop_daemon pool
    assert_equal "$daemon_status" 0
    wait_for_text mint.log "; trying again"
    # Without its pool a mint is a mint still.
    get /v1/keysets
    assert_equal "$status" 200
    get "/v1/mint/quote/ehash/$(cut -d'|' -f1 rows | head -n 1)"
    assert_equal "$status $(jq .amount_paid <<<"$output")" "200 $(cut -d'|' -f3 rows | head -n 1)"
    start_pool
    wait_until has_lines 2 ': up, session' mint.log
    grep -q 'up, session .*, backlog 0' mint.log
    mine 20 "$pubkey"
    books_agree
    assert_equal "$(wc -l <rows)" $((before + 20))
    assert_equal "$(records quote_created | grep -c '"replay":true')" 0
}

@test "the mint is away under load: no dip in accepted shares, then the backlog is drained in order" {
    # As tests/e2e/tools/long_outage --seconds 600 does for ten minutes.
    run_tool -0 "$tools/long_outage" --seconds 5 --rate 300 --before 2 --after 1
    jq -e '.ok and .backlog > 1000 and .rejected == 0 and .disconnects == 0 and .out_of_order == 0 and .books_agree
        and .rows == .quotes and .acknowledged == .rows and .drain_per_s >= 2000 and .ack_ms.during.count > 50' <<<"$output"
}

# ---- several mints

# Alpha is the mint of the configuration, beta has secrets, a database and a port of its own.
make_two_mints() {
    make_topology
    set_key shared/pool.toml unit_bits 8
    set_key pool.toml easiest_target_bits 8
    hp-config keygen link --out "$dir/secrets/beta-link.key"
    hp-config keygen mnemonic --out "$dir/secrets/beta.seed"
    local alpha beta
    alpha=$(hp-config pubkey - <"$dir/secrets/mint-link.key" | sed -n 's/^link //p')
    beta=$(hp-config pubkey - <"$dir/secrets/beta-link.key" | sed -n 's/^link //p')
    set_key pool.toml allowed_mint_keys "[\"alpha:$alpha\", \"beta:$beta\"]"
    free_ports 1
    beta_listen=127.0.0.1:${ports[0]}
}
start_alpha() { start_one alpha; }
start_beta() {
    start_one beta --database "$dir/data/beta.db" --mark-file "$dir/marks/beta.mark" --seed-file "$dir/secrets/beta.seed" \
        --link-secret-key-file "$dir/secrets/beta-link.key" --mint-listen "$beta_listen"
}
start_one() {
    start_daemon "$1" hp-mint --config-dir "$dir" "${@:2}"
    wait_for_text "$1.log" ": up, session"
}
beta_ledger() { sqlite3 -readonly -cmd ".timeout 10000" "$dir/data/beta.db" "$1"; }
# Rows of a mint (0 alpha, 1 beta) in a state: 0 waits, 2 has its quote.
rows_of() { outbox "SELECT count(*) FROM outbox WHERE seq >> 48 = $1 AND state = $2"; }
has_rows_in() { [ "$(rows_of "$1" "$2")" -ge "$3" ]; }
# Every row is a quote of its own mint, in the order of the shares, and of no other.
two_books_agree() {
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state <> 2" 0
    local of sql="SELECT seq, hex(share_hash), paid, hex(pubkey) FROM quote ORDER BY seq"
    for of in 0 1; do
        outbox "SELECT seq & 0xffffffffffff, hex(share_hash), amount, hex(locking_key) FROM outbox WHERE seq >> 48 = $of ORDER BY seq" >"rows.$of"
        [ -s "rows.$of" ]
    done
    diff rows.0 <(ledger "$sql") || fail "alpha differs"
    diff rows.1 <(beta_ledger "$sql") || fail "beta differs"
    assert_equal "$(cut -d'|' -f2 rows.0 rows.1 | sort | uniq -d)" ""
}

@test "two mints under load: each owner has one of them, and the one that is away does not hold up the other" {
    make_two_mints
    start_template
    start_pool
    start_alpha
    start_beta
    local owner away there
    for owner in 1 2 3 4 5 6 7 8; do
        new_key
        start_daemon "miner$owner" hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 25 --nominal-hash-rate 1 --json
    done
    # 8 keys on one side by chance: once in 128 runs. Then more owners come.
    until has_rows_in 0 2 1 && has_rows_in 1 2 1; do
        new_key
        mine 1 "$pubkey"
    done
    for away in 1 0; do
        there=$((1 - away))
        kill_daemon "$([ $away = 1 ] && echo beta || echo alpha)"
        wait_until has_rows_in $away 0 100
        served=$(rows_of $there 2)
        wait_until has_rows_in $there 2 $((served + 50))
        # Nothing waits at the mint that is there; what came this very moment aside.
        wait_for_sql outbox "SELECT count(*) < 20 FROM outbox WHERE seq >> 48 = $there AND state = 0" 1
        if [ $away = 1 ]; then start_beta; else start_alpha; fi
        wait_for_sql outbox "SELECT count(*) < 20 FROM outbox WHERE seq >> 48 = $away AND state = 0" 1
    done
    for owner in 1 2 3 4 5 6 7 8; do
        stop_daemon "miner$owner"
        assert_equal "$daemon_status $(tail -n 1 "miner$owner.out" | jq -c '[.connects, .disconnects, .shares_rejected]')" '0 [1,0,0]'
    done
    two_books_agree
    assert_equal "$(outbox "SELECT count(*) FROM (SELECT 1 FROM outbox GROUP BY locking_key HAVING min(seq >> 48) <> max(seq >> 48))")" 0
}

@test "two mints, all new quotes routed to one: rows of the other stay where they were, and are served when it is back" {
    make_two_mints
    start_template
    start_pool
    start_alpha
    until has_rows_in 1 0 1; do
        new_key
        mine 1 "$pubkey"
    done
    waiting=$(rows_of 1 0)
    stop_daemon pool
    set_key pool.toml route_to '"alpha"'
    start_pool
    # The owner whose mint was beta.
    mine 5 "$pubkey"
    assert_equal "$(rows_of 1 0)" "$waiting"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE seq >> 48 = 0 AND state <> 2" 0
    start_beta
    two_books_agree
    assert_equal "$(rows_of 1 2)" "$waiting"
}

# ---- stopped, and told to end

@test "AC-264 each of mint, pool and proxy sleeps longer than every time limit: the others leave it, and it comes back" {
    make_topology
    start_template
    # 30 s of silence and 60 s without an answer pass in a few; a process that sleeps finds that hours went by.
    export HP_CLOCK_SPEED=20
    LD_PRELOAD=$fast_clock start_pool
    LD_PRELOAD=$fast_clock start_mint
    wait_for_link
    LD_PRELOAD=$fast_clock start_proxy
    unset HP_CLOCK_SPEED
    start_sv1_miner
    kill -STOP "${daemon_pid[mint]}"
    wait_for_text pool.log "silent for 30 s"
    kill -CONT "${daemon_pid[mint]}"
    wait_until has_lines 2 ': up, session' mint.log
    silences=$(grep -c 'pool silent for 30 s; trying again' mint.log || true)  # the mint that slept may have said it too
    kill -STOP "${daemon_pid[pool]}"
    wait_until has_lines $((silences + 1)) 'pool silent for 30 s; trying again' mint.log
    kill -CONT "${daemon_pid[pool]}"
    wait_until has_lines 3 ': up, session' mint.log
    kill -STOP "${daemon_pid[proxy]}"
    ticks=$(records pool_status | wc -l)
    wait_for_records pool_status $((ticks + 80))
    kill -CONT "${daemon_pid[proxy]}"
    wait_until has_rows $(($(rows) + 20))
    # The miner was kept, and no share refused.
    miner_is_unharmed
    tokens_agree
    assert_equal "$(jq .shares_accepted <<<"$summary")" "$(wc -l <rows)"
}

@test "AC-265 signals under load: SIGHUP and SIGPIPE change nothing; SIGTERM and SIGINT end each within 10 s, nothing lost" {
    make_topology
    start_template
    start_pool
    start_mint
    wait_for_link
    start_proxy
    start_sv1_miner
    local signal name
    for signal in HUP PIPE HUP; do
        for name in pool mint proxy; do kill -s "$signal" "${daemon_pid[$name]}"; done
        wait_until has_rows $(($(rows) + 10))
    done
    assert_equal "$(grep -c 'connected' proxy.log)" 2
    assert_equal "$(grep -c ': up, session' mint.log)" 1
    for signal in TERM INT; do
        for name in mint pool proxy; do
            wait_until has_rows $(($(rows) + 10))
            kill -s "$signal" "${daemon_pid[$name]}"
            stop_daemon "$name"
            assert_equal "$signal $name $daemon_status" "$signal $name 0"
            "start_$name"
            [ "$name" != pool ] || wait_until proxy_is_back
        done
    done
    wait_until has_rows $(($(rows) + 10))
    stop_daemon miner
    tokens_agree
    accepted=$(tail -n 1 miner.out | jq .shares_accepted)
    ((accepted > 0 && accepted <= $(wc -l <rows)))
}
proxy_is_back() { tail -n 3 proxy.log | grep -q 'pool .*: connected'; }

# ---- what SV1 miners see

@test "the pool restarts: SV1 miners stay until it is back, hear why no share counts, and who comes meanwhile is answered" {
    start_topology
    start_proxy
    local proxy_listen early late
    proxy_listen=$(value shared/network.toml proxy_listen)
    mkfifo go
    start_daemon early bash -c "exec python3 '$tools/sv1_client.py' '$proxy_listen' outage <go"
    exec 5>go
    wait_for_text early.out accepted
    stop_daemon pool
    wait_for_text proxy.log "trying again"
    echo >&5
    early=$(jq -cn '["away", 20, "pool-away: the pool is down: this share does not count"]')
    all_refused() { [ "$(jq -c 'select(.case == "away") | [.case, .error[0], .error[1]]' early.out | grep -cxF "$early")" -eq 40 ]; }
    wait_until all_refused
    mkfifo go2
    start_daemon late bash -c "exec python3 '$tools/sv1_client.py' '$proxy_listen' outage <go2"
    exec 6>go2
    wait_until has_lines 2 '"type":"miner_connected"' proxy.out
    start_pool
    # The pool of a new life gives other extranonces: who cannot change its own is closed with the reason, and comes again.
    wait_for_text early.out closed
    wait_for_text proxy.out '"reason":"the pool was away: extranonce changed"'
    wait_for_text late.out accepted
    exec 5>&- 6>&-
}

@test "outage_patience_s closes those who wait for a pool, so that they try another" {
    make_topology
    start_daemon proxy hp-proxy --config-dir "$dir" --events - --outage-patience-s 1
    local proxy_listen
    proxy_listen=$(value shared/network.toml proxy_listen)
    wait_for_address "$proxy_listen"
    run_tool -0 python3 - "$proxy_listen" <<'PYTHON'
import json, socket, sys
host, port = sys.argv[1].rsplit(":", 1)
connection = socket.create_connection((host, int(port)), timeout=20)
connection.sendall(b'{"id":1,"method":"mining.subscribe","params":["t"]}\n')
lines = connection.makefile().readlines()  # until it is closed
print(json.loads(lines[0])["error"][1])
PYTHON
    assert_output --regexp '^the pool has been down for [1-9][0-9]* s: try another one \(outage_patience_s\)$'
    wait_for_text proxy.out '"closed_for_outage":1'
}
