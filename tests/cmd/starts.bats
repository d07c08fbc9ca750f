# hp-config check and the start of each program are of one mind, and what is refused leaves nothing behind.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config init good --network sim --ports auto >/dev/null
}

# start_of PROGRAM: the program, as a service calls it, with the files in conf
start_of() {
    case $1 in
        hp-stats) set -- hp-stats serve --side pool ;;
        hp-web) set -- hp-web pool ;;
    esac
    timeout 10 "$@" --config-dir conf
}

# both_refuse PROGRAM KEY TEXT [FILE=KEY=VALUE...]: check and start name the key and say the text; nothing is made
both_refuse() {
    local program=$1 key=$2 text=$3 change rest
    shift 3
    rm -rf conf && cp -r good conf
    for change; do
        rest=${change#*=}
        sed -i "/^${rest%%=*} = /d" "conf/${change%%=*}"
        echo "${rest%%=*} = ${rest#*=}" >>"conf/${change%%=*}"
    done
    and_refuse "$program" "$key" "$text"
}
and_refuse() {
    find conf | sort >before
    run_tool -2 hp-config check conf --for "$1"
    grep -F -- " $2: " <<<"$stderr" | grep -qF -- "$3" || fail "check --for $1 of $2: $stderr"
    run_tool -2 start_of "$1"
    grep -F -- "$2: " <<<"$stderr" | grep -qF -- "$3" || fail "$1 with $2: $stderr"
    find conf | sort | diff before - || fail "$1 with $2 has made something"
}

@test "addresses that no socket takes" {
    local at place program key
    for at in '[fe80::1%eth0]:4000 an IPv6 address with a zone (%) is not supported' '[1.2.3.4]:4000 not an IPv6 address' \
        '256.1.1.1:4000 not an IPv4 address' '1.2.3:4000 not an IPv4 address' '[::1:4000 the bracket is not closed'; do
        for place in hp-template.template_listen hp-pool.pool_listen hp-pool.link_listen hp-mint.mint_listen hp-proxy.proxy_listen \
            hp-stats.pool_stats_listen hp-web.pool_web_listen; do
            program=${place%%.*} key=${place##*.}
            both_refuse "$program" "$key" "${at#* }" "shared/network.toml=$key=\"${at%% *}\""
        done
        both_refuse hp-pool template_address "${at#* }" "shared/pool.toml=template_address=\"${at%% *}\""
        both_refuse hp-mint link_address "${at#* }" "shared/pool.toml=link_address=\"${at%% *}\""
        both_refuse hp-proxy pool_address "${at#* }" "proxy.toml=pool_address=\"${at%% *}\""
        both_refuse hp-proxy mint_url "${at#* }" "shared/proxy.toml=mint_url=\"http://${at%% *}\""
    done
}

@test "a link secret that is not of the public key that mints pin" {
    rm -rf conf && cp -r good conf && rm conf/secrets/link-authority.key
    hp-config keygen authority --out conf/secrets/link-authority.key >/dev/null
    and_refuse hp-pool link_authority_public_key "but the key in link_authority_secret_key_file of pool.toml has the public key"
    cp conf/secrets/pool-authority.key conf/secrets/link-authority.key
    and_refuse hp-pool link_authority_secret_key_file "holds the same key as authority_secret_key_file"
}

@test "values that do not fit together, of each program" {
    both_refuse hp-pool easiest_target_bits "a share could be worth nothing" pool.toml=easiest_target_bits=10
    both_refuse hp-pool easiest_target_bits "at least minimum_difficulty" pool.toml=easiest_target_bits=20 \
        'shared/pool.toml=valuation="leading_zeros"'
    both_refuse hp-pool route_to "not a mint in allowed_mint_keys" 'pool.toml=route_to="west"'
    both_refuse hp-pool payout_script "a character outside the bech32 alphabet" 'pool.toml=payout_script="bc1qnone"'
    both_refuse hp-pool allowed_mint_keys "is 'x', allowed: [NAME:]KEY" 'pool.toml=allowed_mint_keys=["x"]'
    both_refuse hp-template source "the network is sim" 'template.toml=source="rpc"'
    both_refuse hp-template rpc_cookie_file "required for source rpc" 'template.toml=source="rpc"' 'shared/network.toml=network="regtest"'
    both_refuse hp-template rpc_user "only one of them" 'template.toml=source="rpc"' 'shared/network.toml=network="regtest"' \
        'template.toml=rpc_user="a"' 'template.toml=rpc_cookie_file="/none"'
}

@test "figures that strangers could read, tokens that can be guessed" {
    # The start names the address, not the key: it may come from a flag.
    rm -rf conf && cp -r good conf
    sed -i 's/^pool_stats_listen = .*/pool_stats_listen = "0.0.0.0:4000"/' conf/shared/network.toml
    run_tool -2 hp-config check conf
    [[ $stderr == *"pool_stats_listen: listening on 0.0.0.0:4000 shows every worker's name"* ]] || fail "$stderr"
    run_tool -2 start_of hp-stats
    [[ $stderr == *"listening on 0.0.0.0:4000 shows every worker's name"* ]] || fail "$stderr"
    # With tokens it may be public; they must be long.
    (umask 077 && echo "workers 0123456789abcdef" >conf/tokens)
    sed -i 's/^#tokens_file = .*/tokens_file = "tokens"/' conf/stats.toml
    run_tool -0 hp-config check conf
    echo "workers 0123456789abcde" >conf/tokens
    run_tool -2 hp-config check conf
    [[ $stderr == *"tokens_file: "*"tokens:1: the token is shorter than 16 characters"* ]] || fail "$stderr"
    run_tool -2 start_of hp-stats
    [[ $stderr == *"tokens:1: the token is shorter than 16 characters"* ]] || fail "$stderr"
    chmod 644 conf/tokens
    run_tool -2 hp-config check conf
    [[ $stderr == *"tokens_file: "*"accessible to others"* ]] || fail "$stderr"
}

@test "where event records go, in a word that is none" {
    local program file
    for program in hp-template hp-pool hp-mint hp-proxy; do
        file=${program#hp-}.toml
        both_refuse "$program" events "has no key" "$file=events=\"tcp://127.0.0.1:4000\"" || return 1
    done
}

@test "a mint elsewhere without TLS is a warning, of check and at the start; on this machine, or with TLS, it is none" {
    cp -r good conf
    sed -i 's|^mint_url = .*|mint_url = "http://192.0.2.1:3338"|' conf/shared/proxy.toml
    run_tool -0 hp-config check conf
    [[ $stderr == *"mint_url: warning: is http://192.0.2.1:3338, another machine without TLS: "* ]] || fail "$stderr"
    start_daemon proxy hp-proxy --config-dir conf
    wait_for_text proxy.log "mint_url is http://192.0.2.1:3338, another machine without TLS"
    run_tool hp-wallet --config-dir conf balance
    [[ $stderr == *"another machine without TLS"* ]] || fail "$stderr"
    sed -i 's|^mint_url = .*|mint_url = "https://192.0.2.1:3338"|' conf/shared/proxy.toml
    run_tool -0 hp-config check conf
    refute grep -q "without TLS" <<<"$stderr"
    run_tool -0 hp-config check good
    assert_equal "$stderr" ""
}

@test "an init that was killed half-way can be repeated, and keeps the secrets that it has written" {
    # The kernel kills it at the first file that is longer than a KiB: the secrets are there, few files are.
    run bash -c "ulimit -c 0 -f 1; exec hp-config init half --network sim --ports auto"
    [ -s half/secrets/mint.seed ] && [ ! -e half/stats.toml ] && [ "$status" -ge 128 ] || fail "$status $(find half)"
    sha256sum half/secrets/* >secrets
    run_tool -2 hp-config check half
    [[ ${stderr_lines[0]} == *"half/.hp-config-init: an init was interrupted, repeat 'hp-config init'" ]] || fail "$stderr"
    touch half/secrets/stats-authority.key.new-4711
    run_tool -0 hp-config init half --network sim --ports auto
    sha256sum --quiet -c secrets
    run_tool -0 hp-config check half
    assert_equal "$stderr$(find half -name '*.new-*' -o -name '.hp-config-init')" ""
    # A whole one is never touched.
    run_tool -2 hp-config init half --network sim
    [[ $stderr == *"is not empty, refusing to overwrite anything"* ]] || fail "$stderr"
    # Killed before the first secret, at each size that a file may have: the repeat always makes it whole.
    run bash -c "ulimit -c 0 -f 0; exec hp-config init early --network sim"
    [ "$status" -ge 128 ]
    run_tool -0 hp-config init early --network sim --ports auto
    run_tool -0 hp-config check early
}

@test "an init that fails for want of room leaves nothing, or, repeated, all that it found: it can be repeated again" {
    # Writes beyond one KiB, or all, fail as on a full disk (EFBIG, as SIGXFSZ is ignored).
    full() {
        status=0
        said=$(bash -c "trap '' XFSZ; ulimit -f $1; exec hp-config init $2 --network sim --ports auto" 2>&1) || status=$?
        [[ $status == 1 && $said == *"cannot write '$PWD/$2/"* ]] || fail "$status $said"
    }
    for room in 0 1; do
        full "$room" fresh
        [ ! -e fresh ] || fail "$(find fresh)"
    done
    run bash -c "ulimit -c 0 -f 1; exec hp-config init half --network sim --ports auto"
    [ -s half/secrets/mint.seed ] && [ "$status" -ge 128 ]
    echo "# whole" >half/shared/network.toml
    sha256sum half/secrets/* half/shared/network.toml >kept
    for room in 0 1 0; do
        full "$room" half
        [ -e half/.hp-config-init ] || fail "the mark is gone: $(find half)"
        sha256sum --quiet -c kept
    done
    assert_equal "$(find half -name '*.new*')" ""
    run_tool -0 hp-config init half --network sim --ports auto
    sha256sum --quiet -c <(grep secrets kept)
    run_tool -0 hp-config check half
}
