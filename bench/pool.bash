# A pool whose easiest share is every hash, so that the load need not mine. Needs $bin, and a folder $dir, which goes at the end.

declare -A pids=()
stop() { # name
    kill -TERM "${pids[$1]}" 2>/dev/null || true
    wait "${pids[$1]}" 2>/dev/null || true
    unset "pids[$1]"
}
stop_all() {
    local name
    for name in "${!pids[@]}"; do stop "$name"; done
    rm -rf "$dir"
}
trap stop_all EXIT

allow_connections() { # count: a descriptor each, and some for the rest
    local needed=$(($1 + 256))
    [ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge $needed ] || ulimit -n $needed ||
        fail "$1 connections need $needed file descriptors, the limit is $(ulimit -Hn); use --connections"
}

config=$dir/config
value() { sed -n "s/^$2 *= *\"\(.*\)\".*/\1/p" "$config/$1"; }
start_template() {
    "$bin/hp-config" init "$config" --network sim --ports auto >/dev/null
    pool_listen=$(value shared/network.toml pool_listen)
    pool_key=$(value proxy.toml pool_authority_public_key)
    "$bin/template_bench" "$(value shared/network.toml template_listen)" "$config/secrets/template-authority.key" &
    pids[template]=$!
}

# One JSON object of share_load_bench. A new outbox each time; the defaults but for the targets.
run_pool() { # program connections depth seconds
    local result
    rm -f "$dir"/outbox.db*
    # A channel's rate stays below shares_per_minute, so vardiff leaves the easiest target in force.
    HP_UNIT_BITS=0 HP_EASIEST_TARGET_BITS=0 HP_SHARES_PER_MINUTE=100000 HP_OUTBOX_DATABASE=$dir/outbox.db \
        "$bin/$1" --config-dir "$config" --log-level warn 2>"$dir/pool.log" &
    pids[pool]=$!
    result=$("$bin/share_load_bench" "$pool_listen" "$pool_key" "${pids[pool]}" "$2" "$3" 1000 $(($4 * 1000))) ||
        { cat "$dir/pool.log" >&2; fail "no measurement"; }
    stop pool
    echo "$result"
}

# What a round's two sides make of each other: jq, over objects {what, ours, library}.
ratios='
    def median: sort | .[length / 2 | floor];
    def rounded: . * 1000 | round / 1000;
    def compare: group_by(.what) | map(. as $rounds | {
        what: .[0].what,
        measured: (.[0].ours | keys_unsorted | map(. as $key | {key: $key, value: {
            ours: ($rounds | map(.ours[$key]) | median), library: ($rounds | map(.library[$key]) | median),
            library_to_ours: ($rounds | map(.library[$key] / ([.ours[$key], 0.001] | max)) | median | rounded)}}) | from_entries)});'
