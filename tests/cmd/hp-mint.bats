load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    conf=$BATS_TEST_TMPDIR/conf
    hp-config init conf --network sim --ports auto >/dev/null
}

value() { sed -n "s/^$2 *= *\"\(.*\)\".*/\1/p" "conf/$1"; }
start_mint() {
    start_daemon mint hp-mint --config-dir conf "$@"
    wait_for_text mint.log "serving wallets on"
}
keysets() { curl -sS --max-time 10 "http://$(value shared/network.toml mint_listen)/v1/keysets"; }
# Nothing on stdout, no ledger made, no port opened: what a refused start leaves behind.
leaves_nothing() {
    assert_equal "$output" ""
    [ ! -e conf/data/mint.db ]
    run ! accepts "$(value shared/network.toml mint_listen | cut -d: -f2)"
}

@test "--help and --version go to stdout" {
    run_tool -0 hp-mint --help
    assert_equal "$stderr" ""
    assert_line --partial "hp-mint --config-dir /etc/hashpool"
    assert_line --regexp '^  --input-fee-ppk NUMBER .* \[0\]$'
    run_tool -0 hp-mint --version
    assert_line --index 0 --regexp '^hp-mint [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "accept-rollback is a verb like others: --help, --list-options, completions, and its own file is all that it reads" {
    run_tool -0 hp-mint accept-rollback --help
    assert_line --partial "runuser -u _hp-mint -- hp-mint accept-rollback"
    run_tool -0 hp-mint --list-options
    assert_line --regexp $'^accept-rollback\tcommand\t'
    run_tool -0 "$HP_SOURCE_DIR/completions/generate" --shell bash "$HP_BIN_DIR/hp-mint"
    assert_output --partial accept-rollback
    run_tool -2 hp-mint accept-rolback --config-dir conf
    assert_line_of_stderr "did you mean accept-rollback?"
    rm -r conf/shared
    run_tool -1 hp-mint accept-rollback --config-dir conf
    assert_line_of_stderr "conf/data/mint.db' does not exist"
    [ ! -e conf/data/mint.db ]
}
assert_line_of_stderr() { [[ $stderr == *"$1"* ]] || fail "$stderr"; }

@test "no configuration: 2, every file that is missing, and what to do" {
    run_tool -2 hp-mint --config-dir none
    assert_equal "$output" ""
    assert_equal "$stderr" "$BATS_TEST_TMPDIR/none/mint.toml: cannot be read: no such file or directory
$BATS_TEST_TMPDIR/none/shared/pool.toml: cannot be read: no such file or directory
$BATS_TEST_TMPDIR/none/shared/network.toml: cannot be read: no such file or directory
hp-mint: error: the configuration has 3 problems
hp-mint: hint: 'hp-config check $BATS_TEST_TMPDIR/none' reads all files, 'man 5 hp-config' explains the keys"
}

@test "AC-277 a misspelt key: file, line and column, and the nearest key" {
    echo 'input_fee_pkk = 1' >>conf/mint.toml
    run_tool -2 hp-mint --config-dir conf
    assert_equal "${stderr_lines[0]}" "$conf/mint.toml:$(wc -l <conf/mint.toml):1: input_fee_pkk: unknown key, the nearest known one is input_fee_ppk"
    leaves_nothing
}

@test "AC-279 numbers out of range are refused with the range" {
    run_tool -2 hp-mint --config-dir conf --keyset-amounts 64
    [[ $stderr == *"63"* ]]
    leaves_nothing
    run_tool -2 hp-mint --config-dir conf --input-fee-ppk -1
    leaves_nothing
}

@test "seed words: unreadable by others, valid, and never shown" {
    words=$(cat conf/secrets/mint.seed)
    # Three in a row: a single word of the list may well be one of the message's own.
    read -r first second third _ <<<"$words"
    chmod 640 conf/secrets/mint.seed
    run_tool -2 hp-mint --config-dir conf
    [[ $stderr == *"conf/secrets/mint.seed"*"0600"* ]]
    leaves_nothing
    chmod 600 conf/secrets/mint.seed
    for wrong in "${words% *}" "$words zoo" "" "correct horse battery staple"; do
        echo "$wrong" >conf/secrets/mint.seed
        run_tool -2 hp-mint --config-dir conf
        [[ $stderr == *"conf/secrets/mint.seed"* ]]
        [[ $stderr != *"$first $second $third"* ]]
        leaves_nothing
    done
}

