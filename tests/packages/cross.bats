# Packages of another architecture ($HP_ARCH), as scripts/package --arch has built them: what is in them, whether apt finds what they
# depend on, and whether the programs do their work. They run under qemu's user emulation, from the root that they were built
# in. Run by scripts/test-packages --arch.

load ../cmd/helper
load ../e2e/topology

setup_file() {
    export packages=$HP_SOURCE_DIR/build/packages-${HP_ARCH:-} root=$HP_SOURCE_DIR/build/cross-${HP_ARCH:-} missing=
    ls "$packages"/hashpool-tools_*.deb >/dev/null 2>&1 || { missing="no packages: scripts/package --arch builds them"; return 0; }
    # What stands in $PATH for the programs: qemu, with the libraries of the root.
    local cpu deb program
    cpu=$(dpkg-architecture -a "$HP_ARCH" -q DEB_HOST_GNU_CPU)
    export emulator=qemu-$cpu-static HP_BIN_DIR=$BATS_FILE_TMPDIR/bin
    mkdir "$HP_BIN_DIR" "$BATS_FILE_TMPDIR/unpacked"
    for deb in "$packages"/hashpool-*_"$HP_ARCH".deb; do dpkg-deb -x "$deb" "$BATS_FILE_TMPDIR/unpacked"; done
    for program in "$BATS_FILE_TMPDIR"/unpacked/usr/bin/hp-*; do
        printf '#!/bin/sh\nexec %q -L %q %q "$@"\n' "$root/usr/bin/$emulator" "$root" "$program" >"$HP_BIN_DIR/${program##*/}"
    done
    chmod +x "$HP_BIN_DIR"/*
}

setup() {
    [ -z "$missing" ] || skip "$missing"
    cd "$BATS_TEST_TMPDIR" || return 1
}

@test "every program is there, and is of that architecture" {
    local program machine
    for program in "$HP_SOURCE_DIR"/cmd/hp-*; do
        program=${program##*/}
        machine=$(readelf -h "$BATS_FILE_TMPDIR/unpacked/usr/bin/$program" | sed -n 's/^ *Machine: *//p')
        case $HP_ARCH in
        arm64) assert_equal "$program $machine" "$program AArch64" ;;
        armhf) assert_equal "$program $machine" "$program ARM" ;;
        *) assert_not_equal "$program $machine" "$program $(readelf -h /bin/sh | sed -n 's/^ *Machine: *//p')" ;;
        esac
        # Made by the program itself, while it was built.
        assert [ -s "$BATS_FILE_TMPDIR/unpacked/usr/share/bash-completion/completions/$program" ]
    done
}

@test "apt installs them with what they depend on, and each program starts" {
    command -v systemd-nspawn >/dev/null && [ "$(id -u)" = 0 ] || skip "needs root and systemd-nspawn"
    # Into a layer above the root, which is gone afterwards.
    run -0 systemd-nspawn -q -D "$root" --volatile=overlay --register=no --keep-unit --pipe --bind-ro="$packages:/packages" \
        env DEBIAN_FRONTEND=noninteractive sh -ec "
            apt-get -y --no-install-recommends install /packages/hashpool-*_$HP_ARCH.deb >&2
            getent passwd _hp-pool _hp-mint _hp-proxy _hp-stats >&2
            for program in /usr/bin/hp-*; do $emulator \$program --version; done" </dev/null 3>&-
    local program
    for program in "$HP_SOURCE_DIR"/cmd/hp-*; do assert_line --regexp "^${program##*/} [0-9]"; done
}

@test "what people do with single commands works: frames, keys, tokens, URLs" {
    run -0 bats "$HP_SOURCE_DIR/tests/cmd/hp-quote.bats" "$HP_SOURCE_DIR/tests/cmd/hp-miner.bats" 3>&-
}

@test "a pool, its mint and a proxy work: mined shares are ehash in the wallet, and the audit agrees" {
    start_topology
    start_proxy
    new_key
    mine 20 "$pubkey"
    books_agree
    assert has_rows 20
    run_tool -0 hp-miner "stratum+tcp://$proxy_listen" --user rig1 --threads 1 --shares 20 --json --connect-timeout 10
    assert_equal "$(tail -n 1 <<<"$output" | jq .shares_accepted)" 20
    wallet_holds() { [ "$(hp-wallet --config-dir "$dir" balance --json | jq .unspent)" -gt 0 ]; }
    wait_until wallet_holds
    hp-wallet init --mint "$(mint_url)" --config-dir friend >/dev/null
    run_tool -0 hp-wallet --config-dir "$dir" send 1
    hp-wallet --config-dir friend receive - <<<"$output"
    assert_equal "$(hp-wallet --config-dir friend balance --json | jq .unspent)" 1
    run_tool -0 hp-audit --config-dir "$dir"
}
