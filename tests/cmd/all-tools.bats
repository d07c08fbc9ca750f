# What holds for every tool and verb alike.
load helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# each_call CHECK LEAST: tests/cmd/each_call tries it on every tool and verb, which must be as many as that.
each_call() {
    run_tool -0 "$HP_SOURCE_DIR/tests/cmd/each_call" "$1"
    assert [ "$output" -ge "$2" ]
}

@test "AC-308 no terminal and nothing on stdin: an end at once, never a question or a hang" {
    each_call ends 50
}

@test "AC-309 --json: what stands on stdout parses, also when it fails; errors go to stderr with a code of 1 or 2" {
    each_call json_parses 30
}

@test "everything that prints what a person would pipe has --json: each verb of each tool, but those of a list" {
    each_call json_offered 50
}

@test "AC-309 --json of what works: parses, with nothing beside it" {
    hp-config init conf --network sim --ports auto >/dev/null
    echo '{"v":1,"ts_ms":1760000000000,"type":"share_accepted","source":"hp-pool","worker":"a","amount":1,"work_hashes":5}' |
        hp-stats ingest --db stats.db 2>/dev/null
    local call
    for call in "hp-config check conf" "hp-config show conf" "hp-stats show stats.db" "hp-stats history stats.db" "hp-stats top stats.db" \
        "hp-stats latency stats.db" "hp-stats check stats.db" "hp-stats truth stats.db --claim 1T --sigma 30"; do
        # shellcheck disable=SC2086
        run_tool $call --json
        [ -z "$output" ] || jq -e . <<<"$output" >/dev/null || fail "$call: $output"
    done
}

@test "an option's empty value is an error, for every option of every tool and verb but those that say what it means" {
    each_call empty_options 270
}

@test "a key that is empty in its variable or file is an error, unless it says what that means" {
    each_call empty_keys 120
}

@test "a value out of its range is told in plain words: never CLI11's bounds, types and conversions" {
    each_call bad_numbers 25
    run_tool -2 hp-wallet restore --gap 0
    assert_equal "${stderr_lines[0]}" "hp-wallet: error: --gap: expected 1 to 100000000, got 0"
    run_tool -2 hp-miner stratum+tcp://127.0.0.1:1 --user a --shares 0
    assert_equal "${stderr_lines[0]}" "hp-miner: error: --shares: expected a whole number from 1 on, got 0"
    run_tool -2 hp-stats history --step 2m
    assert_equal "${stderr_lines[0]}" "hp-stats: error: --step: expected 1m, 5m, 1h or 1d, got '2m'"
    HP_KEEP_1D_D=0 run_tool -2 hp-config check conf
    assert_equal "${stderr_lines[0]}" "HP_KEEP_1D_D: is 0, allowed: a number from 1 to 100000"
}

@test "a stdout that takes nothing is exit 1 with a word, for every tool and verb that prints; a closed one too" {
    hp-config init nets --network sim --ports auto >/dev/null
    printf '{"v":1,"ts_ms":%d,"type":"share_accepted","source":"hp-pool","worker":"a","amount":1,"work_hashes":5}\n' "$(date +%s%3N)" |
        hp-stats ingest --db stats.db 2>/dev/null
    each_call full_stdout 140
    # A plugin that cannot write its line is UNKNOWN; what is worse stays so.
    run -3 bash -c 'hp-stats check stats.db >/dev/full 2>err'
    run -2 bash -c 'hp-stats check stats.db --critical-hashrate 1e18 >/dev/full 2>err'
}
