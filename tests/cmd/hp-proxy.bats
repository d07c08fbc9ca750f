# hp-proxy as a user calls it; its miners are in e2e/sv1.bats.

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config init conf --network sim --ports auto >/dev/null
    listen=$(sed -n 's/^proxy_listen *= *"\(.*\)".*/\1/p' conf/shared/network.toml)
}

@test "--help shows examples and the keys, --version the version" {
    run_tool -0 hp-proxy --help
    assert_line --partial '$ hp-proxy --config-dir'
    assert_line --partial '--pool-authority-public-key'
    run_tool -0 hp-proxy --version
    assert_line --index 0 --regexp '^hp-proxy [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "a misspelt key is named with its place and the nearest key" {
    echo 'min_extranonce_sise = 8' >>conf/proxy.toml
    run_tool -2 hp-proxy --config-dir conf
    assert_equal "$output" ""
    [[ $stderr == *"proxy.toml:"*":1: min_extranonce_sise:"*"min_extranonce_size"* ]] || fail "$stderr"
}

@test "a pool key that is none is refused before anything is opened" {
    run_tool -2 hp-proxy --config-dir conf --pool-authority-public-key 9bYurZEjHbkdHmtviPqZTkdi7qcTRQorCNYtYeMrwNsaiwMm1ZD
    [[ $stderr == "--pool-authority-public-key: is "*"allowed: an authority public key"* ]] || fail "$stderr"
    [ ! -e conf/data/wallet.db ]
}

@test "a seed file that others can read is refused, and its words are not shown" {
    chmod 644 conf/secrets/wallet.seed
    run_tool -2 hp-proxy --config-dir conf
    [[ $stderr == *"wallet.seed"* ]] || fail "$stderr"
    local words
    read -ra words <conf/secrets/wallet.seed
    for ((i = 0; i + 1 < ${#words[@]}; i++)); do  # one word alone, such as "file", the message may hold by chance
        [[ $stderr != *"${words[i]} ${words[i + 1]}"* ]] || fail "shows '${words[i]} ${words[i + 1]}'"
    done
}

@test "without pool and mint it listens, says so once each, and stops cleanly" {
    start_daemon proxy hp-proxy --config-dir conf
    wait_for_port "${listen##*:}"
    wait_for_text "$BATS_TEST_TMPDIR/proxy.log" "pool 127.0.0.1:"
    wait_for_text "$BATS_TEST_TMPDIR/proxy.log" "mint http://127.0.0.1:"
    stop_daemon proxy
    assert_equal "$daemon_status" 0
}

@test "a port that is taken is an error that names it" {
    start_daemon first hp-proxy --config-dir conf
    wait_for_port "${listen##*:}"
    hp-config init other --network sim --ports auto >/dev/null
    run_tool -1 hp-proxy --config-dir other --proxy-listen "$listen"
    [[ $stderr == *"cannot listen on $listen: address in use"* ]] || fail "$stderr"
}

@test "a wallet of another seed is refused" {
    start_daemon first hp-proxy --config-dir conf
    wait_for_port "${listen##*:}"
    stop_daemon first
    hp-config init other --network sim --ports auto >/dev/null
    run_tool -2 hp-proxy --config-dir conf --wallet-seed-file other/secrets/wallet.seed
    [[ $stderr == *seed* ]] || fail "$stderr"
}

@test "two on one wallet: the second is refused, and says who has it; hp-wallet works beside the first" {
    start_daemon first hp-proxy --config-dir conf
    wait_for_text first.log "SV1 miners on"
    # Also when the wallet is called by another name.
    ln -s conf/data/wallet.db alias.db
    free_ports 1
    run_tool -1 hp-proxy --config-dir conf --proxy-listen "127.0.0.1:${ports[0]}" --wallet-database "$PWD/alias.db"
    assert_equal "${stderr_lines[-2]}" "hp-proxy: error: wallet database '$PWD/alias.db' is already in use by another process: hp-proxy, process ${daemon_pid[first]}"
    run_tool -0 hp-wallet --config-dir conf balance --json
    assert_equal "$(jq .unspent <<<"$output")" 0
    # The lock goes with its process, however that ends.
    kill -KILL "${daemon_pid[first]}"
    start_daemon second hp-proxy --config-dir conf
    wait_for_text second.log "SV1 miners on"
}
