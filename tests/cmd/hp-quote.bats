load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    vectors=$HP_SOURCE_DIR/tests/vectors
}

bad() { # bad CODE TEXT ARGS...: this exit code, nothing on stdout, and TEXT on stderr
    run_tool "-$1" hp-quote "${@:3}"
    assert_equal "$output" ""
    [[ $stderr == *"$2"* ]] || fail "no '$2' in: $stderr"
}

# ---- calling

@test "without a verb, with an unknown verb or kind: 2" {
    run_tool -2 hp-quote
    assert_equal "${stderr_lines[0]}" "hp-quote: error: a subcommand is required"
    bad 2 "'decod' is not a subcommand" decod
    bad 2 "KIND" decode
    bad 2 "KIND" decode frames 00
    bad 2 "KIND" encode token x
}

@test "the examples of --help work" {
    local example
    for example in "$(hp-quote --help | sed -n 's/^ *\$ \(hp-quote decode frame .*\)/\1/p')" \
        "$(hp-quote encode --help | sed -n 's/^ *\$ //p')" "$(hp-quote amount --help | sed -n 's/^ *\$ //p')"; do
        assert [ -n "$example" ]
        eval "$example" >/dev/null
    done
}

# ---- frames

@test "every recorded frame decodes to its fields, and encodes to itself" {
    jq -r '.one_per_message[].frame' "$vectors/sv2-frames.json" >frames.hex
    assert [ "$(wc -l <frames.hex)" -ge 50 ]
    hp-quote decode frame <frames.hex >decoded.jsonl
    assert_equal "$(wc -l <decoded.jsonl)" "$(wc -l <frames.hex)"
    jq -cS '.one_per_message[] | [.name, .header.msg_type, .header.extension_type, .header.channel_msg, .fields]' \
        "$vectors/sv2-frames.json" >expected
    jq -cS '[.name, .msg_type, .extension_type, .channel_msg, .fields]' decoded.jsonl >got
    diff expected got
    hp-quote encode frame - <decoded.jsonl >again.hex
    hp-quote encode frame --json - <decoded.jsonl | jq -r .frame | diff again.hex -
    cmp again.hex frames.hex
}

@test "one frame on the command line gives exactly one line" {
    run_tool hp-quote decode frame 000001060000020003000000
    assert_output '{"extension_type":0,"channel_msg":false,"msg_type":1,"name":"SetupConnection.Success","fields":{"used_version":2,"flags":3}}'
    assert_equal "$stderr" ""
    run_tool hp-quote encode frame "$output"
    assert_output 000001060000020003000000
}

@test "a bad frame: 1, why on stderr, nothing on stdout" {
    bad 1 "hp-quote: error: " decode frame 0000
    bad 1 "not a hex digit at position 0" decode frame zz
    bad 1 "hp-quote: error: " decode frame 0000010600000200030000
    bad 1 "hp-quote: error: " encode frame '{"name":"SetupConnection.Success","fields":{"used_version":2}}'
    bad 1 "hp-quote: error: " encode frame 'x'
}

@test "a bad line in the filter is named by its number, and the rest goes on; 1 at the end" {
    printf '000001060000020003000000\n\nzz\n000001060000020004000000\n00\n' >in
    run_tool -1 hp-quote decode frame - <in
    assert_equal "$(jq -c .fields.flags <<<"$output")" $'3\n4'
    assert_equal "${stderr_lines[0]}" "hp-quote: error: <stdin>:3: not a hex digit at position 0"
    [[ ${stderr_lines[1]} == "hp-quote: error: <stdin>:5: "* ]]
    assert_equal "${stderr_lines[2]}" "hp-quote: error: 2 of 5 lines are bad"
    assert_equal "${#stderr_lines[@]}" 3
}

@test "the filter answers each line at once" {
    coproc filter { hp-quote decode frame - 3>&-; }
    # bash forgets the variable as soon as the coprocess ends.
    local line number pid=$filter_PID
    for number in 3 4; do
        echo "00000106000002000${number}000000" >&"${filter[1]}"
        read -r -t 5 -u "${filter[0]}" line
        assert_equal "$(jq .fields.flags <<<"$line")" "$number"
    done
    exec {filter[1]}>&-
    wait "$pid"
}

