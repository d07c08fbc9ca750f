# The log of every service, the same way.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config init conf --network sim --ports auto >/dev/null
    hp-stats ingest --db stats.db 2>/dev/null </dev/null
    mkfifo records
    exec 5<>records
}
teardown() {
    exec 5<&-
    stop_daemons
}

services=(template pool mint proxy ingest collect figures web miner)
# Each alone, so its dependencies are down; it must still log, and keep running.
declare -gA command_of=(
    [template]="hp-template --config-dir conf" [pool]="hp-pool --config-dir conf" [mint]="hp-mint --config-dir conf"
    [proxy]="hp-proxy --config-dir conf" [ingest]="hp-stats ingest records --db ingest.db --config-dir conf"
    [collect]="hp-stats ingest unix:records.sock --db collect.db --config-dir conf"
    [figures]="hp-stats serve stats.db --config-dir conf" [web]="hp-web pool --config-dir conf"
    [miner]="hp-miner stratum+tcp://127.0.0.1:1 --user rig1"
)
start_service() { # NAME FLAGS...
    local name=$1
    shift
    # shellcheck disable=SC2086
    start_daemon "$name" ${command_of[$name]} "$@"
}
has_line() { [ -s "$1" ]; }
runs() { kill -0 "${daemon_pid[$1]}"; }

@test "each service logs to a file, which SIGHUP opens again after a rename, and says nothing on stderr" {
    local name
    for name in "${services[@]}"; do
        start_service "$name" --log-file "$name.file"
        wait_until has_line "$name.file"
        mv "$name.file" "$name.file.1"
        kill -HUP "${daemon_pid[$name]}"
        wait_for_text "$name.file" "SIGHUP: log reopened"
        stop_daemon "$name"
        assert_equal "$name $daemon_status $(cat "$name.log")" "$name 0 "
    done
}

@test "each service's JSON log: one object a line, all with time, level, program, module and text" {
    local name
    for name in "${services[@]}"; do
        start_service "$name" --log-file "$name.json" --log-format json
        wait_until has_line "$name.json"
        stop_daemon "$name"
        run -0 jq -es --raw-input 'split("\n") | .[:-1] | map(fromjson) | length > 0 and
            all(.ts[-1:] == "Z" and (.level | IN("debug", "info", "warn", "error")) and (.program | startswith("hp-")) and
                (.module | length > 0) and (.msg | length > 0))' "$name.json"
        start_service "$name" --log-file "$name.logfmt" --log-format logfmt
        wait_until has_line "$name.logfmt"
        stop_daemon "$name"
        run ! grep -vE '^ts=[-0-9T:.]+Z level=(debug|info|warn|error) program=hp-[a-z]+ module=[a-z]+ msg="([^"\\]|\\.)*"( repeated=[0-9]+)?$' "$name.logfmt"
    done
}

@test "a log file that cannot be opened: exit 1, the file and the reason, and nothing is started" {
    local name
    rm -f collect.db ingest.db
    for name in "${services[@]}"; do
        local call=${command_of[$name]}
        # shellcheck disable=SC2086
        run_tool -1 timeout 10 $call --log-file "$PWD/nowhere/x.log"
        assert_equal "$stderr" "${call%% *}: error: cannot open the log file '$PWD/nowhere/x.log': No such file or directory
${call%% *}: hint: does its directory exist, and may this user write there?"
    done
    assert [ ! -e collect.db ]
    assert [ ! -e ingest.db ]
    assert [ ! -e conf/data/outbox.db ]
    assert [ ! -e conf/data/mint.db ]
    run_tool -1 hp-wallet --config-dir conf balance --log-file "$PWD/nowhere/x.log"
    assert [ ! -e conf/data/wallet.db ]
    assert_equal "${stderr_lines[0]}" "hp-wallet: error: cannot open the log file '$PWD/nowhere/x.log': No such file or directory"
}

@test "a wrong level or format: exit 2, what is allowed, and nothing is started" {
    local name
    for name in "${services[@]}"; do
        local call=${command_of[$name]}
        # shellcheck disable=SC2086
        run_tool -2 timeout 10 $call --log-level info,nett=debug
        [[ $stderr == *"module 'nett', which is unknown, allowed: main, "* ]] || fail "$name: $stderr"
        # shellcheck disable=SC2086
        run_tool -2 timeout 10 $call --log-format xml
        [[ $stderr == *"text, json"*logfmt* ]] || fail "$name: $stderr"
    done
    assert [ ! -e conf/data/outbox.db ]
}

