# The mint's HTTP API and invalid requests. Valid requests by wallets are in interop/.

load ../cmd/helper
load topology

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    make_topology
    start_mint
    keyset=$(curl -sS "$(mint_url)/v1/keysets" | jq -r '.keysets[0].id')
}

# The mint still serves, and no request left a trace in its books.
teardown() {
    get /v1/info
    assert_equal "$status" 200
    assert_equal "$(ledger 'SELECT (SELECT count(*) FROM quote) + (SELECT count(*) FROM sig) + (SELECT count(*) FROM spent) + (SELECT count(*) FROM op)')" 0
    stop_daemons
}

# refused CODE PATH BODY [DETAIL]: 400, the code, and the text if it is given; readable by browsers.
refused() {
    post "$2" "$3"
    assert_equal "$status $(jq -c '[.code, (.detail | type)]' <<<"$output") $2 $3" "400 [$1,\"string\"] $2 $3"
    [ -z "${4-}" ] || assert_equal "$(jq -r .detail <<<"$output")" "$4"
    grep -qi '^access-control-allow-origin: \*' head
}
# G, which is a point, is all that a request needs to look like one.
point=0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
out() { echo "{\"amount\":$1,\"id\":\"$keyset\",\"B_\":\"${2-$point}\"}"; }
proof() { echo "{\"amount\":$1,\"id\":\"$keyset\",\"secret\":\"${3-secret}\",\"C\":\"${2-$point}\"}"; }
quote=019e6d5a-2347-7000-8850-39c85ed1b5d3

@test "unknown routes are 404, as JSON, for every method" {
    for path in / /nope /v1 /v1/ /v2/info /v1/mint/quote/bolt11/x /v1/../v1/info //v1/info /v1/info/; do
        get "$path"
        assert_equal "$status $path" "404 $path"
        assert_equal "$(jq -r '.detail | type' <<<"$output")" string
    done
    post /v1/nope '{}'
    assert_equal "$status" 404
}

@test "other methods are 405 and say which there are" {
    for method in PUT DELETE PATCH TRACE; do
        request /v1/info -X "$method"
        assert_equal "$status" 405
        grep -qi '^allow: .*GET.*POST' head
    done
}

