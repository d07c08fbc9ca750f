# The systemd units: faults and exposure as systemd-analyze finds them, and each one's own command lines with play-unit
# in systemd's place. Under systemd itself, in its sandbox: scripts/test-packages.

load ../cmd/helper

# In the order of their After=: the records' FIFO comes first.
services=(hp-ingest-pool hp-ingest-proxy hp-template hp-pool hp-mint hp-proxy hp-stats-pool hp-stats-proxy hp-web-pool
    hp-web-proxy)

setup() {
    root=$BATS_TEST_TMPDIR/r
    units=$root/lib/systemd/system
    mkdir -p "$root/lib/systemd" "$root/etc" "$root/usr/local"
    ln -s "$HP_BIN_DIR" "$root/usr/bin"
    ln -s "$HP_BIN_DIR" "$root/usr/local/bin"
    cp -r "$HP_BIN_DIR/../systemd/system" "$units"
}

# What systemd-analyze reads: the units, with programs that are there. An instance is a link, as `systemctl enable` makes.
make_analysable() {
    command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"
    cd "$units"
    sed -i -E "s#/usr/(local/)?bin/hp-#$HP_BIN_DIR/hp-#" ./*.service
    local unit
    for unit in *@.*; do [ -d "$unit" ] || ln -s "$unit" "${unit/@/@second}"; done
    unset SYSTEMD_UNIT_PATH
}
analysed() { printf './%s\n' "$@" | grep -v '@\.'; }

@test "systemd finds no fault in any unit" {
    make_analysable
    local all
    mapfile -t all < <(analysed *.service *.socket)
    assert_equal ${#all[@]} 24 # ten services and two sockets, each also as an instance
    run -0 systemd-analyze verify --man=no "${all[@]}"
    assert_output ""
    # ... and would say so if there were one.
    sed -i 's/^WatchdogSec=.*/WatchdogSec=soon/' hp-pool.service
    run systemd-analyze verify --man=no ./hp-pool.service
    assert_output --partial "Failed to parse"
}

@test "each service has its memory: MemoryHigh= of its program, MemoryMax= at twice that" {
    local unit program high max
    for unit in "$units"/*.service; do
        program=$(sed -n 's#^ExecStart=.*/\(hp-[a-z]*\) .*#\1#p' "$unit")
        high=$(sed -n 's/^MemoryHigh=\([0-9]*\)M$/\1/p' "$unit")
        max=$(sed -n 's/^MemoryMax=\([0-9]*\)M$/\1/p' "$unit")
        assert_equal "$program $high" "$program $(hp-config memory --defaults | sed -n "s/^$program MemoryHigh=\([0-9]*\)M .*/\1/p")"
        assert_equal "$max" $((2 * high))
    done
}

@test "drop-ins are written for each unit of a directory, and say what they add up to" {
    run -0 hp-config memory /etc/hashpool/second --defaults --write "$BATS_TEST_TMPDIR/out"
    assert_equal "${#lines[@]}" 10
    local unit path
    for unit in "${services[@]}"; do
        path=$BATS_TEST_TMPDIR/out/$unit@second.service.d/20-memory.conf
        # What the unit has by itself.
        assert_equal "$(grep -E '^Memory(High|Max)=' "$path")" "$(grep -E '^Memory(High|Max)=' "$units/$unit@.service")"
        grep -q 'buffer_memory_mib: 128M' "$path"
    done
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR/out/hp-pool@second.service.d")" 20-memory.conf
}

@test "no service is exposed by more than 2.0 of 10" {
    make_analysable
    local unit
    for unit in $(analysed *.service); do
        run -0 systemd-analyze security --offline=true --threshold=20 --no-pager "$unit"
        assert_output --regexp 'exposure level for .*: [01]\.[0-9]|: 2\.0'
    done
    # The limit is one: a service without its sandbox is over it.
    sed -i '/^Protect/d; /^Private/d; /^SystemCall/d' hp-pool.service
    run ! systemd-analyze security --offline=true --threshold=20 --no-pager ./hp-pool.service
}

