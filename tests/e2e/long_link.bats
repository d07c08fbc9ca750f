# A proxy far from its pool: 0.6 s there and back. What one of its SV1 miners does wrong meanwhile costs that miner its
# channel, and no other miner of the proxy notices.

load ../cmd/helper
load topology
load faults

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    # Cheap shares; loopback counts as any other address.
    set_key shared/pool.toml unit_bits 8
    set_key pool.toml easiest_target_bits 8
    set_key proxy.toml initial_hash_rate_hps 1
    set_key shared/network.toml sources_exempt '[]'
    start_template
    start_pool
    start_mint
    wait_for_link
    start_mitm far "$(pool_address)"
    set_key proxy.toml pool_address "\"$mitm_address\""
    start_proxy
}
start_victim() {
    start_daemon victim hp-miner "stratum+tcp://$proxy_listen" --user victim --threads 1 --rate 20 --json
}
victim_shares() { tail -n 1 victim.out | jq .shares_accepted; }
victim_has() { [ "$(victim_shares)" -ge "$1" ]; }
victim_is_unharmed() {
    wait_until victim_has $(($(victim_shares) + 10))
    stop_daemon victim
    assert_equal "$(tail -n 1 victim.out | jq -c '[.connects, .disconnects, .shares_rejected]')" '[1,0,0]'
    # One upstream connection for all the time.
    assert_equal "$(grep -c '^open ' far.out)" 1
    run_tool -1 grep -q '^close ' far.out
    run_tool -1 grep -F 'trying again' proxy.log
    tell far now "both@0ms:lag"
    stop_daemon proxy
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 0" 0
    run_tool -0 hp-audit --config-dir "$dir"
}

# bursts OPTION...   tools/sv1_bursts, whose good shares come by a short way and whose invalid ones by a long one; $seen is what
# it saw. A victim that is not there yet comes when the first burst is about to.
bursts() {
    local from to
    new_key
    coproc BURSTS { exec "$tools/sv1_bursts" "$proxy_listen" --user "$pubkey" "$@" 2>bursts.log 3>&-; }
    exec {from}<&"${BURSTS[0]}" {to}>&"${BURSTS[1]}"
    while read -r -u "$from" -t 60 seen; do
        case $seen in
            ready*)
                tell far now "both@300ms:lag"
                [ -n "${daemon_pid[victim]-}" ] || start_victim
                echo go >&"$to"
                ;;
            over*) tell far now "both@0ms:lag" ;;
            *) return ;;
        esac
    done
    fail "sv1_bursts: $(cat bursts.log)"
}

@test "bursts of 8,192 invalid shares, from a miner that had as many accepted as count" {
    start_victim
    wait_until victim_has 5
    bursts --good 1500 --rounds 3
    assert_equal "$(jq .good <<<"$seen")" 4500
    # Most of it is never sent.
    jq -e '[.answers | to_entries[] | select(.key | startswith("too-many-outstanding")).value] | add >= 3 * 6000' <<<"$seen"
    victim_is_unharmed
}

@test "bursts through a proxy whose address another client made an offender at the pool, 64 at once" {
    hostile pool invalid-channel
    assert_output "closed: too-many-invalid-shares"
    bursts --invalid 300 --connections 64
    assert_equal "$(jq '[.answers[]] | add' <<<"$seen")" 19200
    jq -e '[.answers | to_entries[] | select(.key | startswith("pool-closed-channel: too-many-invalid-shares")).value] | add >= 10000' <<<"$seen"
    victim_is_unharmed
}
