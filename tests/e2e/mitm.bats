# A man in the middle cuts, delays, duplicates and corrupts: every share ends as one quote, every quote as one
# token, and nobody else notices. HP_MITM_ALL=1 cuts at every single byte, for minutes.

load ../cmd/helper
load topology
load miners
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

# A miner over SV2 straight to the pool must not notice anything, and all that it was told is stored.
miner_is_paid() {
    miner_is_unharmed
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
    start_miner 200
    # Early cuts keep the link from getting up; late ones hit requests and answers: four of each are on their way.
    paste -d'\n' <(cuts up 27 0 "$up"; cuts down 27 0 $((down - 1))) \
        <(cuts up 39 $((up + 1)) $((up + 4 * 158)); cuts down 57 $((down + 1)) $((down + 4 * 233))) | sed '/^$/d' >plan
    tell link plan plan
    tell link now both:reset
    deadline_s=${HP_MITM_ALL:+600} wait_for_text link.out "plan done"
    wait_until faults_are link "$(wc -l <plan)" '[a-z]+@'
    miner_is_paid
    # Every cut was made, each session ended by one, and the last one is up still.
    assert_equal "$(grep -c "^close .* by \(cut\|reset\)$" link.out)" $(($(wc -l <plan) + 1))
    assert_equal "$(ledger 'SELECT generation FROM store')" 1
}

faults_are() { [ "$(faults "$1" "${3-}")" = "$2" ]; }
# sessions N: whether the mint has had N
sessions() { [ "$(grep -c ': up, session' mint.log)" -ge "$1" ]; }

@test "AC-009 a lost, repeated, swapped or spoilt ciphertext on the link ends that session at once, and nothing else" {
    start_link_in_the_middle
    start_miner 200
    local count=1 side fault
    for side in up down; do
        for fault in drop twice swap flip; do
            tell link now "$side:$fault"
            count=$((count + 1))
            wait_until sessions "$count"
        done
    done
    # Four times each of them got what was no next frame, and said so; the other one saw the connection close.
    tags='noise: .* tag is wrong'
    assert_equal "$(grep -c "link .*: $tags" pool.log)" 4
    assert_equal "$(grep -c "link to pool .*$tags; trying again" mint.log)" 4
    assert_equal "$(faults link)" 8
    miner_is_paid
    assert_equal "$(grep -c ': up, session' mint.log)" "$count"
}

@test "the link in segments of one byte works as ever" {
    start_link_in_the_middle
    tell link next both:bytes
    tell link now both:cut
    wait_until sessions 2
    start_miner 50
    wait_until has_rows 50
    miner_is_paid
    assert_equal "$(faults link both:bytes)" 2
}

@test "AC-223 a mint that is connected but silent: what is on its way stops at the cap, and after 30 s it is left" {
    set_key pool.toml max_inflight 50
    start_mitm link "$(link_address)"
    set_key shared/pool.toml link_address "\"$mitm_address\""
    start_template
    HP_CLOCK_SPEED=10 LD_PRELOAD=$fast_clock start_pool
    HP_CLOCK_SPEED=10 LD_PRELOAD=$fast_clock start_mint
    wait_for_link
    start_miner 400
    # Its answers do not arrive, its pings neither; and no other session begins before they are counted.
    tell link refuse
    tell link now up@+0:hold
    made=$(ledger "SELECT count(*) FROM quote")
    wait_until has_rows $((made + 300))
    more=$(($(ledger "SELECT count(*) FROM quote") - made))
    ((more <= 50)) || fail "$more quotes were asked for without an answer"
    wait_for_text pool.log "silent for 30 s"
    tell link accept
    wait_until sessions 2
    # The other way round: the mint hears nothing.
    tell link now down@+0:hold
    wait_for_text mint.log "pool silent for 30 s; trying again"
    wait_until sessions 3
    miner_is_paid
}

@test "AC-224 answers that take their time do not hold up each other, nor any miner" {
    start_link_in_the_middle
    start_miner 200
    tell link now up@1500ms:lag
    # One after the other there would be seven answers within the 10 s that this waits.
    late="SELECT count(*) FROM outbox WHERE state = 2 AND acked_ms - accepted_ms >= 1500"
    wait_for_sql outbox "SELECT ($late) >= 200" 1
    miner_is_paid
    p99=$(jq .ack_p99_ms <<<"$summary")
    jq -en "$p99 < 500" || fail "acknowledged after $p99 ms"
}

