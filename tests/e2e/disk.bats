# The disk is full, or fails, under a daemon at work: nothing is acknowledged that is not stored, blocks leave all the
# same, and when there is room again everything continues by itself.

load ../cmd/helper
load topology
load miners
load faults

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    new_key
}

miner_says() { [ "$(grep miner_status miner.out | tail -n 1 | jq "$1")" = true ]; }
blocks() { grep -c 'block found' pool.log || true; }
has_blocks() { [ "$(blocks)" -ge "$1" ]; }
# The same process as before: nobody restarted it.
same_process() { kill -0 "${daemon_pid[$1]}"; }
# ends NAME: waits for its end; its exit code is in $daemon_status
ends() {
    wait_until has_ended "${daemon_pid[$1]}"
    daemon_status=0
    wait "${daemon_pid[$1]}" || daemon_status=$?
    unset "daemon_pid[$1]"
}
has_ended() { ! kill -0 "$1"; }

has_alarms() { [ "$(hp-stats show --db "$dir/data/stats.db" --json | jq .alarms)" = "$1" ]; }
@test "AC-252 a full disk under the pool: no acknowledgement, blocks leave, and it goes on by itself with room" {
    set_key template.toml sim_block_bits 19
    start_template
    on_disk pool start_pool
    start_mint
    wait_for_link
    start_miner
    disk pool full
    wait_for_text pool.log "database or disk is full; shares are refused until it is writable"
    before=$(rows)
    found=$(blocks)
    wait_until miner_says '.rejected_by_reason["pool-storage-failed"] > 50'
    # I22: a block is worth more than the share that it is.
    wait_until has_blocks $((found + 1))
    height=$(grep -c 'template for height' template.log)
    wait_until has_lines $((height + 1)) 'template for height' template.log
    assert_equal "$(rows)" "$before"
    disk pool good
    wait_for_text pool.log "outbox: writable again"
    wait_until has_rows $((before + 50))
    same_process pool
    stop_miner
    books_agree
    assert_equal "$(jq .shares_accepted <<<"$summary")" "$(wc -l <rows)"
    # A new tip makes shares stale; nothing else was refused.
    assert_equal "$(jq -c '.rejected_by_reason | keys - ["pool-storage-failed", "stale-share"]' <<<"$summary")" "[]"
    # The records waited for room as well.
    wait_for_records alarm 1
    records alarm | grep -q "shares are refused until it is writable"
}

@test "AC-252 a full disk under the mint: quotes wait, wallets hear 503, and all goes on by itself with room" {
    start_template
    start_pool
    on_disk mint start_mint
    wait_for_link
    # Quotes that the wallet does not have yet when the disk is full.
    start_proxy
    owner=$(sed -nE 's/.*without their own key goes to ([0-9a-f]{66}).*/\1/p' proxy.log)
    stop_daemon proxy
    mine 20 "$owner"
    books_agree
    disk mint full
    start_proxy
    start_sv1_miner
    wait_for_text mint.log "database or disk is full"
    wait_until has_lines 1 'HTTP 503' proxy.log
    quotes=$(ledger 'SELECT count(*), sum(issued) FROM quote')
    wait_until has_rows $(($(rows) + 150))
    assert_equal "$(ledger 'SELECT count(*), sum(issued) FROM quote')" "$quotes"
    disk mint good
    stop_daemon miner
    summary=$(tail -n 1 miner.out)
    tokens_agree
    same_process mint
    # No miner noticed, and no row is given up because of a disk.
    assert_equal "$(jq .shares_rejected <<<"$summary")" 0
    assert_equal "$(($(jq .shares_accepted <<<"$summary") + 20))" "$(wc -l <rows)"
    assert_equal "$(outbox 'SELECT count(*) FROM outbox WHERE state = 3')" 0
}

@test "AC-252 a full disk under the wallet: miners mine, hp-wallet says it, and the tokens come with room" {
    start_template
    start_pool
    start_mint
    wait_for_link
    # Its waits are short, for they grow while the disk is full.
    HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock on_disk proxy start_proxy
    start_sv1_miner
    wait_for_text proxy.out token_minted
    disk proxy full
    wait_for_text proxy.log "database or disk is full"
    wait_for_text proxy.out '"alarm"'
    grep '"alarm"' proxy.out | jq -r .what | grep -q "^the wallet cannot store quotes: .*database or disk is full"
    HP_DISK_DIR=$dir/data HP_DISK_SWITCH=$BATS_TEST_TMPDIR/proxy.disk LD_PRELOAD=$full_disk run_tool -1 hp-wallet --config-dir "$dir" send 1
    assert_regex "$stderr" "database or disk is full"
    assert_equal "$output" ""
    wait_until has_rows $(($(rows) + 100))
    disk proxy good
    stop_daemon miner
    summary=$(tail -n 1 miner.out)
    tokens_agree
    same_process proxy
    wait_for_text proxy.log "quotes are stored again"
    assert_equal "$(jq .shares_rejected <<<"$summary")" 0
}

