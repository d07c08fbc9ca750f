# hp-config diff, plan and explain.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config init a --network sim --ports auto >/dev/null
    cp -r a b
}

set_key() { sed -i -E "s|^#?$2 = .*|$2 = $3|" "b/$1"; }

@test "diff: 0 and silent for the same values, however they are written" {
    echo '# another comment' >>b/pool.toml
    set_key pool.toml server_id 0
    run_tool hp-config diff a b
    assert_equal "$output$stderr" ""
}

@test "diff: 1 and a line for each key that differs, 2 for what cannot be read" {
    set_key pool.toml shares_per_minute 60.0
    set_key mint.toml name '"Other mint"'
    run_tool -1 hp-config diff a b
    assert_equal "$stderr" ""
    assert_output 'pool.toml: shares_per_minute: 600 -> 60
mint.toml: name: "Hashpool mint" -> "Other mint"'
    run_tool -1 hp-config diff a b --json --for hp-pool
    assert_output '{"file":"pool.toml","key":"shares_per_minute","before":600,"after":60}'
    set_key pool.toml server_id -1
    run_tool -2 hp-config diff a b
    assert_equal "$output" ""
}

@test "diff: another secret under the same name is told, the secret is not" {
    hp-config keygen mnemonic >b/secrets/mint.seed
    run_tool -1 hp-config diff a b
    assert_output "mint.toml: seed_file: the file has another secret"
}

@test "plan: each service that a change concerns, and no other" {
    run_tool hp-config plan b a
    assert_equal "$output$stderr" ""
    set_key pool.toml shares_per_minute 60
    set_key shared/network.toml pool_web_listen '"127.0.0.1:1"'
    run_tool hp-config plan b a
    assert_output --regexp '^restart hp-pool
  pool.toml: shares_per_minute: 600 -> 60
restart hp-web
  shared/network.toml: pool_web_listen: "127.0.0.1:[0-9]+" -> "127.0.0.1:1"$'
    HP_CONFIG_DIR=a run_tool hp-config plan b --json --for hp-pool
    assert_line --index 0 --partial '{"restart":"hp-pool","file":"pool.toml","key":"shares_per_minute"'
    set_key shared/pool.toml unit_bits 12
    run_tool hp-config plan b a
    assert_line "restart hp-mint"
}

@test "plan: a log level is reloaded, with other keys restarted; the units' names where units read the directory" {
    unshare -rm true 2>why || skip "SKIPPED: no mount namespaces here: $(cat why)"
    mkdir -p etc/hashpool var && cp -r a new
    as_services() { unshare -rm bash -c 'mount --bind etc /etc && mount --bind var /var/lib && exec "$@"' - "$@"; }
    cp -r a/. etc/hashpool/second && mv etc/hashpool/second second && cp -r second/. etc/hashpool && mv second etc/hashpool/
    sed -i -E 's|^#?log_level = .*|log_level = "debug"|' new/pool.toml new/stats.toml
    sed -i -E 's|^#?name = .*|name = "Another"|' new/mint.toml
    run_tool as_services hp-config plan new /etc/hashpool
    assert_output 'reload hp-pool
  pool.toml: log_level: "info" -> "debug"
restart hp-mint
  mint.toml: name: "Hashpool mint" -> "Another"
reload hp-stats
  stats.toml: log_level: "info" -> "debug"

systemctl try-reload-or-restart hp-pool hp-ingest-pool hp-stats-pool hp-ingest-proxy hp-stats-proxy
systemctl try-restart hp-mint'
    sed -i -E 's|^#?shares_per_minute = .*|shares_per_minute = 60|' new/pool.toml
    run_tool as_services hp-config plan new /etc/hashpool/second --for hp-pool
    assert_line "restart hp-pool"
    assert_line "systemctl try-restart hp-pool@second"
    run_tool as_services hp-config plan new /etc/hashpool --for hp-pool --json
    assert_equal "$(jq -sc '.[0] | [.restart, .units]' <<<"$output")" '["hp-pool",["hp-pool"]]'
    # What a variable says does not change while a service runs.
    cp -r a env && echo HP_LOG_LEVEL=debug >>env/hashpool.env
    run_tool hp-config plan env a
    assert_line "restart hp-pool"
    refute_output --partial reload
    run_tool hp-config explain pool.toml:log_level
    assert_line "change    reload hp-pool"
}

