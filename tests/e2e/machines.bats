# A pool on machine A, its mint on B, a proxy on C, a friend with a mint's URL: each has what A's operator handed out
# and nothing else. Machines are network namespaces where these may be made, else addresses and directories of their own.

load ../cmd/helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }
teardown() {
    stop_daemons
    local name
    for name in hub a b c; do ip netns del "hp$$-$name" 2>/dev/null || true; done
}

# Three machines on one wire: 10.77.0.1 to 3, where nothing of this machine's can be reached.
make_namespaces() {
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    ip netns add "hp$$-hub" 2>/dev/null || skip "no network namespaces here"
    ip -n "hp$$-hub" link add bridge up type bridge 2>/dev/null || skip "no bridge in a network namespace here"
    local name number=0
    for name in a b c; do
        ip netns add "hp$$-$name"
        ip -n "hp$$-$name" link set lo up
        ip -n "hp$$-hub" link add "to-$name" type veth peer name wire netns "hp$$-$name"
        ip -n "hp$$-hub" link set "to-$name" up master bridge
        ip -n "hp$$-$name" addr add "10.77.0.$((++number))/24" dev wire
        ip -n "hp$$-$name" link set wire up
    done
    address=([a]=10.77.0.1 [b]=10.77.0.2 [c]=10.77.0.3)
    on() { ip netns exec "hp$$-$1" "${@:2}"; }
}
declare -gA address
own_listeners() { :; } # the usual ports, as init gives them
# Without namespaces: loopback has more than one address, and each machine its own.
make_addresses() {
    address=([a]=127.0.0.2 [b]=127.0.0.3 [c]=127.0.0.4)
    on() { "${@:2}"; }
    own_listeners() { sed -i -E "s/^(.*_listen = \"|pool_address = \"|link_address = \"|template_address = \")127\.0\.0\.1:/\1${address[$1]}:/" "$1"/shared/*.toml "$1"/*.toml; }
    ports=(--ports auto)
}
value() { sed -n "s/^#\?$3 = \"\(.*\)\"/\1/p" "$1/$2"; }
starts() { # MACHINE PROGRAM LINE: with what that machine has, until it says the line
    start_daemon "$2" on "$1" "$2" --config-dir "$1"
    wait_for_text "$BATS_TEST_TMPDIR/$2.log" "$3"
}
has_units() { [ "$(on c hp-wallet --config-dir c balance --json | jq .unspent)" -gt 0 ]; }

tell_the_story() {
    # A: the pool, which says what others need.
    hp-config init a --role pool --network sim "${ports[@]}" >/dev/null
    own_listeners a
    local mint_port=3338
    [ ${#ports[@]} = 0 ] || { free_ports 1 && mint_port=${ports[0]}; }
    hp-config join-file a --host "${address[a]}" --mint-url "http://${address[b]}:$mint_port" >join.toml
    # B: the mint, and the way back of its key.
    local line
    line=$(hp-config init b --role mint --join join.toml | sed -n 's/^  \(hp-config add-mint .*\)/\1/p')
    # Loopback addresses mean nothing to other machines: there the operator says where the mint listens.
    [ "${address[b]}" = 10.77.0.2 ] || sed -i "s/^#\?mint_listen = .*/mint_listen = \"${address[b]}:$mint_port\"/" b/shared/network.toml
    HP_CONFIG_DIR=$PWD/a $line
    hp-config check a
    hp-config check b
    starts a hp-template "serving templates"
    starts a hp-pool "ready: miners have work"
    starts b hp-mint ": up, session"
    # C: a proxy that its owner made of the same file.
    hp-config init c --role proxy --join join.toml >/dev/null
    local proxy_port=34255
    [ "${address[c]}" = 10.77.0.3 ] || { free_ports 1 && proxy_port=${ports[0]}; }
    sed -i "s/^#\?proxy_listen = .*/proxy_listen = \"${address[c]}:$proxy_port\"/" c/shared/network.toml
    hp-config check c
    hp-config plan c c
    starts c hp-proxy ": connected"
    on c hp-miner "stratum+tcp://${address[c]}:$proxy_port" --user rig1 --threads 1 --shares 3 --json >miner.out
    assert_equal "$(tail -n 1 miner.out | jq .shares_accepted)" 3
    wait_until has_units
    # A friend: a mint's URL, and a token in the mail.
    on c hp-wallet --config-dir friend init --mint "http://${address[b]}:$mint_port" >/dev/null
    run_tool -0 on c hp-wallet --config-dir c send 1
    run_tool -0 on c hp-wallet --config-dir friend receive <<<"$output"
    assert_output 1
    # Each looks into what it has.
    local machine
    for machine in a b c friend; do
        run_tool -0 hp-audit --config-dir "$machine"
    done
    # Each machine has its own secrets and nobody else's.
    assert_equal "$(find a b c friend -name 'mint.seed' -o -name 'pool-authority.key' -o -name 'wallet.seed' | sort | tr '\n' ' ')" \
        "a/secrets/pool-authority.key b/secrets/mint.seed c/secrets/wallet.seed friend/secrets/wallet.seed "
    assert_equal "$(cat a/secrets/* b/secrets/* c/secrets/* | sort | uniq -d)" ""
}

@test "pool, mint and proxy on three machines with networks of their own, from join files alone" {
    ports=()
    make_namespaces
    tell_the_story
}

@test "the same by addresses of loopback" {
    make_addresses
    tell_the_story
}
