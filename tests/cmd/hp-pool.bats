load helper

vectors=$HP_SOURCE_DIR/tests/vectors/share-validation.json

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    conf=$BATS_TEST_TMPDIR/conf
    hp-config init conf --network sim --ports auto >/dev/null
}

value() { sed -n "s/^$2 *= *\"\(.*\)\".*/\1/p" "conf/$1"; }
# Nothing on stdout, no database made, no port opened: what a refused start leaves behind.
leaves_nothing() {
    assert_equal "$output" ""
    [ ! -e conf/data/outbox.db ]
    run ! accepts "$(value shared/network.toml pool_listen | cut -d: -f2)"
}

@test "--help and --version go to stdout" {
    run_tool -0 hp-pool --help
    assert_equal "$stderr" ""
    assert_line --partial "hp-pool check-shares < shares.jsonl"
    assert_line --regexp '^  --easiest-target-bits NUMBER .* \[32\]$'
    run_tool -0 hp-pool --version
    assert_line --index 0 --regexp '^hp-pool [0-9]+\.[0-9]+\.[0-9]+$'
    run_tool -0 hp-pool check-shares --help
    assert_line --partial "jq -c"
    run_tool -0 hp-pool --list-options
    assert_line --regexp $'^check-shares\tcommand\t'
}

@test "no configuration: 2, every file that is missing, and what to do" {
    run_tool -2 hp-pool --config-dir none
    assert_equal "$output" ""
    assert_equal "$stderr" "$BATS_TEST_TMPDIR/none/pool.toml: cannot be read: no such file or directory
$BATS_TEST_TMPDIR/none/shared/pool.toml: cannot be read: no such file or directory
$BATS_TEST_TMPDIR/none/shared/network.toml: cannot be read: no such file or directory
hp-pool: error: the configuration has 3 problems
hp-pool: hint: 'hp-config check $BATS_TEST_TMPDIR/none' reads all files, 'man 5 hp-config' explains the keys"
}

@test "AC-277 a misspelt key: file, line and column, and the nearest key" {
    echo 'easyest_target_bits = 16' >>conf/pool.toml
    run_tool -2 hp-pool --config-dir conf
    assert_equal "${stderr_lines[0]}" "$conf/pool.toml:$(wc -l <conf/pool.toml):1: easyest_target_bits: unknown key, the nearest known one is easiest_target_bits"
    leaves_nothing
}

@test "a misspelt option: 2, and the right one" {
    run_tool -2 hp-pool --config-dir conf --easyest-target-bits 16
    assert_equal "$output" ""
    assert_equal "${stderr_lines[-1]}" "hp-pool: hint: did you mean --easiest-target-bits?"
}

@test "a share must be worth something: easiest_target_bits below unit_bits is refused" {
    run_tool -2 hp-pool --config-dir conf --easiest-target-bits 15
    assert_equal "${stderr_lines[0]}" "hp-pool: error: --easiest-target-bits: is 15, so a share could be worth nothing, allowed: at least unit_bits of shared/pool.toml, 16"
    leaves_nothing
}

@test "what only the start can tell of a value has its place too" {
    hp-config init node --network regtest --rpc-cookie /var/lib/node/.cookie >/dev/null
    sed -i -E 's|^payout_script = .*|payout_script = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"|' node/pool.toml
    run_tool -2 hp-pool --config-dir node
    [[ ${stderr_lines[0]} == "hp-pool: error: $PWD/node/pool.toml:"*":1: payout_script: address "*"an address of mainnet, expected one of regtest" ]] || fail "$stderr"
}

@test "one key for miners and link is refused" {
    cp conf/secrets/pool-authority.key conf/secrets/link-authority.key
    run_tool -2 hp-pool --config-dir conf
    [[ $stderr == *"pool.toml: link_authority_secret_key_file: holds the same key as authority_secret_key_file"* ]]
    leaves_nothing
}

