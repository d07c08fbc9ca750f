load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    dir=$BATS_TEST_TMPDIR/conf
}

new_sim() { hp-config init conf --network sim --ports auto >/dev/null; }

# set_key FILE KEY VALUE: replaces the line of the key, comment or not.
set_key() {
    grep -qE "^#?$2 = " "conf/$1" || fail "no $2 in $1"
    sed -i -E "s|^#?$2 = .*|$2 = $3|" "conf/$1"
}

# place FILE KEY: FILE:LINE:1 as the errors write it
place() { echo "$dir/$1:$(grep -nE "^$2 = " "conf/$1" | cut -d: -f1):1"; }

# check_finds FILE KEY WHAT: check ends with 2 and says just this problem.
check_finds() {
    run_tool -2 hp-config check conf
    assert_equal "${stderr_lines[0]}" "$(place "$1" "$2"): $2: $3"
    assert_equal "${stderr_lines[1]}" "hp-config: error: '$dir' has 1 problem"
    assert_equal "${stderr_lines[2]}" "hp-config: hint: 'man 5 hp-config' explains the keys"
    assert_equal "${#stderr_lines[@]}" 3
    assert_equal "$output" ""
}

# ---- calling

@test "without a verb: 2, and the way to help" {
    run_tool -2 hp-config
    assert_equal "$output" ""
    assert_equal "$stderr" "hp-config: error: a subcommand is required
hp-config: hint: try 'hp-config --help'"
}

@test "a misspelt verb or option names the right one" {
    run_tool -2 hp-config chekc
    assert_equal "$stderr" "hp-config: error: 'chekc' is not a subcommand
hp-config: hint: did you mean check?"
    run_tool -2 hp-config check --jsn
    assert_equal "${stderr_lines[1]}" "hp-config: hint: did you mean --json?"
}

@test "--help and --version go to stdout" {
    run_tool hp-config --help
    assert_line --partial "hp-config init ./demo --network sim --ports auto"
    assert_equal "$stderr" ""
    run_tool hp-config --version
    assert_line --index 0 --regexp '^hp-config [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "the examples of --help work" {
    hp-config init ./demo --network sim --ports auto >/dev/null
    hp-config check ./demo >/dev/null
    hp-config show ./demo --origin >/dev/null
}

# ---- init

@test "init makes a directory that check accepts without a word on stderr" {
    run_tool hp-config init conf --network sim --ports auto
    assert_equal "$stderr" ""
    assert_line "made '$dir' for sim"
    # Who follows these lines has figures on the pages.
    assert_line "  hp-pool --config-dir $dir --events - | hp-stats ingest - --config-dir $dir --side pool"
    assert_line "  hp-stats serve --config-dir $dir --side pool"
    assert_line "  hp-web pool --config-dir $dir"
    run_tool hp-config check conf
    assert_equal "$stderr" ""
    assert_output ""
}

@test "init: the other networks, with a payout address of theirs" {
    export HOME=/home/nobody
    hp-config init regtest --network regtest >/dev/null
    hp-config check regtest >/dev/null
    grep -qx 'rpc_url = "http://127.0.0.1:18443"' regtest/template.toml
    hp-config init main --network mainnet --payout bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 >/dev/null
    hp-config check main >/dev/null
    grep -qx '#unit_bits = 32' main/shared/pool.toml
    # Without one, where real coins go stays unset, and check says so.
    run_tool -0 hp-config init signet --network signet
    assert_line --partial "set payout_script in pool.toml"
    run_tool -2 hp-config check signet
    assert_equal "$(grep -c 'payout_script: is missing' <<<"$stderr")" 1
    run_tool -2 hp-config init none --network mainnet --payout tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx
    assert_equal "$output" ""
    [ ! -e none ]
}

