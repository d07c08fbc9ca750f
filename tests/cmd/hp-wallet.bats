load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config init conf --network sim --ports auto >/dev/null
    export HP_CONFIG_DIR=$BATS_TEST_TMPDIR/conf
}

key_of() { sed -nE "s|^$2 = \"(.*)\"|\1|p" "conf/$1"; }

start_pool() {
    start_daemon template hp-template
    start_daemon pool hp-pool
    start_daemon mint hp-mint
    wait_for_text pool.log "ready: miners have work"
    wait_for_text mint.log ": up, session"
}

# mine SHARES [KEY]: quotes for the wallet's key
mine() {
    hp-miner "stratum2+tcp://$(key_of shared/network.toml pool_listen)/$(key_of proxy.toml pool_authority_public_key)" \
        --user "${2:-$(hp-wallet pubkey)}" --threads 1 --shares "$1" --seconds 20 >/dev/null 2>miner.log ||
        fail "the miner failed: $(cat miner.log)"
}

unspent() { hp-wallet "$@" balance --json | jq .unspent; }

# another_wallet: options for a wallet of its own seed on the same mint
another_wallet() {
    [ -f other.seed ] || hp-config keygen mnemonic --out other.seed
    other=(--wallet-seed-file other.seed --wallet-database other.db)
}

# ---- calling

@test "without a verb: 2, and the way to help" {
    run_tool -2 hp-wallet
    assert_equal "$stderr" "hp-wallet: error: a subcommand is required
hp-wallet: hint: try 'hp-wallet --help'"
    run_tool -2 hp-wallet balanse
    assert_equal "${stderr_lines[1]}" "hp-wallet: hint: did you mean balance?"
}

@test "amounts that are no whole number from 1 to 2^62 exit 2 and open nothing" {
    for amount in 0 -1 1e3 1.5 007 0x10 ' 5' five 4611686018427387905 18446744073709551616; do
        run_tool -2 hp-wallet send -- "$amount"
        assert_equal "$output" ""
        assert_equal "${stderr_lines[0]}" \
            "hp-wallet: error: AMOUNT '$amount' is not a whole number from 1 to 2^62"
    done
    run_tool -2 hp-wallet send -- ''
    assert_equal "${stderr_lines[0]}" "hp-wallet: error: AMOUNT: expected a value, got an empty one"
    [ ! -e conf/data/wallet.db ]
}

@test "an empty wallet needs no mint to say so" {
    run_tool hp-wallet balance
    assert_output "unspent 0
reserved 0
pending 0"
    run_tool hp-wallet balance --json
    assert_output '{"unit":"hash","unspent":0,"reserved":0,"pending":0}'
    run_tool -1 hp-wallet send 5
    assert_equal "$stderr" "hp-wallet: error: not enough: 0 spendable, 5 wanted"
    assert_equal "$(stat -c %a conf/data/wallet.db)" 600
}

@test "pubkey prints the locking key of the seed, and makes no database" {
    printf '%s\n' 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about' >words
    chmod 600 words
    run_tool hp-wallet --wallet-seed-file words pubkey
    assert_output --regexp '^0[23][0-9a-f]{64}$'
    first=$output
    run_tool hp-wallet --wallet-seed-file words pubkey
    assert_output "$first"
    run_tool hp-wallet --wallet-seed-file words pubkey --json
    assert_output "{\"locking_key\":\"$first\"}"
    run_tool hp-wallet pubkey
    refute_output "$first"
    [ ! -e conf/data/wallet.db ]
}

@test "a seed file that others can read is refused" {
    chmod 644 conf/secrets/wallet.seed
    run_tool -2 hp-wallet balance
    [[ $stderr == *wallet.seed* ]]
}

@test "a database of another seed is refused, and stays as it is" {
    hp-wallet balance >/dev/null
    another_wallet
    run_tool -2 hp-wallet --wallet-seed-file other.seed balance
    assert_equal "${stderr_lines[0]}" \
        "hp-wallet: error: wallet database '$HP_CONFIG_DIR/data/wallet.db' was created with another seed"
    run_tool hp-wallet balance
}