@test "a secret that others may read, or that is none, is refused without being shown" {
    chmod 644 conf/secrets/pool-authority.key
    run_tool -2 hp-pool --config-dir conf
    [[ $stderr == *"conf/secrets/pool-authority.key"*"0600"* ]]
    leaves_nothing
    secret=$(tr 1-8 2-9 <conf/secrets/pool-authority.key)
    (umask 077 && echo "$secret" >conf/secrets/other.key)
    run_tool -2 hp-pool --config-dir conf --authority-secret-key-file conf/secrets/other.key
    [[ $stderr == *"conf/secrets/other.key"* ]]
    [[ $stderr != *"$secret"* ]]
    leaves_nothing
}

@test "AC-284 a port that is taken: 1, the address, and nothing else happens" {
    free_ports 1
    start_daemon squatter python3 -c "import signal, socket
s = socket.create_server(('127.0.0.1', ${ports[0]})); signal.pause()"
    wait_for_port "${ports[0]}"
    run_tool -1 hp-pool --config-dir conf --pool-listen "127.0.0.1:${ports[0]}"
    assert_equal "$output" ""
    [[ $stderr == *"hp-pool: error: cannot listen on 127.0.0.1:${ports[0]}: address in use"* ]]
    run_tool -1 hp-pool --config-dir conf --link-listen "127.0.0.1:${ports[0]}"
    [[ $stderr == *"hp-pool: error: cannot listen on 127.0.0.1:${ports[0]}: address in use"* ]]
}

@test "AC-257 a database of another program, or no database at all, is not touched" {
    hp-config init other --network sim --ports auto >/dev/null
    start_daemon mint hp-mint --config-dir other
    wait_for_text mint.log "serving wallets on"
    stop_daemon mint
    before=$(sha256sum <other/data/mint.db)
    run_tool -1 hp-pool --config-dir conf --outbox-database "$PWD/other/data/mint.db"
    assert_equal "$output" ""
    [[ $stderr == *"other/data/mint.db"* ]]
    assert_equal "$(sha256sum <other/data/mint.db)" "$before"

    echo "not a database, but somebody's notes" >notes.txt
    run_tool -1 hp-pool --config-dir conf --outbox-database "$PWD/notes.txt"
    [[ $stderr == *"notes.txt"* ]]
    assert_equal "$(cat notes.txt)" "not a database, but somebody's notes"
    run_tool -1 hp-pool --config-dir conf --outbox-database "$PWD"
    run_tool -1 hp-pool --config-dir conf --outbox-database "$PWD/no/such/dir/outbox.db"
    [[ $stderr == *"no/such/dir/outbox.db"* ]]
}

@test "AC-256 a second pool on the same database is refused, the first one stays" {
    start_daemon pool hp-pool --config-dir conf
    wait_for_text pool.log "mining on"
    free_ports 2
    run_tool -1 hp-pool --config-dir conf --pool-listen "127.0.0.1:${ports[0]}" --link-listen "127.0.0.1:${ports[1]}"
    [[ $stderr == *"conf/data/outbox.db"* ]]
    stop_daemon pool
    assert_equal "$daemon_status" 0
}

@test "AC-265 SIGTERM and SIGINT end it with 0, with no template provider and no mint there" {
    for signal in TERM INT; do
        start_daemon pool hp-pool --config-dir conf
        wait_for_text pool.log "mining on"
        pid=${daemon_pid[pool]}
        unset "daemon_pid[pool]"
        kill -HUP "$pid"
        kill "-$signal" "$pid"
        code=0
        wait "$pid" || code=$?
        assert_equal "$signal $code" "$signal 0"
    done
}

# ---- check-shares

@test "check-shares: every share of the vectors is judged as they say" {
    [ "$(jq '.vectors | length' "$vectors")" -ge 20 ]
    jq -c '.vectors[]' "$vectors" >shares.jsonl
    jq -cS '.vectors[] | .expect + {id}' "$vectors" >expected
    run_tool -0 hp-pool check-shares shares.jsonl
    assert_equal "$stderr" ""
    jq -cS . <<<"$output" >verdicts
    diff expected verdicts
    # The same by a pipe, with blank lines between.
    sed G shares.jsonl | hp-pool check-shares | jq -cS . | diff expected -
}

