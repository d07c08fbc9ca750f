# Somebody stands in between and cuts, holds, doubles and spoils: every share ends as one quote, every quote as one
# token, and nobody else notices. HP_MITM_ALL=1 cuts at every single byte, for minutes.

load ../cmd/helper
load topology
load faults

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    new_key
}

# cuts DIRECTION STRIDE FIRST LAST: faults at these bytes, of one kind and the other in turn
cuts() {
    local at how=(cut reset) turn=0 stride=${HP_MITM_ALL:-$2}
    for at in $(seq "$3" "$stride" "$4"); do
        echo "$1@$at:${how[turn ^= 1]}"
    done
}

# A miner over SV2 straight to the pool, which must not notice anything.
start_miner() {
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate "${1:-200}" --nominal-hash-rate 1 --json
    wait_until has_rows 1
}
miner_is_unharmed() {
    stop_daemon miner
    assert_equal "$daemon_status" 0
    summary=$(tail -n 1 miner.out)
    assert_equal "$(jq -c '[.connects, .disconnects, .shares_rejected]' <<<"$summary")" '[1,0,0]'
    books_agree
    assert_equal "$(jq .shares_accepted <<<"$summary")" "$(wc -l <rows)"
}

# ---- between mint and pool

# A mint that dials through `link`; its clock makes its waits before redialling short.
start_link_in_the_middle() {
    start_mitm link "$(link_address)"
    set_key shared/pool.toml link_address "\"$mitm_address\""
    start_template
    start_pool
    HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock start_mint
    wait_for_link
}

@test "the link, cut anywhere from the first byte of the handshake to the answers, comes back and loses nothing" {
    start_link_in_the_middle
    read -r up down <<<"$(carried link)"
    start_miner
    # Early cuts keep the link from getting up; late ones hit requests and answers: four of each are on their way.
    paste -d'\n' <(cuts up 27 0 "$up"; cuts down 27 0 $((down - 1))) \
        <(cuts up 39 $((up + 1)) $((up + 4 * 158)); cuts down 57 $((down + 1)) $((down + 4 * 233))) | sed '/^$/d' >plan
    tell link plan plan
    tell link now both:reset
    deadline_s=${HP_MITM_ALL:+600} wait_for_text link.out "plan done"
    wait_until test "$(wc -l <plan)" -le "$(faults link '[a-z]+@')"
    miner_is_unharmed
    # Every cut was made, each session ended by one, and the last one is up still.
    assert_equal "$(faults link '[a-z]+@')" "$(wc -l <plan)"
    assert_equal "$(grep -c "^close .* by \(cut\|reset\)$" link.out)" $(($(wc -l <plan) + 1))
    assert_equal "$(ledger 'SELECT generation FROM store')" 1
}
