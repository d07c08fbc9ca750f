# AC-292: everything but the data directory is read-only, and the user has no rights; the whole topology works.

load ../cmd/helper
load topology

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }
teardown() { stop_daemons; }

# read_only COMMAND...: in a mount namespace where only data can be written to, as a user without capabilities.
read_only() {
    exec setpriv --no-new-privs unshare "${as_whom[@]}" --mount bash -c '
        set -e
        data=$1 && shift
        mount --bind "$data" "$data"
        findmnt --raw --noheadings --output TARGET,VFS-OPTIONS | while read -r target options; do
            case $target in /dev/shm) ;; "$data" | /proc* | /sys* | /dev | /dev/*) continue ;; esac
            mount -o "remount,bind,${options/#rw/ro}" "$target" 2>/dev/null || [ "$target" != / ]
        done
        exec setpriv --bounding-set=-all --inh-caps=-all "$@"' - "$dir/data" "${user[@]}" "$@"
}
start_there() { # NAME COMMAND...
    export -f read_only
    start_daemon "$1" bash -c "as_whom=(${as_whom[*]}); user=(${user[*]}); dir='$dir'; read_only \"\$@\"" - "${@:2}"
}

daemon_ends() {
    has_ended() { ! kill -0 "${daemon_pid[$1]}"; }
    deadline_s=30 wait_until has_ended "$1"
    stop_daemon "$1"
    [ "$daemon_status" = 0 ] || fail "$1 ended with $daemon_status: $(cat "$1.log")"
}

@test "AC-292 a read-only root, one writable directory, an unprivileged user" {
    as_whom=() user=()
    if [ "$(id -u)" = 0 ]; then
        user=(--reuid=65534 --regid=65534 --clear-groups)
    else
        as_whom=(--map-root-user)
    fi
    setpriv "${user[@]}" test -x "$HP_BIN_DIR/hp-pool" || skip "SKIPPED: $HP_BIN_DIR is not for every user"
    unshare "${as_whom[@]}" --mount true 2>why || skip "SKIPPED: no mount namespaces here: $(cat why)"
    make_topology
    mkdir "$dir/data/home"
    set_key mint.toml mark_file '"data/mint.mark"'  # the one directory: a backup of it must leave this file out
    [ "$(id -u)" != 0 ] || { chown -R 65534:65534 "$dir" && chmod o+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"; }
    export TMPDIR=/tmp HOME=/nonexistent

    # It is as read-only as it says.
    start_there probe bash -c "touch '$dir/data/probe' && ! touch '$dir/probe' && ! touch /tmp/probe.$$ && ! touch '$HP_SOURCE_DIR/probe'"
    daemon_ends probe

    start_there template hp-template --config-dir "$dir"
    wait_for_address "$(value shared/network.toml template_listen)"
    start_there collect hp-stats ingest "unix:$dir/data/records.sock" --db "$dir/data/stats.db" --config-dir "$dir"
    wait_until test -S "$dir/data/records.sock"
    start_there pool hp-pool --config-dir "$dir" --events "unix:$dir/data/records.sock"
    wait_for_text pool.log "ready: miners have work"
    start_there mint hp-mint --config-dir "$dir"
    wait_for_link
    start_there proxy hp-proxy --config-dir "$dir"
    wait_for_address "$(value shared/network.toml proxy_listen)"
    start_there figures hp-stats serve "$dir/data/stats.db" --config-dir "$dir"
    wait_for_address "$(value shared/network.toml pool_stats_listen)"
    start_there web hp-web pool --config-dir "$dir"
    wait_for_address "$(value shared/network.toml pool_web_listen)"

    start_there miner hp-miner "stratum+tcp://$(value shared/network.toml proxy_listen)" --user rig1 --threads 1 --shares 5 --json
    daemon_ends miner
    earned() { [ "$(sqlite3 -readonly "$dir/data/wallet.db" "SELECT sum(amount) FROM proof WHERE state = 'unspent'")" = "$(ledger "SELECT sum(paid) FROM quote")" ]; }
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2" 5
    wait_until earned
    start_there wallet hp-wallet --config-dir "$dir" send 1
    daemon_ends wallet
    start_there audit hp-audit --config-dir "$dir"
    daemon_ends audit
    counts() { curl -sf "http://$(value shared/network.toml pool_web_listen)/api/state" | jq -e ".figures.shares_accepted == 5" >/dev/null; }
    wait_until counts
    local name
    for name in web figures proxy mint pool collect template; do
        stop_daemon $name
        assert_equal "$name $daemon_status" "$name 0"
    done
}