@test "AC-225 cut after the mint's commit, before its answer: asked again it gives the same quote" {
    # With the true clock: no ping comes between, which would be cut instead of the answer.
    start_mitm link "$(link_address)"
    set_key shared/pool.toml link_address "\"$mitm_address\""
    start_template
    start_pool
    start_mint
    wait_for_link
    local cut
    for cut in up:cut up:reset up@+1:cut up@+157:cut; do
        tell link now "$cut"
        mine 1 "$pubkey"
        wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 0" 0
    done
    assert_equal "$(faults link)" 4
    books_agree
    assert_equal "$(wc -l <rows)" 4
    assert_equal "$(ledger 'SELECT max(seq) FROM quote')" 4
    # The pool saw each quote as a replay: it had been made before.
    assert_equal "$(records quote_created | jq -c .replay | sort | uniq -c | tr -s ' ')" " 4 true"
}

@test "AC-232 20,000 requests at once: every one gets its quote, in order" {
    set_key shared/pool.toml unit_bits 8
    set_key pool.toml easiest_target_bits 8
    start_template
    start_pool
    mine 20000 "$pubkey" --connections 4 --depth 2500
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 0" 20000
    start_mint
    deadline_s=30 books_agree
    assert_equal "$(wc -l <rows)" 20000
    assert_equal "$(ledger 'SELECT sum(created_ms < before) FROM
        (SELECT created_ms, lag(created_ms, 1, 0) OVER (ORDER BY seq) AS before FROM quote)')" 0
}