@test "check-shares: a bad line is named, the others are judged, the exit code is 1" {
    good=$(jq -c '.vectors[] | select(.id == "ext-valid")' "$vectors")
    for bad in '{' '[]' '{}' "$(jq -c 'del(.share.nonce)' <<<"$good")" "$(jq -c '.share.nonce = -1' <<<"$good")" \
        "$(jq -c '.extranonce_prefix = "zz"' <<<"$good")" "$(jq -c '.job_target = "00"' <<<"$good")"; do
        printf '%s\n' "$good" "$bad" "$good" >shares.jsonl
        run_tool -1 hp-pool check-shares shares.jsonl
        assert_equal "$(jq -r .outcome <<<"$output")" "valid
valid"
        [[ ${stderr_lines[0]} == "hp-pool: error: shares.jsonl:2: "* ]]
        [[ ${stderr_lines[1]} == *"1 of 3 lines"* ]]
    done
    [[ $stderr == *"job_target"* ]]
}

@test "check-shares: a member that is missing is named" {
    jq -c '.vectors[0] | del(.share.ntime)' "$vectors" >shares.jsonl
    run_tool -1 hp-pool check-shares shares.jsonl
    [[ ${stderr_lines[0]} == *ntime* ]]
}

@test "check-shares: no file, no lines" {
    run_tool -1 hp-pool check-shares nowhere
    assert_equal "$stderr" "hp-pool: error: cannot open 'nowhere'"
    run_tool -0 hp-pool check-shares /dev/null
    assert_equal "$output$stderr" ""
}

# ---- vardiff-lab

lab() { hp-pool vardiff-lab --miners 20 "$@"; }

@test "vardiff-lab: a table, or one JSON object, of each start and step for three rules" {
    run_tool -0 lab --starts 1,1000 --steps 0.5
    assert_equal "$stderr" ""
    assert_equal "${#lines[@]}" 10
    assert_line --index 0 --regexp '^EVENT +RULES +SETTLED +P50 +P95 +ERROR +P95 +RETARGETS +ABOVE +BELOW$'
    assert_line --index 4 --regexp '^start x1000 +hashpool +100% +1 s +[0-9]+ s '
    run_tool -0 lab --starts 1,1000 --steps 0.5 --json
    assert_equal "$(jq -c '[.rows[] | [.event, .ratio, .algorithm]]' <<<"$output")" \
        '[["start",1,"hashpool"],["start",1,"ckpool"],["start",1,"sri"],["start",1000,"hashpool"],["start",1000,"ckpool"],["start",1000,"sri"],["step",0.5,"hashpool"],["step",0.5,"ckpool"],["step",0.5,"sri"]]'
    assert_equal "$(jq 'del(.rows) == {hash_rate_hps: 1e14, shares_per_minute: 20, easiest_target_bits: 32,
        vardiff_interval_s: 60, miners: 20, minutes: 30, latency_ms: 200, seed: 1}' <<<"$output")" true
    # A thousand times the claim: ours within two seconds, SRI's rule takes six minutes.
    assert_equal "$(jq -c '[.rows[] | select(.ratio == 1000) | .settling_s_p50 < 3]' <<<"$output")" '[true,true,false]'
}

@test "vardiff-lab: the seed decides, and so do the figures that are given" {
    local first
    first=$(lab --steps 2 --starts none --seed 5 --json)
    assert_equal "$(lab --steps 2 --starts none --seed 5 --json)" "$first"
    run ! diff -q <(lab --steps 2 --starts none --seed 6 --json) <(echo "$first")
    # More shares a minute tell sooner.
    below() { lab --steps 0.1 --starts none --shares-per-minute "$1" --json | jq '.rows[0].settling_s_p50'; }
    [ "$(jq -n "$(below 60) < $(below 6)")" = true ]
}

@test "vardiff-lab: what is no ratio, and nothing to do, are usage errors" {
    run_tool -2 lab --steps 0.1,x2
    assert_equal "$output" ""
    assert_equal "${stderr_lines[0]}" "hp-pool: error: --steps: expected numbers from 0.000001 to 10000 with commas between them, or none, got 'x2'"
    for bad in 0 -1 nan inf 1e9 2, ,2; do run_tool -2 lab --starts "$bad"; done
    run_tool -2 lab --starts none --steps none
    assert_equal "${stderr_lines[0]}" "hp-pool: error: --starts and --steps are none: there is nothing to measure"
    run_tool -2 lab --shares-per-minute 0
}
