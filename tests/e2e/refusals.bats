# Why a share was refused: one word at the miner, in the records, in the log and in the file that the pool keeps. And what
# refuses them all: a clock that was set; and peers that speak something else.

load ../cmd/helper
load topology
load faults

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

kept() { cat "$dir"/data/refused-shares.jsonl; }
has_kept() { [ "$(kept 2>/dev/null | wc -l)" -ge "$1" ]; }

@test "each share that the pool refuses has reason, hash and owner in records, log and file; hp-quote explains it, check-shares judges it again" {
    make_topology
    start_template
    start_pool --log-level debug
    start_mint
    wait_for_link
    new_key
    hostile pool shares "$pubkey"
    local count hash
    count=$(grep -c 'SubmitShares.Error' <<<"$output")
    wait_until has_kept "$count"
    assert_equal "$(kept | wc -l)" "$count"
    # The same shares, by the same words, in both.
    diff <(kept | jq -c '.refused | [.reason, .share_hash, .locking_key, .peer]') \
        <(records share_rejected | jq -c '[.reason, .share_hash, .locking_key, .peer]')
    records share_rejected | jq -es --arg key "$pubkey" 'all(.locking_key == $key and (.peer | startswith("127.0.0.1:")))'
    # Where there is something to hash, it is: all but those of no job, and of the wrong size.
    assert_equal "$(records share_rejected | jq -r 'select(.share_hash == null) | .reason' | sort -u)" "bad-extranonce-size
invalid-job-id"
    grep -qE "debug .*miner 127.0.0.1:[0-9]+: share [0-9]+ of worker .* refused: [a-z-]+: .*; hash ([0-9a-f]{64}|unknown), owner $pubkey" pool.log

    run_tool -0 hp-pool check-shares "$dir/data/refused-shares.jsonl"
    # A duplicate is right by itself.
    assert_equal "$(jq -r 'select(.outcome != .refused) | [.refused, .outcome] | join(" ")' <<<"$output")" "duplicate-share valid"

    hash=$(records share_rejected | jq -r 'select(.reason == "difficulty-too-low") | .share_hash' | head -n 1)
    run_tool -0 hp-quote explain "$hash" --config-dir "$dir"
    assert_line --partial "refused difficulty-too-low: difficulty "
    assert_line --partial "its hash misses the target of its job"
    # As explorers show it; and from the file alone.
    run_tool -0 hp-quote explain "$(fold -w 2 <<<"$hash" | tac | tr -d '\n')" --refused "$dir/data/refused-shares.jsonl" --json
    jq -e --arg key "$pubkey" '.refused_shares | length == 1 and .[0].reason == "difficulty-too-low" and .[0].locking_key == $key' <<<"$output"
    # Accepted once, and refused when it came again.
    hash=$(records share_rejected | jq -r 'select(.reason == "duplicate-share") | .share_hash')
    run_tool -0 hp-quote explain "$hash" --config-dir "$dir" --json
    jq -e '.outbox.worker != null and (.refused_shares | map(.reason)) == ["duplicate-share"]' <<<"$output"
    run_tool -1 hp-quote explain "${hash//[0-9a-f]/7}" --config-dir "$dir"
    [[ $stderr == *"refused shares: not among those in '"*"refused-shares.jsonl'"* ]]
}

@test "the file can be elsewhere, or nowhere, and one that cannot be written costs no share" {
    make_topology
    start_template
    start_pool --keep-refused "$BATS_TEST_TMPDIR/mine.jsonl"
    new_key
    hostile pool shares "$pubkey"
    wait_for_text mine.jsonl '"duplicate-share"'
    assert [ ! -e "$dir/data/refused-shares.jsonl" ]
    stop_daemon pool
    start_pool --keep-refused ''
    hostile pool shares "$pubkey"
    stop_daemon pool
    assert [ ! -e "$dir/data/refused-shares.jsonl" ]
    start_pool --keep-refused /nonexistent/refused.jsonl
    hostile pool shares "$pubkey"
    wait_for_text pool.log "refused shares are not kept: '/nonexistent/refused.jsonl'"
}

