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

# values_of PROGRAM [VERB]: its options that take a value
values_of() { "$@" --list-options | awk -F '\t' '$2 == "value" {print $1}'; }

@test "an option's empty value is an error, for every option of every tool and verb but those that say what it means" {
    hp-config init conf --network sim --ports auto >/dev/null
    export HP_CONFIG_DIR=$PWD/conf
    # An option that several verbs of a program share is checked in one place.
    local -A seen=()
    refuses() {
        local option form
        for option in $(values_of "$@"); do
            [ -z "${seen["$1 $option"]-}" ] || continue
            seen["$1 $option"]=1
            case $option in
                # Texts that may be nothing: a token's memo, a miner's password.
                --memo | --password) continue ;;
                # Keys that say in hp-config(5) what nothing means.
                --events | --description | --coinbase-tag | --route-to) continue ;;
                --public-names | --public-urls | --sources-exempt | --allowed-writer-keys | --roles | --keep-refused) continue ;;
            esac
            for form in two one; do
                local code=0
                if [ $form = one ]; then set -- "$@" "$option="; else set -- "$@" "$option" ""; fi
                timeout 20 "$@" </dev/null >out 2>err || code=$?
                [ "$code" = 2 ] || [[ "$* $code" == "hp-stats check "*" 3" ]] || fail "$*: $code $(cat err)"
                grep -qE -- "$option(: expected a value, got an empty one)" err || fail "$*: $(cat err)"
                if [ $form = one ]; then set -- "${@:1:$#-1}"; else set -- "${@:1:$#-2}"; fi
            done
        done
    }
    each_call refuses
    assert [ "${#seen[@]}" -ge 200 ]
}

@test "a key that is empty in its variable or file is an error, unless it says what that means" {
    hp-config init conf --network sim --ports auto >/dev/null
    local file key variable type allowed=0
    while IFS=$'\t' read -r file key variable type; do
        env "$variable=" hp-config check conf >out 2>err && code=0 || code=$?
        case $key in
            events | description | coinbase_tag | route_to | public_names | public_urls | sources_exempt | allowed_writer_keys | roles | keep_refused)
                refute grep -q "$variable: is empty" err
                allowed=$((allowed + 1))
                continue
                ;;
        esac
        [ "$code" = 2 ] && grep -qE "^$variable: is (empty|''), allowed: " err || fail "$variable=: $code $(cat err)"
        [ "$type" = "text in quotes" ] || continue
        cp "conf/$file" kept
        sed -i "/^$key = /d" "conf/$file" && echo "$key = \"\"" >>"conf/$file"
        run_tool -2 hp-config check conf
        [[ $stderr == *"$file:"*" $key: is empty, allowed: "* ]] || fail "$file: $key: $stderr"
        mv kept "conf/$file"
    done < <(for key in $(hp-config show conf --json | jq -r '.file + ":" + .key'); do hp-config explain "$key" --json; done |
        jq -r '[(.file | split(",")[0]), .key, .variable, .type] | @tsv')
    assert [ "$allowed" -ge 10 ]
}

@test "a value out of its range is told in plain words: never CLI11's bounds, types and conversions" {
    hp-config init conf --network sim --ports auto >/dev/null
    export HP_CONFIG_DIR=$PWD/conf
    count=0
    # Options whose values are numbers say so when they get a word.
    local -A seen=()
    plain() {
        local option value
        for option in $(values_of "$@"); do
            [ -z "${seen["$1 $option"]-}" ] || continue
            seen["$1 $option"]=1
            timeout 20 "$@" "$option" '#' </dev/null >out 2>err && continue
            ! grep -qE "not in range|not in \{|Value |Could not convert|\[[0-9.e+-]+ - |INT|UINT|FLOAT|Number less" err || fail "$* $option '#': $(cat err)"
            grep -qE -- "$option: expected (a whole number from|a number (from|above)|[0-9.]+ to )" err || continue
            cp err kind
            for value in -1 -0.5 99999999999999999999 1e400 nan 0x10 '' '1 '; do
                local code=0
                [ "$value" = 99999999999999999999 ] && grep -q 'expected a number' kind && continue
                timeout 20 "$@" "$option" "$value" </dev/null >out 2>err || code=$?
                [ "$code" = 2 ] || [ "$* $code" = "hp-stats check 3" ] || fail "$* $option $value: $code $(cat err)"
                grep -qE -- "$option: expected .*, got ('?$value'?|an empty one)$" err || fail "$* $option $value: $(cat err)"
            done
            count=$((count + 1))
        done
    }
    each_call plain
    assert [ "$count" -ge 25 ]
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
    hp-config init conf --network sim --ports auto >/dev/null
    cp -r conf other
    printf '{"v":1,"ts_ms":%d,"type":"share_accepted","source":"hp-pool","worker":"a","amount":1,"work_hashes":5}\n' "$(date +%s%3N)" |
        hp-stats ingest --db stats.db 2>/dev/null
    hp-config init nets --network sim --ports auto >/dev/null
    full() {
        local code=0 expected=1
        # To a monitor 1 is WARNING: its plugin that cannot write is UNKNOWN.
        [[ "$*" == "hp-stats check "* ]] && expected=3
        timeout 20 "$@" </dev/null >/dev/full 2>err || code=$?
        [ "$code" = $expected ] && grep -q "error: cannot write to stdout" err || fail "$* >/dev/full: $code $(cat err)"
        rm -rf new
        code=0
        timeout 20 "$@" </dev/null >&- 2>err || code=$?
        [ "$code" = $expected ] && grep -q "error: cannot write to stdout" err || fail "$* >&-: $code $(cat err)"
    }
    helps() { full "$@" --help && full "$@" --list-options; }
    each_call helps
    local program
    for program in "$HP_BIN_DIR"/hp-*; do full "${program##*/}" --version; done
    local call
    # What a program needs more than a file for is in its own bats file.
    for call in "hp-config init new --network sim" "hp-config check conf --json" "hp-config show conf" "hp-config diff conf nets" \
        "hp-config plan nets conf" "hp-config explain unit" "hp-config memory conf" "hp-config keygen locking" "hp-config keygen mnemonic" \
        "hp-config pubkey conf/secrets/mint-link.key" "hp-config docs --man5" "hp-config docs" \
        "hp-stats show stats.db" "hp-stats at now.txt" "hp-stats history stats.db --csv" "hp-stats top stats.db" "hp-stats latency stats.db" \
        "hp-stats truth stats.db --claim 1 --sigma 30" \
        "hp-quote decode frame 000001060000020003000000" "hp-quote decode key 02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17" \
        "hp-wallet pubkey --config-dir conf"; do
        [ "$call" = "hp-stats at now.txt" ] && call="hp-stats at $(date +%s) stats.db"
        # shellcheck disable=SC2086
        full $call
        rm -rf new
    done
    # A plugin that cannot write its line is UNKNOWN; what is worse stays so.
    run -3 bash -c 'hp-stats check stats.db >/dev/full 2>err'
    run -2 bash -c 'hp-stats check stats.db --critical-hashrate 1e18 >/dev/full 2>err'
}