@test "without a mint: 1, with the address and no stack of errors" {
    run_tool -1 hp-wallet quotes --mint
    [[ $stderr == *"hp-wallet: error: cannot reach the mint: "*"connection refused"* ]]
    run_tool -1 hp-wallet restore
    assert_equal "$output" ""
}

# ---- tokens that are none

@test "bad tokens: 1, and what is wrong with them" {
    run_tool -1 hp-wallet receive <<<"cashuB!!!"
    [[ $stderr == *"token: position"* ]]
    run_tool -1 hp-wallet receive <<<"hello"
    [[ $stderr == *"error: token: "* ]]
    run_tool -2 hp-wallet receive </dev/null
    assert_equal "${stderr_lines[0]}" "hp-wallet: error: there is no token on stdin"
    head -c 1200000 /dev/zero | tr '\0' x >big
    run_tool -2 hp-wallet receive <big
    [[ $stderr == *"more than the 1 MiB"* ]]
    echo cashuBxx >token.txt
    run_tool -1 hp-wallet receive token.txt
    assert_equal "${stderr_lines[-1]}" "hp-wallet: hint: a file has this name: hp-wallet receive < 'token.txt'"
    run_tool -1 hp-wallet receive cashuBxx
    assert_equal "${stderr_lines[0]}" \
        "hp-wallet: hint: other users of this machine can read the command line; give the token on stdin"
}

# ---- with a whole pool

@test "mined shares become money: quotes, mint, send, receive, reclaim, restore" {
    start_pool
    mine 20  # each worth 1 at least
    run_tool hp-wallet quotes --json
    [ "${#lines[@]}" -ge 20 ]
    assert_equal "$(jq -r .state <<<"$output" | sort -u)" open
    run_tool hp-wallet quotes --json --limit 3
    [ "${#lines[@]}" = 3 ]
    assert_equal "$stderr" "hp-wallet: hint: there are more than these 3; see --limit"
    run_tool hp-wallet quotes --json
    mined=$(jq -s 'map(.amount) | add' <<<"$output")
    assert_equal "$(unspent)" 0

    run_tool hp-wallet quotes --mint --json
    assert_equal "$(jq -r .state <<<"$output" | sort -u)" "done"
    assert_equal "$(unspent)" "$mined"

    # A token is all that stdout has, and another wallet takes it, once.
    run_tool hp-wallet send 7 --memo "for bob"
    assert_output --regexp '^cashuB[A-Za-z0-9_-]+$'
    assert_equal "$stderr" ""
    token=$output
    assert_equal "$(unspent)" "$((mined - 7))"
    assert_equal "$(hp-wallet balance --json | jq .reserved)" 7
    another_wallet
    run_tool hp-wallet "${other[@]}" receive <<<"$token"
    assert_output 7
    assert_equal "$(unspent "${other[@]}")" 7
    run_tool -1 hp-wallet "${other[@]}" receive <<<"$token"
    [[ $stderr == *"(11001)"* ]]
    assert_equal "${stderr_lines[-1]}" "hp-wallet: hint: the token was already received, here or by someone else who had it"
    assert_equal "$(unspent "${other[@]}")" 7
    run_tool hp-wallet tokens
    assert_output ""
    assert_equal "$(hp-wallet balance --json | jq .reserved)" 0

    # One that nobody took comes back.
    hp-wallet send 3 >/dev/null
    run_tool hp-wallet tokens --json
    assert_equal "$(jq .amount <<<"$output")" 3
    run_tool hp-wallet reclaim "$(jq .id <<<"$output")"
    assert_output 3
    assert_equal "$(unspent)" "$((mined - 7))"

    # The same for a program: send, receive and reclaim as JSON.
    run_tool hp-wallet send 2 --json
    assert_equal "$(jq -c '[.amount, .unit, (.token | startswith("cashuB"))]' <<<"$output")" '[2,"hash",true]'
    jq -r .token <<<"$output" >token.txt
    run_tool hp-wallet receive --json <token.txt
    assert_output '{"amount":2,"unit":"hash"}'
    hp-wallet send 2 >/dev/null
    id=$(hp-wallet tokens --json | jq .id)
    run_tool hp-wallet reclaim "$id" --json
    assert_output "{\"id\":$id,\"amount\":2,\"unit\":\"hash\"}"
    assert_equal "$(unspent)" "$((mined - 7))"
    run_tool -1 hp-wallet reclaim 99
    assert_equal "${stderr_lines[0]}" "hp-wallet: error: there is no open token 99"

    # The seed alone gives all of it back, with a share that was never minted.
    run_tool hp-wallet --wallet-database new.db restore --json
    assert_equal "$(jq .amount <<<"$output")" "$((mined - 7))"
    assert_equal "$(jq '.gap == 3000 and (.keysets | length == 1) and
        (.keysets[0] | .signed_to > 0 and .looked_to == .signed_to + 3000)' <<<"$output")" true
    assert_equal "$(unspent --wallet-database new.db)" "$((mined - 7))"
    run_tool hp-wallet --wallet-database new.db restore --gap 50
    assert_line --regexp '^keyset 01[0-9a-f]{64} signed_to [1-9][0-9]* looked_to [1-9][0-9]*$'
    run_tool -2 hp-wallet restore --gap 0
    mine 1
    run_tool hp-wallet --wallet-database newer.db restore --json
    [ "$(jq .quotes_found <<<"$output")" -ge 1 ]
    [ "$(unspent --wallet-database newer.db)" -gt "$((mined - 7))" ]
}

