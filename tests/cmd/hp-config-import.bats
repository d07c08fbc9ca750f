# hp-config import: samples of the earlier layout (tests/data/earlier) become a directory that check accepts.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    cp -r "$HP_SOURCE_DIR/tests/data/earlier" old
}

value() { hp-config show "${2:-new}" --json | jq -r "select(.file + \":\" + .key == \"$1\").value"; }

@test "import: the samples pass check, and every key of theirs is accounted for" {
    run_tool hp-config import old new
    assert_equal "$stderr" ""
    keys=$(cat old/*.toml old/shared/*.toml | grep -c ' = ')
    assert_line --regexp "^$keys keys: [0-9]+ taken, [0-9]+ changed, [0-9]+ dropped, [0-9]+ need a decision$"
    assert_equal "$(($(wc -l <<<"$output") - 1))" "$keys"
    refute_output --partial "not a key of the earlier"
    run_tool hp-config check new
    assert_equal "$output$stderr" ""
}

@test "import: values arrive under their new names" {
    hp-config import old new >/dev/null
    while read -r key expected; do assert_equal "$key $(value "$key")" "$key $expected"; done <<'END'
shared/network.toml:network testnet4
shared/network.toml:pool_listen 0.0.0.0:24254
shared/network.toml:proxy_listen 0.0.0.0:24255
shared/network.toml:mint_listen 127.0.0.1:23338
shared/network.toml:link_listen 127.0.0.1:24260
shared/network.toml:template_listen 127.0.0.1:28447
shared/network.toml:pool_stats_listen 127.0.0.1:29108
shared/network.toml:proxy_stats_listen 127.0.0.1:29109
shared/network.toml:pool_web_listen 127.0.0.1:28081
shared/network.toml:proxy_web_listen 127.0.0.1:23030
shared/network.toml:proxy_api_listen 127.0.0.1:28083
shared/pool.toml:valuation leading_zeros
shared/pool.toml:minimum_difficulty 33
shared/proxy.toml:mint_url http://127.0.0.1:23338
template.toml:source rpc
template.toml:rpc_url http://127.0.0.1:58332
template.toml:rpc_user sampler
pool.toml:payout_script tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx
pool.toml:server_id 3
pool.toml:shares_per_minute 6
pool.toml:easiest_target_bits 34
pool.toml:certificate_validity_s 7200
mint.toml:name Sample mint
proxy.toml:pool_address 127.0.0.1:24254
proxy.toml:min_extranonce_size 6
proxy.toml:initial_hash_rate_hps 5000000
proxy.toml:faucet_interval_s 7
END
    assert_equal "$(value pool.toml:default_locking_key)" "$(grep -oP '^locking_pubkey = "\K[^"]+' old/shared/pool.toml)"
    assert_equal "$(value proxy.toml:pool_authority_public_key)" \
        "$(grep -oP '^authority_public_key = "\K[^"]+' old/pool.config.toml)"
}

@test "import: secrets go into files of 0600, and never into what is printed" {
    run_tool hp-config import old new
    said=$output$stderr
    run_tool hp-config import old json --json
    said+=$output$stderr
    grep -hoP '(secret_key|mnemonic|privkey|pass) = "\K[^"]+' old/*.toml | sort -u >secrets
    assert_equal "$(wc -l <secrets)" 5
    while read -r secret; do
        [[ $said != *"$secret"* ]] || fail "a secret is printed"
        if grep -rqF "$secret" new --include='*.toml'; then fail "a secret is in a TOML file"; fi
    done <secrets
    assert_equal "$(cat new/secrets/pool-authority.key)" "$(grep -oP '^authority_secret_key = "\K[^"]+' old/pool.config.toml)"
    assert_equal "$(cat new/secrets/mint.seed)" "$(grep -oP '^mnemonic = "\K[^"]+' old/mint.config.toml)"
    assert_equal "$(cat new/secrets/rpc-password)" "sample-password-71"
    assert_equal "$(stat -c %a new/secrets/* | sort -u)" 600
}

@test "import without NEW_DIR writes nothing; a directory in use is left alone" {
    before=$(find old | sort)
    run_tool hp-config import old
    assert_line --partial "old/pool.config.toml:13:1: network: taken: shared/network.toml: network = testnet4"
    assert_line --partial "share_batch_size: dropped: every share is acknowledged once it is on disk"
    assert_equal "$(find old | sort)" "$before"
    [ ! -e new ]
    mkdir new && touch new/mine
    run_tool -2 hp-config import old new
    assert_equal "${stderr_lines[0]}" "hp-config: error: '$PWD/new' is not empty, refusing to overwrite anything"
    assert_equal "$(ls new)" mine
    run_tool -2 hp-config import new
    assert_equal "$stderr" "hp-config: error: 'new' has no file of the earlier layout, such as pool.config.toml"
}

@test "import: what cannot be taken over needs a decision, and says where" {
    sed -i 's/^shares_per_minute = .*/shares_per_minute = 12000000.0/; s/^server_id/servre_id/' old/pool.config.toml
    sed -i 's/^minimum_difficulty = .*/minimum_difficulty = 30/' old/shared/miner.toml
    run_tool hp-config import old new
    assert_line --regexp "pool.config.toml:[0-9]+:1: shares_per_minute: needs a decision: is 12000000, allowed: a number from 0.1 to 100000; see pool.toml: shares_per_minute"
    assert_line --regexp "servre_id: needs a decision: not a key of the earlier Hashpool"
    assert_line --regexp "shared/miner.toml:[0-9]+:1: ehash.minimum_difficulty: needs a decision: is 30, but shared/pool.toml says otherwise"
    hp-config check new
}

@test "import: without a network it says so; with a payout of another network nothing starts yet" {
    sed -i '/^network = /d' old/pool.config.toml
    run_tool -2 hp-config import old new
    assert_equal "${stderr_lines[0]}" "hp-config: error: no file of 'old' names a known network"
    [ ! -e new ]
    run_tool -2 hp-config import old new --network mainnet
    [[ ${stderr_lines[0]} == "$PWD/new/pool.toml:"*": payout_script: "* ]] || fail "$stderr"
    [[ $stderr == *"hp-config: error: '$PWD/new' is written, but programs cannot start with it yet"* ]] || fail "$stderr"
}

@test "import: published keys and words are replaced where coins have worth, kept on regtest" {
    words="abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
    sed -i "s/^mnemonic = .*/mnemonic = \"$words\"/" old/mint.config.toml
    sed -i 's/^authority_secret_key = .*/authority_secret_key = "mkDLTBBRxdBv998612qipDYoTK3YUrqLe8uWw7gu3iXbSrn2n"/' old/pool.config.toml
    run_tool hp-config import old new
    assert_line --partial "info.mnemonic: changed: are published test words; secrets/mint.seed has new ones"
    assert_line --partial "authority_secret_key: changed: is a published test key"
    hp-config check new
    [ "$(cat new/secrets/mint.seed)" != "$words" ]
    sed -i 's/^coinbase_reward_script = .*/coinbase_reward_script = "raw(51)"/' old/pool.config.toml
    hp-config import old play --network regtest >/dev/null
    assert_equal "$(cat play/secrets/mint.seed)" "$words"
}
