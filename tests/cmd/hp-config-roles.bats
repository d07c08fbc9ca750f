# A machine that does only some of the work: init --role from a join file, check and plan of it, add-mint.
load helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# A pool with everything on one machine, and its join file.
make_join() {
    hp-config init whole --network sim --ports 20000 >/dev/null
    hp-config join-file whole --host pool.example.org --mint-url https://mint.example.org >join.toml 2>join.err
}
files_of() { (cd "$1" && find . -type f | sed 's|^\./||' | sort | tr '\n' ' '); }
link_key_of() { hp-config pubkey "$1/secrets/mint-link.key" | sed -n 's/^link //p'; }

@test "a join file has addresses and public keys, and no secret of any kind" {
    make_join
    local secret
    for secret in whole/secrets/*; do
        run_tool -1 grep -F "$(cat "$secret")" join.toml
    done
    # Nothing that could be one either: values are addresses, public keys, names and numbers.
    run_tool -0 grep -vE '^(#|(network|pool_address|link_address|mint_url|unit|valuation) = "[a-z0-9_.:/-]+"$|(unit_bits|minimum_difficulty) = [0-9]+$)' join.toml
    assert_equal "$(cut -d' ' -f1 <<<"$output")" "pool_authority_public_key
link_authority_public_key"
    grep -qF "pool_authority_public_key = \"$(hp-config pubkey whole/secrets/pool-authority.key | sed -n 's/^authority //p')\"" join.toml
    grep -qF "link_authority_public_key = \"$(hp-config pubkey whole/secrets/link-authority.key | sed -n 's/^authority //p')\"" join.toml
    grep -qx 'pool_address = "pool.example.org:20001"' join.toml
    # As JSON it has the same keys and values.
    run_tool -0 hp-config join-file whole --host pool.example.org --mint-url https://mint.example.org --json
    assert_equal "$(jq -r 'to_entries[] | "\(.key) = \(.value | tojson)"' <<<"$output")" "$(grep -v '^#' join.toml)"
    grep -qF "stratum2+tcp://pool.example.org:20001/$(sed -n 's/^pool_authority_public_key = "\(.*\)"/\1/p' join.toml)" join.toml
}

@test "join-file warns of what others cannot reach, and leaves out a mint that is nowhere" {
    hp-config init whole --network sim --ports auto >/dev/null
    run_tool -0 hp-config join-file whole --host pool.example.org
    assert_equal "$(grep -c warning <<<"$stderr")" 3
    refute_line --partial mint_url
    # By the same machine's loopback all of it is reached.
    run_tool -0 hp-config join-file whole --host 127.0.0.1
    assert_equal "$stderr" ""
    assert_line "mint_url = \"http://$(sed -n 's/^mint_listen = "\(.*\)"/\1/p' whole/shared/network.toml)\""
    sed -i 's|^#public_urls = .*|public_urls = ["https://mint.example.org"]|' whole/mint.toml
    run_tool -0 hp-config join-file whole --host 127.0.0.1
    assert_line 'mint_url = "https://mint.example.org"'
    run_tool -2 hp-config join-file whole
    assert_equal "$output" ""
    assert_equal "${stderr_lines[1]}" "hp-config: hint: give --host, the name or address under which they reach this machine"
}

@test "role proxy: only its files, which check accepts, and which name the pool and the mint" {
    make_join
    run_tool -0 hp-config init proxy --role proxy --join join.toml
    assert_equal "$stderr" ""
    assert_equal "$(files_of proxy)" "hashpool.env proxy.toml secrets/proxy-events.key secrets/stats-authority.key secrets/wallet.seed shared/network.toml shared/proxy.toml stats.toml "
    grep -qx 'pool_address = "pool.example.org:20001"' proxy/proxy.toml
    grep -qx 'mint_url = "https://mint.example.org"' proxy/shared/proxy.toml
    run_tool -1 grep -E '^#?(template_listen|mint_listen|link_listen)' proxy/shared/network.toml
    run_tool -0 hp-config check proxy
    assert_equal "$output$stderr" ""
    run_tool -0 hp-config check proxy --json
    assert_equal "$(jq -c '[.ok, .roles, .files]' <<<"$output")" '[true,["proxy"],["shared/network.toml","shared/proxy.toml","proxy.toml","stats.toml"]]'
}

@test "role mint: only its files; the line for the pool's operator works there" {
    make_join
    run_tool -0 hp-config init mint --role mint --join join.toml
    assert_equal "$(files_of mint)" "hashpool.env mint.toml secrets/mint-events.key secrets/mint-link.key secrets/mint.seed shared/network.toml shared/pool.toml "
    # What wallets elsewhere call it goes into tokens.
    grep -qx 'public_urls = \["https://mint.example.org"\]' mint/mint.toml
    local line
    line=$(sed -n 's/^  \(hp-config add-mint .*\)/\1/p' <<<"$output")
    assert_equal "$line" "hp-config add-mint mint --key $(link_key_of mint)"
    run_tool -0 hp-config check mint
    assert_equal "$output$stderr" ""
    # The whole pool has a mint of that name: another one gets its own, and nothing is taken for a rotated key.
    run_tool -2 env HP_CONFIG_DIR="$PWD/whole" $line
    assert_equal "${stderr_lines[1]}" "hp-config: hint: another NAME for another mint; --rotate if this is a second key of that mint"
    run_tool -0 env HP_CONFIG_DIR="$PWD/whole" ${line/add-mint mint/add-mint east}
    assert_equal "$(grep ^allowed_mint_keys whole/pool.toml)" "allowed_mint_keys = [\"$(link_key_of whole)\", \"east:$(link_key_of mint)\"]"
    hp-config check whole
}

@test "role mint: without a TLS proxy in front it listens where its URL leads" {
    hp-config init whole --network sim --ports 20000 >/dev/null
    hp-config join-file whole --host 10.0.0.1 --mint-url http://10.0.0.2:3338 >join.toml 2>/dev/null
    run_tool -0 hp-config init mint --role mint --join join.toml
    assert_line --regexp '^  mint_listen +0\.0\.0\.0:3338$'
    hp-config init behind --role mint --join join.toml --mint-url https://mint.example.org | grep -qE '^  mint_listen +127\.0\.0\.1:3338$'
    grep -qx 'public_urls = \["http://10.0.0.2:3338"\]' mint/mint.toml
    hp-config check mint
    # A whole pool: others reach the mint there, its own wallet keeps to loopback, and the join file needs no --mint-url.
    hp-config init open --network sim --mint-url http://10.0.0.1:4338 >/dev/null
    run_tool -0 hp-config check open
    assert_equal "$stderr" ""
    grep -qx 'mint_listen = "0.0.0.0:4338"' open/shared/network.toml
    grep -qx 'mint_url = "http://127.0.0.1:4338"' open/shared/proxy.toml
    run_tool -0 hp-config join-file open --host 10.0.0.1
    assert_line 'mint_url = "http://10.0.0.1:4338"'
    assert_equal "$stderr" "hp-config: warning: link_listen is 127.0.0.1:34260: a further mint on another machine cannot reach it"
    # A whole pool whose mint says what others call it hands that on.
    sed -i 's|^#\?public_urls = .*|public_urls = ["https://mint.example.org"]|' whole/mint.toml
    hp-config join-file whole --host 10.0.0.1 2>/dev/null | grep -qx 'mint_url = "https://mint.example.org"'
}

@test "role pool: it starts once add-mint has let a mint in" {
    run_tool -0 hp-config init pool --role pool --network sim --ports auto
    assert_equal "$(files_of pool)" "hashpool.env pool.toml secrets/link-authority.key secrets/pool-authority.key secrets/pool-events.key secrets/stats-authority.key secrets/template-authority.key secrets/template-events.key shared/network.toml shared/pool.toml stats.toml template.toml "
    run_tool -2 hp-config check pool
    assert_equal "${#stderr_lines[@]}" 3
    assert_equal "${stderr_lines[2]}" "hp-config: hint: 'hp-config add-mint NAME --key KEY' lets a mint serve this pool"
    hp-config join-file pool --host 127.0.0.1 --mint-url http://127.0.0.1:3338 >join.toml
    local key before
    key=$(hp-config init mint --role mint --join join.toml --json | jq -r .mint_link_public_key)
    chmod 644 pool/pool.toml
    before=$(grep -v allowed_mint_keys pool/pool.toml)
    run_tool -0 hp-config add-mint mint pool --key "$key"
    assert_line "$PWD/pool/pool.toml: allowed_mint_keys has 1 key"
    assert_equal "$(grep -v allowed_mint_keys pool/pool.toml)" "$before"
    assert_equal "$(stat -c %a pool/pool.toml)" 644
    run_tool -0 hp-config check pool
    assert_equal "$output$stderr" ""
    # Once more changes nothing.
    before=$(sha256sum pool/pool.toml)
    run_tool -0 hp-config add-mint mint pool --key "$key" --json
    assert_output "{\"file\":\"$PWD/pool/pool.toml\",\"changed\":false,\"keys\":1}"
    run_tool -0 hp-config add-mint mint pool --key "$key"
    assert_output "$PWD/pool/pool.toml already has it"
    assert_equal "$(sha256sum pool/pool.toml)" "$before"
    assert_equal "$(ls pool)" "data
hashpool.env
pool.toml
secrets
shared
stats.toml
template.toml"
}

@test "role wallet, and two roles on one machine" {
    make_join
    hp-config init wallet --role wallet --join join.toml >/dev/null
    assert_equal "$(files_of wallet)" "hashpool.env secrets/wallet.seed shared/network.toml shared/proxy.toml "
    run_tool -0 hp-config check wallet
    assert_equal "$output$stderr" ""
    hp-config init two --role mint --role proxy --join join.toml >/dev/null
    run_tool -0 hp-config check two
    assert_equal "$output$stderr" ""
    run_tool -0 hp-config show two
    assert_line 'roles = ["mint", "proxy"]'
    refute_line '# pool.toml'
    # Another machine's roles looked at from here: what is not there is said.
    run_tool -2 hp-config check wallet --role proxy
    assert_equal "${stderr_lines[0]}" "$PWD/wallet/proxy.toml: cannot be read: no such file or directory"
    hp-config check two --role mint
    # As the units ask before a start.
    for program in hp-mint hp-proxy hp-stats hp-web; do hp-config check two --for $program; done
}

@test "plan works on a machine of some roles, and says what other roles start and stop" {
    make_join
    hp-config init old --role proxy --join join.toml >/dev/null
    cp -r old new
    sed -i 's/^#shares_per_minute/&/; s/^#faucet_interval_s = .*/faucet_interval_s = 60/' new/proxy.toml
    run_tool -0 hp-config plan new old
    assert_output "restart hp-proxy
  proxy.toml: faucet_interval_s: 30 -> 60"
    sed -i 's/^roles = .*/roles = ["wallet"]/' new/shared/network.toml
    run_tool -0 hp-config plan new old
    assert_output "stop hp-proxy
stop hp-stats
stop hp-web"
    run_tool -0 hp-config plan old new
    assert_line "start hp-proxy"
}

