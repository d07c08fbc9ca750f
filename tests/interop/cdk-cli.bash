# A CDK wallet for tests: cdk-cli, pinned. Source it, then:
#
# cdk_find          puts its path into $cdk_program; fails, with the reason on stdout, where it is not at hand
# cdk DIR ARG...    runs it on the wallet in DIR, for the unit hash, and asks nothing
#
# Building it takes 15 minutes, so no test does that: install it once with
#   cargo install cdk-cli --locked --version 0.18.3 --no-default-features     (needs protobuf-compiler)
# Looked for: $HP_CDK_CLI, then PATH, then where cargo puts it.

cdk_version=0.18.3

cdk_find() {
    local found
    for cdk_program in "${HP_CDK_CLI:-}" "$(command -v cdk-cli)" "${CARGO_HOME:-$HOME/.cargo}/bin/cdk-cli"; do
        [ -x "$cdk_program" ] || continue
        found=$("$cdk_program" --version 2>&1)
        [ "$found" = "cdk-cli $cdk_version" ] && return 0
        echo "$cdk_program is '$found', expected 'cdk-cli $cdk_version'"
        return 1
    done
    echo "cdk-cli $cdk_version is not installed: cargo install cdk-cli --locked --version $cdk_version --no-default-features"
    return 1
}

cdk() {
    local wallet=$1
    shift
    timeout 60 "$cdk_program" -w "$wallet" -n -u hash "$@"
}
