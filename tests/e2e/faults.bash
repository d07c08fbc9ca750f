# Loaded after topology by stories in which the network, the disk or the clock misbehaves: load faults
#
# start_mitm NAME [OPTION...] HOST:PORT   tools/mitm before HOST:PORT; where it listens is in $mitm_address
# tell NAME COMMAND...      a command to it; returns when it is obeyed
# carried NAME              "UP DOWN", the bytes that its newest open connection has carried
# faults NAME [REGEX]       how many faults it has made
# HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock start_mint     its monotonic clock runs 20 times as fast; its wall clock is off by HP_CLOCK_AHEAD_S
# on_disk NAME CMD...       runs CMD on a disk whose state `disk NAME STATE` changes: good, full, or fsync (fails once)

# shellcheck disable=SC2154,SC2034
fast_clock=$HP_BIN_DIR/../lib/libfast_clock.so
full_disk=$HP_BIN_DIR/../lib/libfull_disk.so
declare -gA told=()

start_mitm() {
    local name=$1
    shift
    mkfifo "$BATS_TEST_TMPDIR/$name.commands"
    told[$name]=0
    start_daemon "$name" "$tools/mitm" --commands "$BATS_TEST_TMPDIR/$name.commands" "$@"
    wait_for_text "$BATS_TEST_TMPDIR/$name.out" listening
    mitm_address=$(sed -n 's/^listening //p' "$BATS_TEST_TMPDIR/$name.out")
}

tell() {
    local name=$1
    shift
    told[$name]=$((told[$name] + 1))
    echo "$*" >"$BATS_TEST_TMPDIR/$name.commands"
    wait_until grep -qx "ok ${told[$name]}" "$BATS_TEST_TMPDIR/$name.out"
}

carried() {
    tell "$1" where
    sed -n 's/^where [0-9]* up \([0-9]*\) down \([0-9]*\)$/\1 \2/p' "$BATS_TEST_TMPDIR/$1.out" | tail -n 1
}

faults() { grep -cE "^fault [0-9]+ ${2-}" "$BATS_TEST_TMPDIR/$1.out" || true; }

# HP_DISK_DIR limits the faults to the databases and the files beside them.
on_disk() {
    local name=$1
    shift
    disk "$name" good
    HP_DISK_DIR=$dir/data HP_DISK_SWITCH=$BATS_TEST_TMPDIR/$name.disk LD_PRELOAD=$full_disk${LD_PRELOAD:+:$LD_PRELOAD} "$@"
}
disk() { echo "$2" >"$BATS_TEST_TMPDIR/$1.disk"; }

vault() { sqlite3 -readonly -cmd ".timeout 10000" "$dir/data/wallet.db" "$1"; }

# Every share is one quote, every quote is issued once, and all of it is in the wallet.
tokens_agree() {
    books_agree
    wait_for_sql ledger "SELECT count(*) FROM quote WHERE issued < paid" 0
    wait_for_sql vault "SELECT count(*) FROM quote WHERE state IN ('open', 'minting')" 0
    local earned
    earned=$(outbox "SELECT sum(amount) FROM outbox")
    assert_equal "$(ledger "SELECT sum(amount) FROM quote")" "$earned"
    assert_equal "$(ledger "SELECT sum(issued) FROM quote")" "$earned"
    # Signed for quotes; a wallet with many small proofs swaps them, which must leave the sum as it is.
    assert_equal "$(ledger "SELECT sum(sig.amount) FROM sig JOIN op ON op.id = sig.op WHERE op.kind = 1")" "$earned"
    assert_equal "$(ledger "SELECT (SELECT sum(amount) FROM sig) - (SELECT coalesce(sum(amount), 0) FROM spent)")" "$earned"
    wait_until balance_is "$earned"
}
balance_is() { [ "$(hp-wallet --config-dir "$dir" balance --json | jq .unspent)" = "$1" ]; }