@test "init: secret files are 0600 and their directory 0700, whatever the umask" {
    for mask in 000 077; do
        (umask $mask && hp-config init "conf$mask" --network sim >/dev/null)
        [ "$(stat -c %a "conf$mask/secrets")" = 700 ]
        for file in "conf$mask"/secrets/*; do [ "$(stat -c %a "$file")" = 600 ]; done
        [ "$(stat -c %a "conf$mask/pool.toml")" = 640 ]
    done
    [ "$(ls conf000/secrets | wc -l)" = 11 ]
}

@test "init never writes into a directory that has something in it" {
    mkdir conf
    hp-config init conf --network sim >/dev/null # empty is fine
    before=$(cat conf/secrets/* | sha256sum)
    run_tool -2 hp-config init conf --network sim
    assert_equal "$stderr" "hp-config: error: '$dir' is not empty, refusing to overwrite anything
hp-config: hint: choose another directory, or move this one away"
    assert_equal "$(cat conf/secrets/* | sha256sum)" "$before"
    touch file
    run_tool -2 hp-config init file --network sim
    assert_equal "$stderr" "hp-config: error: '$BATS_TEST_TMPDIR/file' exists and is not a directory"
}

@test "init: keys differ from each other and from those of the next directory" {
    hp-config init a --network sim >/dev/null
    hp-config init b --network sim >/dev/null
    [ "$(cat a/secrets/* b/secrets/* | sort | uniq -d | wc -l)" = 0 ]
}

@test "init: twelve ports from a base; a base that does not fit is refused" {
    run_tool hp-config init conf --network sim --ports 20000 --json
    assert_output --partial '"template_listen":"127.0.0.1:20000"'
    assert_output --partial '"proxy_listen":"127.0.0.1:20004"'
    assert_output --partial '"proxy_web_listen":"127.0.0.1:20008"'
    hp-config check conf >/dev/null
    for bad in 0 65525 x -1 20000x; do
        run_tool -2 hp-config init none --network sim "--ports=$bad"
        assert_equal "$output" ""
        [ ! -e none ]
    done
}

# In a namespace where /etc and /var/lib are this test's.
in_services_place() {
    mkdir -p etc var
    unshare -rm bash -c 'mount --bind etc /etc && mount --bind var /var/lib && exec "$@"' - "$@"
}

@test "init in /etc/hashpool: databases where the units have them, and an account of the node" {
    unshare -rm true 2>why || skip "SKIPPED: no mount namespaces here: $(cat why)"
    run_tool in_services_place hp-config init /etc/hashpool --network sim
    assert_output --partial "systemctl enable --now hp-{template,pool,mint,proxy}
and with hashpool-stats:
  systemctl enable --now hp-{ingest,stats,web}-{pool,proxy}"
    run_tool in_services_place hp-config check /etc/hashpool
    assert_equal "$stderr" ""
    run_tool in_services_place hp-config show /etc/hashpool --json
    assert_equal "$(jq -r 'select(.key | test("^(database|mark_file|outbox_database|wallet_database|proxy_database|sim_chain_file)$")).value' <<<"$output" | sort)" \
        "/var/lib/hashpool-marks/mint.mark
/var/lib/hashpool/mint/mint.db
/var/lib/hashpool/pool/outbox.db
/var/lib/hashpool/proxy/wallet.db
/var/lib/hashpool/stats/pool.db
/var/lib/hashpool/stats/proxy.db
/var/lib/hashpool/template/sim-chain.dat"
    # A node's cookie at home is nothing for a service.
    run_tool in_services_place hp-config init /etc/hashpool/test --network regtest --ports 40000 --json
    local auth
    auth=$(jq -r .rpcauth <<<"$output")
    assert_equal "$auth" "hashpool:$(python3 -c '
import hmac, sys
salt = sys.argv[1].split(":")[1].split("$")[0]
print(salt + "$" + hmac.new(salt.encode(), open(sys.argv[2]).read().strip().encode(), "sha256").hexdigest())' "$auth" etc/hashpool/test/secrets/rpc.password)"
    run_tool in_services_place hp-config check /etc/hashpool/test
    grep -qx 'rpc_password_file = "secrets/rpc.password"' etc/hashpool/test/template.toml
    run_tool in_services_place hp-config init /etc/hashpool/other --network regtest --ports 41000 --rpc-cookie /var/lib/node/.cookie
    assert_output --partial "enable --now hp-{template,pool,mint,proxy}@other"
    refute_output --partial rpcauth
    run_tool in_services_place hp-config init /etc/elsewhere --network sim
    assert_output --partial "hp-pool --config-dir /etc/elsewhere"
}

@test "init that cannot finish leaves nothing behind" {
    mkdir conf
    # No file may grow: the first write fails as on a full disk. The pipe keeps bats' own file out of it.
    run_tool -1 bash -c '(ulimit -f 0; trap "" XFSZ; exec hp-config init conf --network sim) 2>&1 | cat; exit "${PIPESTATUS[0]}"'
    assert_output "hp-config: error: cannot write '$dir/.hp-config-init': File too large"
    [ -z "$(ls -A conf)" ]
}

# ---- check: one file

@test "check: every problem is a line with file, line, column and key" {
    new_sim
    set_key pool.toml shares_per_minute 0
    set_key pool.toml server_id '"x"'
    sed -i 's/^#coinbase_tag/conbase_tag/' conf/pool.toml
    tag=$(grep -n '^conbase_tag' conf/pool.toml | cut -d: -f1)
    run_tool -2 hp-config check conf
    assert_equal "${stderr_lines[0]}" "$(place pool.toml server_id): server_id: is text, allowed: an integer; an integer from 0 to 65535"
    assert_equal "${stderr_lines[1]}" "$dir/pool.toml:$tag:1: conbase_tag: unknown key, the nearest known one is coinbase_tag"
    assert_equal "${stderr_lines[2]}" "$(place pool.toml shares_per_minute): shares_per_minute: is 0, allowed: a number from 0.1 to 100000"
    assert_equal "${stderr_lines[3]}" "hp-config: error: '$dir' has 3 problems"
}

@test "check: a missing file, a missing directory, a missing key" {
    new_sim
    rm conf/mint.toml
    run_tool -2 hp-config check conf
    assert_equal "${stderr_lines[0]}" "$dir/mint.toml: cannot be read: no such file or directory"
    run_tool hp-config check conf --for hp-pool
    assert_equal "$stderr" ""
    assert_output ""
    run_tool -2 hp-config check none
    assert_equal "$output" ""
    assert_equal "${stderr_lines[0]}" "hp-config: error: '$BATS_TEST_TMPDIR/none' is not a directory that can be read"
    sed -i '/^payout_script/d' conf/pool.toml
    run_tool -2 hp-config check conf --for hp-pool
    assert_equal "${stderr_lines[0]}" "$dir/pool.toml:1:1: payout_script: is missing, allowed: anything on one line"
}

@test "check: every key with every wrong literal is refused, and never crashes" {
    new_sim
    for literal in '[[1]]' '{a = 1}' '1979-05-27' '18446744073709551616'; do
        for key in server_id shares_per_minute payout_script allow_new_mint_store allowed_mint_keys; do
            cp conf/pool.toml saved
            set_key pool.toml "$key" "$literal"
            run_tool -2 hp-config check conf --for hp-pool
            assert_equal "${stderr_lines[0]%%:*}" "$dir/pool.toml"
            mv saved conf/pool.toml
        done
    done
}

@test "check: what is no regular file does not block" {
    new_sim
    rm conf/pool.toml && mkfifo conf/pool.toml
    run_tool -2 timeout 5 hp-config check conf
    assert_equal "${stderr_lines[0]}" "$dir/pool.toml: cannot be read: is a pipe"
    rm conf/pool.toml && ln -s /dev/zero conf/pool.toml
    run_tool -2 timeout 5 hp-config check conf
    assert_equal "${stderr_lines[0]}" "$dir/pool.toml: cannot be read: is a device"
}

# ---- check: across files

@test "AC-286 check: ports that clash" {
    new_sim
    set_key shared/network.toml pool_listen '"0.0.0.0:5000"'
    set_key proxy.toml pool_address '"127.0.0.1:5000"'
    set_key shared/network.toml proxy_listen '"127.0.0.1:5000"'
    check_finds shared/network.toml proxy_listen "is 127.0.0.1:5000, but pool_listen has the same port: 0.0.0.0:5000"
}

@test "check: public keys that do not belong to their secret keys" {
    new_sim
    other=9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh
    template=$(grep -oP '^template_authority_public_key = "\K[^"]+' conf/shared/pool.toml)
    set_key shared/pool.toml template_authority_public_key "\"$other\""
    check_finds shared/pool.toml template_authority_public_key "is $other, but the key in authority_secret_key_file of template.toml has the public key $template"
    set_key shared/pool.toml template_authority_public_key "\"$template\""

    pool=$(grep -oP '^pool_authority_public_key = "\K[^"]+' conf/proxy.toml)
    set_key proxy.toml pool_authority_public_key "\"$other\""
    check_finds proxy.toml pool_authority_public_key "is $other, but the key in authority_secret_key_file of pool.toml has the public key $pool"
    # A pool elsewhere has a key of its own.
    set_key proxy.toml pool_address '"pool.example.org:34254"'
    hp-config check conf
}

@test "check: the mint's link key must be allowed" {
    new_sim
    key=$(hp-config pubkey conf/secrets/mint-link.key | awk '$1 == "link" {print $2}')
    set_key pool.toml allowed_mint_keys '["79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"]'
    check_finds pool.toml allowed_mint_keys "does not have the link key of mint.toml's link_secret_key_file, which is $key"
}

@test "check: the link's key is not the miners' key" {
    new_sim
    cp conf/secrets/pool-authority.key conf/secrets/link-authority.key
    set_key pool.toml link_authority_secret_key_file '"secrets/link-authority.key"'
    public=$(hp-config pubkey conf/secrets/link-authority.key | awk '$1 == "authority" {print $2}')
    set_key shared/pool.toml link_authority_public_key "\"$public\""
    check_finds pool.toml link_authority_secret_key_file "holds the same key as authority_secret_key_file, allowed: a different key"
}

@test "AC-283 check: secret files that are open to others, missing, damaged or public keys" {
    new_sim
    set_key mint.toml seed_file '"secrets/mint.seed"'
    file=$dir/secrets/mint.seed
    chmod 644 "$file"
    check_finds mint.toml seed_file "secret file '$file' has mode 0644, accessible to others, allowed: 0600"
    chmod 600 "$file"
    printf 'one two three\n' >"$file"
    check_finds mint.toml seed_file "secret file '$file' does not hold valid BIP 39 words: mnemonic has 3 words, expected 12, 15, 18, 21 or 24"
    # A wrong word is named by its number; the word itself may be all but right, and the line goes to logs.
    printf 'zoo zoo zoo zoo zooo zoo zoo zoo zoo zoo zoo wrong\n' >"$file"
    check_finds mint.toml seed_file "secret file '$file' does not hold valid BIP 39 words: word 5 of the mnemonic is not in BIP 39's English list"
    rm "$file"
    check_finds mint.toml seed_file "secret file '$file' cannot be read: no such file or directory"
}

@test "check and pubkey: bad key files, without the key in the error" {
    # 31 bytes, 33 bytes, zero, the group's order, a bad checksum, hex of 31 bytes, of zero
    python3 - <<'PY'
import hashlib
A = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
def enc(b):
    b += hashlib.sha256(hashlib.sha256(b).digest()).digest()[:4]
    n, s = int.from_bytes(b, "big"), ""
    while n: n, r = divmod(n, 58); s = A[r] + s
    return "1" * (len(b) - len(b.lstrip(b"\0"))) + s
order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
bad = [enc(b"\7" * 31), enc(b"\7" * 33), enc(bytes(32)), enc(order.to_bytes(32, "big")),
       enc(b"\7" * 32)[:-1] + "1", "07" * 31, "00" * 32, "x" * 5000]
for i, text in enumerate(bad): open(f"bad{i}", "w").write(text + "\n")
PY
    chmod 600 bad*
    for file in bad*; do
        run_tool -2 hp-config pubkey "$file"
        assert_equal "$output" ""
        [[ $stderr != *"$(head -c 20 "$file")"* ]] || fail "$stderr"
        [[ ${stderr_lines[0]} == "hp-config: error: secret file '$file' "* ]] || fail "$stderr"
    done
}

@test "check: published keys and words, on every network with money" {
    hp-config init conf --network mainnet --payout bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 >/dev/null
    set_key mint.toml seed_file '"secrets/mint.seed"'
    echo "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about" >conf/secrets/mint.seed
    check_finds mint.toml seed_file "secret file '$dir/secrets/mint.seed' holds published test words, allowed only on sim and regtest"
    hp-config keygen mnemonic >conf/secrets/mint.seed

    set_key mint.toml link_secret_key_file '"secrets/mint-link.key"'
    # SRI's and Hashpool's example key, Hashpool's key-utils, the scalar 1
    for key in mkDLTBBRxdBv998612qipDYoTK3YUrqLe8uWw7gu3iXbSrn2n zmBEmPhqo3A92FkiLVvyCz6htc3e53ph3ZbD4ASqGaLjwnFLi \
        11111111111111111111111111111118qjnEr; do
        echo "$key" >conf/secrets/mint-link.key
        check_finds mint.toml link_secret_key_file "secret file '$dir/secrets/mint-link.key' holds a published test key, allowed only on sim and regtest"
    done
}

@test "AC-282 check: a payout address of another network" {
    new_sim
    set_key pool.toml payout_script '"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"'
    run_tool -2 hp-config check conf
    [[ ${stderr_lines[0]} == "$(place pool.toml payout_script): payout_script: "*mainnet* ]] || fail "$stderr"
    assert_equal "${#stderr_lines[@]}" 3
}

@test "check: units that differ, and shares that could be worth nothing" {
    new_sim
    set_key shared/proxy.toml unit '"ehash"'
    check_finds shared/proxy.toml unit "is 'ehash', but shared/pool.toml says 'hash'"
    set_key shared/proxy.toml unit '"hash"'
    set_key pool.toml easiest_target_bits 15
    check_finds pool.toml easiest_target_bits "is 15, so a share could be worth nothing, allowed: at least unit_bits of shared/pool.toml, 16"
}

@test "AC-286 check: one database for two, a database in no directory" {
    new_sim
    set_key stats.toml database '"data/../data/mint.db"'
    check_finds stats.toml database "is '$dir/data/mint.db', which is also database of mint.toml"
    set_key stats.toml database '"none/stats.db"'
    check_finds stats.toml database "is in '$dir/none', which is not a directory"
}

@test "check: a template source that does not fit the network" {
    new_sim
    set_key template.toml source '"rpc"'
    set_key template.toml rpc_cookie_file '"data/.cookie"'
    check_finds template.toml source "is rpc, but the network is sim, allowed: sim"
}

@test "check: a cookie and a user of the node exclude each other" {
    hp-config init b --network regtest --rpc-cookie /var/lib/node/.cookie >/dev/null
    sed -i -E 's|^#?rpc_user = .*|rpc_user = "me"|' b/template.toml
    run_tool -2 hp-config check b
    [[ $stderr == *"template.toml:"*"rpc_user: is set, and so is rpc_cookie_file, allowed: only one of them"* ]] || fail "$stderr"
}

@test "check: a text without its closing quote is named, and nothing is concluded from such a file" {
    hp-config init b --network sim >/dev/null
    sed -i -E 's|^#?unit = .*|unit = "hash|' b/shared/pool.toml
    local line
    line=$(grep -n '^unit = "hash$' b/shared/pool.toml | cut -d: -f1)
    run_tool -2 hp-config check b
    assert_equal "${stderr_lines[0]}" "$PWD/b/shared/pool.toml:$line:13: not TOML: the string that begins on this line has no closing quote"
    assert_equal "${stderr_lines[1]}" "hp-config: error: '$PWD/b' has 1 problem"
}

@test "check: a mint_url that nobody listens on is a warning" {
    new_sim
    set_key shared/proxy.toml mint_url '"http://127.0.0.1:1"'
    listen=$(grep -oP '^mint_listen = "\K[^"]+' conf/shared/network.toml)
    run_tool -0 hp-config check conf
    assert_equal "$stderr" "$(place shared/proxy.toml mint_url): mint_url: warning: is http://127.0.0.1:1, but mint_listen is $listen"
}

@test "check reads hashpool.env and the process's variables as the programs do" {
    new_sim
    echo 'HP_UNIT_BITS=99' >>conf/hashpool.env
    line=$(grep -n UNIT_BITS conf/hashpool.env | cut -d: -f1)
    run_tool -2 hp-config check conf
    [[ $stderr == *"easiest_target_bits: is 16, so a share could be worth nothing"* ]] || fail "$stderr"
    sed -i 's/99/999/' conf/hashpool.env
    run_tool -2 hp-config check conf
    assert_equal "${stderr_lines[0]}" "$dir/hashpool.env:$line:1: HP_UNIT_BITS: is 999, allowed: a number from 0 to 200"
    HP_UNIT_BITS=16 run_tool hp-config check conf
    assert_equal "$stderr" ""
    sed -i 's/HP_UNIT_BITS/HP_UNIT_BTS/' conf/hashpool.env
    run_tool -2 hp-config check conf
    assert_equal "${stderr_lines[0]}" "$dir/hashpool.env:$line:1: HP_UNIT_BTS: unknown variable, the nearest known one is HP_UNIT_BITS"
}

@test "check --json is one object, and says the same" {
    new_sim
    run_tool hp-config check conf --json
    assert_output --partial '{"ok":true,'
    set_key pool.toml server_id -1
    run_tool -2 hp-config check conf --json
    python3 - "$output" <<'PY'
import json, sys
result = json.loads(sys.argv[1])
assert result["ok"] is False
[one] = result["findings"]
assert one["severity"] == "error" and one["key"] == "server_id" and one["line"] > 1 and one["column"] == 1, one
PY
}

# ---- show

@test "show prints TOML; --origin says who won" {
    new_sim
    run_tool hp-config show conf
    assert_equal "$stderr" ""
    assert_line "# pool.toml"
    assert_line "server_id = 0"
    refute_output --partial "$(cat conf/secrets/mint.seed)"
    HP_SERVER_ID=7 run_tool hp-config show conf --origin
    assert_line "server_id = 7  # HP_SERVER_ID"
    assert_line "max_inflight = 1024  # default"
    assert_line "shares_per_minute = 600  # $(place pool.toml shares_per_minute)"
}

@test "show --json is one object a line" {
    new_sim
    run_tool hp-config show conf --json --for hp-stats
    assert_line '{"file":"stats.toml","key":"database","value":"data/stats.db","origin":"default"}'
}

# ---- keygen, pubkey

@test "keygen: the secret to a new file of 0600, the public part to stdout" {
    for kind in authority link locking; do
        run_tool hp-config keygen $kind --out $kind.key
        [ "$(stat -c %a $kind.key)" = 600 ]
        assert_equal "$stderr" ""
        public=$output
        run_tool hp-config pubkey $kind.key
        assert_line "$kind $public"
        before=$(cat $kind.key)
        run_tool -2 hp-config keygen $kind --out $kind.key
        assert_equal "$output" ""
        assert_equal "${stderr_lines[0]}" "hp-config: error: '$kind.key' exists, refusing to overwrite a secret"
        assert_equal "$(cat $kind.key)" "$before"
    done
}

@test "keygen without --out is a filter: secret on stdout, public part on stderr" {
    run_tool hp-config keygen authority
    secret=$output
    run_tool hp-config pubkey - <<<"$secret"
    assert_line --index 0 --regexp '^authority 9[a-zA-Z0-9]{50,51}$'
    assert_line --index 2 --regexp '^locking 0[23][0-9a-f]{64}$'
    run_tool hp-config keygen mnemonic
    assert_equal "$(wc -w <<<"$output")" 12
    assert_equal "$stderr" ""
}

@test "keygen and pubkey --json: what is public, and the secret only where no file takes it" {
    for kind in authority link locking; do
        run_tool hp-config keygen $kind --out $kind.json.key --json
        assert_equal "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" "kind file public_key"
        assert_equal "$stderr" ""
        public=$(jq -r .public_key <<<"$output")
        run_tool hp-config pubkey $kind.json.key --json
        assert_equal "$(jq -r ".$kind" <<<"$output")" "$public"
        run_tool hp-config keygen $kind --json
        public=$(jq -r .public_key <<<"$output")
        assert_equal "$stderr" ""
        run_tool hp-config pubkey - --json <<<"$(jq -r .secret <<<"$output")"
        assert_equal "$(jq -r ".$kind" <<<"$output")" "$public"
    done
    run_tool hp-config keygen mnemonic --json
    assert_equal "$(jq -r '.secret | split(" ") | length' <<<"$output") $(jq -c .public_key <<<"$output")" "12 null"
}

@test "keygen locking --hex: the secret as Cashu wallets have it, of the same public key" {
    run_tool hp-config keygen locking --hex --out my.key
    [ "$(stat -c %a my.key)" = 600 ]
    grep -qxE '[0-9a-f]{64}' my.key
    assert_output --regexp '^0[23][0-9a-f]{64}$'
    public=$output
    run_tool hp-config pubkey my.key
    assert_line "locking $public"
    run_tool hp-config pubkey - <my.key
    assert_line "locking $public"
    run_tool -2 hp-config keygen locking --hex --out my.key
    run_tool hp-config keygen locking --hex
    assert_output --regexp '^[0-9a-f]{64}$'
    for kind in authority link mnemonic; do
        run_tool -2 hp-config keygen $kind --hex --out other.key
        [ ! -e other.key ]
        [[ ${stderr_lines[0]} == "hp-config: error: --hex is for locking keys; "* ]]
    done
    # A public key elsewhere is not a secret key of a program.
    new_sim
    cp my.key conf/secrets/mint-link.key
    run_tool -2 hp-mint --config-dir conf
    [[ $stderr == *"mint-link.key' does not hold a secret key, allowed: 32 bytes in base58check"* ]]
}

@test "pubkey knows the vectors, and warns of published keys" {
    (umask 077 && echo zmBEmPhqo3A92FkiLVvyCz6htc3e53ph3ZbD4ASqGaLjwnFLi >key)
    run_tool hp-config pubkey key
    assert_line "authority 9bDuixKmZqAJnrmP746n8zU1wyAQRrus7th9dxnkPg6RzQvCnan"
    assert_equal "$stderr" "hp-config: warning: this is a published test key"
}

# ---- documentation

@test "memory: what the limits add up to, for the units; a drop-in for each; the committed defaults are those" {
    diff -u "$HP_SOURCE_DIR/systemd/memory.txt" <(hp-config memory --defaults)
    new_sim
    run_tool hp-config memory conf --json
    assert_equal "$stderr" ""
    assert_equal "$(jq -r .program <<<"$output" | tr '\n' ' ')" "hp-pool hp-mint hp-proxy hp-stats hp-web hp-template "
    # Above the sum, by less than 64 MiB and one; and twice that.
    assert_equal "$(jq -s 'all(.high_bytes > (.parts | add) and .high_bytes <= (.parts | add) + 67108864 and .max_bytes == 2 * .high_bytes)' <<<"$output")" true
    local before after
    before=$(hp-config memory conf --for hp-mint --json | jq .high_bytes)
    set_key shared/network.toml buffer_memory_mib 1152
    after=$(hp-config memory conf --for hp-mint --json | jq .high_bytes)
    assert_equal $((after - before)) $((1024 << 20))
    run_tool -2 hp-config memory conf --write units
    assert_equal "${stderr_lines[0]}" "hp-config: error: no unit reads 'conf'"
    set_key shared/network.toml buffer_memory_mib 0
    run_tool -2 hp-config memory conf
    assert_equal "$output" ""
}

@test "the man page of the keys and the example files are those of the declarations" {
    diff -u "$HP_SOURCE_DIR/man/hp-config.5.scd" <(hp-config docs --man5)
    hp-config docs | while read -r file; do
        diff -u "$HP_SOURCE_DIR/config/$file" <(hp-config docs --example "$file")
    done
}

@test "the man pages are scdoc, and name every option" {
    command -v scdoc >/dev/null || skip "no scdoc"
    scdoc <"$HP_SOURCE_DIR/man/hp-config.5.scd" >/dev/null
    scdoc <"$HP_SOURCE_DIR/man/hp-config.1.scd" >page
    while IFS=$'\t' read -r verb kind _; do
        [ "$kind" = command ] || continue
        hp-config "$verb" --list-options | cut -f1 | while read -r option; do
            grep -qF -- "${option//-/\\-}" page || grep -qF -- "$option" page || fail "$option is not in hp-config(1)"
        done
    done < <(hp-config --list-options)
}

@test "bash completes verbs and the options of a verb" {
    "$HP_SOURCE_DIR/completions/generate" --shell bash hp-config >completion
    complete_words() {
        bash -c 'source completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hp_config; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
    }
    run_tool complete_words hp-config ch
    assert_output "check"
    run_tool complete_words hp-config check --js
    assert_output "--json"
    run_tool complete_words hp-config docs --js
    assert_output ""
}