@test "another seed for the same ledger is refused: its keysets would not be those of the tokens" {
    start_mint
    before=$(keysets)
    stop_daemon mint
    rm conf/secrets/mint.seed
    hp-config keygen mnemonic --out conf/secrets/mint.seed >/dev/null
    run_tool -2 hp-mint --config-dir conf
    assert_equal "$output" ""
    [[ $stderr == *"the seed does not belong to this database"* ]]
    assert_equal "$(jq '.keysets | length' <<<"$before")" 1
    assert_equal "$(sqlite3 -readonly conf/data/mint.db 'SELECT count(*) FROM keyset')" 1
}

@test "a restart keeps the keyset; another fee begins a new one and keeps the old" {
    start_mint
    first=$(keysets | jq -r '.keysets[0].id')
    stop_daemon mint
    assert_equal "$daemon_status" 0
    start_mint
    assert_equal "$(keysets | jq -r '.keysets[].id')" "$first"
    stop_daemon mint
    start_mint --input-fee-ppk 100
    assert_equal "$(keysets | jq -c '[.keysets[] | [.active, .input_fee_ppk]] | sort')" '[[false,0],[true,100]]'
    assert_equal "$(keysets | jq -r '.keysets[] | select(.active | not).id')" "$first"
}

@test "AC-284 a port that is taken: 1, and the address" {
    free_ports 1
    start_daemon squatter python3 -c "import signal, socket
s = socket.create_server(('127.0.0.1', ${ports[0]})); signal.pause()"
    wait_for_port "${ports[0]}"
    run_tool -1 hp-mint --config-dir conf --mint-listen "127.0.0.1:${ports[0]}"
    assert_equal "$output" ""
    [[ $stderr == *"hp-mint: error: cannot listen on 127.0.0.1:${ports[0]}: address in use"* ]]
}

@test "AC-257 a database of another program, or no database at all, is not touched" {
    sqlite3 other.db 'PRAGMA application_id = 1; CREATE TABLE t(x); INSERT INTO t VALUES(1);'
    before=$(sha256sum <other.db)
    run_tool -1 hp-mint --config-dir conf --database "$PWD/other.db"
    assert_equal "$output" ""
    [[ $stderr == *"other.db"* ]]
    assert_equal "$(sha256sum <other.db)" "$before"
    echo "not a database, but somebody's notes" >notes.txt
    run_tool -1 hp-mint --config-dir conf --database "$PWD/notes.txt"
    [[ $stderr == *"notes.txt"* ]]
    assert_equal "$(cat notes.txt)" "not a database, but somebody's notes"
}

@test "AC-257 a ledger cut to nothing or with a broken head is never replaced by an empty one" {
    start_mint
    stop_daemon mint
    rm -f conf/data/mint.db-wal conf/data/mint.db-shm
    dd if=/dev/zero of=conf/data/mint.db bs=100 count=1 conv=notrunc status=none
    before=$(sha256sum <conf/data/mint.db)
    run_tool -1 hp-mint --config-dir conf
    [[ $stderr == *"conf/data/mint.db"* ]]
    assert_equal "$(sha256sum <conf/data/mint.db)" "$before"
}

@test "a ledger of a newer program is refused" {
    start_mint
    stop_daemon mint
    sqlite3 conf/data/mint.db 'PRAGMA user_version = 1000'
    run_tool -1 hp-mint --config-dir conf
    [[ $stderr == *"conf/data/mint.db"*"newer"* ]]
}

@test "AC-256 a second mint on the same ledger is refused, the first one stays" {
    start_mint
    free_ports 1
    run_tool -1 hp-mint --config-dir conf --mint-listen "127.0.0.1:${ports[0]}"
    [[ $stderr == *"conf/data/mint.db"* ]]
    keysets | jq -e '.keysets | length == 1' >/dev/null
}

@test "AC-265 SIGTERM and SIGINT end it with 0, without a pool" {
    for signal in TERM INT; do
        start_mint
        pid=${daemon_pid[mint]}
        unset "daemon_pid[mint]"
        kill -HUP "$pid"
        kill "-$signal" "$pid"
        code=0
        wait "$pid" || code=$?
        assert_equal "$signal $code" "$signal 0"
    done
}
