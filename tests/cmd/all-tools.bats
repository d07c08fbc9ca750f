# What holds for every tool and verb alike.
load helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# each_call FUNCTION: FUNCTION PROGRAM [VERB]
each_call() {
    local program verb
    for program in "$HP_BIN_DIR"/hp-*; do
        program=${program##*/}
        local verbs
        verbs=$("$program" --list-options | awk -F '\t' '$2 == "command" {print $1}')
        if [ -z "$verbs" ]; then
            "$1" "$program"
        else
            for verb in $verbs; do "$1" "$program" "$verb"; done
        fi
    done
}

@test "AC-308 no terminal and nothing on stdin: an end at once, never a question or a hang" {
    ends() {
        local code=0
        HP_CONFIG_DIR=$PWD/none timeout 20 setsid "$@" </dev/null >out 2>err || code=$?
        # 3 is UNKNOWN of hp-stats check.
        [[ $code =~ ^[0123]$ ]] || fail "$*: $code $(cat err)"
        [ "$code" = 0 ] || [ -s err ] || [ -s out ] || fail "$*: $code without a word"
    }
    each_call ends
}

@test "AC-309 --json: what stands on stdout parses, also when it fails; errors go to stderr with a code of 1 or 2" {
    count=0
    parses() {
        "$@" --list-options | grep -q '^--json'$'\t' || return 0
        local code=0
        HP_CONFIG_DIR=$PWD/none timeout 20 "$@" --json </dev/null >out 2>err || code=$?
        jq -e . <out >parsed 2>&1 || [ ! -s out ] || fail "$*: $(cat out)"
        [ "$code" = 0 ] || [ -s err ] || [ -s out ] || fail "$*: $code without a word"
        [[ $code =~ ^[0123]$ ]] || fail "$*: $code $(cat err)"
        count=$((count + 1))
    }
    each_call parses
    assert [ "$count" -ge 15 ]
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
