# What hp-miner, and an SV1 miner, are told: of a pool without work, of a wrong port, of a key that is refused.

load ../cmd/helper
load topology
load faults

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }
proxy_address() { value shared/network.toml proxy_listen; }
last_words() { printf '%s\n' "${stderr_lines[@]}" | grep -E '^hp-miner: (error|hint): '; }

# miner_fails URL USER OPTION...: hp-miner ends with 1 by itself; its last words are in $words
miner_fails() {
    run_tool -1 timeout 20 hp-miner "$1" --user "$2" --threads 1 --shares 1 --nominal-hash-rate 1 "${@:3}"
    assert_equal "$output" ""
    words=$(last_words)
}

@test "an SV1 miner at a pool without a template hears why, stays connected, and mines once there is one" {
    make_topology
    start_daemon pool hp-pool --config-dir "$dir"
    wait_for_address "$(pool_address)"
    start_daemon proxy hp-proxy --config-dir "$dir" --events -
    wait_for_address "$(proxy_address)"
    wait_for_text proxy.log "pool $(pool_address): connected"
    miner_fails "stratum+tcp://$(proxy_address)" rig1 --connect-timeout 6
    why="no work yet: the pool has no template (no-template-yet); work follows as soon as there is some"
    assert_equal "$words" "hp-miner: error: no work from $(proxy_address): the server says: $why"
    start_daemon miner hp-miner "stratum+tcp://$(proxy_address)" --user rig1 --threads 1 --shares 1 --json
    wait_for_text miner.log "the server says: $why"
    start_template
    wait_until has_rows 1
    wait "${daemon_pid[miner]}"
    unset 'daemon_pid[miner]'
    # The same connection.
    assert_equal "$(tail -n 1 miner.out | jq -c '[.shares_accepted, .disconnects]')" '[1,0]'
    refute grep -q "; retrying in" miner.log
}

@test "an SV2 miner at a pool without a template is told so, and not asked whether the server runs" {
    make_topology
    start_daemon pool hp-pool --config-dir "$dir"
    wait_for_address "$(pool_address)"
    new_key
    miner_fails "$(miner_url)" "$pubkey" --connect-timeout 1
    assert_equal "$words" "hp-miner: error: no work from $(pool_address): channel refused: no-template-yet"
}

@test "a wrong port is named by hp-miner, in each direction, and it ends where another try changes nothing" {
    start_topology
    start_proxy
    sv1="stratum+tcp://$(proxy_address)"
    sv2="stratum2+tcp://$(pool_address)/$(pool_key)"
    miner_fails "stratum+tcp://$(pool_address)" rig1
    assert_equal "$words" "hp-miner: error: $(pool_address): this port speaks Stratum V2 (Noise), not SV1
hp-miner: hint: if it is an SV2 port: stratum2+tcp://$(pool_address)/AUTHORITYKEY"
    miner_fails "stratum2+tcp://$(proxy_address)/$(pool_key)" rig1
    assert_equal "$words" "hp-miner: error: handshake with $(proxy_address) failed: it speaks SV1 (JSON), expected SV2 (Noise)
hp-miner: hint: check that $(proxy_address) is an SV2 port and that its authority key is the configured one; if it is an SV1 port: $sv1"
    local mint
    mint=$(value shared/network.toml mint_listen)
    miner_fails "stratum+tcp://$mint" rig1
    assert_equal "$words" "hp-miner: error: $mint speaks HTTP: not a mining port
hp-miner: hint: SV1 is at the proxy's proxy_listen, SV2 at the pool's pool_listen"
    miner_fails "stratum2+tcp://$mint/$(pool_key)" rig1
    assert_regex "$words" "^hp-miner: error: handshake with $mint failed: it speaks HTTP, expected SV2 \(Noise\)"
    # A server that closes silently may only be starting: hp-miner retries, and says what may be wrong.
    free_ports 1
    start_daemon closer python3 -c '
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    peer = server.accept()[0]
    peer.recv(4096)
    peer.close()' "${ports[0]}"
    wait_for_port "${ports[0]}"
    miner_fails "stratum+tcp://127.0.0.1:${ports[0]}" rig1 --connect-timeout 1
    assert_regex "$words" "has not answered at all: .*
hp-miner: hint: if it is an SV2 port: stratum2\+tcp://127.0.0.1:${ports[0]}/AUTHORITYKEY"
}

@test "a key that is refused ends hp-miner, which says which of its own words is meant" {
    start_topology
    start_proxy
    new_key
    miner_fails "$(miner_url)" rig1
    assert_regex "$words" "^hp-miner: error: channel refused: invalid-locking-key: --user 'rig1' does not contain a key, and the pool has no key for such shares"
    miner_fails "$(miner_url)" "${pubkey%?}.rig1"
    assert_regex "$words" "^hp-miner: error: channel refused: invalid-locking-key: --user '${pubkey%?}.rig1': invalid locking key: expected 66 hex digits, got 65"
    miner_fails "stratum+tcp://$(proxy_address)" "${pubkey%?}.rig1"
    assert_regex "$words" "^hp-miner: error: authorize refused: .*expected 66 hex digits, got 65
hp-miner: hint: it refers to --user '${pubkey%?}.rig1'$"
    # The key that it expected, as it was typed.
    local other
    other=$(value shared/network.toml template_authority_public_key)
    [ -n "$other" ] || other=$(value shared/pool.toml template_authority_public_key)
    miner_fails "stratum2+tcp://$(pool_address)/$other" "$pubkey" --connect-timeout 1
    assert_regex "$words" "the certificate is not signed by the expected authority key $other"
}

@test "a miner that is told of a refused share can ask hp-quote about it by the hash that it was told" {
    start_topology
    start_proxy
    run_tool -0 python3 "$tools/sv1_client.py" "$(proxy_address)" shares
    hash=$(jq -r 'select(.case == "low-difficulty") | .error[1]' <<<"$output" | sed -nE 's/^difficulty-too-low: .*; share ([0-9a-f]{64})$/\1/p')
    assert [ -n "$hash" ]
    wait_for_text "$dir/data/refused-shares.jsonl" difficulty-too-low
    run_tool -0 hp-quote explain "$hash" --config-dir "$dir"
    assert_line --partial "refused difficulty-too-low: "
    # What troubleshooting.md shows.
    local worker
    worker=$(jq -r 'select(.refused.reason == "difficulty-too-low") | .refused.worker' "$dir/data/refused-shares.jsonl" | head -n 1)
    command=$(sed -n '/^## Shares are refused/,/^## Connections/s/^jq -r //p' "$HP_SOURCE_DIR/docs/troubleshooting.md")
    command=${command//rig1/$worker}
    run -0 bash -c "jq -r ${command/\/var\/lib\/hashpool\/pool/$dir/data}"
    assert_line --partial "$(fold -w 2 <<<"$hash" | tac | tr -d '\n')	difficulty-too-low"
}