@test "HEAD answers as GET does, without the body" {
    get /v1/keysets
    size=${#output}
    request /v1/keysets -I
    assert_equal "$status" 200
    assert_equal "$(sed -nE 's/^content-length: ([0-9]+)\r$/\1/Ip' head)" "$size"
}

@test "OPTIONS answers 200 everywhere, for browsers; errors carry the same headers" {
    for path in /v1/swap /v1/mint/ehash /nope; do
        request "$path" -X OPTIONS -H 'Origin: https://wallet.example' -H 'Access-Control-Request-Method: POST'
        assert_equal "$status" 200
        grep -qi '^access-control-allow-origin: \*' head
        grep -qi '^access-control-allow-methods: .*POST' head
        grep -qi '^access-control-allow-headers: \*' head
        assert_equal "$output" ""
    done
    get /nope
    grep -qi '^access-control-allow-origin: \*' head
}

@test "a body above 1 MiB is 413, a URL of 64 KiB 414, a head of 16 KiB refused" {
    head -c 1100000 /dev/zero | tr '\0' ' ' >big
    request /v1/swap --data-binary @big
    assert_equal "$status" 413
    long=$(head -c 65536 /dev/zero | tr '\0' a)
    get "/$long"
    assert_equal "$status" 414
    request /v1/info -H "X-Long: ${long:0:20000}"
    assert_equal "$status" 431
}

@test "what is no JSON, or JSON of another shape, names the field and what it is" {
    for body in '' '{' '{"inputs":[]' 'inputs=1' '{"inputs":[],}' $'{"a":"\xff"}'; do refused 50000 /v1/swap "$body"; done
    refused 50000 /v1/swap '[]' "expected an object, got an array"
    refused 50000 /v1/swap '{}' "inputs: missing"
    refused 50000 /v1/swap '{"inputs":1,"outputs":[]}' "inputs: expected an array, got an integer"
    refused 50000 /v1/swap '{"inputs":[],"inputs":[],"outputs":[]}'
    # Far deeper than any request.
    refused 50000 /v1/swap "$(printf '[%.0s' {1..5000})$(printf ']%.0s' {1..5000})"
}

@test "AC-090 amounts are exact unsigned integers or refused" {
    for amount in '"1"' -1 1.5 1e3 18446744073709551616 null true; do
        refused 50000 /v1/swap "{\"inputs\":[$(proof "$amount")],\"outputs\":[]}"
    done
    # Five times 2^62: sums never wrap.
    many="$(out 4611686018427387904)"
    for _ in 1 2 3 4; do many+=",$(out 4611686018427387904 "$(new_point)")"; done
    refused 11005 /v1/swap "{\"inputs\":[$(proof 1)],\"outputs\":[$many]}"
}
new_point() { hp-config keygen locking | hp-config pubkey - | sed -n 's/^locking //p'; }

@test "AC-196 points that are none are refused before anything is signed" {
    for bad in "" 02 "${point:2}" "04${point:2}" "06${point:2}" "02$(printf 'ff%.0s' {1..32})" "$(printf '00%.0s' {1..33})" \
        "02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f" "02$(printf '0%.0s' {1..63})5" \
        "04${point:2}${point:2}" "${point}0" "${point}00" "zz${point:2}"; do
        refused 50000 /v1/swap "{\"inputs\":[$(proof 1)],\"outputs\":[$(out 1 "$bad")]}"
        refused 50000 /v1/swap "{\"inputs\":[$(proof 1 "$bad")],\"outputs\":[$(out 1)]}"
        refused 50000 /v1/checkstate "{\"Ys\":[\"$bad\"]}" "Ys[0]: expected a compressed point in hex"
    done
}

@test "swaps: nothing in, nothing out, unknown keysets and amounts, duplicates, forged and unbalanced proofs" {
    refused 11005 /v1/swap '{"inputs":[],"outputs":[]}'
    refused 11005 /v1/swap "{\"inputs\":[$(proof 1)],\"outputs\":[]}"
    other=$(proof 1 | sed "s/$keyset/00ffffffffffffff/")
    refused 12001 /v1/swap "{\"inputs\":[$other],\"outputs\":[$(out 1)]}"
    refused 12001 /v1/swap "{\"inputs\":[$(proof 1)],\"outputs\":[$(out 1 | sed "s/$keyset/00ffffffffffffff/")]}"
    refused 12001 /v1/swap "{\"inputs\":[$(proof 3)],\"outputs\":[$(out 1)]}"
    refused 12001 /v1/swap "{\"inputs\":[$(proof 1)],\"outputs\":[$(out 3)]}"
    refused 11007 /v1/swap "{\"inputs\":[$(proof 1),$(proof 1)],\"outputs\":[$(out 2)]}"
    refused 11008 /v1/swap "{\"inputs\":[$(proof 2)],\"outputs\":[$(out 1),$(out 1)]}"
    refused 10001 /v1/swap "{\"inputs\":[$(proof 1)],\"outputs\":[$(out 1)]}"
    long=$(head -c 1025 /dev/zero | tr '\0' s)
    refused 50000 /v1/swap "{\"inputs\":[$(proof 1 "$point" "$long")],\"outputs\":[$(out 1)]}"
}

@test "C5: no member is null but those that the NUTs make nullable: CDK refuses the whole info for one" {
    get /v1/info
    assert_equal "$(jq -c '[paths(. == null)]' <<<"$output")" '[["nuts","19","ttl"]]'
    assert_equal "$(jq -c '.nuts."4"' <<<"$output")" '{"methods":[{"method":"ehash","unit":"hash"}],"disabled":false}'
    for path in /v1/keys /v1/keysets "/v1/keys/$keyset"; do
        get "$path"
        assert_equal "$(jq -c '[paths(. == null) | last] | unique' <<<"$output")" '["final_expiry"]'
    done
    post /v1/checkstate "{\"Ys\":[\"$point\"]}"
    assert_equal "$(jq -c '[paths(. == null)]' <<<"$output")" '[["states",0,"witness"]]'
    post /v1/restore "{\"outputs\":[$(out 1)]}"
    assert_equal "$(jq -c '[paths(. == null)]' <<<"$output")" '[]'
}

@test "more than 1,000 inputs or outputs are refused" {
    many=$(proof 1)
    for ((i = 0; i < 1000; i++)); do many+=",$(printf '{"amount":1,"id":"%s","secret":"s%d","C":"%s"}' "$keyset" "$i" "$point")"; done
    refused 11014 /v1/swap "{\"inputs\":[$many],\"outputs\":[$(out 1)]}"
    many=$(out 1)
    for ((i = 0; i < 1000; i++)); do many+=",$(printf '{"amount":1,"id":"%s","B_":"%s"}' "$keyset" "$point")"; done
    refused 11015 /v1/swap "{\"inputs\":[$(proof 1)],\"outputs\":[$many]}"
}

@test "quotes: nobody makes them here, unknown ones are unknown, however their id is written" {
    refused 20003 /v1/mint/quote/ehash '{"unit":"hash","amount":1}'
    refused 20003 /v1/mint/quote/ehash "{\"unit\":\"hash\",\"amount\":1,\"pubkey\":\"$point\",\"header_hash\":\"$(printf '00%.0s' {1..32})\"}"
    for id in "$quote" "${quote^^}" x check "%00" "' OR 1=1 --"; do
        get "/v1/mint/quote/ehash/$(jq -rn --arg id "$id" '$id | @uri')"
        assert_equal "$status $(jq .code <<<"$output")" "400 50000"
    done
    refused 50000 /v1/mint/quote/ehash/check "{\"quotes\":[\"$quote\"]}" "quote '$quote' is unknown"
    refused 50000 /v1/mint/ehash "{\"quote\":\"$quote\",\"outputs\":[$(out 1)]}"
    refused 50000 /v1/mint/ehash/batch "{\"quotes\":[\"$quote\"],\"quote_amounts\":[1],\"outputs\":[$(out 1)],\"signatures\":[null]}"
    refused 11016 /v1/mint/ehash/batch "{\"quotes\":[\"$quote\",\"$quote\"],\"quote_amounts\":[1,1],\"outputs\":[$(out 2)],\"signatures\":[null,null]}"
    ids=$(for ((i = 0; i < 101; i++)); do printf '"%08x-2347-7000-8850-39c85ed1b5d3",' "$i"; done)
    refused 11017 /v1/mint/quote/ehash/check "{\"quotes\":[${ids%,}]}"
}

@test "melting and other methods are not there" {
    refused 20003 /v1/melt/quote/ehash '{}'
    refused 20003 /v1/melt/ehash '{}'
    refused 50000 /v1/mint/quote/bolt11 '{}'
    refused 50000 /v1/mint/bolt11 '{}'
    get /v1/info
    assert_equal "$(jq -c '[.nuts["4"].disabled, .nuts["5"].disabled, .nuts["4"].methods[0].method, .nuts["4"].methods[0].unit]' <<<"$output")" \
        '[false,true,"ehash","hash"]'
}

@test "unknown keysets" {
    for id in 00 zz 00ffffffffffffff "${keyset%?}" "${keyset}0"; do
        get "/v1/keys/$id"
        assert_equal "$status $(jq .code <<<"$output")" "400 12001"
    done
    get "/v1/keys/$keyset"
    assert_equal "$status $(jq -r '.keysets[0].unit' <<<"$output")" "200 hash"
}

@test "lookup by key: every list checked, every key signed for" {
    sig=$(printf 'ab%.0s' {1..64})
    refused 50000 /v1/mint/quote/pubkey '{}'
    refused 50000 /v1/mint/quote/pubkey '{"pubkeys":[],"pubkey_signatures":[]}'
    refused 50000 /v1/mint/quote/pubkey "{\"pubkeys\":[\"$point\"],\"pubkey_signatures\":[]}"
    refused 20008 /v1/mint/quote/pubkey "{\"pubkeys\":[\"$point\"],\"pubkey_signatures\":[\"$sig\"]}"
    refused 20008 /v1/mint/quote/ehash/pubkey "{\"pubkeys\":[\"$point\"],\"pubkey_signatures\":[\"$sig\"]}"
    keys=$(for ((i = 0; i < 51; i++)); do printf '"%s",' "$point"; done)
    sigs=$(for ((i = 0; i < 51; i++)); do printf '"%s",' "$sig"; done)
    refused 11017 /v1/mint/quote/pubkey "{\"pubkeys\":[${keys%,}],\"pubkey_signatures\":[${sigs%,}]}"
}

@test "states and restore of what never was: unspent, and nothing" {
    post /v1/checkstate "{\"Ys\":[\"$point\"]}"
    assert_equal "$status $(jq -c . <<<"$output")" "200 {\"states\":[{\"Y\":\"$point\",\"state\":\"UNSPENT\",\"witness\":null}]}"
    post /v1/restore "{\"outputs\":[$(out 0)]}"
    assert_equal "$status $(jq -c . <<<"$output")" '200 {"outputs":[],"signatures":[]}'
}

@test "bytes that are no HTTP end that connection alone" {
    for bytes in '\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03' '{"id":1}\n' 'GET\n\n' 'GET /v1/info HTTP/9.9\r\n\r\n'; do
        exec {fd}<>"/dev/tcp/127.0.0.1/$(value shared/network.toml mint_listen | cut -d: -f2)"
        # As in mining.bats: a subshell, for SIGPIPE.
        (printf '%b' "$bytes" >&"$fd") 2>/dev/null || true
        code=0
        timeout 5 cat <&"$fd" >answer 2>/dev/null || code=$?
        exec {fd}>&-
        [ "$code" -ne 124 ] || fail "still open after 5 s: $bytes"
        run_tool -1 grep -q ' 200 ' answer
    done
}
