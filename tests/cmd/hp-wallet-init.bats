# hp-wallet init: somebody who knows a mint's URL, and nothing else.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export HOME=$BATS_TEST_TMPDIR/home
    unset XDG_CONFIG_HOME
    mkdir home
    own=$HOME/.config/hashpool
}

start_mint() {
    hp-config init mint --network sim --ports auto >/dev/null
    sed -i 's/^#\?name = .*/name = "Friends of mint"/' mint/mint.toml
    url=http://$(sed -n 's/^mint_listen = "\(.*\)"/\1/p' mint/shared/network.toml)
    start_daemon mint hp-mint --config-dir mint "$@"
    wait_for_text "$BATS_TEST_TMPDIR/mint.log" "serving wallets on"
}

@test "a URL makes a wallet that every verb finds by itself" {
    start_mint
    run_tool -0 hp-wallet init --mint "$url"
    assert_equal "$stderr" ""
    assert_line --partial "created '$own': a wallet for the mint 'Friends of mint' (hp-mint/"
    assert_line --partial " at $url, unit hash"
    assert_line "  locking key  $(hp-wallet pubkey)"
    assert_line --partial "  hp-wallet receive < token.txt"
    assert_equal "$(cd "$own" && find . -type f | sort | tr '\n' ' ')" "./data/wallet.db ./data/wallet.db-journal ./hashpool.env ./secrets/wallet.seed ./shared/network.toml ./shared/proxy.toml "
    assert_equal "$(stat -c %a "$own/secrets/wallet.seed" "$own/data/wallet.db" "$own/secrets" "$own/data" | tr '\n' ' ')" "600 600 700 700 "
    run_tool -0 hp-wallet balance
    assert_line "unspent 0"
    run_tool -0 hp-wallet quotes
    run_tool -0 hp-config check "$own"
    assert_equal "$output$stderr" ""
    # Nothing is ever overwritten.
    local before
    before=$(cat "$own"/secrets/* "$own"/shared/* | sha256sum)
    run_tool -2 hp-wallet init --mint "$url"
    assert_equal "${stderr_lines[0]}" "hp-wallet: error: '$own' is not empty, refusing to overwrite anything"
    assert_equal "$(cat "$own"/secrets/* "$own"/shared/* | sha256sum)" "$before"
}

@test "--config-dir, HP_CONFIG_DIR and XDG_CONFIG_HOME say where; --json says what was made" {
    start_mint
    run_tool -0 hp-wallet --config-dir a init --mint "$url" --json
    assert_equal "$(jq -c '[.dir, .mint, .mint_url, .unit, (.locking_key | length)]' <<<"$output")" "[\"$PWD/a\",\"Friends of mint\",\"$url\",\"hash\",66]"
    HP_CONFIG_DIR=b run_tool -0 hp-wallet init --mint "$url"
    assert_line --partial "  hp-wallet --config-dir $PWD/b receive < token.txt"
    hp-wallet --config-dir b balance
    XDG_CONFIG_HOME=$PWD/xdg run_tool -0 hp-wallet init --mint "$url"
    [ -f xdg/hashpool/secrets/wallet.seed ]
    [ ! -e "$own" ]
}

@test "words of a lost wallet are taken from a file, and are the same wallet" {
    start_mint
    hp-wallet --config-dir a init --mint "$url" >/dev/null
    run_tool -0 hp-wallet --config-dir b init --mint "$url" --words a/secrets/wallet.seed
    assert_line --partial "  hp-wallet --config-dir $PWD/b restore "
    assert_equal "$(hp-wallet --config-dir b pubkey)" "$(hp-wallet --config-dir a pubkey)"
    run_tool -0 hp-wallet --config-dir b restore
    echo "legal winner thank year wave sausage worth useful legal winner thank yellow" >known
    chmod 600 known
    run_tool -2 hp-wallet --config-dir c init --mint "$url" --words known # published words are nobody's wallet
    [ ! -e c ]
}

@test "nothing is made where the mint is away, has no such unit, or is not one" {
    start_mint
    run_tool -2 hp-wallet init --mint "$url" --unit sat
    assert_equal "$stderr" "hp-wallet: error: the mint has no unit 'sat', it has: hash"
    run_tool -2 hp-wallet init --mint mint.example.org
    run_tool -2 hp-wallet init
    stop_daemon mint
    run_tool -1 hp-wallet init --mint "$url"
    [ -n "$stderr" ]
    start_daemon other python3 -m http.server --bind 127.0.0.1 "${url##*:}"
    wait_for_port "${url##*:}"
    run_tool -1 hp-wallet init --mint "$url"
    [ ! -e "$own" ]
}

@test "without any wallet, the verbs say how to make one" {
    [ ! -e /etc/hashpool/shared ] || skip "this machine has a wallet in /etc/hashpool"
    run_tool -2 hp-wallet balance
    assert_equal "${stderr_lines[-1]}" "hp-wallet: hint: 'hp-wallet init --mint URL' makes a wallet"
}