@test "an SV1 miner is told the same word, and the proxy's records have the hash and the owner" {
    start_topology
    start_proxy --log-level debug
    run_tool -0 python3 "$tools/sv1_client.py" "$proxy_listen" shares
    local case word
    while read -r case word; do
        assert_equal "$(jq -r "select(.case == \"$case\") | .error[1]" <<<"$output" | sed 's/: .*//')" "$word"
        wait_for_text proxy.out "\"reason\":\"$word\""
    done <<'END'
not-subscribed not-subscribed
unauthorized unauthorized
duplicate duplicate-share
low-difficulty difficulty-too-low
unknown-job invalid-job-id
wrong-extranonce2-size bad-extranonce-size
END
    local of_pool of_proxy
    of_pool=$(records share_rejected | jq -c '[.reason, .share_hash, .locking_key]' | sort)
    of_proxy=$(grep -F '"miner_share_rejected"' proxy.out | jq -c 'select(.reason | IN("duplicate-share", "difficulty-too-low")) | [.reason, .share_hash, .locking_key]' | sort)
    assert_equal "$of_proxy" "$of_pool"
    # A line a second from each address.
    grep -qE 'debug .*miner 127.0.0.1:[0-9]+: share of worker ".*" refused: [a-z-]+: .*; hash (unknown|[0-9a-f]{64}), owner ' proxy.log
}

# Bytes of a peer at the SV1 port; what comes back is in $answer.
say() {
    local fd
    exec {fd}<>"/dev/tcp/127.0.0.1/${proxy_listen##*:}"
    printf '%b' "$1" >said # in one piece: the shell writes a line at a time
    (cat said >&"$fd") 2>/dev/null || true
    answer=$(timeout 5 cat <&"$fd" 2>/dev/null | tr -d '\0') || [ $? -ne 124 ] || fail "the port is still open after 5 s"
    exec {fd}>&-
}

@test "HTTP, TLS, SSH, PROXY headers and SV2 at the SV1 port are named in log and records, and HTTP is answered" {
    start_topology
    start_proxy
    local guess bytes count=0
    while IFS=' ' read -r guess bytes; do
        say "$bytes"
        guess=${guess//_/ }
        if [ "$guess" = HTTP ]; then
            [[ $answer == "HTTP/1.1 400 "*"This port speaks Stratum V1 (JSON lines), not HTTP." ]] || fail "answer: $answer"
        else
            assert_equal "$answer" ""
        fi
        wait_for_text proxy.out "\"reason\":\"speaks $guess; this port speaks SV1\""
        count=$((count + 1))
    done <<'END'
HTTP GET / HTTP/1.1\r\nHost: pool\r\n\r\n
TLS \x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03
SSH SSH-2.0-OpenSSH_9.2\r\n
a_PROXY_protocol_header PROXY TCP4 192.0.2.1 192.0.2.2 50000 34255\r\n{"id":1,"method":"mining.subscribe","params":[]}\n
a_PROXY_protocol_header \r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c
END
    assert_equal "$count" 5
    run_tool -1 hp-miner "stratum2+tcp://$proxy_listen/$(pool_key)" --user rig1 --shares 1 --connect-timeout 1 --threads 1
    wait_for_text proxy.out '"reason":"speaks SV2 (Noise); this port speaks SV1"'
    # The log has a line a second from each address.
    grep -qF 'speaks HTTP; this port speaks SV1' proxy.log
    # A miner is served as before.
    run_tool -0 hp-miner "stratum+tcp://$proxy_listen" --user rig1 --shares 1 --threads 1
}

alarms() { records alarm | jq -r .what; }
clock_off() { records pool_status | tail -n 1 | jq .clock_off_ms; }
clock_is_right() { [ "$(clock_off)" = 0 ]; }
clock_is_off() { [ "$(clock_off)" -le -86000000 ]; }

@test "a clock that is set back a day: log, alarm and status say so, and say when it is right again" {
    make_topology
    start_template
    echo 0 >clock
    HP_CLOCK_AHEAD_FILE=$BATS_TEST_TMPDIR/clock LD_PRELOAD=$fast_clock start_pool
    start_mint
    wait_for_link
    new_key
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate 20 --nominal-hash-rate 1 --json
    wait_for_records share_accepted 1
    wait_for_records pool_status 1
    assert_equal "$(records pool_status | tail -n 1 | jq -c '[.clock_off_ms, .clock_behind_tip_s]')" '[0,0]'

    echo -86400 >clock
    wait_for_text pool.log "the system clock was set back by 86400 s; shares are checked against it"
    wait_for_text pool.log " s behind the chain's tip: every share is refused (invalid-share) until it is corrected"
    wait_for_records share_rejected 1
    assert_equal "$(records share_rejected | jq -r .reason | sort -u)" invalid-share
    alarms | grep -q '^the system clock was set back by 86400 s'
    alarms | grep -q "behind the chain's tip"
    wait_until clock_is_off
    [ "$(records pool_status | tail -n 1 | jq .clock_behind_tip_s)" -gt 80000 ]

    echo 0 >clock
    wait_for_text pool.log "the system clock is right again"
    wait_for_text pool.log "the system clock is no longer behind the chain: shares are accepted again"
    wait_until clock_is_right
    local rows
    rows=$(outbox 'SELECT count(*) FROM outbox')
    wait_until has_rows "$((rows + 1))"
}