@test "two wallets at once on one file mint each quote once" {
    start_pool
    mine 20
    hp-wallet quotes --mint >/dev/null &
    hp-wallet quotes --mint >/dev/null
    wait $!
    total=$(hp-wallet quotes --json | jq -s 'map(.amount) | add')
    assert_equal "$(unspent)" "$total"
}

@test "a wallet that is killed while it mints goes on at the next call" {
    start_pool
    mine 10
    for after in 0.005 0.01 0.02 0.04; do
        timeout -s KILL "$after" hp-wallet quotes --mint >/dev/null || true
    done
    hp-wallet quotes --mint >/dev/null
    total=$(hp-wallet quotes --json | jq -s 'map(.amount) | add')
    assert_equal "$(unspent)" "$total"
    assert_equal "$(hp-wallet balance --json | jq .pending)" 0
}

@test "a token of another mint is refused by name" {
    start_pool
    mine 1
    hp-wallet quotes --mint >/dev/null
    token=$(hp-wallet send 1)
    another_wallet
    mint=$(key_of shared/proxy.toml mint_url)
    run_tool -1 hp-wallet "${other[@]}" --mint-url http://127.0.0.1:9 receive <<<"$token"
    [[ $stderr == *"the token is from mint '$mint', this wallet's is 'http://127.0.0.1:9': cannot reach the mint"* ]]
    hp-config init second --network sim --ports auto >/dev/null
    start_daemon second hp-mint --config-dir second
    wait_for_text second.log "serving wallets on"
    second=$(sed -nE 's|^mint_url = "(.*)"|\1|p' second/shared/proxy.toml)
    run_tool -1 hp-wallet "${other[@]}" --mint-url "$second" receive <<<"$token"
    [[ $stderr == *"the token is from mint '$mint', this wallet's is '$second', which does not have its keyset"* ]]
    [[ $stderr == *"hint: receive it with a wallet of that mint"* ]]
    [ "$(unspent "${other[@]}")" = 0 ]
}

