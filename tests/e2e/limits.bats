# What a pool bears at its edges: peers that come and go, no template yet, an end in the middle, odd surroundings.

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    new_key
}

fds() { ls "/proc/${daemon_pid[pool]}/fd" | wc -l; }
rss_kib() { awk '/^VmRSS/ {print $2}' "/proc/${daemon_pid[pool]}/status"; }
# cpu_ticks: of the pool, user and system, in hundredths of a second
cpu_ticks() { awk '{print $14 + $15}' "/proc/${daemon_pid[pool]}/stat"; }

@test "AC-030 2,000 connections that end in each way at each moment: nothing of them stays" {
    start_topology
    mine 1 "$pubkey"
    local before_fds before_rss
    before_fds=$(fds)
    # Once to warm up: what is kept for the next one is not growth.
    run_tool -0 "$tools/come_and_go" "$(pool_address)" "$(pool_key)" 500
    few() { [ "$(fds)" -le "$before_fds" ]; }
    wait_until few
    before_rss=$(rss_kib)
    run_tool -0 "$tools/come_and_go" "$(pool_address)" "$(pool_key)" 2000
    wait_until few
    assert [ "$(rss_kib)" -lt $((before_rss + 4096)) ]
    mine 1 "$pubkey"
    channels_are() { records pool_status | tail -n 1 | jq -e "[.connections, .channels] == [$1, $2]"; }
    wait_until channels_are 0 0
}

@test "AC-039 256 peers that finish the handshake and say nothing: an honest one gets in, and they go after 10 s" {
    start_topology
    start_daemon silent "$tools/come_and_go" "$(pool_address)" "$(pool_key)" 256 --keep
    wait_for_text silent.out "256 open"
    mine 1 "$pubkey"
    deadline_s=25 wait_for_text silent.out "256 closed"
    assert_equal "$(grep -c 'no SetupConnection within 10 s' pool.log | awk '{print ($1 > 0)}')" 1
}

@test "AC-041 a miner that comes before the first template: it waits without work for the pool, and then mines" {
    make_topology
    start_daemon pool hp-pool --config-dir "$dir"
    wait_for_address "$(pool_address)"
    start_daemon early hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --shares 1 --nominal-hash-rate 1 --json
    local before
    before=$(cpu_ticks)
    # Three of its status records are three seconds.
    wait_for_records pool_status 4
    assert [ $(($(cpu_ticks) - before)) -lt 30 ]
    start_template
    early_is_done() { ! kill -0 "${daemon_pid[early]}"; }
    deadline_s=30 wait_until early_is_done
    assert_equal "$(tail -n 1 early.out | jq .shares_accepted)" 1
}

@test "AC-042 a connection made while SIGTERM is handled is refused, and the pool is gone in time, its rows on disk" {
    start_topology
    start_daemon load hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 500 --nominal-hash-rate 1 --json
    wait_until has_rows 200
    kill -TERM "${daemon_pid[pool]}"
    local i
    for i in 1 2 3 4 5; do (exec 4<>"/dev/tcp/127.0.0.1/$(pool_address | cut -d: -f2)") 2>/dev/null || true; done
    stop_daemon pool
    assert_equal "$daemon_status" 0
    stop_daemon load
    # Every share that was acknowledged is there.
    assert [ "$(outbox 'SELECT count(*) FROM outbox')" -ge "$(tail -n 1 load.out | jq .shares_accepted)" ]
}

@test "AC-255 a database that cannot be written, in each way: exit 1, what it is, and nothing is made" {
    make_topology
    [ "$(id -u)" -ne 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    mkdir ways ways/folder.db ways/closed
    chmod 555 ways/closed
    chmod 755 "$BATS_TEST_TMPDIR" ways
    local path
    for path in ways/folder.db ways/none/outbox.db ways/closed/outbox.db; do
        run_tool -1 "${as_nobody[@]}" hp-stats ingest --db "$PWD/$path" </dev/null
        [[ $stderr == *"$path"* ]] || fail "$stderr"
        assert_equal "$output" ""
    done
    assert_equal "$(ls ways/closed)" ""
    hp-stats ingest --db ways/ro.db </dev/null
    chmod 444 ways/ro.db
    run_tool -1 "${as_nobody[@]}" hp-stats ingest --db "$PWD/ways/ro.db" </dev/null
    [[ $stderr == *"ro.db"* ]]
}

@test "AC-270 no TMPDIR, no HOME, a working directory that is gone, any umask: the topology works, secrets are 0600" {
    mkdir gone
    local mask
    for mask in 000 077; do
        (
            umask "$mask"
            cd gone
            env -u HOME TMPDIR=/nowhere hp-config init "$BATS_TEST_TMPDIR/conf" --network sim --ports auto >/dev/null
        )
        assert_equal "$(stat -c %a conf/secrets/* | sort -u)" 600
        assert_equal "$(stat -c %a conf/secrets)" 700
        [ "$mask" = 000 ] && rm -r conf
    done
    rm -r conf
    make_topology
    start_away() { # NAME TEXT
        start_daemon "$1" bash -c "mkdir \"\$1.gone\" && cd \"\$1.gone\" && rmdir \"\$1.gone\" && umask 000 && exec env -u HOME TMPDIR=/nowhere hp-$1 --config-dir '$dir'" _ "$PWD/$1"
        wait_for_text "$1.log" "$2"
    }
    start_away template "serving templates"
    start_away pool "ready: miners have work"
    start_away mint "serving wallets on"
    wait_for_link
    mine 3 "$pubkey"
    books_agree
    assert_equal "$(stat -c %a "$dir"/data/*.db | sort -u)" 600
}
