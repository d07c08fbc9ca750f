# Faulty files (adversarial cases 275 to 290). Each is refused by hp-config check and by the program that reads the
# file, with the place; nothing is started and nothing is created.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    hp-config init conf --network sim --ports auto >/dev/null
    dir=$BATS_TEST_TMPDIR/conf
    cp -r conf good
}

# What a program is called with, by the file that is its own.
declare -gA program=([template.toml]="hp-template" [pool.toml]="hp-pool" [mint.toml]="hp-mint" [proxy.toml]="hp-proxy"
    [stats.toml]="hp-stats serve" [shared/network.toml]="hp-web pool")

leaves_nothing() { [ -z "$(ls -A conf/data)" ] || fail "made: $(ls -A conf/data)"; }

# refused FILE TEXT: by check and by the program; both say TEXT in their first line.
refused() {
    run_tool -2 timeout 5 hp-config check conf
    [[ ${stderr_lines[0]} == *"$2"* ]] || fail "check: $stderr"
    # shellcheck disable=SC2086
    run_tool -2 timeout 5 ${program[$1]} --config-dir conf
    [[ ${stderr_lines[0]} == *"$2"* ]] || fail "${program[$1]}: $stderr"
    assert_equal "$output" ""
    leaves_nothing
}

@test "AC-275 a path that is missing, a directory, a pipe, a device, a loop, empty, 1 GiB, or no text" {
    for file in "${!program[@]}"; do
        at=conf/$file
        rm "$at"
        refused "$file" "/$file: cannot be read: no such file or directory"
        mkdir "$at"
        refused "$file" "/$file: cannot be read: is a directory"
        rmdir "$at"
        mkfifo "$at"
        refused "$file" "/$file: cannot be read: is a pipe"
        rm "$at"
        ln -s /dev/zero "$at"
        refused "$file" "/$file: cannot be read: is a device"
        ln -sf "$(basename "$file")" "$at"
        refused "$file" "/$file: cannot be read: too many levels of symbolic links"
        rm "$at"
        : >"$at"
        refused "$file" "/$file: cannot be read: is empty"
        truncate -s 1G "$at"
        refused "$file" "/$file: cannot be read: is larger than 1 MiB"
        rm "$at"
        printf 'a = "\377\000\001"\n' >"$at"
        refused "$file" "/$file:1:5: not TOML: "
        cp "good/$file" "$at"
    done
}

@test "AC-275 a file without permission to read it" {
    [ "$(id -u)" != 0 ] || skip "root reads everything"
    chmod 000 conf/pool.toml
    refused pool.toml "/pool.toml: cannot be read: permission denied"
}

@test "AC-277 a misspelt key in each file: its place and the nearest key" {
    for file in "${!program[@]}"; do
        name=$(grep -oPm1 '^#?\K[a-z_]+(?= = )' "conf/$file")
        printf '%sx = 1\n' "$name" >>"conf/$file"
        line=$(wc -l <"conf/$file")
        refused "$file" "/$file:$line:1: ${name}x: unknown key, the nearest known one is $name"
        cp "good/$file" "conf/$file"
    done
}

@test "AC-278 every key with every wrong type: its place, each time" {
    cat >keys.py <<'PY'
import json, re, shutil, subprocess, sys

kinds = {"a quoted string": "text", "an integer": "integer", "a number": "real", "true or false": "boolean",
         "a list of quoted strings": "list"}
# literal: the types that may take it
literals = {'"x"': {"text"}, "1.5": {"real"}, "0x10": {"integer", "real"}, "nan": {"real"}, "inf": {"real"},
            "-1": {"integer", "real"}, "true": {"boolean"}, "1979-05-27": set(), "[1]": set(), '["x"]': {"list"},
            "{ a = 1 }": set(), "18446744073709551616": set()}
no_toml = {"18446744073709551616"}
tried = 0
for file in subprocess.check_output(["hp-config", "docs"], text=True).split():
    good = open(f"good/{file}").read()
    kind = {name: kinds[json.loads(subprocess.check_output(["hp-config", "explain", f"{file}:{name}", "--json"], text=True))["type"]]
            for name in re.findall(r"^#?([a-z0-9_]+) = ", good, re.M)}
    for literal, takers in literals.items():
        wrong = [name for name in kind if kind[name] not in takers or literal in ("nan", "inf")]
        # All keys at once, each with a line of its own; what is not TOML at all is reported alone, at the value.
        for names in [[name] for name in wrong] if literal in no_toml else [wrong]:
            bad = re.sub(rf"^#?({'|'.join(names)}) = .*$", rf"\1 = {literal}", good, flags=re.M) if names else good
            open(f"conf/{file}", "w").write(bad)
            done = subprocess.run(["hp-config", "check", "conf"], capture_output=True, text=True)
            for name in names:
                line = 1 + bad[: re.search(rf"^{name} = ", bad, re.M).start()].count("\n")
                says = "[0-9]+: not TOML: " if literal in no_toml else f"1: {name}: is .*allowed: "
                if done.returncode != 2 or done.stdout or not re.search(rf"(?m)^/.*/conf/{re.escape(file)}:{line}:{says}", done.stderr):
                    sys.exit(f"{file}: {name} = {literal}: {done.returncode}\n{done.stderr}")
                tried += 1
            # As many problems in this file as wrong values: none beside them.
            count = len(re.findall(rf"(?m)^/.*/conf/{re.escape(file)}:[0-9:]+ (?!\S+: warning: )", done.stderr))
            if count != len(names):
                sys.exit(f"{file}: {literal}: {count} problems, expected {len(names)}\n{done.stderr}")
    shutil.copy(f"good/{file}", f"conf/{file}")
assert tried > 400, tried
PY
    python3 keys.py
    leaves_nothing
}