@test "an empty filter gives nothing and 0; a full disk is 1" {
    run_tool hp-quote decode frame - </dev/null
    assert_equal "$output$stderr" ""
    run_tool -1 bash -c 'hp-quote decode frame 000001060000020003000000 >/dev/full'
    assert_equal "$stderr" "hp-quote: error: cannot write to stdout: No space left on device"
}

# ---- tokens

@test "tokens of the vectors: V3, V4 and raw" {
    local token
    token=$(jq -r '.vectors[] | select(.id == "nut00-v4-single").encoded' "$vectors/cashu/nut00_token_v4.json")
    run_tool hp-quote decode token "$token"
    assert_equal "$(jq -c '[.form, .mint, .unit, .memo, .amount, (.proofs | length)]' <<<"$output")" \
        '["V4","http://localhost:3338","sat","Thank you",1,1]'
    assert_equal "$(jq -r '.proofs[0].secret' <<<"$output")" 9a6dbb847bd232ba76db0df197216b29d3b8cc14553cd27827fc1cc942fedb4e
    assert_equal "$(hp-quote decode token "cashu:$token" | jq -r .form)" V4
    assert_equal "$(hp-quote decode token - <<<"$token" | jq -r .amount)" 1
    token=$(jq -r '.vectors[] | select(.id == "nut00-v4-raw").encoded_hex' "$vectors/cashu/nut00_token_v4.json")
    assert_equal "$(hp-quote decode token "$token" | jq -r .form)" raw
    assert_equal "$(xxd -r -p <<<"$token" | hp-quote decode token - | jq -r .form)" raw
    token=$(jq -r '.vectors[] | select(.id == "nut00-v3-1").encoded' "$vectors/cashu/nut00_token_v3.json")
    assert_equal "$(hp-quote decode token "$token" | jq -r .form)" V3
}

@test "a token's blinding factor shows with --secrets only" {
    local secret=7777777777777777777777777777777777777777777777777777777777777777 one token
    one=$(printf '01%.0s' {1..32})
    token=cashuA$(printf '{"token":[{"mint":"http://m","proofs":[{"amount":2,"id":"009a1f293253e41e","secret":"s","C":"02%s","dleq":{"e":"%s","s":"%s","r":"%s"}}]}],"unit":"hash"}' \
        79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798 "$one" "$one" $secret | base64 -w0 | tr '+/' '-_' | tr -d =)
    run_tool hp-quote decode token "$token"
    assert_equal "$(jq -c '.proofs[0].dleq | keys' <<<"$output")" '["e","s"]'
    refute_output --partial $secret
    assert_equal "$(hp-quote decode token --secrets "$token" | jq -r '.proofs[0].dleq.r')" $secret
}

@test "a bad token: 1" {
    bad 1 "hp-quote: error: " decode token cashuC1234
    bad 1 "hp-quote: error: " decode token cashuBpGF0
    bad 1 "hp-quote: error: " decode token 63726177zz
    bad 1 "hp-quote: error: " decode token - </dev/null
}

# ---- request bodies

@test "a mint request has the hash that its owner signs" {
    jq -c '.vectors[0].request' "$vectors/cashu/nut20_mint_signature_v1.json" >body
    run_tool hp-quote decode request - <body
    assert_equal "$(jq -r .what <<<"$output")" "body of POST /v1/mint/ehash"
    assert_equal "$(jq -r '.quotes[0].nut20_message_sha256' <<<"$output")" \
        "$(jq -r '.vectors[0].msg_sha256' "$vectors/cashu/nut20_mint_signature_v1.json")"
    assert_equal "$(jq -c '[.quotes[0].is_signed, .outputs]' <<<"$output")" \
        '[true,{"count":2,"amount":2,"keysets":["009a1f293253e41e"]}]'
}

@test "a batch has a hash for each quote; a swap has its fee" {
    local outputs='[{"amount":4,"id":"009a1f293253e41e","B_":"036d6caac248af96f6afa7f904f550253a0f3ef3f5aa2fe6838a95b216691468e2"}]'
    run_tool hp-quote decode request '{"quotes":["a","b"],"quote_amounts":[1,3],"outputs":'"$outputs"',"signatures":["00",null]}'
    assert_equal "$(jq -c '[.what, (.quotes | map([.quote, .is_signed, .amount])), .outputs.amount]' <<<"$output")" \
        '["body of POST /v1/mint/ehash/batch",[["a",true,1],["b",false,3]],4]'
    assert_equal "$(jq -r '.quotes | map(.nut20_message_sha256) | unique | length' <<<"$output")" 2
    run_tool hp-quote decode request '{"inputs":[{"amount":5,"id":"009a1f293253e41e","secret":"s","C":"036d6caac248af96f6afa7f904f550253a0f3ef3f5aa2fe6838a95b216691468e2"}],"outputs":'"$outputs"'}'
    assert_equal "$(jq -c '[.what, .inputs.amount, .outputs.amount, .fee]' <<<"$output")" '["body of POST /v1/swap",5,4,1]'
    refute_output --partial '"s"'
}

