# --list-options, --help, man page and completions name the same options, for every tool and verb.
load helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

programs() { (cd "$HP_BIN_DIR" && printf '%s\n' hp-*); }
verbs_of() { "$1" --list-options | awk -F '\t' '$2 == "command" {print $1}'; }
listed() { "$@" --list-options | awk -F '\t' '$2 != "command" {print $1}' | sort -u; }
# An option is at the beginning of its line of --help.
helped() { "$@" --help | sed -nE 's/^ +(-[A-Za-z],)?(--[a-z0-9-]+).*/\2/p' | sort -u; }
all_of() { # FUNCTION PROGRAM: of the program and its verbs
    local verb
    {
        "$1" "$2"
        for verb in $(verbs_of "$2"); do "$1" "$2" "$verb"; done
    } | sort -u
}
options_in() { grep -oE -- '--[a-z0-9][a-z0-9-]*' | sort -u; }
# What a page explains: the lines in front of an indented text.
explained() { grep -E '^\*-' "$1" | options_in; }
same() { # WHAT EXPECTED GOT
    diff <(echo "$2") <(echo "$3") >difference || fail "$1 (< is what the program takes):
$(cat difference)"
}

@test "--help shows every option that the program takes, and no other" {
    local program
    for program in $(programs); do
        same "$program --help" "$(all_of listed "$program")" "$(all_of helped "$program")"
    done
}

@test "the man page explains every option, the keys' flags in hp-config(5); it explains none that is not there" {
    local program page taken
    local keys
    keys=$(grep -oE 'Flag \*--[a-z0-9-]+' "$HP_SOURCE_DIR/man/hp-config.5.scd" | options_in)
    for program in $(programs); do
        page=$HP_SOURCE_DIR/man/$program.1.scd
        taken=$(all_of listed "$program")
        same "man $program lacks" "" "$(comm -23 <(echo "$taken") <({
            explained "$page"
            echo "$keys"
        } | sort -u))"
        same "man $program explains, but the program does not take" "" "$(comm -13 <(echo "$taken") <(explained "$page"))"
    done
}

@test "SYNOPSIS gives each verb the options that its --help has" {
    local program verb page lines taken pattern
    for program in $(programs); do
        page=$HP_SOURCE_DIR/man/$program.1.scd
        listed "$program" >general
        # What most verbs have is explained once: --side of hp-stats.
        echo --side >>general
        for verb in $(verbs_of "$program"); do
            lines=$(sed -n '/^# SYNOPSIS/,/^# DESCRIPTION/p' "$page" | grep -E "\\*($program )?$verb[* ]")
            taken=$(listed "$program" "$verb" | grep '^--' | grep -vxFf general || true)
            # "--warn-*" stands for all of that beginning.
            for pattern in $(grep -oE -- '--[a-z]+-\*' <<<"$lines" | tr -d '*' | sort -u); do
                grep -q -- "^$pattern" <<<"$taken" || fail "$program $verb: SYNOPSIS has $pattern*"
                taken=$(grep -v -- "^$pattern" <<<"$taken")
            done
            same "$program $verb: SYNOPSIS" "$taken" "$(grep -oE -- '--[a-z0-9-]*[a-z0-9]([^a-z0-9-]|$)' <<<"$lines" |
                grep -v -- '-\*$' | options_in | grep -vxFf general | grep -vxE -- '--(warn|critical)' || true)"
        done
    done
}

@test "man pages speak of no option that no program has" {
    local program page
    {
        for program in $(programs); do all_of listed "$program"; done
        echo --notls # btcd's
    } | sort -u >taken
    for page in "$HP_SOURCE_DIR"/man/*.scd; do
        same "$(basename "$page") names" "" "$(comm -13 taken <(grep -oE '\*--[a-z0-9-]*[a-z0-9]\*' "$page" | options_in))"
    done
}

@test "bash completes, behind each verb, what the program takes there" {
    local program verb
    for program in $(programs); do
        "$HP_SOURCE_DIR/completions/generate" --shell bash "$HP_BIN_DIR/$program" >"$program.bash"
        completed() {
            bash -c 'source "$1"; COMP_WORDS=("${@:2}" --); COMP_CWORD=$(($# - 1)); _${2//-/_}; printf "%s\n" "${COMPREPLY[@]}"' \
                - "$program.bash" "$@" | sort -u
        }
        same "bash: $program" "$(listed "$program")" "$(completed "$program")"
        for verb in $(verbs_of "$program"); do
            same "bash: $program $verb" "$(listed "$program" "$verb")" "$(completed "$program" "$verb")"
        done
    done
}

@test "zsh and fish complete, behind each verb, what the program takes there" {
    local program verb
    for program in $(programs); do
        "$HP_SOURCE_DIR/completions/generate" --shell zsh "$HP_BIN_DIR/$program" >"$program.zsh"
        "$HP_SOURCE_DIR/completions/generate" --shell fish "$HP_BIN_DIR/$program" >"$program.fish"
        in_zsh() { # LABEL of the case
            awk -v label="$1" '{ sub(/^ +/, "") } $0 == label ")" { inside = 1 } $0 == ";;" { inside = 0 } inside' "$program.zsh" |
                sed -nE "s/^'(--[a-z0-9-]+)\[.*/\1/p" | sort -u
        }
        in_fish() { # CONDITION; empty: none
            awk -v condition="$1" '/^complete/ && (condition == "" || index($0, condition "\x27"))' "$program.fish" |
                sed -nE 's/^.* -l ([a-z0-9-]+)( .*|$)/--\1/p' | sort -u
        }
        same "zsh: $program" "$(listed "$program")" "$(in_zsh '*')"
        if [ -z "$(verbs_of "$program")" ]; then
            same "fish: $program" "$(listed "$program")" "$(in_fish '')"
        else
            same "fish: $program" "$(listed "$program")" "$(grep 'not __fish_seen_subcommand_from' "$program.fish" |
                sed -nE 's/^.* -l ([a-z0-9-]+)( .*|$)/--\1/p' | sort -u)"
        fi
        for verb in $(verbs_of "$program"); do
            same "zsh: $program $verb" "$(listed "$program" "$verb")" "$(in_zsh "$verb")"
            same "fish: $program $verb" "$(listed "$program" "$verb")" "$(in_fish " '__fish_seen_subcommand_from $verb")"
        done
    done
}

@test "README, documentation and man pages call the programs with verbs and options that they have" {
    run_tool "$HP_SOURCE_DIR/tests/cmd/doc_commands" "$HP_SOURCE_DIR"/README.md "$HP_SOURCE_DIR"/docs/*.md "$HP_SOURCE_DIR"/man/*.scd
    assert_output ""
    [ "$stderr" -gt 80 ]
    # ... and it would notice.
    printf '```\nhp-pool --no-such | hp-stats ingst\nhp-stats ingest \\\n --listn\n```\n' >page.md
    run_tool "$HP_SOURCE_DIR/tests/cmd/doc_commands" page.md
    assert_output "page.md:2: hp-pool has no option --no-such
page.md:2: hp-stats has no verb 'ingst'
page.md:4: hp-stats has no option --listn"
}