play() { start_daemon "$1" "$HP_SOURCE_DIR/tests/ops/play-unit" "$root" "$1.service" --watchdog-s 4 "${@:2}"; }
told() { echo "$root/$1.service.told"; }
log_of() { echo "$root/$1.service.log"; }
wait_told() { wait_for_text "$(told "$1")" "$2"; }
start_units() {
    local unit
    for unit in "$@"; do
        play "$unit"
        wait_told "$unit" READY=1
    done
}
make_config() {
    conf=$root/etc/hashpool
    hp-config init "$conf" --network sim --ports auto >/dev/null
}
value() { sed -n "s/^$2 *= *\"\(.*\)\".*/\1/p" "$conf/$1"; }
miner_says() { [ -n "$(jq -c "select($1)" "$BATS_TEST_TMPDIR/miner.out")" ]; }
start_miner() {
    start_daemon miner hp-miner "stratum+tcp://$(value shared/network.toml proxy_listen)" --user rig1 --rate 20 --json
    wait_until miner_says '.shares_accepted > 0'
}
show_daemon_logs() { tail -n 20 "$root"/*.log "$root"/*.told >&2; }

@test "each unit's own command line is ready, says how it is, feeds the watchdog, logs, and ends by SIGTERM within 5 s" {
    make_config
    # Where HP_EVENTS leads decides what hp-ingest gets: no key in the files says it.
    assert_equal "$(grep -h '^events' "$conf"/*.toml || true)" ""
    start_units "${services[@]}"
    start_miner
    local unit
    for unit in "${services[@]}"; do
        wait_told "$unit" STATUS=
        wait_told "$unit" WATCHDOG=1
        run -0 cat "$(log_of "$unit")"
        assert_output --regexp '[0-9]Z info  hp-[a-z]+( [a-z]+)?: [^ ]'
    done
    # Records went through the FIFO of the socket unit, and are figures on the page.
    counts() { curl -sf "http://$(value shared/network.toml "$1")/api/state" | jq -e ".figures.$2 > 0" >/dev/null; }
    wait_until counts pool_web_listen mint_quotes_created
    wait_until counts proxy_web_listen tokens_minted
    stop_daemon miner
    local began
    for unit in "${services[@]}"; do
        began=${EPOCHREALTIME/./}
        stop_daemon "$unit"
        assert_equal "$unit $daemon_status" "$unit 0"
        [ $((${EPOCHREALTIME/./} - began)) -lt 5000000 ] || fail "$unit took longer than 5 s"
        assert_equal "$(tail -n 1 "$(told "$unit")")" "ended: 0"
    done
}

@test "records come over Noise into a unit that reads its own machine's too, as the documentation has it" {
    make_config
    mkdir -p "$units/hp-ingest-pool.service.d" "$units/hp-mint.service.d"
    awk '/^```ini$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$HP_SOURCE_DIR/docs/deployment.md" >"$units/hp-ingest-pool.service.d/override.conf"
    run -0 grep -c '^ExecStart=/usr/bin/hp-stats ingest - --listen-records' "$units/hp-ingest-pool.service.d/override.conf"
    start_units hp-ingest-pool
    wait_for_text "$(log_of hp-ingest-pool)" "records from stdin into"
    wait_for_text "$(log_of hp-ingest-pool)" "records from tcp://"
    local target
    target=$(grep -o 'tcp://[^ ]*' "$(log_of hp-ingest-pool)")
    printf '[Service]\nEnvironment=HP_EVENTS=%s\n' "$target" >"$units/hp-mint.service.d/zz-elsewhere.conf"
    start_units hp-template hp-pool hp-mint hp-ingest-proxy hp-proxy
    start_miner
    counted() { hp-stats show --config-dir "$conf" --side pool --json | jq -e ".shares_accepted > 0 and .quotes_created > 0 and .mint_quotes_created > 0 and .records_damaged == 0" >/dev/null; }
    wait_until counted
    stop_daemon miner
    stop_daemon hp-ingest-pool
    assert_equal "$daemon_status" 0
}

@test "a reload opens the log again and loses no miner" {
    make_config
    local unit reloaded=("${services[@]:0:6}")
    for unit in "${reloaded[@]}"; do
        sed -i "s|^ExecStart=.*|Environment=HP_LOG_FILE=$root/$unit.file\n&|" "$units/$unit.service"
    done
    start_units "${reloaded[@]}"
    start_miner
    for unit in "${reloaded[@]}"; do
        mv "$root/$unit.file" "$root/$unit.file.1"
        kill -HUP "${daemon_pid[$unit]}"
        wait_told "$unit" reloaded
        wait_until test -e "$root/$unit.file"
    done
    local accepted
    accepted=$(jq -s 'last.shares_accepted' "$BATS_TEST_TMPDIR/miner.out")
    wait_until miner_says ".shares_accepted > $accepted + 20"
    stop_daemon miner
    assert_equal "$(jq -c 'select(.type == "miner_summary") | [.connects, .disconnects, .shares_rejected]' "$BATS_TEST_TMPDIR/miner.out")" \
        '[1,0,0]'
}

@test "a reload with a faulty file is refused by the check, and the service goes on as it was" {
    make_config
    start_units hp-ingest-pool hp-template
    echo 'fee_refresh_s = 0' >>"$conf/template.toml"
    kill -HUP "${daemon_pid[hp-template]}"
    wait_told hp-template "reload failed"
    assert_equal "$(grep -c 'template.toml:.*fee_refresh_s' "$(log_of hp-template)")" 1
    kill -0 "${daemon_pid[hp-template]}"
    stop_daemon hp-template
    assert_equal "$daemon_status" 0
}

@test "a service with a faulty file is not started, and makes nothing" {
    make_config
    echo 'sim_block_bits = "many"' >>"$conf/template.toml"
    play hp-template
    wait_told hp-template "ExecStartPre failed: 2"
    run -0 cat "$(log_of hp-template)"
    assert_output --partial "template.toml:"
    refute_output --partial "hp-template:"
    assert [ ! -e "$conf/data/sim-chain.dat" ]
}

@test "a loop that stands still is noticed by the watchdog" {
    make_config
    start_units hp-ingest-pool
    play hp-template --watchdog-s 1
    wait_told hp-template READY=1
    local main
    main=$(pgrep -P "${daemon_pid[hp-template]}" hp-template)
    kill -STOP "$main"
    wait_told hp-template "watchdog timeout"
    wait_told hp-template "ended: 134"
}

@test "an instance reads and writes under its own name" {
    mkdir "$root/etc/hashpool"
    make_config
    mv "$conf" "$root/second" && mkdir "$conf" && mv "$root/second" "$conf/second"
    conf=$conf/second
    start_units hp-ingest-pool@second hp-template@second
    assert [ -s "$conf/data/sim-chain.dat" ]
    stop_daemon hp-template@second
    assert_equal "$daemon_status" 0
}