@test "what is no request body: 1" {
    bad 1 "not the body of a mint, batch mint or swap request" decode request '{"x":1}'
    bad 1 "hp-quote: error: " decode request 'creqApWF0'
    bad 1 "outputs" decode request '{"quote":"a","outputs":7}'
}

# ---- keys

@test "each kind of key is told" {
    local pub=02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17
    run_tool hp-quote decode key $pub --json
    assert_equal "$(jq -c '[.kind, .pubkey, .xonly]' <<<"$output")" "[\"public key\",\"$pub\",\"${pub:2}\"]"
    local authority
    authority=$(jq -r .authority <<<"$output")
    assert_equal "$(hp-quote decode key "$authority" --json | jq -c '[.kind, .xonly]')" "[\"authority key\",\"${pub:2}\"]"
    run_tool hp-quote decode key "${pub:2}"
    assert_line "kind x-only public key"
    run_tool hp-quote decode key 009a1f293253e41e
    assert_output $'kind keyset id\nkeyset_id 009a1f293253e41e\nversion 1'
    run_tool hp-quote decode key "01$(printf 'ab%.0s' {1..32})"
    assert_line "version 2"
}

@test "a secret key is told by its public forms and never shown" {
    hp-config keygen authority --out secret.key >public
    local secret
    secret=$(cat secret.key)
    run_tool hp-quote decode key - <secret.key
    assert_line "kind secret key"
    assert_line "authority $(cat public)"
    refute_output --partial "$secret"
    assert_equal "$stderr" ""
    run_tool hp-quote decode key "$secret"
    [[ $stderr == "hp-quote: warning: a secret on the command line"* ]]
    refute_output --partial "$secret"
    # With a typing error it is unknown, and not repeated either.
    run_tool -1 hp-quote decode key "${secret%?}"
    [[ $output$stderr != *"${secret:4:20}"* ]]
}

@test "decode key --out: a secret in hex, into a new file of 0600 and nowhere else" {
    public=$(hp-config keygen locking --out old.key)
    run_tool hp-quote decode key - --out my.key <old.key
    assert_line "pubkey $public"
    [ "$(stat -c %a my.key)" = 600 ]
    grep -qxE '[0-9a-f]{64}' my.key
    [[ $output$stderr != *"$(cat my.key)"* ]]
    run_tool hp-config pubkey my.key
    assert_line "locking $public"
    run_tool -2 hp-quote decode key - --out my.key <old.key
    [[ $stderr == *"'my.key' exists, refusing to overwrite a secret"* ]]
    run_tool -2 hp-quote decode key "$public" --out other.key
    run_tool -2 hp-quote decode token cashuBx --out other.key
    [ ! -e other.key ]
    # 64 digits are read as a public key; who has a secret in hex is told where to take it.
    run_tool hp-quote decode key "${public:2}"
    assert_equal "$stderr" "hp-quote: hint: taken for a public key; a secret key in hex is read by hp-config pubkey"
}

@test "a bad key: 1" {
    bad 1 "not a known kind of key" decode key hello
    bad 1 "not the x of a point on the curve" decode key "$(printf 'ff%.0s' {1..32})"
    bad 1 "not a point on the curve" decode key "02$(printf 'ff%.0s' {1..32})"
}

# ---- amounts

@test "a share is worth its target, in either byte order" {
    local hash=00000000000000000001f3b3a43ee2ab9a44bbf17a6ccb0b0ad0c1c9d7e0c9f1
    local target=00000000ffff0000000000000000000000000000000000000000000000000000
    local easier=0000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffff
    reverse() { fold -w2 <<<"$1" | tac | tr -d '\n'; }
    assert_equal "$(hp-quote amount --hash $hash --target $target --json | jq .amount)" 1
    assert_equal "$(hp-quote amount --hash "$(reverse $hash)" --target "$(reverse $target)" --json | jq .amount)" 1
    assert_equal "$(hp-quote amount --hash $hash --target $easier --json | jq .amount)" 256
    assert_equal "$(hp-quote amount --hash $hash --target $easier --valuation target/unit_bits=30 --json | jq .amount)" 1024
    run_tool hp-quote amount --hash $hash --valuation leading_zeros/minimum_difficulty=70
    assert_line "amount 512"
    assert_line "share_hash $(reverse $hash)"
}