@test "AC-279 out of range: the place and the allowed range" {
    while read -r file key value allowed; do
        sed -i -E "s|^#?$key = .*|$key = $value|" "conf/$file"
        line=$(grep -n "^$key = " "conf/$file" | cut -d: -f1)
        refused "${file/shared\/pool.toml/pool.toml}" "/$file:$line:1: $key: is "
        [[ ${stderr_lines[0]} == *", allowed: $allowed" ]] || fail "$stderr"
        cp "good/$file" "conf/$file"
    done <<'END'
shared/network.toml pool_listen "127.0.0.1:0" HOST:PORT with a port from 1 to 65535
shared/network.toml pool_listen "127.0.0.1:65536" HOST:PORT with a port from 1 to 65535
pool.toml shares_per_minute 0 a number from 0.1 to 100000
pool.toml shares_per_minute -1 a number from 0.1 to 100000
pool.toml shares_per_minute nan a number from 0.1 to 100000
pool.toml shares_per_minute 1e12 a number from 0.1 to 100000
pool.toml certificate_validity_s 0 a number from 2 to 4000000
pool.toml certificate_validity_s 4294967296 a number from 2 to 4000000
shared/pool.toml minimum_difficulty 257 a number from 0 to 255
END
}

@test "AC-282 a payout that is empty, of another network, or that anybody could spend" {
    set_payout() { sed -i -E "s|^payout_script = .*|payout_script = \"$1\"|" conf/pool.toml; }
    set_payout ""
    refused pool.toml "payout_script: is empty"
    for address in bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs "raw()"; do
        set_payout "$address"
        run_tool -2 hp-config check conf
        [[ ${stderr_lines[0]} == "$dir/pool.toml:"*": payout_script: "* ]] || fail "$stderr"
        run_tool -2 hp-pool --config-dir conf
        [[ $stderr == *payout_script* ]] || fail "$stderr"
        leaves_nothing
    done
}

@test "AC-283 a secret's file given twice: the variable wins over the file, the flag over both" {
    run_tool hp-config show conf --origin --for hp-mint
    assert_line --partial 'seed_file = "secrets/mint.seed"  # default'
    HP_SEED_FILE=secrets/none run_tool hp-config show conf --origin --for hp-mint
    assert_line 'seed_file = "'"$PWD/secrets/none"'"  # HP_SEED_FILE'
    HP_SEED_FILE=secrets/none run_tool -2 hp-mint --config-dir conf
    [[ $stderr == *"secrets/none"* ]] || fail "$stderr"
    HP_SEED_FILE=secrets/none run_tool -2 hp-mint --config-dir conf --seed-file secrets/neither
    [[ $stderr == *"secrets/neither"* ]] || fail "$stderr"
    leaves_nothing
}

@test "AC-285 a file that is replaced, or half written, changes nothing for who runs" {
    address=$(hp-config show conf --json --for hp-template | jq -r 'select(.key == "template_listen").value')
    start_daemon template hp-template --config-dir conf
    wait_for_port "${address##*:}"
    head -c 300 good/template.toml >conf/template.toml
    printf '\nauthority_secret_key_file = "' >>conf/template.toml
    kill -HUP "${daemon_pid[template]}"
    accepts "${address##*:}"
    run_tool -2 hp-config check conf
    run_tool -2 hp-config plan conf good
    accepts "${address##*:}"
    stop_daemon template
    assert_equal "$daemon_status" 0
}

