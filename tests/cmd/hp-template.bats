load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config keygen authority --out authority.key >/dev/null
    free_ports 2
}

# start_sim NAME [OPTION...]: a chain whose blocks take 2^10 hashes
start_sim() {
    local name=$1
    shift
    start_daemon "$name" hp-template --sim --sim-block-bits 10 --sim-chain-file chain.dat \
        --authority-secret-key-file authority.key --template-listen "127.0.0.1:${ports[0]}" "$@"
}

@test "--help shows examples, and --version goes to stdout" {
    run_tool hp-template --help
    assert_line --partial "hp-template --sim --config-dir ./demo"
    assert_equal "$stderr" ""
    run_tool hp-template --version
    assert_line --index 0 --regexp '^hp-template [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "the embedded chain is served at once, and SIGTERM ends it with 0" {
    start_sim template
    wait_for_port "${ports[0]}"
    wait_for_text template.log "template for height 1:"
    stop_daemon template
    assert_equal "$daemon_status" 0
    assert_equal "$(cat template.out)" ""
}

@test "READY goes to systemd when there is a template" {
    start_daemon notify python3 -c '
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify.sock")
s.settimeout(10)
while True: print(s.recv(100).decode(), flush=True)'
    wait_until test -S notify.sock
    NOTIFY_SOCKET=$PWD/notify.sock start_sim template
    wait_for_text notify.out "READY=1"
}

@test "blocks of its own keep the chain growing, and it comes back after a kill" {
    start_sim template --sim-block-interval-s 1
    wait_for_text template.log "template for height 3:"
    kill -KILL "${daemon_pid[template]}"
    stop_daemon template
    truncate -s -20 chain.dat
    start_sim again
    wait_for_text again.log "the last block is truncated"
    wait_for_text again.log "simulated chain"
    run grep -oE 'template for height [0-9]+' again.log
    assert_output --regexp 'height [2-9]'
}

@test "a second process on the same chain file is refused with a hint" {
    start_sim template
    wait_for_port "${ports[0]}"
    run_tool -1 hp-template --sim --sim-block-bits 10 --sim-chain-file chain.dat \
        --authority-secret-key-file authority.key --template-listen "127.0.0.1:${ports[1]}"
    assert_regex "$stderr" "error: '.*/chain.dat' is in use by another process"
    assert_regex "$stderr" "hint: another hp-template may be running"
}

@test "a chain of another difficulty is refused with a hint" {
    start_sim template
    wait_for_port "${ports[0]}"
    stop_daemon template
    run_tool -2 hp-template --sim --sim-block-bits 11 --sim-chain-file chain.dat \
        --authority-secret-key-file authority.key --template-listen "127.0.0.1:${ports[1]}"
    assert_regex "$stderr" "was created at another difficulty"
    assert_regex "$stderr" "hint: restore the old sim_block_bits"
}

@test "a port that is taken is named" {
    start_sim template
    wait_for_port "${ports[0]}"
    run_tool -1 hp-template --sim --sim-chain-file other.dat --authority-secret-key-file authority.key \
        --template-listen "127.0.0.1:${ports[0]}"
    assert_regex "$stderr" "error: .*127.0.0.1:${ports[0]}"
}

@test "source and network must belong together; a node needs a login" {
    run_tool -2 hp-template --sim --network regtest --authority-secret-key-file authority.key
    assert_regex "$stderr" "error: --sim: is sim, but the network is regtest, allowed: rpc"
    run_tool -2 hp-template --rpc http://127.0.0.1:1 --network sim --authority-secret-key-file authority.key
    assert_regex "$stderr" "error: --rpc: is rpc, but the network is sim, allowed: sim"
    run_tool -2 hp-template --rpc http://127.0.0.1:1 --network regtest --authority-secret-key-file authority.key
    assert_regex "$stderr" "template.toml: rpc_cookie_file: is empty, but required for source rpc unless rpc_user and rpc_password_file are set"
}

@test "a node that does not answer is told once, and SIGTERM still ends with 0" {
    printf '__cookie__:x' >cookie
    start_daemon node python3 -uc "import socket
node = socket.create_server(('127.0.0.1', ${ports[0]}))
while True:
    with node.accept()[0] as peer: print('asked' if peer.recv(9999) else 'looked at')"
    wait_for_port "${ports[0]}"
    start_daemon template hp-template --rpc "http://127.0.0.1:${ports[0]}" --network regtest \
        --rpc-cookie-file cookie --authority-secret-key-file authority.key --template-listen "127.0.0.1:${ports[1]}"
    wait_for_text template.log "no templates from http://127.0.0.1:${ports[0]}"
    was_asked() { [ "$(grep -c asked node.out)" -ge 3 ]; }
    wait_until was_asked
    assert_equal "$(grep -c 'no templates from' template.log)" 1
    stop_daemon template
    assert_equal "$daemon_status" 0
}

@test "an error of a value names the flag that it came by, a shortcut too, as it names a variable or a file's line" {
    refused() { # ORIGIN CALL...
        local origin=$1
        shift
        run_tool -2 "$@" --authority-secret-key-file authority.key
        [[ ${stderr_lines[0]} == *"$origin: is "* ]] || fail "$*: $stderr"
    }
    refused --sim hp-template --sim --network regtest
    refused --rpc hp-template --rpc http://127.0.0.1:18443 --network sim
    refused --source hp-template --source sim --network regtest
    refused HP_SOURCE env HP_SOURCE=sim hp-template --network regtest
    run_tool -2 hp-template --rpc nonsense --network regtest --authority-secret-key-file authority.key
    [[ ${stderr_lines[0]} == "--rpc: is "* ]] || fail "$stderr"
    hp-config init conf --network sim --ports auto >/dev/null
    run_tool -2 hp-template --config-dir conf --network regtest
    [[ ${stderr_lines[0]} == *"conf/template.toml:"*": source: is sim, but the network is regtest"* ]] || fail "$stderr"
    # The key's own flag still wins, and a shortcut over a variable.
    run_tool -2 env HP_NETWORK=regtest HP_SOURCE=rpc hp-template --sim --network signet --authority-secret-key-file authority.key
    [[ ${stderr_lines[0]} == *"--sim: is sim, but the network is signet"* ]] || fail "$stderr"
}

@test "submit says what is not a block: a folder, an endless file, an empty one, and reads no more than a block" {
    hp-config init conf --network sim --ports auto >/dev/null
    refused() { # FILE WHAT
        run_tool -1 timeout 20 hp-template submit "$1" --config-dir conf
        [[ ${stderr_lines[0]} == "hp-template: error: "*"'$1'"*"$2"* ]] || fail "$1: $stderr"
    }
    mkdir folder
    : >empty
    echo "00112233" >short.hex
    refused "$PWD/folder" "expected a file with a block"
    refused /dev/zero "expected at most 8000002 bytes, got more"
    refused "$PWD/empty" "it is empty"
    refused "$PWD/short.hex" "is not a block: "
    run_tool -1 hp-template submit none --config-dir conf
    assert_equal "${stderr_lines[0]}" "hp-template: error: cannot open 'none'"
}
