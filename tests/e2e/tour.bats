# The tour of hashpool(7), verbatim: its commands in their own network, where the usual ports are free.
load ../cmd/helper
load ../interop/btcd

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    unshare -rn true 2>why || skip "SKIPPED: no network namespaces here: $(cat why)"
    # The blocks of code of the tour; the last one needs a node.
    awk '/^# / { inside = $0 == "# A TOUR" } inside && /^```/ { code = !code; if (code) part++; next } inside && code { print > ("part" part) }' \
        "$HP_SOURCE_DIR/man/hashpool.7.scd"
    parts=$(find . -name 'part*' | wc -l)
    assert [ "$parts" -ge 8 ]
    export HOME=$PWD
}
teardown() { btcd_stop; }

# in_own_network SCRIPT: every command has to end with 0, and nothing may outlive the shell.
in_own_network() {
    {
        echo 'set -e; ip link set lo up; trap '\''kill $(jobs -p) 2>/dev/null || true; wait'\'' EXIT'
        cat
    } >script
    timeout 120 unshare -rn --kill-child --pid --fork --mount-proc bash script >out 2>err 3>&- || {
        cat script out err ./*.log >&2
        fail "the tour stops"
    }
}

@test "the tour on sim: every command does what the page says" {
    for ((i = 1; i < parts; i++)); do
        cat "part$i"
        case $(cat "part$i") in
            *hp-miner*) # What was earned is there when the miner has gone; a person would not be as fast.
                echo 'for ((n = 0; n < 500; n++)); do hp-audit --config-dir d --json >books 2>/dev/null && break; sleep 0.02; done' ;;
            *pkill*) echo 'for ((n = 0; n < 500; n++)); do grep -q "SIGHUP: log reopened, log_level info,pool=debug" pool.log && break; sleep 0.02; done' ;;
        esac
    done | in_own_network
    run -0 cat out
    assert_line --regexp '^unspent +[1-9]'
    assert_line --regexp '^shares accepted +[1-9]'
    assert_output --partial "<!doctype html>"
    run -0 cat token
    assert_output --regexp '^cashuB'
    run -0 cat pool.log
    assert_output --partial "SIGHUP: log reopened, log_level info,pool=debug"
    assert [ "$(sqlite3 -readonly other.db "SELECT sum(amount) FROM proof WHERE state = 'unspent'")" = 10 ]
}

@test "the tour on a node: shares are blocks of it" {
    local reason
    if ! reason=$(btcd_install); then skip "SKIPPED: $reason"; fi
    btcd_install
    {
        # btcd for bitcoind: the same calls, and the cookie that bitcoind would write.
        echo "source '$HP_SOURCE_DIR/tests/interop/btcd.bash'; btcd_program='$btcd_program'; btcd_start node 18443"
        # shellcheck disable=SC2016
        echo 'mkdir -p .bitcoin/regtest; (umask 077; echo "$btcd_user:$btcd_password" >.bitcoin/regtest/.cookie)'
        cat "part$parts"
        echo 'echo blocks: $(btcd_rpc getblockcount | jq .result)'
    } | in_own_network
    run -0 cat out
    assert_line --regexp '^blocks: [1-9][0-9]*$'
}