@test "a header's hash is taken; the genesis block has 43 zero bits" {
    local header=0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c
    run_tool hp-quote amount $header --json --valuation leading_zeros/minimum_difficulty=40
    assert_equal "$(jq -c '[.amount, .leading_zero_bits, .share_hash_displayed]' <<<"$output")" \
        '[8,43,"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"]'
}

@test "amount: bad input and a share above its target" {
    local hash=00000000000000000001f3b3a43ee2ab9a44bbf17a6ccb0b0ad0c1c9d7e0c9f1
    bad 2 "needs --target" amount --hash $hash
    bad 2 "either a header or --hash" amount
    bad 2 "either a header or --hash" amount 00 --hash $hash
    bad 2 "160 hex digits" amount 00
    bad 2 "--hash '00' is not 64 hex digits" amount --hash 00
    bad 2 "--valuation: expected a valuation" amount --hash $hash --valuation much
    bad 1 "does not meet the target" amount --hash $hash --target 00000000000000000000ffff0000000000000000000000000000000000000000
}

# ---- databases and a mint

@test "a verb without its database, and ids that are none: 2" {
    bad 2 "no database given" list
    bad 2 "no database given" explain 17
    bad 2 "'abc' is not a share hash, quote id or sequence number" explain abc --outbox x
    bad 2 "'abc' is not a quote id" get abc
    bad 2 "not a state of an outbox's share" list --outbox x --state issued
    bad 2 "not a state of a mint's quote" list --mint-db x --state dead
    bad 2 "exclude each other" list --mint-db x --outbox y
}

@test "a database that is missing or another program's, a mint that is away: 1" {
    bad 1 "does not exist" list --outbox none.db
    bad 1 "does not exist" explain 17 --mint-db none.db
    hp-stats ingest --db stats.db </dev/null 2>/dev/null
    bad 1 "belongs to another program" list --outbox stats.db
    bad 1 "cannot connect" get 01890a5d-ac96-774b-bcce-b302099a8057 --mint http://127.0.0.1:1
}

