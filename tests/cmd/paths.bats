# Where relative paths start, for every key that is a path and every program that has it: those of flags and variables
# at the working directory, those of a file at the configuration directory that the file belongs to.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config init conf --network sim --ports auto >/dev/null
    mkdir work
}

# FILE KEY FLAG, of the keys whose values are paths
path_keys() {
    hp-config show conf --json | jq -r '"\(.file):\(.key)"' | while read -r key; do
        hp-config explain "$key" --json | jq -r 'select(.flag | test(" (PATH|PLACE)$")) | [(.file | split(",")[0]), .key, (.flag | split(" ")[0]), .variable] | join(" ")'
    done
}
programs_of() { # FILE
    case $1 in
    template.toml) echo hp-template ;;
    pool.toml) echo hp-pool ;;
    mint.toml) echo hp-mint ;;
    shared/proxy.toml) echo hp-proxy hp-wallet ;;
    proxy.toml) echo hp-proxy ;;
    stats.toml) echo hp-stats ;;
    *) fail "whose is $1?" ;;
    esac
}
# PROGRAM KEY: in `call`, a call that opens what the key names
call_of() {
    call=("$1" --config-dir "$BATS_TEST_TMPDIR/conf")
    case $1:$2 in
    hp-wallet:*) call+=(balance) ;;
    hp-stats:proxy_database) call+=(show --side proxy) ;;
    hp-stats:database) call+=(show) ;;
    hp-stats:records_secret_key_file) call+=(ingest - --listen-records) ;;
    hp-stats:*) call+=(serve) ;;
    hp-template:rpc_cookie_file) call+=(--network regtest --source rpc --rpc-url http://127.0.0.1:1) ;;
    hp-template:rpc_password_file) call+=(--network regtest --source rpc --rpc-url http://127.0.0.1:1 --rpc-user somebody) ;;
    *:events_secret_key_file) call+=(--events "tcp://127.0.0.1:1/$authority") ;;
    esac
}
# Some say at once what they cannot open, the others in their log; all end or are ended.
names_path() { # PATH CMD...
    : >said # what the one before said is not this one's
    (cd work && exec timeout -k 1 "${wait_s:-60}" "${@:2}") >said 2>&1 </dev/null &
    local pid=$!
    until [ -e "$1" ] || grep -qF -- "$1" said || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
    kill $pid 2>/dev/null || true
    wait $pid || true
    # Records go into a file that is made for them.
    [ -e "$1" ] || grep -qF -- "$1" said || fail "expected $1 from: ${*:2}
$(head -5 said)"
}

@test "each path of a flag and of a variable starts at the working directory, each of a file at the file's directory" {
    local authority file key flag variable program calls=0 line
    authority=$(hp-config pubkey conf/secrets/stats-authority.key | sed -n 's/^authority //p')
    path_keys >keys
    while read -r file key flag variable; do
        [ "$key" != keep_refused ] || continue # made with the first refusal: tests/e2e/refusals.bats
        for program in $(programs_of "$file"); do
            call_of "$program" "$key"
            rm -rf work/no conf/no
            [ "$key" != events ] || mkdir work/no conf/no
            names_path "$PWD/work/no/such" "${call[@]}" "$flag" no/such
            rm -f work/no/such
            names_path "$PWD/work/no/such" env "$variable=no/such" "${call[@]}"
            line=$(grep -nE "^#?$key = " "conf/$file")
            cp "conf/$file" saved
            sed -i "${line%%:*}s|.*|$key = \"no/such\"|" "conf/$file"
            names_path "$PWD/conf/no/such" "${call[@]}"
            mv saved "conf/$file"
            calls=$((calls + 1))
        done
    done <keys
    [ "$calls" -ge 25 ]
}

@test "a file that --config names keeps its own directory, a shared one that above" {
    mkdir -p other/shared
    sed 's|^#\?seed_file = .*|seed_file = "no/such"|' conf/mint.toml >other/mint.toml
    names_path "$PWD/other/no/such" hp-mint --config-dir "$PWD/conf" --config ../other/mint.toml
    sed 's|^#\?wallet_seed_file = .*|wallet_seed_file = "no/such"|' conf/shared/proxy.toml >other/shared/proxy.toml
    names_path "$PWD/other/no/such" hp-wallet --config-dir "$PWD/conf" --config ../other/shared/proxy.toml pubkey
    # What that file does not set is the configuration directory's.
    run_tool -0 hp-wallet --config-dir conf --config conf/shared/proxy.toml pubkey
    cd work
    run_tool -0 hp-wallet --config-dir ../conf pubkey
}

@test "a path that init writes into a file is the one that was meant on the command line" {
    hp-config init regtest --network regtest --rpc-cookie node/.cookie >/dev/null
    grep -qx "rpc_cookie_file = \"$PWD/node/.cookie\"" regtest/template.toml
}

@test "tools that read others' files keep the same rule" {
    names_path "$PWD/work/no/such" env HP_OUTBOX_DATABASE=no/such hp-audit --config-dir "$PWD/conf"
    names_path "$PWD/work/no/such" env HP_OUTBOX_DATABASE=no/such hp-quote dead --config-dir "$PWD/conf"
    names_path "$PWD/conf/data/outbox.db" hp-quote dead --config-dir "$PWD/conf"
    (cd work && HP_SEED_FILE=mine.seed hp-config show ../conf) | grep -qx "seed_file = \"$PWD/work/mine.seed\""
    # hashpool.env is systemd's, which starts services in /.
    echo HP_SEED_FILE=etc/mine.seed >conf/hashpool.env
    hp-config show conf 2>/dev/null | grep -qx 'seed_file = "/etc/mine.seed"'
    # Databases and places that are not paths are unchanged.
    HP_STATS_DATABASE=postgresql://me@db/stats hp-config show conf | grep -qx 'database = "postgresql://me@db/stats"'
    (cd work && HP_EVENTS=unix:x.sock hp-config show ../conf --for hp-pool) | grep -qx "events = \"unix:$PWD/work/x.sock\""
    HP_EVENTS=- hp-config show conf --for hp-pool | grep -qx 'events = "-"'
}
