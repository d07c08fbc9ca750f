# What a pool's mining port answers to bad input, while an honest miner keeps mining.

load ../cmd/helper
load topology
load faults

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    new_key
}

# reasons TYPE: how often each reason appears in the records of a type, as "2 reason", sorted by reason.
reasons() {
    records "$1" | jq -r .reason | LC_ALL=C sort | uniq -c | sed 's/^ *//'
}

# Sessions ended by the peer itself are not offences.
offences() { reasons connection_closed | grep -vE 'the peer closed the connection|connection lost: |stopping'; }

# A second, honest miner runs through the whole story and must not notice anything.
start_control() {
    start_daemon control hp-miner "$(miner_url)" --user "$pubkey.control" --threads 1 --rate 20 --nominal-hash-rate 1 --json
    wait_for_records share_accepted 1
}
control_is_unharmed() {
    local before
    before=$(records share_accepted | grep -c '\.control"')
    wait_until control_has_more_than "$before"
    stop_daemon control
    assert_equal "$daemon_status" 0
    assert_equal "$(tail -n 1 control.out | jq -c '[.shares_rejected, .shares_accepted > 0]')" '[0,true]'
    assert_equal "$(records connection_closed | jq -r .connection_id | grep -cx "$(control_connection)")" 1
}
control_has_more_than() { [ "$(records share_accepted | grep -c '\.control"')" -gt "$1" ]; }
control_connection() { records channel_opened | grep '\.control"' | jq -r .connection_id; }

# ---- set-up

@test "AC-035 versions: only a range that holds 2 is taken" {
    start_topology
    hostile pool setup-versions
    assert_output "3/3 SetupConnection.Error protocol-version-mismatch 0
0/1 SetupConnection.Error protocol-version-mismatch 0
2/1 SetupConnection.Error protocol-version-mismatch 0
0/65535 SetupConnection.Success 0 2"
    wait_for_records connection_closed 4
    assert_equal "$(offences)" "3 SetupConnection refused: protocol-version-mismatch"
}

@test "AC-036 of unknown flags all that are not supported are named, then the pool closes; another protocol is refused" {
    start_topology
    start_control
    hostile pool setup-flags 0x8 0x80000010 0x4
    assert_output "0x8 SetupConnection.Error unsupported-feature-flags 4294967288
then closed
0x80000010 SetupConnection.Error unsupported-feature-flags 4294967288
then closed
0x4 SetupConnection.Success 0 2"
    hostile pool setup-protocols
    assert_output "1 SetupConnection.Error unsupported-protocol 0
2 SetupConnection.Error unsupported-protocol 0
3 SetupConnection.Error unsupported-protocol 0
255 SetupConnection.Error unsupported-protocol 0"
    control_is_unharmed
}

@test "AC-037 a client that requires version rolling is refused where jobs forbid it" {
    make_topology
    set_key pool.toml version_rolling_allowed false
    start_template
    start_pool
    hostile pool setup-flags 4 0
    assert_output "4 SetupConnection.Error unsupported-feature-flags 4294967292
then closed
0 SetupConnection.Success 1 2"
}

@test "AC-038 texts of 0 and 255 bytes, and control characters, are texts" {
    start_topology
    hostile pool setup-texts
    assert_output "0 bytes SetupConnection.Success 0 2
255 bytes SetupConnection.Success 0 2
8 bytes SetupConnection.Success 0 2"
    run_tool -1 grep -P '[\x00-\x09\x0b-\x1f]' pool.log conf/data/pool-events.jsonl
}

@test "messages before set-up, a second set-up and frames that are none end the connection, each with its reason" {
    start_topology
    start_control
    hostile pool before-setup
    assert_output "UpdateChannel closed"
    hostile pool setup-twice
    assert_output "SetupConnection closed"
    hostile pool frames
    assert_output "server's message closed
no payload closed
cut payload closed
string past the end closed
longer than its type closed"
    control_is_unharmed
    wait_for_records connection_closed 8
    assert_equal "$(offences)" "1 OpenExtendedMiningChannel: user_identity: needs 200 more bytes
1 SetupConnection twice
1 SubmitSharesExtended: channel_id: needs 4 more bytes
1 SubmitSharesExtended: sequence_number: needs 4 more bytes
1 expected SetupConnection, got UpdateChannel
1 message type 0x00 of extension 0x00 announces 65535 bytes, at most 1547 are allowed
1 unexpected message SubmitShares.Error"
}

@test "unknown extensions, unknown types and unknown TLVs are ignored and counted, and cost no share" {
    start_topology
    hostile pool ignored "$pubkey"
    assert_output "share SubmitShares.Success
share with a TLV SubmitShares.Success"
    assert_equal "$(records share_accepted | wc -l)" 2
    ignored_are() { records pool_status | tail -n 1 | jq -e ".messages_ignored == $1"; }
    wait_until ignored_are 6
    run_tool -1 grep "closed:" pool.log
}

@test "a share with trailing bytes that are no TLV does not count, and its connection ends" {
    start_topology
    start_control
    hostile pool trailing-bytes "$pubkey"
    assert_output "one closed
zeros closed
half a TLV closed"
    assert_equal "$(records connection_closed | grep -c 'SubmitSharesExtended: after the last field: TLV: ')" 3
    assert_equal "$(records share_accepted | grep -vc '\.control"')" 0
    control_is_unharmed
}

@test "extension requests: eight of them, of 64 extensions each, and no more" {
    start_topology
    hostile pool extension-requests
    assert_output "the ninth closed
64 of them RequestExtensions.Success
65 of them closed"
    assert_equal "$(offences)" "1 RequestExtensions of more than 64 extensions
1 more than 8 RequestExtensions"
}

@test "a connection without a channel stays as long as idle_channel_s says, by default for ever" {
    make_topology
    set_key pool.toml idle_channel_s 1
    start_template
    start_pool
    hostile pool idle
    assert_output "idle closed"
    assert_equal "$(offences | grep -c 'no channel within 1 s (idle_channel_s)')" 1
}

@test "who is refused is in the log and in the records, with the reason" {
    make_topology
    set_key pool.toml channels_per_connection 2
    start_template
    start_pool
    hostile pool setup-versions
    hostile pool locking-keys
    hostile pool too-many-channels "$pubkey"
    assert_output "1 OpenExtendedMiningChannel.Success
2 OpenExtendedMiningChannel.Success
3 OpenMiningChannel.Error too-many-channels
other connection OpenExtendedMiningChannel.Success
after a close OpenExtendedMiningChannel.Success"
    assert_equal "$(reasons setup_refused)" "3 protocol-version-mismatch"
    assert_equal "$(reasons channel_refused)" "7 invalid-locking-key
1 too-many-channels"
    grep -q 'channel for "worker" refused: invalid-locking-key' pool.log
    limit_is() { records pool_status | tail -n 1 | jq -e '.channels_max == 2 and .channels_busiest <= 2'; }
    wait_until limit_is
}

# ---- channels

@test "AC-050 a locking key that is no key opens no channel" {
    start_topology
    hostile pool locking-keys
    assert_output "32 bytes OpenMiningChannel.Error invalid-locking-key
34 bytes OpenMiningChannel.Error invalid-locking-key
prefix 04 OpenMiningChannel.Error invalid-locking-key
no point OpenMiningChannel.Error invalid-locking-key
x above p OpenMiningChannel.Error invalid-locking-key
zeros OpenMiningChannel.Error invalid-locking-key
empty OpenMiningChannel.Error invalid-locking-key
good OpenExtendedMiningChannel.Success"
    assert_equal "$(records channel_opened | wc -l)" 1
}

@test "AC-049 without the extension the identity must be a key, unless the pool has a default" {
    start_topology
    hostile pool identities
    assert_output "'' 0 OpenMiningChannel.Error invalid-locking-key
'worker' 6 OpenMiningChannel.Error invalid-locking-key
'0279be66' 65 OpenMiningChannel.Error invalid-locking-key
'0279be66' 68 OpenMiningChannel.Error invalid-locking-key
'0479be66' 66 OpenMiningChannel.Error invalid-locking-key
'0279be66' 66 OpenExtendedMiningChannel.Success
'0279be66' 72 OpenExtendedMiningChannel.Success
'0279BE66' 66 OpenExtendedMiningChannel.Success"
    stop_daemon pool
    set_key pool.toml default_locking_key "\"$pubkey\""
    start_pool
    mine 1 "no key at all"
    assert_equal "$(outbox 'SELECT lower(hex(locking_key)), worker FROM outbox')" "$pubkey|no key at all"
}

@test "AC-055 extranonce sizes: granted as asked or refused by name" {
    start_topology
    hostile pool extranonce-sizes
    assert_output "0 granted
1 granted
16 granted
31 OpenMiningChannel.Error min-extranonce-size-too-large
32 OpenMiningChannel.Error min-extranonce-size-too-large
33 OpenMiningChannel.Error min-extranonce-size-too-large
65535 OpenMiningChannel.Error min-extranonce-size-too-large"
}

@test "hash rates that are not numbers are refused by name" {
    start_topology
    hostile pool hash-rates
    assert_output '-1 OpenMiningChannel.Error invalid-nominal-hashrate
{"bits": 2143289344} OpenMiningChannel.Error invalid-nominal-hashrate
{"bits": 2139095040} OpenMiningChannel.Error invalid-nominal-hashrate
0 OpenExtendedMiningChannel.Success
3e+38 OpenMiningChannel.Error invalid-nominal-hashrate'
}

@test "a device that takes standard jobs only, and a proxy's group of both kinds of channels, are paid" {
    start_topology
    hostile pool standard-channel
    assert_output "first after opening: NewMiningJob SetNewPrevHash
standard SubmitShares.Success
again SubmitShares.Error duplicate-share"
    hostile pool group
    assert_output "one group: True, its id is nobody's: True
each got its own first job: True
standard SubmitShares.Success
extended SubmitShares.Success"
    wait_for_records share_accepted 3
    assert_equal "$(records channel_status | jq -rs 'map(.kind) | unique | join(" ")')" "extended standard"
}

@test "AC-053 AC-054 channel numbers belong to their connection, request numbers to nobody" {
    start_topology
    hostile pool request-twice
    assert_output "7 7 True True"
    hostile pool foreign-channel
    assert_output "of the other SubmitShares.Error difficulty-too-low
after its close SubmitShares.Error invalid-channel-id
own SubmitShares.Success"
}

@test "AC-058 unknown channels: an error of each kind, and the own channel goes on" {
    start_topology
    hostile pool unknown-channels
    assert_output "update UpdateChannel.Error invalid-channel-id
submit SubmitShares.Error invalid-channel-id
update UpdateChannel.Error invalid-channel-id
submit SubmitShares.Error invalid-channel-id
update UpdateChannel.Error invalid-channel-id
submit SubmitShares.Error invalid-channel-id
own SubmitShares.Success"
    assert_equal "$(reasons share_rejected)" "3 invalid-channel-id"
}

# ---- shares

@test "AC-071 AC-077 AC-081 AC-082 AC-083 each bad share has its code, is counted once and makes no quote" {
    start_topology
    start_control
    hostile pool shares "$pubkey"
    assert_output "unknown job SubmitShares.Error invalid-job-id
extranonce short SubmitShares.Error bad-extranonce-size
extranonce long SubmitShares.Error bad-extranonce-size
extranonce empty SubmitShares.Error bad-extranonce-size
ntime 0 SubmitShares.Error invalid-share
ntime 2106 SubmitShares.Error invalid-share
version bit SubmitShares.Error invalid-non-rollable-version-bit
other nonce SubmitShares.Error difficulty-too-low
low difficulty SubmitShares.Error difficulty-too-low
good SubmitShares.Success
again SubmitShares.Error duplicate-share
next SubmitShares.Success"
    assert_equal "$(reasons share_rejected)" "3 bad-extranonce-size
2 difficulty-too-low
1 duplicate-share
1 invalid-job-id
1 invalid-non-rollable-version-bit
2 invalid-share"
    control_is_unharmed
    assert_equal "$(outbox "SELECT count(*) FROM outbox WHERE worker = '$pubkey'")" 2
    wait_for_sql outbox "SELECT count(*) FROM outbox WHERE state <> 2" 0
    assert_equal "$(ledger 'SELECT count(*) FROM quote')" "$(outbox 'SELECT count(*) FROM outbox')"
}

@test "AC-082 where rolling is forbidden no version bit may differ" {
    make_topology
    set_key pool.toml version_rolling_allowed false
    start_template
    start_pool
    hostile pool shares "$pubkey"
    assert_line "version bit SubmitShares.Error version-rolling-not-allowed"
    assert_line "good SubmitShares.Success"
}

@test "AC-072 AC-073 a share of an earlier connection earns nothing on a new one, before and after kill -9" {
    start_topology
    hostile pool repeat "$pubkey" share.json
    assert_output "first SubmitShares.Success"
    hostile pool repeat "$pubkey" share.json
    assert_output --partial "again SubmitShares.Error "
    kill_daemon pool
    start_pool
    hostile pool repeat "$pubkey" share.json
    assert_output --partial "again SubmitShares.Error "
    assert_equal "$(outbox 'SELECT count(*) FROM outbox')" 1
}

@test "AC-077 AC-080 a block changes the tip: shares of the old one are stale, not of low difficulty" {
    make_topology
    set_key template.toml sim_block_bits 18
    start_template
    start_pool
    hostile pool stale "$pubkey"
    assert_output "block SubmitShares.Success
old tip SubmitShares.Error stale-share
unknown job SubmitShares.Error invalid-job-id
new tip SubmitShares.Success"
    assert_equal "$(records block_found | wc -l)" 1
    wait_for_text template.log "height 2"
}

# ---- peers that are not SV2 clients

# say_hello BYTES: to the mining port, until the pool closes; what it answers is in $answer.
say_hello() {
    local fd
    exec {fd}<>"/dev/tcp/127.0.0.1/$(pool_address | cut -d: -f2)"
    # The pool may have heard enough after the first line; SIGPIPE is for a subshell then.
    (printf '%b' "$1" >&"$fd") 2>/dev/null || true
    # A reset is an end as well: the pool need not read what it did not ask for.
    answer=$(timeout 5 cat <&"$fd" 2>/dev/null) || [ $? -ne 124 ] || fail "the port is still open after 5 s"
    exec {fd}>&-
}
failed_handshakes() { records pool_status | tail -n 1 | jq .handshakes_failed; }
failed_handshakes_are() { [ "$(failed_handshakes)" = "$1" ]; }

@test "AC-027 HTTP, TLS, SSH, SV1, plain SV2 and a PROXY header on the Noise port: closed, named in log and records, counted" {
    # Status records, and lines of the log that strangers provoke, come five times a second.
    make_topology
    start_template
    HP_CLOCK_SPEED=5 LD_PRELOAD=$fast_clock start_pool
    start_control
    wait_for_records pool_status 1
    local already count=0 guess bytes
    already=$(failed_handshakes)
    while IFS=' ' read -r guess bytes; do
        say_hello "$bytes"
        # Whoever can read an answer gets one in its own words.
        case $guess in
            HTTP) [[ $answer == "HTTP/1.1 400 "*"This port speaks Stratum V2 (Noise), not HTTP." ]] || fail "answer: $answer" ;;
            SV1*) jq -e '.error[1] == "this port speaks Stratum V2 (Noise), not SV1"' <<<"$answer" ;;
            *) assert_equal "$answer" "" ;;
        esac
        count=$((count + 1))
        wait_until failed_handshakes_are $((already + count))
        # The log has one such line a second at most: with one more status record between them all five are seen.
        wait_for_records pool_status $(($(records pool_status | wc -l) + 1))
        assert_equal "$(grep -c "handshake failed: speaks ${guess//_/ }; this port speaks Stratum V2 (Noise)" pool.log)" 1
        assert_equal "$(records setup_refused | jq -r .reason | grep -cF "speaks ${guess//_/ }; this port speaks SV2")" 1
    done <<'END'
HTTP GET / HTTP/1.1\r\nHost: pool\r\n\r\n
TLS \x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03
SSH SSH-2.0-OpenSSH_9.2\r\n
SV1_(JSON) {"id":1,"method":"mining.subscribe","params":[]}\n
a_PROXY_protocol_header PROXY TCP4 192.0.2.1 192.0.2.2 50000 34254\r\n
SV2_without_encryption \x00\x00\x00\x20\x00\x00\x00\x02\x00\x02\x00
END
    assert_equal "$count" 6
    control_is_unharmed
}

@test "AC-021 what a peer sends is escaped in the log" {
    start_topology
    say_hello 'GET /\r\n2026-01-01 error hp-pool: forged\r\n\r\n'
    wait_for_text pool.log "speaks HTTP; this port"
    run_tool -1 grep forged pool.log
}

@test "a wrong authority key: the miner says which key it expected and gives up when told to" {
    start_topology
    run_tool -1 hp-miner "stratum2+tcp://$(pool_address)/$(link_key)" --user "$pubkey" --shares 1 --connect-timeout 1 \
        --nominal-hash-rate 1 --threads 1
    assert_equal "$output" ""
    [[ $stderr == *"the certificate is not signed by the expected authority key "* ]]
    [[ ${stderr_lines[-1]} == "hp-miner: hint: check the authority public key in the address or the configuration" ]]
    assert_equal "$(outbox 'SELECT count(*) FROM outbox')" 0
}

@test "a certificate that has ended, or not begun, by the miner's clock: refused, with both times" {
    start_topology
    local ahead
    for ahead in $((2 * 86400)) $((-2 * 86400)); do
        HP_CLOCK_AHEAD_S=$ahead LD_PRELOAD=$fast_clock run_tool -1 hp-miner "$(miner_url)" --user "$pubkey" --shares 1 \
            --connect-timeout 1 --nominal-hash-rate 1 --threads 1
        assert_equal "$output" ""
        [[ $stderr == *"certificate is valid from "*"clock says "* ]]
    done
    assert_equal "$(outbox 'SELECT count(*) FROM outbox')" 0
    mine 1 "$pubkey"
}

@test "AC-025 certificates of 2 s renew themselves, and an old session is never cut" {
    make_topology
    set_key pool.toml certificate_validity_s 2
    start_template
    start_pool
    start_control
    mine 1 "$pubkey"
    # The status records are a second apart: after five of them every certificate of the start has ended.
    wait_for_records pool_status 5
    mine 1 "$pubkey"
    control_is_unharmed
}

@test "a pool that acknowledges in batches acknowledges the last one when it stops" {
    start_topology
    stop_daemon pool
    set_key pool.toml ack_batch 10000
    set_key pool.toml ack_batch_ms 60000
    start_pool
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --nominal-hash-rate 1 --json
    wait_until has_rows 20
    stop_daemon pool
    assert_equal "$daemon_status" 0
    stop_daemon miner
    assert_equal "$(tail -n 1 miner.out | jq .shares_accepted)" "$(outbox 'SELECT count(*) FROM share')"
}
