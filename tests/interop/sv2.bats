# SRI's programs, unmodified, on hp-pool, and hp-miner on SRI's pool.

load ../cmd/helper
load ../e2e/topology
load sv2

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    new_key
}

# sv1_miner NAME: one at the translator.
sv1_miner() {
    start_daemon "$1" hp-miner "stratum+tcp://$translator_listen" --user "$1" --threads 1 --rate 10 --json
}
owners() { outbox "SELECT DISTINCT lower(hex(locking_key)) FROM outbox"; }
workers() { records share_accepted | jq -r .worker | sort -u | tr '\n' ' '; }
has_worker() { records share_accepted | grep -qF "\"worker\":\"$1\""; }

@test "translator_sv2, a channel for each miner: shares belong to the key in its user identity" {
    sv2_peer translator_sv2
    start_topology
    start_translator 'aggregate_channels = false'
    sv1_miner rig1
    sv1_miner rig2
    wait_until has_rows 20
    assert_equal "$(owners)" "$pubkey"
    assert_equal "$(records channel_opened | wc -l)" 2
    kill_daemon translator
    books_agree
}

@test "translator_sv2, idle since before the pool has work: it waits, and mines when a miner and a template come" {
    sv2_peer translator_sv2
    make_topology
    start_daemon pool hp-pool --config-dir "$dir"
    wait_for_address "$(pool_address)"
    start_translator 'aggregate_channels = true'
    wait_for_address "$translator_listen"
    sv1_miner rig1
    wait_for_records channel_waits 1
    start_template
    wait_until has_rows 5
    assert_equal "$(owners)" "$pubkey"
    assert_equal "$(records connection_closed | wc -l)" 0
    assert_equal "$(records channel_refused | wc -l)" 0
}

@test "translator_sv2, aggregated, with extension 0x0002: its workers have their names; a cut key is refused" {
    sv2_peer translator_sv2
    start_topology
    start_translator 'aggregate_channels = true' 'required_extensions = [0x0002]'
    sv1_miner rig1
    sv1_miner rig2
    wait_until has_worker rig1
    wait_until has_worker rig2
    assert_equal "$(workers)" "rig1 rig2 "
    assert_equal "$(owners)" "$pubkey"
    assert_equal "$(records channel_opened | wc -l)" 1
    owner=$pubkey
    new_key
    sv1_miner "$pubkey"
    wait_for_records share_rejected 1
    assert_equal "$(records share_rejected | head -n 1 | jq -r '[.reason, .worker] | join(" ")')" "invalid-locking-key ${pubkey:0:32}"
    assert_equal "$(owners)" "$owner"
    is_listed() { records channel_status | tail -n 1 | jq -e '[.workers[]?.worker] | index("rig1") and index("rig2")'; }
    wait_until is_listed
}

@test "translator_sv2 outlives new tips and a restart of the pool, listed twice as its upstream" {
    sv2_peer translator_sv2
    make_topology
    set_key template.toml sim_block_bits 20
    start_template
    start_pool
    start_translator 'aggregate_channels = true'
    sv1_miner rig1
    wait_for_records tip_changed 4
    wait_until has_rows 5
    stop_daemon pool
    start_pool
    before=$(outbox 'SELECT count(*) FROM outbox')
    wait_until has_rows $((before + 5))
    assert_equal "$(owners)" "$pubkey"
}

@test "mining_device: a standard channel, standard jobs, shares that are paid" {
    sv2_peer mining_device
    start_topology
    start_daemon device "$peer" --address-pool "$(pool_address)" --pubkey-pool "$(pool_key)" --id-user "$pubkey.device" \
        --cores 1 --nominal-hashrate-multiplier 0.0001
    wait_until has_rows 5
    assert_equal "$(owners)" "$pubkey"
    assert_equal "$(records channel_status | head -n 1 | jq -r .kind)" standard
    assert_equal "$(workers)" "$pubkey.device "
    assert_equal "$(records share_rejected | wc -l)" 0
    kill_daemon device
    books_agree
}

@test "hp-miner on pool_sv2, whose acknowledgements come in batches: it stays, and its shares count" {
    sv2_peer pool_sv2
    make_topology
    start_template
    free_ports 1
    cat >pool.toml <<EOF
authority_public_key = "9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72"
authority_secret_key = "mkDLTBBRxdBv998612qipDYoTK3YUrqLe8uWw7gu3iXbSrn2n"
cert_validity_sec = 3600
listen_address = "127.0.0.1:${ports[0]}"
coinbase_reward_script = "raw(0014000102030405060708090a0b0c0d0e0f10111213)"
server_id = 1
pool_signature = "SRI"
shares_per_minute = 600.0
share_batch_size = 100
[template_provider_type.Sv2Tp]
address = "$(value shared/network.toml template_listen)"
public_key = "$(value shared/pool.toml template_authority_public_key)"
EOF
    start_daemon sri "$peer" -c pool.toml
    wait_for_port "${ports[0]}"
    run_tool -0 hp-miner "stratum2+tcp://127.0.0.1:${ports[0]}/9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72" --user "$pubkey" \
        --threads 1 --shares 300 --nominal-hash-rate 1000 --json --connect-timeout 20
    assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.shares_accepted >= 300, .disconnects]')" '[true,0]'
}
