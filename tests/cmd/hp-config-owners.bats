# Directories and secrets of another user: he knows what he has put there, and can change it later.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    dir=$BATS_TEST_TMPDIR/conf
}

needs_root() { [ "$(id -u)" = 0 ] || skip "SKIPPED: only root can give files to another user"; }

# A directory as an init that was killed leaves it.
begun() {
    mkdir -m 755 conf
    mkdir -m 700 conf/secrets
    touch conf/.hp-config-init
    hp-config keygen mnemonic --out conf/secrets/mint.seed >/dev/null 2>&1
}

# refused TEXT: by init, which changes nothing.
refused() {
    before=$(find conf -printf '%p %m %u %s\n' | sort)
    run_tool -2 hp-config init conf --network sim
    assert_equal "${stderr_lines[0]}" "hp-config: error: $1"
    assert_equal "$output" ""
    assert_equal "$(find conf -printf '%p %m %u %s\n' | sort)" "$before"
}

@test "init refuses an empty directory of another user" {
    needs_root
    mkdir -m 755 conf
    chown nobody conf
    refused "'$dir' belongs to nobody (uid 65534), expected root (uid 0)"
    chown 54321 conf
    refused "'$dir' belongs to uid 54321, expected root (uid 0)"
    chown root conf
    hp-config init conf --network sim >/dev/null
}

@test "init refuses a link of another user to a directory" {
    needs_root
    mkdir -m 755 there
    ln -s there conf
    chown -h nobody conf
    refused "'$dir' belongs to nobody (uid 65534), expected root (uid 0)"
}

@test "init refuses a directory that another user has begun, and adopts none of his secrets" {
    needs_root
    begun
    chown -R nobody conf
    chmod 777 conf conf/secrets
    refused "'$dir' belongs to nobody (uid 65534), expected root (uid 0)"
    chown root conf
    chmod 755 conf
    refused "'$dir/secrets' belongs to nobody (uid 65534), expected root (uid 0)"
    chown root conf/secrets
    chmod 700 conf/secrets
    refused "'$dir/secrets/mint.seed' belongs to nobody (uid 65534), expected root (uid 0)"
    chown root conf/secrets/mint.seed
    seed=$(cat conf/secrets/mint.seed)
    hp-config init conf --network sim >/dev/null
    assert_equal "$(cat conf/secrets/mint.seed)" "$seed"
}

@test "init refuses data/ and shared/ of another user" {
    needs_root
    for sub in data shared; do
        begun
        mkdir -m 700 conf/$sub
        chown nobody conf/$sub
        run_tool -2 hp-config init conf --network sim
        assert_equal "${stderr_lines[0]}" "hp-config: error: '$dir/$sub' belongs to nobody (uid 65534), expected root (uid 0)"
        [ ! -e conf/pool.toml ]
        rm -r conf
    done
}

@test "init and import refuse a directory in which others can write" {
    for mode in 775 757 1777; do
        mkdir -m $mode conf
        refused "'$dir' has mode $(printf %04d $mode), writable for others, expected at most 0755"
        rmdir conf
    done
    begun
    chmod 777 conf/secrets
    refused "'$dir/secrets' has mode 0777, writable for others, expected at most 0755"
    mkdir -m 777 to
    run_tool -2 hp-config import "$HP_SOURCE_DIR/tests/data/earlier" to
    assert_equal "${stderr_lines[0]}" "hp-config: error: '$BATS_TEST_TMPDIR/to' has mode 0777, writable for others, expected at most 0755"
}

@test "init refuses a kept secret that is a link" {
    begun
    mv conf/secrets/mint.seed elsewhere
    ln -s ../../elsewhere conf/secrets/mint.seed
    refused "'$dir/secrets/mint.seed' is not a regular file"
}

@test "init closes its own secrets/ and data/" {
    begun
    chmod 755 conf/secrets
    mkdir -m 755 conf/data
    hp-config init conf --network sim >/dev/null
    assert_equal "$(stat -c %a conf/secrets conf/data)" "700
700"
}

@test "a secret of another user is refused, but for one that only root can have put there" {
    needs_root
    hp-config init conf --network sim >/dev/null
    chown nobody conf/secrets/pool-authority.key
    hp-config check conf # as secrets of a service's user are: the directory is root's
    for spoil in "chmod 777" "chown nobody"; do
        $spoil conf/secrets
        run_tool -2 hp-config check conf --for hp-pool
        [[ $stderr == *"secrets/pool-authority.key' belongs to nobody (uid 65534), expected root (uid 0)"* ]] || fail "$stderr"
        run_tool -2 timeout 10 hp-pool --config-dir conf
        [[ $stderr == *"secrets/pool-authority.key' belongs to nobody (uid 65534), expected root (uid 0)"* ]] || fail "$stderr"
        chmod 700 conf/secrets
        chown root conf/secrets
    done
}

@test "a service's user reads what is its own" {
    needs_root
    # Where nobody can go, unlike below bats' directory.
    place=$(mktemp -d)
    chmod 755 "$place"
    install -m 755 "$HP_BIN_DIR/hp-config" "$place"
    hp-config keygen authority --out "$place/key" 2>/dev/null
    public=$(hp-config pubkey "$place/key")
    chown nobody "$place/key"
    run_tool setpriv --reuid 65534 --regid 65534 --clear-groups "$place/hp-config" pubkey "$place/key"
    rm -r "$place"
    assert_equal "$output" "$public"
}
