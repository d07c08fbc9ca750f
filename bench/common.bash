# What the measuring scripts share.

usage_error() { echo "bench: error: $* (try --help)" >&2; exit 2; }
fail() { echo "bench: error: $*" >&2; exit 1; }
# The script's first comment.
usage() { sed -n '2,/^[^#]/s/^# //p' "$0"; exit 0; }
number() { [[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]] || usage_error "$1: expected a whole number above 0, got '${2:-}'"; echo "$2"; }
build() { # targets, of the release preset
    scripts/setup
    [ -f build/release/build.ninja ] || cmake --preset release >&2
    ninja -C build/release "$@" >&2 || fail "the build failed"
}
