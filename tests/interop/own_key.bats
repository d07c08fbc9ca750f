# docs/your-own-key.md, its blocks verbatim: from a key to a token in wallets of other makes.

load ../cmd/helper
load ../e2e/topology
load cashu-ts
load cdk-cli

page=$HP_SOURCE_DIR/docs/your-own-key.md

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    shares=0
    work=$PWD/work
    mkdir work
}

start_pool_and_proxy() {
    start_topology
    export HOME=$PWD/home
    unset XDG_CONFIG_HOME
    mkdir home
    start_daemon proxy hp-proxy --config-dir "$dir"
    wait_for_text proxy.log "pool "
    wait_for_address "$(value shared/network.toml proxy_listen)"
}

# blocks HEADING LANGUAGE: the blocks below "## HEADING", with this topology's ports, each ended by a NUL
blocks() {
    PORT=$(value shared/network.toml proxy_listen) MINT=$(value shared/network.toml mint_listen) \
        python3 - "$page" "$1" "$2" <<'EOF'
import os, re, sys
text = open(sys.argv[1]).read()
section = re.search(rf"^## {re.escape(sys.argv[2])}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1]
for block in re.findall(rf"^```{sys.argv[3]}\n(.*?)^```", section, re.M | re.S):
    block = block.replace("127.0.0.1:34255", os.environ["PORT"]).replace("127.0.0.1:3338", os.environ["MINT"])
    sys.stdout.write(block + "\0")
EOF
}

# follow HEADING: runs the section's sh blocks in one shell's manner; what they print is in said
follow() {
    local block count
    while IFS= read -r -d '' block; do
        (cd "$work" && npm() { echo "$*" >npm-called; } && source ../variables && eval "$block") \
            >>said 2>>complained 3>&- || fail "$1: $block: $(cat said complained)"
        grep -E '^[a-z_]+=' <<<"$block" >>variables || true
        for count in $(grep -oP -- '--shares \K[0-9]+' <<<"$block"); do shares=$((shares + count)); done
        wait_for_sql ledger "SELECT count(*) FROM quote" "$shares"
    done < <(blocks "$1" sh)
}

quoted() { ledger "SELECT sum(amount) FROM quote WHERE hex(pubkey) = upper('$1')"; }

@test "the page: a key, mining for it, its ehash in hp-wallet and in cashu-ts" {
    install_cashu_ts
    start_pool_and_proxy
    : >variables
    follow "A key"
    key=$(cat work/my.pub)
    assert_equal "$(stat -c %a work/my.key)" 600
    grep -qxE '[0-9a-f]{64}' work/my.key
    follow "Mining for it"
    follow "Into hp-wallet"
    assert_equal "$(quoted "$key")" "$(ledger 'SELECT sum(issued) FROM quote')"
    grep -qE '^cashuB' work/token.txt

    blocks "Into cashu-ts" js | tr -d '\0' >work/ehash.mjs
    ln -s "$cashu_ts_dir/node_modules" work/node_modules
    before=$(ledger 'SELECT sum(issued) FROM quote')
    follow "Into cashu-ts"
    assert_equal "$(cat work/npm-called)" \
        "install --no-save @cashu/cashu-ts@$(jq -r '.dependencies["@cashu/cashu-ts"]' "$HP_SOURCE_DIR/tests/interop/cashu-ts/package.json")"
    assert_equal "$(quoted "$key")" "$(ledger 'SELECT sum(issued) FROM quote')"
    amount=$(($(quoted "$key") - before))
    assert_equal "$(hp-quote decode token - <work/token-of-mine.txt | jq .amount)" "$amount"
    assert_equal "$(hp-wallet receive <work/token-of-mine.txt)" "$amount"
}

@test "the page: a key, mining for it, its ehash in cdk-cli; and mining for cdk-cli's own" {
    local reason
    if ! reason=$(cdk_find); then skip "SKIPPED: $reason"; fi
    cdk_find
    ln -s "$cdk_program" cdk-cli
    PATH=$PWD:$PATH
    start_pool_and_proxy
    : >variables
    follow "A key"
    follow "Mining for it"
    follow "Into hp-wallet"
    follow "Into cdk-cli"
    assert_equal "$(ledger 'SELECT sum(issued) FROM quote')" "$(ledger 'SELECT sum(amount) FROM quote')"
    cdk_key=$(hp-wallet --wallet-seed-file "$work/cdk/seed" pubkey)
    balance=$(sed -nE "s/.*[^0-9]([0-9]+) hash.*/\\1/p" said | tail -n 1)
    assert_equal "$balance" $((1 + $(quoted "$cdk_key")))
}
