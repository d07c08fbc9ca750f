load ../cmd/helper
load btcd

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    local reason
    if ! reason=$(btcd_install); then skip "SKIPPED: $reason"; fi
    btcd_install
    free_ports 2
    btcd_start "$BATS_TEST_TMPDIR/btcd" "${ports[0]}"
    hp-config keygen authority --out authority.key >/dev/null
    (umask 077 && printf '%s\n' "$btcd_password" >password)
}

teardown() {
    stop_daemons
    btcd_stop
}

start_template() {
    start_daemon template hp-template --rpc "$btcd_url" --network "${1:-regtest}" --rpc-user "$btcd_user" \
        --rpc-password-file password --authority-secret-key-file authority.key \
        --template-listen "127.0.0.1:${ports[1]}"
}

@test "btcd: blocks made from its templates are accepted, side branches told apart, and its long poll brings the next" {
    HP_TEST_NODE_URL=$btcd_url HP_TEST_NODE_USER=$btcd_user HP_TEST_NODE_PASSWORD=$btcd_password \
        run_tool templates_test --no-skip --test-case='a real node*'
    assert_line --partial "1 passed | 0 failed"
    # The last one is on another third block than the one that was there first.
    run_tool btcd_rpc getblockcount
    assert_output --partial '"result":4'
}

@test "btcd: hp-template serves its templates and follows its tip" {
    start_template
    wait_for_text template.log "template for height 1:"
    wait_for_port "${ports[1]}"
    btcd_generate 2
    wait_for_text template.log "template for height 3:"
    stop_daemon template
    assert_equal "$daemon_status" 0
}

@test "btcd: hp-template says so when the node goes, and when it comes back" {
    start_template
    wait_for_text template.log "template for height 1:"
    btcd_stop
    wait_for_text template.log "no templates from $btcd_url"
    btcd_start "$BATS_TEST_TMPDIR/btcd" "${ports[0]}"
    btcd_generate 1
    wait_for_text template.log "templates from $btcd_url again"
    wait_for_text template.log "template for height 2:"
}

@test "btcd: a node of another network gives no templates" {
    start_template testnet4
    wait_for_text template.log "the node is on 'regtest', configured is 'testnet4'"
    run ! grep -q "template for height" template.log
}
