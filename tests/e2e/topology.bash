# Loaded after helper by stories that need a whole pool: load topology
# scripts/demo sources it too, for what starts a program.
#
# make_topology             a fresh sim directory in $dir; every share is worth the same, and no share is a block
# start_topology            that, and template, pool and mint: the pool has work and the mint its link on return
# start_template, start_pool, start_mint [OPTION...]   one of them, until it is ready
# start_proxy [OPTION...]   hp-proxy, until it is connected to the pool; its records are in proxy.out ($proxy_events),
#                           its address is in $proxy_listen
# kill_daemon NAME          SIGKILL, and waits for its end
# value FILE KEY            a configured text, as `value shared/network.toml pool_listen`
# set_key FILE KEY VALUE    replaces the line of the key, comment or not
# new_key                   a fresh locking key (66 hex digits) in $pubkey
# miner_url                 what hp-miner dials
# mine N KEY [OPTION...]    N shares for the owner of the key, by hp-miner over SV2; its summary is in $summary
# outbox SQL, ledger SQL    asks the database of the pool, of the mint
# wait_for_sql WHICH SQL ANSWER   until the database says so: wait_for_sql outbox "SELECT count(*) FROM outbox" 3
# records TYPE              the pool's event records of a type, one a line
# wait_for_records TYPE N   until there are N of them
# books_agree               waits until no row of the outbox is pending; every one is one quote then
# has_rows N                whether the outbox has N rows
# hostile WHOM CASE [ARG...]      tools/hostile CASE against mining or link; checks its exit code 0, stdout in $output
# post PATH JSON, get PATH  a request to the mint's API: status in $status, body in $output

# shellcheck disable=SC2154,SC2034
tools=$HP_SOURCE_DIR/tests/e2e/tools

make_topology() {
    dir=$BATS_TEST_TMPDIR/conf
    hp-config init "$dir" --network sim --ports auto >/dev/null
    set_key pool.toml shares_per_minute 100000
    set_key pool.toml vardiff_interval_s 3600
    set_key pool.toml events '"data/pool-events.jsonl"'
    set_key template.toml sim_block_bits 50
}

value() { sed -n "s/^$2 *= *\"\(.*\)\".*/\1/p" "$dir/$1"; }
set_key() {
    grep -qE "^#?$2 = " "$dir/$1" || fail "no $2 in $1"
    sed -i -E "s|^#?$2 = .*|$2 = $3|" "$dir/$1"
}

start_template() {
    start_daemon template hp-template --config-dir "$dir" "$@"
    wait_for_address "$(value shared/network.toml template_listen)"
}
start_pool() {
    start_daemon pool hp-pool --config-dir "$dir" "$@"
    wait_for_log pool "ready: miners have work"
}
start_mint() {
    start_daemon mint hp-mint --config-dir "$dir" "$@"
    wait_for_log mint "serving wallets on"
}
start_proxy() {
    proxy_listen=$(value shared/network.toml proxy_listen)
    start_daemon proxy hp-proxy --config-dir "$dir" --events "${proxy_events:--}" "$@"
    wait_for_address "$proxy_listen"
    wait_for_log proxy ": connected"
}
start_topology() {
    make_topology
    start_template
    start_pool
    start_mint
    wait_for_link
}
wait_for_address() { wait_for_port "${1##*:}"; }
wait_for_link() { wait_for_log mint ": up, session"; }

kill_daemon() {
    local pid=${daemon_pid[$1]}
    unset "daemon_pid[$1]"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
}

new_key() {
    pubkey=$(openssl ecparam -name secp256k1 -genkey -noout |
        openssl ec -pubout -conv_form compressed -outform DER 2>/dev/null | tail -c 33 | od -An -v -tx1 | tr -d ' \n')
}

pool_address() { value shared/network.toml pool_listen; }
pool_key() { value proxy.toml pool_authority_public_key; }
link_address() { value shared/network.toml link_listen; }
link_key() { value shared/pool.toml link_authority_public_key; }
mint_url() { echo "http://$(value shared/network.toml mint_listen)"; }
miner_url() { echo "stratum2+tcp://$(pool_address)/$(pool_key)"; }

# The announced hash rate is that of a toy, so that the shares are as easy, and worth as little, as the pool has them.
mine() {
    local count=$1 key=$2
    shift 2
    hp-miner "$(miner_url)" --user "$key" --threads 1 --shares "$count" --nominal-hash-rate 1 --json \
        --connect-timeout 10 "$@" >"$BATS_TEST_TMPDIR/miner.out" 2>"$BATS_TEST_TMPDIR/miner.err" 3>&- ||
        fail "hp-miner: $(cat "$BATS_TEST_TMPDIR/miner.err")"
    summary=$(tail -n 1 "$BATS_TEST_TMPDIR/miner.out")
    assert_equal "$(jq -c '[.type, .shares_accepted, .shares_rejected]' <<<"$summary")" "[\"miner_summary\",$count,0]"
}

# They wait for a lock, as a checkpoint takes it.
outbox() { sqlite3 -readonly -cmd ".timeout 10000" "$dir/data/outbox.db" "$1"; }
ledger() { sqlite3 -readonly -cmd ".timeout 10000" "$dir/data/mint.db" "$1"; }
sql_says() { [ "$("$1" "$2")" = "$3" ]; }
wait_for_sql() { wait_until sql_says "$1" "$2" "$3"; }

records() { grep -F "\"type\":\"$1\"" "$dir/data/pool-events.jsonl" || true; }
has_records() { [ "$(records "$1" | wc -l)" -ge "$2" ]; }
wait_for_records() { wait_until has_records "$1" "$2"; }

# Every row of the outbox has its quote, every quote its row, with the same amount, owner and id, and none twice.
books_agree() {
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state <> 2" 0
    outbox "SELECT quote_id, hex(share_hash), amount, hex(locking_key) FROM outbox ORDER BY 1" >rows
    ledger "SELECT lower(substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-' || substr(h, 13, 4) || '-' || substr(h, 17, 4) ||
            '-' || substr(h, 21)), hex(share_hash), paid, hex(pubkey) FROM (SELECT hex(id) AS h, * FROM quote) ORDER BY 1" >quotes
    diff rows quotes || fail "outbox and ledger differ"
    [ -s rows ]
    assert_equal "$(cut -d'|' -f1 rows | uniq -d)" ""
    assert_equal "$(cut -d'|' -f2 rows | sort | uniq -d)" ""
}
has_rows() { [ "$(outbox 'SELECT count(*) FROM outbox')" -ge "$1" ]; }

hostile() {
    local whom=$1
    shift
    run_tool -0 "$tools/hostile" "$("$whom"_address)" "$("$whom"_key)" "$@"
}

get() { request "$1" -X GET; }
# By a file: bodies may be longer than a command line.
post() {
    printf '%s' "$2" >"$BATS_TEST_TMPDIR/request"
    request "$1" -H 'Content-Type: application/json' --data-binary "@$BATS_TEST_TMPDIR/request"
}
request() {
    local path=$1
    shift
    # Deciding the status by -w keeps bodies and statuses apart, whatever the body is.
    status=$(curl -sS --path-as-is --max-time 10 -o "$BATS_TEST_TMPDIR/body" -D "$BATS_TEST_TMPDIR/head" -w '%{http_code}' "$@" "$(mint_url)$path")
    output=$(cat "$BATS_TEST_TMPDIR/body")
}
