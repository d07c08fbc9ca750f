load helper

key=9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72

# ends_with_usage WHAT [HINT]: nothing on stdout, the error and the hint on stderr.
ends_with_usage() {
    assert_equal "$output" ""
    assert_equal "$stderr" "hp-miner: error: $1
hp-miner: hint: ${2:-try \'hp-miner --help\'}"
}
forms='use stratum+tcp://HOST:PORT or stratum2+tcp://HOST:PORT/AUTHORITYKEY'

@test "without arguments: 2, and the way to help" {
    run_tool -2 hp-miner
    ends_with_usage "URL is required" "try 'hp-miner --help'"
}

@test "without a user: 2" {
    run_tool -2 hp-miner stratum+tcp://127.0.0.1:1
    ends_with_usage "--user is required" "try 'hp-miner --help'"
}

@test "--help shows examples for both protocols" {
    run_tool -0 hp-miner --help
    assert_equal "$stderr" ""
    assert_output --partial "hp-miner stratum+tcp://"
    assert_output --partial "hp-miner stratum2+tcp://"
}

@test "the example key of --help is a key" {
    run_tool -1 hp-miner "stratum2+tcp://127.0.0.1:1/$key" --user x --connect-timeout 0.2
    assert_equal "$output" ""
}

@test "a malformed URL is quoted with the forms that exist" {
    run_tool -2 hp-miner http://127.0.0.1:1 --user x
    ends_with_usage "'http://127.0.0.1:1' is not a stratum URL" "$forms"
    run_tool -2 hp-miner stratum2+tcp://127.0.0.1:1 --user x
    ends_with_usage "'stratum2+tcp://127.0.0.1:1' has no authority key" "$forms"
    run_tool -2 hp-miner stratum+tcp://127.0.0.1:0 --user x
    assert_equal "$output" ""
    [[ $stderr == *"hint: $forms" ]]
}

@test "a mistyped authority key is refused before anything is dialled" {
    run_tool -2 hp-miner "stratum2+tcp://127.0.0.1:1/${key/9auq/9auk}" --user x
    assert_equal "$output" ""
    [[ $stderr == "hp-miner: error: '${key/9auq/9auk}' is not an authority key: "* ]]
}

@test "a locking key must be one, and needs SV2" {
    run_tool -2 hp-miner stratum+tcp://127.0.0.1:1 --user x --locking-key "02$(printf 'ab%.0s' {1..32})"
    assert_equal "$output" ""
    assert_equal "$stderr" "hp-miner: error: --locking-key needs a stratum2+tcp:// URL: SV1 has no place for it"
    run_tool -2 hp-miner "stratum2+tcp://127.0.0.1:1/$key" --user x --locking-key 0011
    ends_with_usage "--locking-key '0011' is not a compressed public key" "66 hex digits that begin with 02 or 03"
}

@test "numbers out of range are refused" {
    for option in "--threads 0" "--rate -1" "--connections 0" "--depth 0" "--seconds 0" "--shares 0" "--engine gpu"; do
        # shellcheck disable=SC2086
        run_tool -2 hp-miner stratum+tcp://127.0.0.1:1 --user x $option
        assert_equal "$output" ""
        [[ $stderr == *"${option%% *}"* ]]
    done
}

@test "a closed port exits 1 when the connect time-out is over" {
    free_ports 1
    run_tool -1 hp-miner "stratum+tcp://127.0.0.1:${ports[0]}" --user x --connect-timeout 0.3
    assert_equal "$output" ""
    [[ $stderr == *"hp-miner: error: never connected: cannot connect to 127.0.0.1:${ports[0]}: connection refused
hp-miner: hint: check that the server is running and listens on this port" ]]
}

@test "--seconds alone gives up too, and prints no summary of nothing" {
    free_ports 1
    run_tool -1 hp-miner "stratum+tcp://127.0.0.1:${ports[0]}" --user x --seconds 0.3
    assert_equal "$output" ""
    [[ $stderr == *"error: never connected"* ]]
}

@test "SIGTERM ends it cleanly, with the summary" {
    free_ports 1
    start_daemon miner hp-miner "stratum+tcp://127.0.0.1:${ports[0]}" --user x --json
    wait_for_text miner.log "connection refused"
    stop_daemon miner
    assert_equal "$daemon_status" 0
    run_tool -0 tail -n 1 miner.out
    [[ $output == '{"v":1,'*'"type":"miner_summary"'*'"shares_submitted":0'* ]]
}

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }
