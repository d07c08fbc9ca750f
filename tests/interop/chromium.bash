# A real browser for tests: Debian's Chromium, driven by puppeteer-core from npm. Source it with HP_SOURCE_DIR set, then:
#
# chromium_install   puts driver and scripts into $driver; the browser is $browser; fails, with the reason on stdout, where that
#                    cannot be

chromium_install() {
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
        { echo "chromium is not installed"; return 1; }
    command -v npm >/dev/null || { echo "npm is not installed"; return 1; }
    [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || { echo "needs Node 20 or newer, this is $(node --version)"; return 1; }
    local source=$HP_SOURCE_DIR/tests/interop/chromium log
    driver=${XDG_CACHE_HOME:-$HP_SOURCE_DIR/build/cache}/hashpool-interop-chromium
    mkdir -p "$driver" || return 1
    if ! cmp -s "$source/package-lock.json" "$driver/installed-lock.json"; then
        log=$driver/npm.log
        cp "$source/package.json" "$source/package-lock.json" "$driver"
        (cd "$driver" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$log" 2>&1 ||
            { echo "npm cannot install the package: $(tail -n 1 "$log")"; return 1; }
        cp "$source/package-lock.json" "$driver/installed-lock.json"
    fi
    cp "$source"/*.mjs "$driver"
}