@test "plan: new files that check refuses are no plan" {
    set_key pool.toml easiest_target_bits 15
    run_tool -2 hp-config plan b a
    assert_equal "$output" ""
    [[ ${stderr_lines[0]} == *"b/pool.toml:"*"easiest_target_bits: is 15"* ]] || fail "$stderr"
}

@test "explain: what is known of a key, in each file that has it" {
    run_tool hp-config explain shares_per_minute
    assert_output "key       shares_per_minute
file      pool.toml, read by hp-pool
meaning   shares per minute and channel that vardiff aims at
type      a number
allowed   a number from 0.1 to 100000
default   20
example   shares_per_minute = 20
flag      --shares-per-minute NUMBER
variable  HP_SHARES_PER_MINUTE
change    restart hp-pool"
    run_tool hp-config explain unit
    assert_equal "$(grep -c '^key' <<<"$output")" 2
    run_tool hp-config explain shared/pool.toml:unit --json
    assert_equal "$(jq -r .change <<<"$output")" "restart hp-pool and hp-mint"
    run_tool -2 hp-config explain share_per_minute
    assert_equal "$stderr" "hp-config: error: there is no key 'share_per_minute'
hp-config: hint: did you mean shares_per_minute?"
}

@test "explain: the example of every key is accepted where it belongs" {
    for file in $(hp-config docs); do
        for key in $(grep -oP '^#?\K[a-z0-9_]+(?= = )' "a/$file"); do
            # Free text has no example that means anything.
            [ "$(hp-config explain "$file:$key" --json | jq -r .allowed)" != "anything on one line" ] || continue
            sed -E "/^#?$key = /d" "a/$file" >"b/$file"
            hp-config explain "$file:$key" --json | jq -r .example >>"b/$file"
            run hp-config diff a b
            [ "$status" != 2 ] || fail "$file: $key: $output"
        done
        cp "a/$file" "b/$file"
    done
}

@test "every verb with a directory takes --config-dir, as the other programs do, and not both" {
    set_key pool.toml shares_per_minute 60.0
    assert_equal "$(hp-config show --config-dir b)" "$(hp-config show b)"
    run_tool -0 hp-config check --config-dir b
    assert_equal "$(hp-config memory --config-dir b)" "$(hp-config memory b)"
    assert_equal "$(hp-config plan b --config-dir a)" "$(hp-config plan b a)"
    assert_equal "$(hp-config diff --config-dir a b)" "$(hp-config diff a b)"
    assert_equal "$(hp-config join-file --config-dir a --host 127.0.0.1)" "$(hp-config join-file a --host 127.0.0.1)"
    local key
    key=$(hp-config keygen link --out link.key | grep -oE '[0-9a-f]{64}' | head -n 1)
    run_tool -0 hp-config add-mint east --config-dir b --key "$key"
    [[ $(<b/pool.toml) == *"east:$key"* ]]
    run_tool -0 hp-config init --config-dir new --network sim --ports auto
    run_tool -0 hp-config check new
    # Of the two ways one.
    for call in "check a" "show a" "memory a" "plan b a" "diff a b" "join-file a" "add-mint east b --key $key" "init newer --network sim"; do
        run_tool -2 hp-config $call --config-dir a
        [[ ${stderr_lines[0]} == *" and --config-dir are the same: give one of them" ]] || fail "$call: $stderr"
    done
    run_tool -2 hp-config init --network sim
    assert_equal "${stderr_lines[0]}" "hp-config: error: DIR is required"
    run_tool -2 hp-config diff a
    assert_equal "${stderr_lines[0]}" "hp-config: error: AFTER is required"
}

@test "plan with one directory, where the services' is not the usual one, says what is which" {
    [ ! -e /etc/hashpool ] || skip "this machine has /etc/hashpool"
    run_tool -2 hp-config plan a
    assert_equal "${stderr_lines[0]}" "hp-config: error: '/etc/hashpool', which services run with by default, is not a directory"
    assert_equal "${stderr_lines[1]}" "hp-config: hint: 'hp-config plan NEW DIR': NEW has the new files, DIR those that the services run with"
    run_tool -0 env HP_CONFIG_DIR=b hp-config plan a
}
