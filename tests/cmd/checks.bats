# scripts/check-layers, check-references and check-tidy on a copy of the tree: what must not be fails, and is named.

load helper

setup() {
    mkdir "$BATS_TEST_TMPDIR/tree"
    cd "$HP_SOURCE_DIR"
    cp -r --parents -- *.md .clang-tidy LICENSE CMakeLists.txt CMakePresets.json Containerfile bench cmake cmd completions config debian docs lib man scripts systemd tests web "$BATS_TEST_TMPDIR/tree"
    cd "$BATS_TEST_TMPDIR/tree"
}

@test "check-layers: the tree passes; each breach fails with its file and line" {
    run_tool -0 scripts/check-layers
    assert_equal "$output$stderr" ""

    printf '#include "pool/hub.hpp"\n' >lib/mint/breach.cpp
    run_tool -1 scripts/check-layers
    assert_equal "$stderr" "check-layers: lib/mint/breach.cpp:1: lib/mint may not include pool/ (see lib/LAYERS)"
    printf '\n# include <nlohmann/json.hpp>\n' >lib/mint/breach.cpp
    run_tool -1 scripts/check-layers
    assert_regex "$stderr" "^check-layers: lib/mint/breach.cpp:2: only .* may include <nlohmann/json.hpp> "
    rm lib/mint/breach.cpp

    printf '#include <sqlite3.h>\n' >cmd/hp-pool/breach.hpp
    run_tool -1 scripts/check-layers
    assert_equal "$stderr" "check-layers: cmd/hp-pool/breach.hpp:1: only store may include <sqlite3.h> (see lib/LAYERS)"
    printf '#include <new_library/all.hpp>\n#include <vector>\n' >cmd/hp-pool/breach.hpp
    run_tool -1 scripts/check-layers
    assert_equal "$stderr" "check-layers: cmd/hp-pool/breach.hpp:1: no line of lib/LAYERS says who may include <new_library/all.hpp>"
    rm cmd/hp-pool/breach.hpp

    mkdir lib/newroom
    echo '<gone/: net cellar' >>lib/LAYERS
    run_tool -1 scripts/check-layers
    assert_equal "$(sort <<<"$stderr")" "check-layers: lib/LAYERS allows cellar, which is not a room
check-layers: lib/LAYERS: nobody includes <gone/
check-layers: lib/newroom is not in lib/LAYERS"
}

@test "check-references: the tree passes; a link, heading, path, program, quote or case that is not there fails" {
    run_tool -0 scripts/check-references
    assert_equal "$output$stderr" ""

    cat >docs/design/breach.md <<'END'
[gone](gone.md), [no heading](../running.md#nowhere), `lib/pool/gone.cpp`, `store/late_nap`, `tests/e2e/{mitm,mutm}.bats`
```sh
scripts/gone
build/release/bin/gone_test
```
These are there: [units](../running.md#units), `lib/<room>/`, `cmd/hp-x/main.cpp`, `pool/{hub,outbox}`, `build/dev/bin/mint_test`; AC-999.
END
    echo 'See _docs/gone.md_, _gone.md_ and _docs/mint-api.md_.' >>man/hp-pool.1.scd
    local line
    line=$(wc -l <man/hp-pool.1.scd)
    echo '// docs/design/gone.md, AC-998' >lib/pool/breach.cpp
    # shellcheck disable=SC2016
    echo '| `no program says this` | | |' >>docs/troubleshooting.md
    run_tool -1 scripts/check-references
    assert_equal "$(sort <<<"$stderr")" "$(sort <<END
check-docs: docs/design/breach.md: nothing at gone.md
check-docs: docs/design/breach.md: docs/running.md has no heading #nowhere
check-docs: docs/design/breach.md:1: there is no lib/pool/gone.cpp in the tree
check-docs: docs/design/breach.md:1: there is no store/late_nap in the tree
check-docs: docs/design/breach.md:1: there is no tests/e2e/mutm.bats in the tree
check-docs: docs/design/breach.md:3: there is no scripts/gone in the tree
check-docs: docs/design/breach.md:4: nothing builds build/release/bin/gone_test
check-docs: man/hp-pool.1.scd:$line: there is no docs/gone.md in the tree
check-docs: man/hp-pool.1.scd:$line: there is no docs/gone.md
check-docs: lib/pool/breach.cpp:1: there is no docs/design/gone.md in the tree
check-docs: lib/pool/breach.cpp:1: AC-998 is not in docs/design/adversarial-cases.md
check-docs: docs/design/breach.md: AC-999 is not in docs/design/adversarial-cases.md
check-docs: docs/troubleshooting.md: no program says 'no program says this'
END
)"
}

@test "check-tidy: a fault is named; what was clean is looked at again when it or a header of it has changed" {
    command -v clang-tidy >/dev/null || skip "clang-tidy is not installed (scripts/setup clang)"
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    printf '%s\n' '#include "base/breach.hpp"' '#include <utility>' 'namespace hp {' \
        'std::string twice(std::string text) {' '    auto first = std::move(text);' '    return first + text;' '}' '}' >lib/base/breach.cpp
    printf '#pragma once\n#include <string>\n' >lib/base/breach.hpp
    run_tool -1 scripts/check-tidy lib/base/breach.cpp
    assert_regex "$output" "lib/base/breach.cpp:6:20: error: 'text' used after it was moved \[bugprone-use-after-move"
    assert_equal "$stderr" "check-tidy: error: faults in 1 batches"
    sed -i 's/first + text/first + first/' lib/base/breach.cpp
    run_tool -0 scripts/check-tidy lib/base/breach.cpp
    assert_output "check-tidy: 1 batches: 1 checked, 0 unchanged since they were clean"
    run_tool -0 scripts/check-tidy lib/base/breach.hpp
    assert_output "check-tidy: 1 batches: 0 checked, 1 unchanged since they were clean"
    echo '// changed' >>lib/base/breach.hpp
    run_tool -0 scripts/check-tidy --seconds 0 lib/base/breach.cpp
    assert_output "check-tidy: 1 batches: 0 checked, 0 unchanged since they were clean, 1 not reached within 0 s"
    run_tool -1 scripts/check-tidy lib/base/gone.cpp
    assert_equal "$stderr" "check-tidy: error: no source of lib/ or cmd/ reads lib/base/gone.cpp"
}