@test "what cannot be is refused, and nothing is written" {
    make_join
    run_tool -2 hp-config init new --role proxy
    assert_equal "$stderr" "hp-config: error: --role proxy needs --join FILE
hp-config: hint: the pool's operator creates it: hp-config join-file > join.toml"
    run_tool -2 hp-config init new --role pool --network sim --join join.toml
    run_tool -2 hp-config init new --network sim --join join.toml
    run_tool -2 hp-config init new --role proxy --join join.toml --network signet
    assert_equal "${stderr_lines[0]}" "hp-config: error: --network is signet, but join.toml says sim"
    run_tool -2 hp-config init new --role polo --join join.toml
    run_tool -2 hp-config init new
    grep -v ^mint_url join.toml >without.toml
    run_tool -2 hp-config init new --role wallet --join without.toml
    assert_equal "${stderr_lines[1]}" "hp-config: hint: --mint-url says where the mint's API is"
    # Faults of the file are said with their place.
    sed 's/^network = .*/network = "simm"/; s/^unit_bits/unit_bit/' join.toml >bad.toml
    run_tool -2 hp-config init new --role proxy --join bad.toml
    assert_equal "$output" ""
    assert_equal "$(grep -cE 'bad\.toml:[0-9]+:1: (network|unit_bit|unit_bits): ' <<<"$stderr")" 3
    # A secret where a public key belongs is not taken.
    sed "s/^pool_authority_public_key = .*/pool_authority_public_key = \"$(cat whole/secrets/pool-authority.key)\"/" join.toml >leak.toml
    run_tool -2 hp-config init new --role proxy --join leak.toml
    assert_equal "$(grep -c 'holds a secret key' <<<"$stderr")" 1
    run_tool -2 hp-config add-mint east whole --key 00
    run_tool -2 hp-config add-mint East whole --key "$(link_key_of whole)"
    [ ! -e new ]
    hp-config init new --role wallet --join without.toml --mint-url http://127.0.0.1:3338 >/dev/null
}