@test "AC-262 a full disk under the log stops no service, and its status counts the lines" {
    local name
    for name in "${services[@]}"; do
        local flags=(--log-file /dev/full)
        case $name in template | pool | proxy | mint) flags+=(--events "$PWD/$name.events") ;; esac
        start_service "$name" "${flags[@]}"
    done
    for name in template pool proxy mint; do
        wait_until test -e "$name.events"
        counts() { jq -es "any((.type | endswith(\"_status\")) and .log_lines_dropped > 0)" "$name.events" >/dev/null; }
        wait_until counts
    done
    # Those that write no records: in their database, and on a page of their own.
    for name in ingest collect; do
        in_database() { [ "$(sqlite3 "$name.db" "SELECT json > 0 FROM gauge WHERE source='hp-stats' AND field='log_lines_dropped'" 2>/dev/null)" = 1 ]; }
        wait_until in_database
    done
    on_page() { curl -sS "http://$(sed -n "s/^$1 = \"\(.*\)\"/\1/p" conf/shared/network.toml)/metrics" | grep -qE "^hashpool_status\{source=\"$2\",field=\"log_lines_dropped\"\} [1-9]"; }
    wait_until on_page pool_stats_listen "hp-stats serve"
    wait_until on_page pool_web_listen hp-web
    for name in "${services[@]}"; do
        kill -HUP "${daemon_pid[$name]}"
        runs "$name" || fail "$name has ended"
        stop_daemon "$name"
        assert_equal "$name $daemon_status" "$name 0"
    done
}