@test "a share is followed from submit to quote, and into the wallet" {
    hp-config init conf --network sim --ports auto >/dev/null
    port_of() { hp-config show conf --json | jq -r --arg key "$1" 'select(.key == $key) | .value | split(":")[1]'; }
    start_daemon template hp-template --config-dir conf
    start_daemon mint hp-mint --config-dir conf
    start_daemon pool hp-pool --config-dir conf
    wait_for_text pool.log "ready: miners have work"
    local key mint ids id seq hash amount
    key=$(hp-config pubkey conf/secrets/pool-authority.key | sed -n 's/^authority //p')
    hp-miner "stratum2+tcp://127.0.0.1:$(port_of pool_listen)/$key" --threads 1 --shares 3 --seconds 30 \
        --user 02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17 2>/dev/null
    has_acked() { [ -n "$(hp-quote list --config-dir conf --state acked --json)" ]; }
    wait_until has_acked

    # list
    run_tool hp-quote list --outbox conf/data/outbox.db --state acked --limit 1 --json
    assert_equal "${#lines[@]}" 1
    seq=$(jq .seq <<<"$output")
    id=$(jq -r .quote_id <<<"$output")
    hash=$(jq -r .share_hash <<<"$output")
    amount=$(jq .amount <<<"$output")
    assert_equal "$(hp-quote list --mint-db conf/data/mint.db --state paid --json | jq -r --arg id "$id" 'select(.quote_id == $id).share_hash')" "$hash"
    run_tool hp-quote list --config-dir conf
    assert_output --partial "$id"
    run_tool hp-quote list --config-dir conf --state dead --json
    assert_output ""
    # Of one worker, or one owner.
    local owner=02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17
    for filter in "--worker $owner" "--key $owner" "--key $owner --mint-db conf/data/mint.db"; do
        # shellcheck disable=SC2086
        run_tool -0 hp-quote list --config-dir conf $filter --json
        assert [ "${#lines[@]}" -ge 3 ]
    done
    run_tool -0 hp-quote list --config-dir conf --key "03${owner:2}" --json
    assert_output ""
    bad 1 "no share of worker '${owner}x' is in the outbox" list --config-dir conf --worker "${owner}x"
    [[ $stderr == *"did you mean $owner?"* ]]
    bad 2 "--key: expected 66 hex digits" list --config-dir conf --key abc
    bad 2 "a mint does not know workers" list --mint-db conf/data/mint.db --worker x

    # get
    mint=http://127.0.0.1:$(port_of mint_listen)
    assert_equal "$(hp-quote get "$id" --mint "$mint" --json | jq -c '[.quote, .amount, .amount_issued]')" "[\"$id\",$amount,0]"
    run_tool hp-quote get "$id" --config-dir conf
    assert_line "share_hash $hash"
    bad 1 "the mint at $mint answers 400" get 01890a5d-ac96-774b-bcce-b302099a8057 --mint "$mint"

    # explain, by all names that a share has
    reverse() { fold -w2 <<<"$1" | tac | tr -d '\n'; }
    run_tool hp-quote explain "$seq" --config-dir conf --json
    assert_equal "$(jq -c '[.quote_id, .share_hash, .outbox.state, .mint.state, .mint.amount, .wallet]' <<<"$output")" \
        "[\"$id\",\"$hash\",\"acked\",\"paid\",$amount,null]"
    assert_equal "$(jq -c '.timeline | map(.where)' <<<"$output")" '["outbox","mint","outbox"]'
    assert_equal "$(jq -c '[.timeline[0].after_ms, (.timeline | map(.at_ms) | . == sort)]' <<<"$output")" '[0,true]'
    assert_equal "$(jq -r '.missing | keys[]' <<<"$output")" wallet
    local whole=$output name
    for name in "$id" "$hash" "$(reverse "$hash")"; do
        assert_equal "$(hp-quote explain "$name" --config-dir conf --json)" "$whole"
    done

    # Each database alone: what the others would have said is missing, not guessed.
    run_tool hp-quote explain "$id" --mint-db conf/data/mint.db
    assert_line --partial "outbox  nothing: no database given"
    assert_line --partial "mint    paid, issued 0 of $amount"

    # A wallet that has minted the quote 50 ms after it was made.
    python3 - "$id" "$amount" "$(jq .mint.created_ms <<<"$whole")" <<'PY'
import sqlite3, sys
quote, amount, at = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect("wallet.db")
db.execute("PRAGMA application_id=%d" % 0x48505741)
db.execute("PRAGMA user_version=4")
db.execute("CREATE TABLE quote(id TEXT, amount INTEGER, state TEXT, reason TEXT, added_ms INTEGER, done_ms INTEGER)")
db.execute("INSERT INTO quote VALUES(?,?,'done','',?,?)", (quote, amount, at + 20, at + 50))
db.commit()
PY
    run_tool hp-quote explain "$id" --config-dir conf --wallet-db wallet.db --json
    assert_equal "$(jq -c '[.wallet.state, .missing, (.timeline[-1].at_ms - .mint.created_ms), .timeline[-1].where]' <<<"$output")" \
        '["done",{},50,"wallet"]'

    # All within one millisecond: the order of the way.
    mkdir instant
    sqlite3 conf/data/outbox.db ".backup instant/outbox.db"
    sqlite3 conf/data/mint.db ".backup instant/mint.db"
    sqlite3 instant/outbox.db "UPDATE answer SET acked_ms = (SELECT accepted_ms FROM share WHERE share.seq = answer.seq)"
    sqlite3 instant/mint.db "UPDATE quote SET created_ms = $(jq .outbox.accepted_ms <<<"$whole")"
    run_tool hp-quote explain "$id" --outbox instant/outbox.db --mint-db instant/mint.db --json
    assert_equal "$(jq -c '.timeline | map(.where)' <<<"$output")" '["outbox","mint","outbox"]'

    # unknown
    bad 1 "no share or quote '999999' is known (outbox: not in " explain 999999 --config-dir conf
    bad 1 "no share or quote" explain "$(printf '00%.0s' {1..32})" --config-dir conf
    bad 1 "no share or quote" explain 01890a5d-ac96-774b-bcce-b302099a8057 --config-dir conf
}

@test "get: an address where no mint is, or another server, is named" {
    bad 1 "http://127.0.0.1:1: " get 01890a5d-ac96-774b-bcce-b302099a8057 --mint http://127.0.0.1:1
}