@test "C3: a token that names the mint otherwise is taken: localhost for 127.0.0.1, as a link" {
    start_pool
    mine 4
    hp-wallet quotes --mint >/dev/null
    mint=$(key_of shared/proxy.toml mint_url)
    token=$(hp-wallet --mint-url "http://localhost:${mint##*:}/" send 2)
    assert_equal "$(hp-quote decode token - <<<"$token" | jq -r .mint)" "http://localhost:${mint##*:}"
    another_wallet
    run_tool hp-wallet "${other[@]}" receive <<<"web+cashu://$token"
    assert_output 2
    run_tool -1 hp-wallet receive <<<creqApWF0gaNhdGVub3N0cmFheK
    [[ $stderr == *"this is a payment request (NUT-18): it asks for ehash, but contains none"* ]]
}

# ---- a key of one's own

@test "C2: quotes of a key in a file, found by the key or by id, minted once, whatever is repeated" {
    start_pool
    public=$(hp-config keygen locking --hex --out my.key)
    run_tool hp-wallet pubkey --locking-key-file my.key
    assert_output "$public"
    # The other half of the pair, in a file that everybody may read: its mode is not what is wrong.
    echo "$public" >my.pub
    run_tool -2 hp-wallet pubkey --locking-key-file my.pub
    [[ $stderr == *"my.pub' holds a public key, allowed: a secret key"* ]]
    mine 5 "$public.rig1"
    run_tool hp-wallet quotes --json
    assert_output ""
    assert_equal "$stderr" "hp-wallet: hint: the mint has no quotes for key $(hp-wallet pubkey) yet"
    run_tool hp-wallet quotes --json --locking-key-file my.key
    [ "${#lines[@]}" -ge 5 ]
    assert_equal "$(jq -r '.state + .locking_key' <<<"$output" | sort -u)" "open$public"
    total=$(jq -s 'map(.amount) | add' <<<"$output")
    id=$(jq -r .quote <<<"${lines[0]}")

    # The words' own wallet leaves them alone: it could not sign for them.
    run_tool hp-wallet quotes --mint
    assert_equal "$(unspent)" 0
    run_tool -1 hp-wallet quotes "$id" --mint
    [[ ${stderr_lines[0]} == "hp-wallet: error: quote '$id' is locked to key $public, not to "* ]]
    [[ $stderr == *"hint: give the file of that key with --locking-key-file"* ]]

    run_tool hp-wallet quotes "$id" --mint --locking-key-file my.key
    assert_line --regexp "^$id [0-9]+ done "
    run_tool hp-wallet quotes --mint --locking-key-file my.key
    assert_equal "$(unspent)" "$total"
    run_tool hp-wallet quotes --mint --locking-key-file my.key
    run_tool hp-wallet quotes "$id" --mint --locking-key-file my.key
    assert_line --regexp "^$id [0-9]+ done "
    assert_equal "$(unspent)" "$total"
    assert_equal "$(sqlite3 conf/data/mint.db 'SELECT sum(issued) FROM quote')" "$total"
    run_tool -1 hp-wallet quotes 01890a5d-ac96-774b-bcce-b302099a8057 --mint --locking-key-file my.key
    run_tool hp-audit --config-dir conf
}

@test "a locking key's file: base58check too, of mode 0600, and nothing else in it" {
    public=$(hp-config keygen locking --out old.key)
    run_tool hp-wallet pubkey --locking-key-file old.key
    assert_output "$public"
    (umask 077 && echo "$public" >public)
    run_tool -2 hp-wallet pubkey --locking-key-file public
    [[ $stderr == *"secret file 'public' holds a public key, allowed: a secret key"* ]]
    (umask 077 && echo hello >words)
    run_tool -2 hp-wallet quotes --locking-key-file words
    [[ $stderr == *"does not hold a secret key, allowed: 64 hex digits, or 32 bytes in base58check"* ]]
    chmod 644 old.key
    run_tool -2 hp-wallet quotes --locking-key-file old.key
    [[ $stderr == *"has mode 0644, accessible to others"* ]]
    run_tool -2 hp-wallet quotes --locking-key-file missing
    [ ! -e conf/data/wallet.db ]
}