@test "why a service did not start is in its log file too" {
    echo 'no database' >conf/data/outbox.db
    run_tool -1 timeout 10 hp-pool --config-dir conf --log-file "$PWD/pool.file"
    local reason=${stderr_lines[0]#hp-pool: error: }
    wait_until grep -qF -- "error hp-pool cli: $reason" pool.file
}

@test "a reader of the log that has stopped delays no service's end" {
    local name
    for name in "${services[@]}"; do
        mkfifo "$name.fifo"
        start_daemon reader "$HP_SOURCE_DIR/tests/e2e/tools/stalled_reader" "$name.fifo" "$name.err"
        wait_for_text reader.out reading
        start_service "$name" --log-file "$name.fifo" --log-level debug
        wait_until has_line "$name.err"
        kill -USR1 "${daemon_pid[reader]}"
        wait_for_text reader.out full
        kill -USR1 "${daemon_pid[$name]}" # which it would say
        stop_daemon "$name"
        assert_equal "$name $daemon_status" "$name 0"
        stop_daemon reader
    done
}

@test "under systemd each line begins with its priority; a redirected stderr is not the journal" {
    local name
    for name in "${services[@]}"; do
        : >"$name.log" # as start_daemon will have it: the same inode
        JOURNAL_STREAM=$(stat -c %d:%i "$name.log") start_service "$name"
        wait_until has_line "$name.log"
        stop_daemon "$name"
        run ! grep -vE '^<[3467]>[^<]' "$name.log"
        JOURNAL_STREAM=1:1 start_service "$name"
        wait_until has_line "$name.log"
        stop_daemon "$name"
        run ! grep -vE '^[-0-9T:.]+Z (debug|info |warn |error) hp-' "$name.log"
    done
}

@test "SIGHUP takes over log_level of the service's own file, for single modules too" {
    local name
    for name in template pool mint proxy; do
        start_service "$name"
        wait_until has_line "$name.log"
        echo 'log_level = "warn,cli=info,net=debug"' >>"conf/$name.toml"
        kill -HUP "${daemon_pid[$name]}"
        wait_for_text "$name.log" "hp-$name cli: SIGHUP: log reopened, log_level warn,cli=info,net=debug"
        stop_daemon "$name"
        run ! grep -F "info  hp-$name: stopping" "$name.log"
    done
    # A connection that the debug lines of net tell of.
    start_service template --log-level warn,net=debug
    local port
    port=$(sed -n 's/^template_listen *= *".*:\(.*\)"/\1/p' conf/shared/network.toml)
    wait_for_port "$port"
    wait_for_text template.log "hp-template net: 127.0.0.1:"
    run ! grep -E 'info  hp-template' template.log
}

@test "SIGUSR1 has every service log from debug on, and the next one as before" {
    local name
    for name in "${services[@]}"; do
        start_service "$name" --log-level info
        wait_until has_line "$name.log"
        kill -USR1 "${daemon_pid[$name]}"
        wait_for_text "$name.log" ": SIGUSR1: log_level debug until the next SIGUSR1"
        kill -USR1 "${daemon_pid[$name]}"
        wait_for_text "$name.log" ": SIGUSR1: log_level as before"
        stop_daemon "$name"
    done
    start_service template --log-level error
    local port
    port=$(sed -n 's/^template_listen *= *".*:\(.*\)"/\1/p' conf/shared/network.toml)
    wait_for_port "$port"
    kill -USR1 "${daemon_pid[template]}"
    wait_for_text template.log "SIGUSR1"
    wait_for_port "$port"
    wait_for_text template.log "warn  hp-template net: 127.0.0.1:"
}

@test "AC-285 a file that is bad at SIGHUP changes nothing, and the log says which key; a flag stays what it was" {
    start_service pool
    wait_until has_line pool.log
    cp conf/pool.toml good.toml
    head -c 300 good.toml >conf/pool.toml
    printf 'log_level = "debug"\nmax_infl' >>conf/pool.toml
    says_which() { grep -q 'log_level unchanged, the configuration has [0-9]* problems, the first: .*/pool.toml' pool.log; }
    kill -HUP "${daemon_pid[pool]}"
    wait_until says_which
    { cat good.toml; echo 'log_level = "loud"'; } >conf/pool.toml
    kill -HUP "${daemon_pid[pool]}"
    wait_for_text pool.log "log_level: is 'loud', allowed: trace, debug, info, warn or error, and MODULE=LEVEL"
    { cat good.toml; echo 'log_level = "nett=debug"'; } >conf/pool.toml
    kill -HUP "${daemon_pid[pool]}"
    wait_for_text pool.log "log_level unchanged: log level for the module 'nett', which is unknown"
    cp good.toml conf/pool.toml
    kill -HUP "${daemon_pid[pool]}"
    wait_for_text pool.log "SIGHUP: log reopened, log_level info"
    stop_daemon pool
    assert_equal "$daemon_status" 0

    echo 'log_level = "error"' >>conf/pool.toml
    start_service pool --log-level info
    wait_until has_line pool.log
    kill -HUP "${daemon_pid[pool]}"
    wait_for_text pool.log "SIGHUP: log reopened, log_level info"
}

@test "log_file, log_format and log_level stand in the service's file too; hp-config check knows them" {
    { echo 'log_file = "pool.log"'; echo 'log_format = "json"'; } >>conf/pool.toml
    run_tool -0 hp-config check conf
    start_service pool
    wait_until has_line conf/pool.log
    stop_daemon pool
    run -0 jq -es 'all(.program == "hp-pool")' conf/pool.log
    echo 'log_level = "info,nett=debug"' >>conf/pool.toml
    run_tool -2 hp-config check conf
    [[ $output$stderr == *"conf/pool.toml:"*": log_level: "*"module 'nett', which is unknown"* ]] || fail "$output $stderr"
}

@test "who looks at figures writes no log file of the service, unless a flag says so" {
    echo 'log_file = "figures.log"' >>conf/stats.toml
    run_tool -0 hp-stats show stats.db --config-dir conf
    assert [ ! -e conf/figures.log ]
    run_tool -0 hp-stats show stats.db --config-dir conf --log-file mine.log
    assert [ -e mine.log ]
    start_service figures
    wait_until has_line conf/figures.log
}

@test "AC-021 AC-132 what a peer sends is one line of the log in every format" {
    local format port line
    port=$(sed -n 's/^proxy_listen *= *".*:\(.*\)"/\1/p' conf/shared/network.toml)
    for format in text json logfmt; do
        start_service proxy --log-file "hostile.$format" --log-format "$format"
        wait_for_port "$port"
        printf '2026-01-01T00:00:00.000Z error hp-proxy: forged\r\x1b[2J\x00\xff\xe2\x80\xae {"level":"error"} level=error\n' \
            >"/dev/tcp/127.0.0.1/$port"
        wait_for_text "hostile.$format" "bad line"
        stop_daemon proxy
        run ! grep -nP '[^\x20-\x7e]' "hostile.$format"
        line=$(grep "bad line" "hostile.$format")
        case $format in
            text) run ! grep -E '^2026-01-01' hostile.text ;;
            json) run -0 jq -es 'all(.level != "error")' hostile.json ;;
            logfmt) [[ $line =~ ^ts=[^\ ]+\ level=warn\  ]] || fail "$line" ;;
        esac
    done
}

@test "an error's exit waits for no reader of stderr that has stopped, whether the start fails or the configuration is wrong" {
    echo 'no database' >conf/data/outbox.db
    cat >full_stderr <<'PY'
import fcntl, os, subprocess, sys
r, w = os.pipe()
size = fcntl.fcntl(w, 1031, 4096)  # F_SETPIPE_SZ
os.write(w, b"x" * size)
sys.exit(subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=w).returncode)
PY
    local call
    for call in "hp-template --config-dir none" "hp-pool --config-dir none" "hp-mint --config-dir none" "hp-proxy --config-dir none" \
        "hp-web pool --config-dir none" "hp-wallet --config-dir none balance" "hp-pool --no-such-option" "hp-config init"; do
        # shellcheck disable=SC2086
        run -2 timeout -s KILL 60 python3 full_stderr $call
    done
    run -1 timeout -s KILL 60 python3 full_stderr hp-pool --config-dir conf
    run -1 timeout -s KILL 60 python3 full_stderr hp-pool --config-dir conf --log-file "$PWD/pool.file"
    # One that reads gets every word.
    run_tool -2 hp-pool --config-dir none
    [ "${#stderr_lines[@]}" -ge 3 ]
}
