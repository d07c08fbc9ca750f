# What was never recorded is an error that says what may have been meant, and what nobody saw is null: neither is 0.
load helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

record() { printf '{"v":1,"ts_ms":%d,"type":"%s","source":"%s"%s}\n' $((1760000040000 + $2)) "$1" "${4:-hp-pool}" "${3:+,$3}"; }
share() { record share_accepted "$1" "\"worker\":\"$2\",\"amount\":3,\"work_hashes\":1000"; }

a_pool() {
    {
        share 0 rig1
        share 61000 "rig2"
        record share_rejected 1000 '"reason":"stale-share"'
        record pool_status 62000 '"started_ms":1,"outbox_pending":4,"connections":1'
        share 181000 rig1
    } | hp-stats ingest --db pool.db 2>/dev/null
}
unknown() { # TEXT HINT ARGS...: exit 1, nothing on stdout
    run_tool -1 hp-stats "${@:3}"
    assert_equal "$output" ""
    assert_equal "${stderr_lines[0]}" "hp-stats: error: $1"
    assert_equal "${stderr_lines[1]:-}" "${2:+hp-stats: hint: $2}"
}

@test "an unknown series, label, field or worker is an error with the nearest one that there is" {
    a_pool
    unknown "there is no series 'share_acepted'" "did you mean share_accepted?" history pool.db --series share_acepted
    unknown "there is no series 'moon'" "" history pool.db --series moon --json
    unknown "there is no worker of share_accepted 'rig3'" "did you mean rig1?" history pool.db --worker rig3 --csv
    unknown "there is no reason of share_rejected 'stale'" "" history pool.db --series share_rejected --worker stale
    unknown "there is no field of status records 'outbox_pendig'" "did you mean outbox_pending?" history pool.db --gauge outbox_pendig
    # A series that the programs write is known before its first record.
    run_tool -0 hp-stats history pool.db --series block_found --json
    assert_equal "$(jq -c '[.rows[0].observed, .rows[0].count]' <<<"$output")" '[true,0]'
    run_tool -0 hp-stats history pool.db --worker rig1 --json
}

@test "a statement about a worker that never delivered anything is not signed" {
    a_pool
    hp-config init conf --network sim --ports auto >/dev/null
    run_tool -1 hp-stats certify pool.db --from '2025-10-09 08:54' --to '2025-10-09 08:56' --worker rig9 --key-file conf/secrets/pool-authority.key
    assert_output ""
    [[ $stderr == *"there is no worker of share_accepted 'rig9'"*"did you mean rig1?"* ]]
}

@test "what nobody saw is null: a slot without records, and figures of a program that wrote none" {
    a_pool
    # The pool tells its status each second: between its records nobody looked.
    run_tool -0 hp-stats history pool.db --step 1m --json
    assert_equal "$(jq -c '[.rows[] | select(.observed | not) | [.count, .amount, .work_hashes]] | unique' <<<"$output")" '[[null,null,null]]'
    run_tool -0 hp-stats show pool.db --json
    assert_equal "$(jq -c '[.shares_accepted, .quotes_created, .blocks_found, .blocks_accepted]' <<<"$output")" '[3,0,0,0]'
    assert_equal "$(jq -c '[.tokens_minted, .ehash_issued, .miner_shares_accepted, .miner_shares_rejected, .mint_quotes_created]' <<<"$output")" \
        '[null,null,null,null,null]'
    run_tool -0 hp-stats show pool.db
    assert_line --regexp '^tokens minted +-$'
    assert_line --regexp '^ehash issued +-$'
    # Once the others are heard, 0 is an answer.
    {
        record proxy_status 182000 '"started_ms":1,"miners":0' hp-proxy
        record ledger_status 182000 '"started_ms":1,"held":0' hp-mint
    } | hp-stats ingest --db pool.db 2>/dev/null
    assert_equal "$(hp-stats show pool.db --json | jq -c '[.tokens_minted, .ehash_issued, .miner_shares_rejected]')" '[0,0,{}]'
}

block() { record "$1" "$2" "\"height\":5,\"hash\":\"00\",\"accepted\":$3,\"fate\":\"$4\",\"reason\":\"\"" hp-template; }

@test "blocks in the chain stand beside blocks found: those that left it do not count, those handed in twice once" {
    share 0 rig1 | hp-stats ingest --db pool.db 2>/dev/null
    for at in 1000 2000 3000; do record block_found $at '"worker":"rig1","hash":"00","template_id":1'; done | hp-stats ingest --db pool.db 2>/dev/null
    # Found, and no word of the template provider: nobody knows.
    assert_equal "$(hp-stats show pool.db --json | jq -c '[.blocks_found, .blocks_accepted]')" '[3,null]'
    run_tool -0 hp-stats show pool.db
    assert_line --regexp '^blocks found +3  in the chain -$'
    {
        block block_submitted 1100 true accepted
        block block_submitted 2100 true accepted
        block block_submitted 3100 false side-branch
        block block_resubmitted 3200 true accepted
        block block_moved 3300 false side-branch
    } | hp-stats ingest --db pool.db 2>/dev/null
    assert_equal "$(hp-stats show pool.db --json | jq -c '[.blocks_found, .blocks_accepted]')" '[3,1]'
    block block_moved 3400 true accepted | hp-stats ingest --db pool.db 2>/dev/null
    run_tool -0 hp-stats show pool.db
    assert_line --regexp '^blocks found +3  in the chain 2$'
}