@test "AC-253 one failed fsync: pool and mint say so and end; started again they have all that was acknowledged" {
    start_template
    on_disk pool start_pool
    on_disk mint start_mint
    wait_for_link
    start_miner
    wait_until has_rows 50
    disk mint fsync
    ends mint
    assert_equal "$daemon_status" 1
    grep -q "error .*an fsync failed; no more writes" mint.log
    on_disk mint start_mint
    wait_until has_rows 150
    disk pool fsync
    ends pool
    assert_equal "$daemon_status" 1
    grep -q "error .*an fsync failed; no more writes" pool.log
    assert_equal "$(tail -n 1 pool.log)" "hp-pool: hint: check the disk, then restart the program; it recovers what is on disk"
    on_disk pool start_pool
    before=$(rows)
    wait_until has_rows $((before + 20))
    stop_miner
    books_agree
    accepted=$(jq .shares_accepted <<<"$summary")
    ((accepted > 100 && accepted <= $(wc -l <rows)))
}

# A record a second of pool_status, and shares, into the FIFO or socket that ingest reads.
shares_in() { hp-stats show --db "$dir/data/stats.db" --json | jq .shares_accepted; }
has_shares() { [ "$(shares_in)" = "$1" ]; }
share_records() { # FROM TO
    python3 -c '
import json, sys, time
for i in range(int(sys.argv[1]), int(sys.argv[2])):
    print(json.dumps(dict(v=1, ts_ms=int(time.time() * 1000), type="share_accepted", source="hp-pool", worker="rig1", amount=1, work_hashes=10)))' "$1" "$2"
}
feed_fifo() { share_records "$1" "$2" >&5; }
feed_socket() { share_records "$1" "$2" | python3 -c '
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.sendall(sys.stdin.buffer.read())' "$PWD/socket"; }

@test "AC-252 a full disk under hp-stats ingest: it waits for room, says so once, and what came meanwhile is there" {
    mkfifo fifo
    local way input
    for way in fifo socket; do
        input=$PWD/fifo
        [ "$way" = fifo ] || input=unix:$PWD/socket
        rm -f "$dir"/data/stats.db*
        on_disk ingest start_daemon ingest hp-stats ingest --db "$dir/data/stats.db" "$input" --log-file "$PWD/ingest.$way.log"
        [ "$way" != fifo ] || exec 5>fifo
        [ "$way" = fifo ] || wait_until test -S socket
        "feed_$way" 0 100
        wait_until has_shares 100
        disk ingest full
        "feed_$way" 100 200
        wait_for_text "ingest.$way.log" "database or disk is full; records wait, and continue automatically"
        # More than memory is for: what is not read stays in the pipe, or is dropped and counted.
        "feed_$way" 200 300
        same_process ingest
        disk ingest good
        wait_for_text "ingest.$way.log" "writable again; 0 records were dropped"
        wait_until has_shares 300
        same_process ingest
        assert_equal "$(grep -c "records wait" "ingest.$way.log")" 1
        wait_until has_alarms 1
        # Stopped while it waits, it says what is lost.
        disk ingest full
        "feed_$way" 300 310
        wait_until has_lines 2 "records wait" "ingest.$way.log"
        [ "$way" != fifo ] || exec 5>&-
        stop_daemon ingest
        assert_equal "$daemon_status" 1
        cat "ingest.$way.log" ingest.log | grep -qE "[0-9]+ records are lost"
        disk ingest good
    done
}

@test "AC-262 a full disk under the log alone: the service goes on" {
    start_template
    # A device that is always full. Readiness is seen from outside, for the log is silent.
    start_daemon pool hp-pool --config-dir "$dir" --log-file /dev/full
    start_daemon mint hp-mint --config-dir "$dir" --log-file /dev/full
    start_daemon proxy hp-proxy --config-dir "$dir" --log-file /dev/full --events -
    wait_for_address "$(value shared/network.toml proxy_listen)"
    start_sv1_miner
    wait_for_text proxy.out token_minted
    wait_until has_rows 100
    stop_daemon miner
    summary=$(tail -n 1 miner.out)
    tokens_agree
    assert_equal "$(jq .shares_rejected <<<"$summary")" 0
    local name
    for name in proxy mint pool; do
        stop_daemon "$name"
        assert_equal "$name $daemon_status" "$name 0"
        assert_equal "$(cat "$name.log")" ""
    done
}