@test "AC-287 directories with spaces and Unicode, ~ and a path that is too long" {
    cp -r good "c ö 好"
    run_tool hp-config check "c ö 好"
    assert_equal "$stderr" ""
    sed -i -E 's|^#?database = .*|database = "~/mint.db"|' conf/mint.toml
    refused mint.toml "database: is '~/mint.db', and ~ is not expanded, allowed: a path"
    sed -i -E "s|^database = .*|database = \"$(printf 'a%.0s' {1..4096})\"|" conf/mint.toml
    refused mint.toml "database: has 4096 bytes, allowed: at most 4095"
}

@test "AC-289 mutations of one token: check ends with 0 or 2, says where, and is of one mind with who reads the file" {
    cat >mutate.py <<'PY'
import concurrent.futures, os, queue, random, re, subprocess, sys

files = subprocess.check_output(["hp-config", "docs"], text=True).split()
tokens = ["", '"', "[", "]]", "=", "-1", "0", "1e999", "nan", "true", '""', "\\", "#", "\0", "\n", "é", "99999999999"]
# Who reads a file, and what it says when it serves.
serving = {"hp-template": "serving templates on", "hp-pool": "mining on", "hp-mint": "serving wallets on",
           "hp-proxy": "SV1 miners on"}
readers = {f"{name[3:]}.toml": [name] for name in serving} | {
    "shared/network.toml": list(serving), "shared/pool.toml": ["hp-pool", "hp-mint"], "shared/proxy.toml": ["hp-proxy"]}


def start(program, conf):
    """What it wrote until it served, and its exit code, None if it serves."""
    role = subprocess.Popen([program, "--config-dir", conf], stderr=subprocess.PIPE, text=True, errors="replace")
    said = ""
    for line in role.stderr:
        said += line
        if serving[program] in line:
            role.kill()
            break
    role.stderr.read()
    code = role.wait(30)
    # A default port may be another test's just now: the file was good enough to ask for it.
    return said, None if serving[program] in said or "address in use" in said else code


def mutate(conf, chance):
    file = chance.choice(files)
    path = f"{conf}/{file}"
    good = open(path).read()
    words = [m for m in re.finditer(r"[^\s\"]+|\"", good)
             if not good[good.rfind("\n", 0, m.start()) + 1 :].startswith("# ")]
    word = chance.choice(words)
    bad = good[: word.start()] + chance.choice(tokens) + good[word.end() :]
    open(path, "w").write(bad)
    done = subprocess.run(["hp-config", "check", conf], capture_output=True, text=True, errors="replace", timeout=60)
    if done.returncode == 2:
        if not re.match(r"/.*?: ", done.stderr.split("\n")[0]):
            sys.exit(f"no place: {done.stderr}\n{bad}")
    elif done.returncode != 0:
        sys.exit(f"{done.returncode}: {done.stderr}\n{bad}")
    # What only one of two readers needs, the other does not look at.
    started = [(program, *start(program, conf)) for program in readers.get(file, [])]
    if started and all(code is None for *_, code in started) != (done.returncode == 0):
        sys.exit(f"check: {done.returncode} {done.stderr}\n{started}\n{bad}")
    open(path, "w").write(good)


# Several at once, each in a directory with ports of its own.
places = queue.Queue()
for place in range(2 * os.cpu_count()):
    subprocess.run(["hp-config", "init", f"mutated{place}", "--network", "sim", "--ports", "auto"], check=True, stdout=subprocess.DEVNULL)
    places.put(f"mutated{place}")


def turn(number):
    conf = places.get()
    mutate(conf, random.Random(289000 + number))
    places.put(conf)


with concurrent.futures.ThreadPoolExecutor(places.qsize()) as pool:
    list(pool.map(turn, range(int(os.environ.get("HP_MUTATIONS", 300)))))
PY
    python3 mutate.py
}

@test "AC-290 a million [[upstreams]], a text of 900 KiB" {
    yes '[[upstreams]]' | head -n 1000000 >conf/proxy.toml
    refused proxy.toml "/proxy.toml: cannot be read: is larger than 1 MiB"
    yes '[[upstreams]]' | head -n 70000 >conf/proxy.toml
    refused proxy.toml "/proxy.toml:1:3: upstreams: unknown key"
    cp good/proxy.toml conf/proxy.toml
    printf 'coinbase_tag = "%s"\n' "$(head -c 921600 /dev/zero | tr '\0' a)" >>conf/pool.toml
    refused pool.toml "/pool.toml:$(wc -l <conf/pool.toml):1: coinbase_tag: has 921600 bytes, allowed: at most 4095"
}
