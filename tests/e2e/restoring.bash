# Loaded after topology by stories that bring databases back from copies: load restoring
#
# stop_all NAME...     each, with exit code 0
# live_backup NAME     mint or outbox, while it runs, to NAME.backup
# restore NAME         that copy in the place of the database; nobody may have it open
# earn N               N shares for the wallet of conf, minted
# swap                 one operation of the mint or more, and no row of the outbox
# operations           how many the mark file says
# marks_are N          whether both marks say N
# documented TEXT      the block of docs/deployment.md that has the text, for conf and this user

stop_all() { for name in "$@"; do stop_daemon "$name" && assert_equal "$daemon_status" 0; done; }
restore() {
    rm -f "conf/data/$1.db" "conf/data/$1.db-wal" "conf/data/$1.db-shm"
    cp "$1.backup" "conf/data/$1.db"
}
# A wallet with ehash of its own; each `swap` of it is one operation of the mint, and no row of the outbox.
earn() {
    pubkey=$(hp-wallet --config-dir conf pubkey)
    mine "$1" "$pubkey"
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state <> 2" 0
    hp-wallet --config-dir conf quotes --mint >/dev/null
}
swap() { hp-wallet --config-dir conf send 1 | hp-wallet --config-dir conf receive - >/dev/null; }
operations() { sed -n 's/^operations //p' conf/marks/mint.mark; }
marks_are() { # OPERATIONS: in the mint's file, and with the pool
    [ "$(operations)" = "$1" ] && [ "$(outbox 'SELECT operations FROM mint')" = "$1" ]
}
live_backup() { sqlite3 "conf/data/$1.db" ".backup '$1.backup'"; }
documented() { # TEXT
    python3 - "$HP_SOURCE_DIR/docs/deployment.md" "$1" <<'PY'
import re, sys
found = [b for b in re.findall(r"^```sh\n(.*?)^```", open(sys.argv[1]).read(), re.M | re.S) if sys.argv[2] in b]
assert len(found) == 1, f"{len(found)} blocks have {sys.argv[2]}"
print(found[0].replace("/etc/hashpool", "conf").replace("runuser -u _hp-mint -- ", ""), end="")
PY
}