@test "add-mint leaves a list on several lines to a person, with the element to add" {
    make_join
    local key
    key=$(link_key_of whole)
    sed -i "s|^allowed_mint_keys = .*|allowed_mint_keys = [\n  \"$key\",\n]|" whole/pool.toml
    hp-config init mint --role mint --join join.toml >/dev/null
    run_tool -2 hp-config add-mint east whole --key "$(link_key_of mint)"
    assert_equal "${stderr_lines[1]}" "hp-config: hint: add this element to the list: \"east:$(link_key_of mint)\""
    # Also where the first line has a bracket in its comment.
    sed -i "s|^allowed_mint_keys = .*|allowed_mint_keys = [  # names: see [wiki]|" whole/pool.toml
    run_tool -0 hp-config check whole
    cp whole/pool.toml before
    run_tool -2 hp-config add-mint east whole --key "$(link_key_of mint)"
    [[ ${stderr_lines[0]} == *"whole/pool.toml:"*"allowed_mint_keys: is written on several lines" ]] || fail "$stderr"
    cmp before whole/pool.toml
}

@test "add-mint keeps the comment behind the list, and a link that leads to the file" {
    make_join
    hp-config init mint --role mint --join join.toml >/dev/null
    sed -i "s|^\(allowed_mint_keys = .*\)|\1  # see [wiki]|" whole/pool.toml
    mv whole/pool.toml elsewhere.toml
    ln -s ../elsewhere.toml whole/pool.toml
    run_tool -0 hp-config add-mint east whole --key "$(link_key_of mint)"
    [ -L whole/pool.toml ]
    assert_equal "$(grep '^allowed_mint_keys' elsewhere.toml)" \
        "allowed_mint_keys = [\"$(link_key_of whole)\", \"east:$(link_key_of mint)\"]  # see [wiki]"
    run_tool -0 hp-config check whole
}

@test "directories in /etc are laid out for the services of the roles alone" {
    [ "$(id -u)" = 0 ] || skip "writes below /etc"
    unshare --mount true 2>/dev/null || skip "no mount namespace"
    make_join
    run_tool -0 unshare --mount bash -ec '
        mount -t tmpfs none /etc && mount -t tmpfs none /var/lib
        hp-config init /etc/hashpool --role mint --join join.toml
        hp-config check
        find /var/lib/hashpool* -type d'
    assert_line "  systemctl enable --now hp-mint"
    assert_line "/var/lib/hashpool/mint"
    refute_line "/var/lib/hashpool/pool"
}