@test "AC-241 a link key is rotated with two allowed keys: both serve, then only the new one, and no row is lost" {
    hp-config keygen link --out conf/secrets/new-link.key
    old=$(hp-config pubkey - <conf/secrets/mint-link.key | sed -n 's/^link //p')
    new=$(hp-config pubkey - <conf/secrets/new-link.key | sed -n 's/^link //p')
    set_key pool.toml allowed_mint_keys "[\"$old\", \"$new\"]"
    start_template
    start_pool
    start_miner 200
    start_mint
    wait_for_link
    stop_daemon mint
    wait_until has_rows 100
    set_key mint.toml link_secret_key_file '"secrets/new-link.key"'
    start_mint
    wait_for_link
    books_agree_so_far
    stop_daemon miner
    stop_daemon pool
    set_key pool.toml allowed_mint_keys "[\"$new\"]"
    start_pool
    mine 5 "$pubkey"
    books_agree
    stop_daemon mint
    set_key mint.toml link_secret_key_file '"secrets/mint-link.key"'
    start_mint
    wait_for_text mint.log "pool refused this mint: unauthorised"
    mine 3 "$pubkey"
    assert_equal "$(outbox 'SELECT count(*) FROM outbox WHERE state = 0')" 3
}
books_agree_so_far() { wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state = 2 AND seq <= 100" 100; }

@test "AC-246 strangers who connect 500 times a second do not disturb the session that is up" {
    start_template
    start_pool
    start_mint
    wait_for_link
    start_miner 100
    rows=$(outbox "SELECT count(*) FROM outbox")
    hostile link link-flood 500 3
    assert_output --regexp '^connected 1500, then open [0-9]$'
    wait_until has_rows $((rows + 200))
    wait_until sessions 1
    miner_is_paid
    assert_equal "$(grep -c ': up, session' mint.log)" 1
}

# ---- between wallet and mint

# A whole topology with an SV1 miner whose ehash goes to the proxy's wallet, which reaches the mint through `api`.
start_wallet_in_the_middle() {
    start_template
    start_pool
    start_mint
    wait_for_link
    start_mitm api --http --only /v1/mint/ehash "${1-$(value shared/network.toml mint_listen)}"
    set_key shared/proxy.toml mint_url "\"http://$mitm_address\""
    HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock start_proxy
    wait_for_text proxy.log "mint http://$mitm_address: connected"
}
@test "requests for tokens, cut, doubled and unanswered at any byte: all sums are exact, nothing is issued twice" {
    start_wallet_in_the_middle
    {
        # Percents of messages whose length is not known before; every second request is left alone.
        for at in $(seq 0 "${HP_MITM_ALL:-9}" 100); do
            printf '%s\npass\n' "request@$at%:cut" "answer@$at%:cut"
        done
        for fault in request@50%:reset answer@0%:reset answer@99%:reset request:twice request:twin request:twice request:twin; do
            printf '%s\npass\n' "$fault"
        done
    } >plan
    tell api plan plan
    start_sv1_miner
    deadline_s=${HP_MITM_ALL:+600} wait_for_text api.out "plan done"
    wait_until faults_are api "$(grep -vc pass plan)"
    stop_miner
    assert_equal "$(jq .shares_rejected <<<"$summary")" 0
    tokens_agree
    assert_equal "$(jq .shares_accepted <<<"$summary")" "$(wc -l <rows)"
    # The mint gives the same request the same answer, at the same time and later.
    assert_equal "$(grep -c '^same ' api.out) $(grep -c '^different ' api.out)" "4 0"
    assert_equal "$(vault "SELECT count(*) FROM quote WHERE state <> 'done'")" 0
}
@test "AC-239 a mint that takes a request and never answers: it is left after 10 s, and the tokens come" {
    start_wallet_in_the_middle
    tell api next request:swallow
    tell api next answer:hold
    start_sv1_miner
    # Two requests run into the wallet's time limit; the answer of the second, which the mint did sign, comes too late.
    wait_until has_lines 2 'no answer from .* within 10000 ms; retrying operation 1 in' proxy.log
    tell api go
    stop_miner
    tokens_agree
    assert_equal "$(faults api)" 2
    assert_equal "$(jq .shares_rejected <<<"$summary")" 0
}

@test "AC-237 a proxy that was away for long finds every quote on its return" {
    start_template
    # 200 s of the pool's clock in one of ours: whatever would be forgotten after minutes is.
    HP_CLOCK_SPEED=200 LD_PRELOAD=$fast_clock start_pool
    start_mint
    wait_for_link
    start_proxy
    owner=$(sed -nE 's/.*without their own key goes to ([0-9a-f]{66}).*/\1/p' proxy.log)
    stop_daemon proxy
    mine 120 "$owner"
    books_agree
    # Six minutes of status records, one a second.
    wait_for_records pool_status $(($(records pool_status | wc -l) + 360))
    start_proxy
    tokens_agree
    assert_equal "$(wc -l <rows)" 120
}

# ---- between proxy and pool

@test "mining, cut anywhere from the first byte of the handshake to the acknowledgements: every share that counts is paid" {
    start_template
    start_pool
    start_mint
    wait_for_link
    start_mitm middle "$(pool_address)"
    set_key proxy.toml pool_address "\"$mitm_address\""
    HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock start_proxy
    read -r up down <<<"$(carried middle)"
    # The miner's waits are short too: its rate is 20 times of what it says.
    HP_CLOCK_SPEED=20 LD_PRELOAD=$fast_clock start_sv1_miner 10
    paste -d'\n' <(cuts up 41 0 "$up"; cuts down 41 0 "$down") \
        <(cuts up 97 $((up + 1)) $((up + 900)); cuts down 149 $((down + 1)) $((down + 1600))) | sed '/^$/d' >plan
    tell middle plan plan
    tell middle now both:reset
    deadline_s=${HP_MITM_ALL:+900} wait_for_text middle.out "plan done"
    wait_until faults_are middle "$(wc -l <plan)" '[a-z]+@'
    rows=$(outbox "SELECT count(*) FROM outbox")
    wait_until has_rows $((rows + 20))
    stop_miner
    tokens_agree
    accepted=$(jq .shares_accepted <<<"$summary")
    ((accepted > 0 && accepted <= $(wc -l <rows)))
    # What was refused was refused because the pool was away, and for nothing else.
    assert_equal "$(jq -r .reason <(grep miner_share_rejected proxy.out) | sort -u | grep -vE '^(pool-connection-lost|pool-away)$' || true)" ""
}

# ---- the template provider

@test "AC-112 AC-274 a block that is found while its template provider is out of reach, and then kill -9: it is submitted" {
    set_key template.toml sim_block_bits 16
    start_mitm templates "$(value shared/network.toml template_listen)"
    set_key shared/pool.toml template_address "\"$mitm_address\""
    start_template
    start_pool
    start_mint
    wait_for_link
    tell templates refuse
    tell templates now both@+0:cut
    wait_for_text pool.log "trying again"
    start_daemon finder hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --nominal-hash-rate 1
    wait_for_text pool.log "is sent when it is back"
    kill_daemon pool
    stop_daemon finder
    assert [ -s "$dir/data/outbox.db.solutions" ]
    refute grep "is accepted" template.log
    tell templates accept
    start_daemon pool hp-pool --config-dir "$dir"
    wait_for_text template.log "at height 1 is accepted"
    # It says so once; a known block is not a new one.
    kill_daemon pool
    start_pool
    wait_for_text pool.log "of the last hour to the template provider again"
    wait_for_text template.log "was already submitted"
    assert_equal "$(grep -c "is accepted" template.log)" 1
}
