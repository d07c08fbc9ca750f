# README's blocks, pasted one after the other into one shell, in a fresh checkout and with an empty home.

load ../cmd/helper

blocks=$HP_SOURCE_DIR/tests/e2e/tools/doc_blocks

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# The blocks name the usual ports: in a network namespace nobody else has them.
own_network() {
    local -a unshare=(unshare --net)
    [ "$(id -u)" = 0 ] || unshare=(unshare --map-root-user --net)
    "${unshare[@]}" true 2>/dev/null || skip "no network namespace here, and the usual ports may be in use"
    "${unshare[@]}" bash -c 'ip link set lo up && exec "$@"' - "$@"
}

@test "README's blocks run in their order from a clone, to a token in a friend's wallet and a live page" {
    mkdir -p clone/build/release home
    ln -s "$HP_SOURCE_DIR/scripts" clone/scripts
    ln -s "$HP_BIN_DIR" clone/build/release/bin
    cat >checks <<'END'
set -em
trap 'kill -KILL $(jobs -p) 2>/dev/null || true' EXIT
after_block_3() {
    [ "$(hp-wallet --config-dir friend balance --json | jq .unspent)" = 10 ]
    echo token-ok
}
after_block_4() {
    local deadline=$((SECONDS + 20))
    until [ "$(curl -s http://127.0.0.1:8081/api/state | jq '.figures.shares_accepted // 0')" -ge 20 ]; do
        [ $SECONDS -lt $deadline ]
        sleep 0.1
    done
    curl -sf http://127.0.0.1:8081/ >page
    echo page-ok
}
after_block_5() { [ -z "$(jobs -pr)" ] && echo end-ok; }
END
    "$blocks" "$HP_SOURCE_DIR/README.md" >>checks
    local path
    path=$(tr : '\n' <<<"$PATH" | grep -vxF "$HP_BIN_DIR" | paste -sd:)
    cd clone
    own_network env -i HOME="$BATS_TEST_TMPDIR/home" PATH="$path" timeout 120 bash ../checks >../out 2>../err 3>&- ||
        fail "$(cat ../out ../err d/*.log)"
    grep -qx token-ok ../out
    grep -qx page-ok ../out
    grep -qx end-ok ../out
    # Nothing but what the page says it makes.
    assert_equal "$(ls | tr '\n' ' ')" "build d friend page scripts "
    assert_equal "$(find ../home -type f)" ""
}

@test "each block of the pages for newcomers is run, or says why not" {
    cd "$HP_SOURCE_DIR"
    run_tool -0 "$blocks" --list README.md docs/running.md docs/deployment.md
    assert_equal "$(grep -c '^README.md:.*: run$' <<<"$output")" 5
    run grep -E '^docs/.*: run$' <<<"$output"
    assert_output ""
    # Each fence is seen: one that the tool does not know would go untested.
    assert_equal "$("$blocks" --list README.md docs/running.md docs/deployment.md | wc -l)" "$(cat README.md docs/running.md docs/deployment.md | grep -c '^```sh')"
}

@test "scripts/env says what to do where nothing is built" {
    mkdir -p clone/scripts
    cp "$HP_SOURCE_DIR/scripts/env" clone/scripts/
    run_tool -1 bash -c 'cd clone && . scripts/env'
    assert_equal "$stderr" "scripts/env: error: there are no programs in $PWD/clone/build/release/bin; scripts/demo builds them"
}
