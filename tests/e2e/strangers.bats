# Peers that cost and earn nothing: proven peers stay, new honest ones get in, and memory has
# its limit. Loopback counts as any other address here (sources_exempt is empty).

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    set_key shared/network.toml sources_exempt '[]'
    new_key
}

# strangers NAME ARGS...: tools/strangers in the background, until it holds what it should
strangers() {
    mkfifo "$1.in"
    start_daemon "$1" bash -c 'exec python3 "$@" <"$0"' "$1.in" "$tools/strangers" "${@:2}"
    exec {stdin_of[$1]}>"$1.in"
    deadline_s=60 wait_for_text "$1.out" " open"
}
declare -A stdin_of=()
# let_go NAME: they close, and say how many were left open
let_go() {
    exec {stdin_of[$1]}>&-
    deadline_s=30 wait_for_text "$1.out" "still open"
    wait "${daemon_pid[$1]}"
    unset "daemon_pid[$1]"
}
rss_kib() { awk '/^VmRSS/ {print $2}' "/proc/${daemon_pid[$1]}/status"; }
# Once the other side has heard of all that came.
fds_are_below() { [ "$(ls "/proc/${daemon_pid[$1]}/fd" | wc -l)" -lt "$2" ]; }
rss_is_below() { [ "$(rss_kib "$1")" -lt "$2" ]; }

@test "the mint links beside 300 strangers a second, half of whom finish the handshake and say nothing" {
    start_template
    start_pool
    start_daemon flood python3 "$tools/strangers" flood "$(link_address)" 300 60
    # The table of strangers is full, as it stays from here on.
    deadline_s=30 wait_for_text pool.log "limit reached; closing the oldest for each new one"
    start_mint
    wait_for_link
    # And stays linked, with shares on their way, while they go on.
    mine 3 "$pubkey"
    books_agree
    kill -0 "${daemon_pid[flood]}"
    refute grep -q "link to pool .*: trying again" mint.log
}

@test "a miner gets in beside 1,000 first acts a second from its own address, and those at work lose nothing" {
    start_template
    start_pool
    start_daemon control hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 50 --nominal-hash-rate 1 --json
    wait_until has_rows 1
    start_daemon flood python3 "$tools/strangers" flood "$(pool_address)" 1000 60
    deadline_s=30 wait_for_text pool.log "limit reached; closing the oldest for each new one"
    mine 1 "$pubkey"
    kill -0 "${daemon_pid[flood]}"
    stop_daemon control
    summary=$(tail -n 1 control.out)
    assert_equal "$(jq -c '[.connects, .disconnects, .shares_rejected]' <<<"$summary")" '[1,0,0]'
}

is_complete() { [ "$(tail -n 1 farm.out | jq '.connects >= 2000 and .shares_accepted > 0')" = true ]; }
@test "a farm of 2,000 miners behind one address: all get in and stay, over SV2 and SV1" {
    [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 8192 ] || skip "at most $(ulimit -Hn) open files here"
    ulimit -Sn "$(ulimit -Hn)"
    start_template
    start_pool
    start_daemon proxy hp-proxy --config-dir "$dir"
    wait_for_text proxy.log "SV1 miners on"
    local url
    for url in "$(miner_url)" "stratum+tcp://127.0.0.1:$(value shared/network.toml proxy_listen | cut -d: -f2)"; do
        rm -f farm.out # of the run before
        start_daemon farm hp-miner "$url" --user "$pubkey" --threads 1 --connections 2000 --rate 500 --nominal-hash-rate 1 --json
        deadline_s=60 wait_until is_complete
        stop_daemon farm
        summary=$(tail -n 1 farm.out)
        assert_equal "$(jq -c '[.connects, .disconnects]' <<<"$summary")" '[2000,0]'
        assert [ "$(jq .shares_accepted <<<"$summary")" -gt 0 ]
    done
    refute grep -q "proven nothing" pool.log proxy.log
}

@test "a new wallet is answered beside 1,100 silent connections from its own address" {
    start_mint
    strangers silent silent "$(value shared/network.toml mint_listen)" 1100 --left 511
    get /v1/info
    assert_equal "$status" 200
    grep -q "unproven connections.*: limit reached; closing the oldest" mint.log
    let_go silent
    # 512 an address.
    assert_equal "$(tail -n 1 silent.out)" "511 still open"
}

@test "600 event streams leave hp-web open to whoever asks, and the newest viewer has its stream" {
    local web
    web=$(value shared/network.toml pool_web_listen)
    start_daemon web hp-web pool --config-dir "$dir"
    wait_for_address "$web"
    strangers streams streams "$web" 600 --left 511
    run -0 curl -sSf --max-time 10 -o page "http://$web/"
    run -28 curl -sS --max-time 1 "http://$web/events"
    let_go streams
    assert_equal "$(tail -n 1 streams.out)" "511 still open"
}

@test "requests that stop before their end: the largest are cut at buffer_memory_mib, and the memory comes back" {
    set_key shared/network.toml buffer_memory_mib 32
    start_mint
    get /v1/info
    local before
    before=$(rss_kib mint)
    strangers posts posts "$(value shared/network.toml mint_listen)" 120 --left 32
    wait_for_text mint.log "unfinished input and unread answers use more than 32 MiB: closing the largest connection"
    wait_until fds_are_below mint 64
    get /v1/info
    assert_equal "$status" 200
    # All 120 would hold 120 MiB. The allocator does not return every page at once, hence not exactly 32.
    assert [ "$(rss_kib mint)" -lt $((before + 64 * 1024)) ]
    let_go posts
    assert [ "$(tail -n 1 posts.out | cut -d' ' -f1)" -le 32 ]
    deadline_s=30 wait_until rss_is_below mint $((before + 8 * 1024))
}

@test "half a frame of 139 kB before SetupConnection is refused by its size, and 3,000 half lines go without a trace" {
    start_template
    start_pool
    local before fds
    before=$(rss_kib pool)
    fds=$(ls "/proc/${daemon_pid[pool]}/fd" | wc -l)
    strangers frames frames "$(pool_address)" "$(pool_key)" 20 --left 0
    wait_until fds_are_below pool $((fds + 1))
    assert [ "$(rss_kib pool)" -lt $((before + 1024)) ]
    let_go frames
    assert_equal "$(tail -n 1 frames.out)" "0 still open"
    start_daemon proxy hp-proxy --config-dir "$dir"
    wait_for_text proxy.log "SV1 miners on"
    before=$(rss_kib proxy)
    strangers lines lines "$(value shared/network.toml proxy_listen)" 3000 --left 2048
    let_go lines
    # 2,048 an address.
    assert_equal "$(tail -n 1 lines.out)" "2048 still open"
    deadline_s=30 wait_until rss_is_below proxy $((before + 3 * 1024))
}
