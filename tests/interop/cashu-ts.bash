# cashu-ts for tests, as npm has it. Source it, then:
#
# install_cashu_ts    puts it into $cashu_ts_dir/node_modules; skips the test, with the reason, where it cannot be had
#
# The package goes to a cache, never into the sources. Its lock file pins every byte.

install_cashu_ts() {
    command -v node >/dev/null || skip "node is not installed"
    command -v npm >/dev/null || skip "npm is not installed"
    [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || skip "cashu-ts needs Node 20 or newer, this is $(node --version)"
    local source=$HP_SOURCE_DIR/tests/interop/cashu-ts
    cashu_ts_dir=${XDG_CACHE_HOME:-$HP_SOURCE_DIR/build/cache}/hashpool-interop-cashu-ts
    mkdir -p "$cashu_ts_dir"
    # Two tests may come at the same time.
    exec 8>"$cashu_ts_dir/lock"
    flock 8
    if ! cmp -s "$source/package-lock.json" "$cashu_ts_dir/installed-lock.json"; then
        cp "$source/package.json" "$source/package-lock.json" "$cashu_ts_dir"
        # The package asks for a Node that has WebSocket; nothing here uses one.
        (cd "$cashu_ts_dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >npm.log 2>&1 ||
            skip "npm cannot install the package: $(tail -n 1 npm.log)"
        cp "$source/package-lock.json" "$cashu_ts_dir/installed-lock.json"
    fi
    exec 8>&-
}
