# What scripts/setup installs, how little it shows, and whether the Containerfile still has what a build needs.

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir bin
    PATH=$PWD/bin:$PATH
}
stub() { # NAME: a program that does what stdin says
    { echo '#!/bin/bash'; cat; } >"bin/$1"
    chmod +x "bin/$1"
}
# As a person sees it: what a terminal gets, with the control characters as cat -v has them.
on_terminal() { script -qec "stty cols 60 rows 20; $1" /dev/null </dev/null 2>&1 | cat -v; }

@test "quiet: one line on a terminal, all of them if it fails; elsewhere as they come" {
    local quiet=$HP_SOURCE_DIR/scripts/quiet
    output=$(on_terminal "$quiet 'setup: installing' sh -c 'echo one; echo $(printf 'x%.0s' {1..200}); echo three'; echo code \$?")
    assert_equal "$(wc -l <<<"$output")" 1
    assert_regex "$output" '\^M\^\[\[Ksetup: installing: one\^M.*: x{30,40}\^M.*: three\^M\^\[\[Kcode 0\^M$'

    output=$(on_terminal "$quiet again sh -c 'echo one; echo two >&2; exit 3'; echo code \$?")
    assert_equal "$(tail -n 3 <<<"$output" | sed 's/.*\^\[\[K//')" $'one^M\ntwo^M\ncode 3^M'

    run_tool -3 "$quiet" again sh -c 'echo one; echo two; exit 3'
    assert_equal "$output" ""
    assert_equal "$stderr" $'again\none\ntwo'
}

@test "setup installs what debian/control builds with, and shows one line" {
    stub dpkg-query <<<'exit 1'
    stub sudo <<<'exec "$@"'
    stub apt-get <<<"echo \"\$*\" >>$PWD/calls; for i in {1..50}; do echo \"Unpacking package \$i\"; done"
    output=$(on_terminal "$HP_SOURCE_DIR/scripts/setup")
    assert_equal "$(wc -l <<<"$output")" 1
    assert_regex "$output" 'setup: installing [0-9]+ packages: Unpacking package 50\^M\^\[\[K$'
    local package
    for package in cmake libboost-url1.81-dev libpqxx-dev scdoc doctest-dev; do
        run -0 grep -E "install.* $package( |$)" calls
    done
    run ! grep -E ' (debhelper|debhelper-compat|qemu-user-static|bats|clang-tidy)( |$)' calls
    "$HP_SOURCE_DIR/scripts/setup" tests clang 2>/dev/null
    run -0 grep -E ' bats .* clang-tidy( |$)' calls
    run_tool -2 "$HP_SOURCE_DIR/scripts/setup" nothing
}

@test "the Containerfile: what .containerignore lets in is what a build reads, and its libraries are those that the programs link" {
    local path
    mkdir tree
    (cd "$HP_SOURCE_DIR" && sed -n 's/^!//p' .containerignore | xargs cp -r --parents -t "$BATS_TEST_TMPDIR/tree")
    run -0 env -C tree cmake --preset release -DHP_TESTS=OFF
    local file=$HP_SOURCE_DIR/Containerfile
    # What is there when it runs scripts/setup is enough for that.
    mkdir early
    for path in $(sed -n '/^RUN scripts.setup/q; s/^COPY \(.*\) [^ ]*$/\1/p' "$file"); do cp --parents -t early "tree/$path"; done
    stub dpkg-query <<<'echo ok installed'
    run -0 early/tree/scripts/setup
    stub dpkg-query <<<'exit 1'
    stub apt-get <<<'exit 0'
    run -0 early/tree/scripts/setup
    for path in $(sed -n 's/^COPY \([a-zA-Z/ ]*\) [^ ]*$/\1/p' "$file"); do assert [ -e "tree/$path" ]; done
    run -0 sed -n 's/.*apt-get install -y --no-install-recommends \(.*\) && rm .*/\1/p' "$file"
    assert_equal "$output" 'ca-certificates $(cat /tmp/libraries)'
    run -0 grep -cE '^USER [1-9][0-9]*$' "$file"
}
