# SRI's SV2 programs for tests, pinned and unmodified. Source it, then:
#
# sv2_peer NAME      puts the path of translator_sv2, mining_device or pool_sv2 into $peer; skips the test, with the reason, where
#                    it is not at hand
# start_translator [LINE...]      one in front of hp-pool, with the lines in its configuration; SV1 miners dial $translator_listen
#
# Building them takes half an hour, so no test does that: `scripts/test interop` does, or tests/interop/sv2/build.
# Looked for: $HP_SV2_PEERS/bin, then where tests/interop/sv2/build puts them, then PATH.

declare -gA sv2_versions=([translator_sv2]=0.6.0 [mining_device]=0.6.0 [pool_sv2]=0.7.0)

sv2_peer() {
    local found dirs=("${HP_SV2_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/hashpool/sv2-peers}/bin")
    peer=${dirs[0]}/$1
    [ -x "$peer" ] || peer=$(command -v "$1") ||
        skip "SKIPPED: $1 ${sv2_versions[$1]} is not built: tests/interop/sv2/build"
    found=$("$peer" --version 2>&1)
    [ "$found" = "$1 ${sv2_versions[$1]}" ] || skip "SKIPPED: $peer is '$found', expected '$1 ${sv2_versions[$1]}'"
    echo "# $found" >&3
}

# shellcheck disable=SC2154
start_translator() {
    sv2_peer translator_sv2
    free_ports 1
    translator_listen=127.0.0.1:${ports[0]}
    {
        printf '%s\n' "$@"
        cat <<EOF
downstream_address = "127.0.0.1"
downstream_port = ${ports[0]}
max_supported_version = 2
min_supported_version = 2
downstream_extranonce2_size = 4
verify_payout = false
supported_extensions = [0x0002]
[downstream_difficulty_config]
# Its shares are then about as hard as the easiest that the pool pays.
min_individual_miner_hashrate = 700000.0
shares_per_minute = 600.0
enable_vardiff = true
job_keepalive_interval_secs = 60
EOF
        # It leaves an upstream for good when the connection is lost, and ends after the last of them.
        for _ in 1 2; do
            cat <<EOF
[[upstreams]]
address = "127.0.0.1"
port = $(pool_address | sed 's/.*://')
authority_pubkey = "$(pool_key)"
user_identity = "$pubkey"
EOF
        done
    } >translator.toml
    start_daemon translator "$peer" -c translator.toml -f translator.all
}
