# For first_hour: roots, machines, shells that pages are pasted into, and the clock. Sourced with dir, checkout, here, steps set.

exec {out}>&1 # the terminal; in a step stdout and stderr are its log
say() { echo "$*" >&"$out"; }
die() { echo "first_hour: error: $*" >&2; exit 1; }

# --- roots and machines ---------------------------------------------------------------------------------------------------

mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
declare -A leader=() address=([operator]=10.78.0.1 [home]=10.78.0.2)

fresh_root() { # NAME [TAR]
    mkdir -p "$dir/$1"
    tar --numeric-owner -C "$dir/$1" -xf "${2:-$dir/base.tar}"
    # Else dpkg waits for this disk, shared with whatever else runs, after each file.
    echo force-unsafe-io >"$dir/$1/etc/dpkg/dpkg.cfg.d/first-hour"
}
new_network() { # NAME
    [ -e "/run/netns/$1" ] && return
    ip netns add "$1"
    ip -n "$1" link set lo up
}
# In a root that has not booted: with this machine's network (a mirror, a registry) or with one of its own.
in_root() { # online|offline ROOT COMMAND
    local root=$dir/$2
    mountpoint -q "$root/proc" || {
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
    }
    new_network "$2"
    local net=()
    [ "$1" = online ] || net=(nsenter "--net=/run/netns/$2")
    "${net[@]}" chroot "$root" "${clean_env[@]}" bash -c "cd; $3" </dev/null
}
in_bare() { in_root "$1" bare "$2"; }
in_bare_curl() { nsenter --net=/run/netns/bare curl -sf "$@"; }
clean_env=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb)

boot() { # NAME: the root as a machine with its own systemd, in its network
    [ -z "${leader[$1]:-}" ] || return 0
    ! mountpoint -q "$dir/$1/proc" || umount -R "$dir/$1/proc" "$dir/$1/dev"
    systemd-nspawn -q -D "$dir/$1" --hostname "$1" --register=no --keep-unit "--network-namespace-path=/run/netns/$1" --boot \
        </dev/null >"$dir/log/boot-$1" 2>&1 &
    local nspawn=$! deadline=$((SECONDS + 120))
    until leader[$1]=$(pgrep -P "$nspawn") && inside "$1" systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do
        kill -0 "$nspawn" 2>/dev/null && [ $SECONDS -lt $deadline ] || die "$1 does not boot: $dir/log/boot-$1"
        sleep 0.2
    done
}
inside() { # MACHINE COMMAND...
    nsenter --target "${leader[$1]}" --mount --uts --ipc --net --pid -- "${clean_env[@]}" "${@:2}"
}
wire() { # two machines, and nothing else, on 10.78.0.0/24
    new_network operator
    new_network home
    ip -n operator link show wire >/dev/null 2>&1 && return
    ip -n operator link add wire type veth peer name wire netns home
    local name
    for name in operator home; do
        ip -n "$name" addr add "${address[$name]}/24" dev wire
        ip -n "$name" link set wire up
    done
}

# --- pages, and shells that they are pasted into -------------------------------------------------------------------------------

# next_block HEADING LANGUAGE: the page's next block there, into block and block_at; fails behind the last one
declare -A blocks_given=()
next_block() {
    local key="$page $1 $2" number
    number=${blocks_given[$key]:-0}
    if block=$(python3 "$here/doc_blocks" --block "$number" --heading "$1" --language "$2" "$dir/bare/root/hashpool/$page" && echo .); then
        block=${block%.}
        block_at="$page, $1, block $((number + 1))"
        blocks_given[$key]=$((number + 1))
    else
        [ "$number" -gt 0 ] || [ "$2" != sh ] || die "$page has no block below '$1'"
        blocks_given[$key]=0
        return 1
    fi
}

# pick HEADING TEXT: the block there that has the text
pick() {
    local found=
    while next_block "$1" sh; do
        [[ $block != *"$2"* ]] || { found=1; break; }
    done
    blocks_given["$page $1 sh"]=0
    [ "$found" ] || die "$page, $1: no block has '$2'"
}

# A shell that stays open, as a user's does, but ends at the first command that fails.
declare -A shell_pid=() shell_in=() shell_ack=() shell_root=()
open_session() { # NAME MACHINE [FIRST COMMANDS]
    local fifo in ack enter loop
    fifo=$(mktemp -u)
    mkfifo "$fifo.in" "$fifo.ack"
    exec {in}<>"$fifo.in" {ack}<>"$fifo.ack"
    rm "$fifo.in" "$fifo.ack"
    if [ "$2" = bare ]; then
        in_root offline bare true
        enter=(nsenter --net=/run/netns/bare chroot "$dir/bare" "${clean_env[@]}")
    else
        enter=(inside "$2")
    fi
    # shellcheck disable=SC2016
    loop='set -em; cd; while IFS= read -r file <&3; do . "$file" 3<&- 4>&-; echo done >&4; done'
    "${enter[@]}" bash -c "$loop" </dev/null 3<&"$in" 4>&"$ack" &
    shell_pid[$1]=$! shell_in[$1]=$in shell_ack[$1]=$ack shell_root[$1]=$dir/$2
    type_in "$1" "${3:-true}"
}
type_in() { # SESSION TEXT
    local number answer
    mkdir -p "${shell_root[$1]}/root/.typed"
    number=$(find "${shell_root[$1]}/root/.typed" -type f | wc -l)
    printf '%s\n' "$2" >"${shell_root[$1]}/root/.typed/$number"
    echo "/root/.typed/$number" >&"${shell_in[$1]}"
    until read -rt 0.5 answer <&"${shell_ack[$1]}"; do
        kill -0 "${shell_pid[$1]}" 2>/dev/null || die "${block_at:-a command} failed in $1's shell"
    done
}
tell() { # SESSION COMMAND: its output
    type_in "$1" "{ $2
} >/root/.typed/output"
    cat "${shell_root[$1]}/root/.typed/output"
}
close_session() { # as one closes a terminal: what runs in it is stopped
    type_in "$1" 'kill $(jobs -p) 2>/dev/null || true; wait'
    kill "${shell_pid[$1]}" 2>/dev/null || true
    wait "${shell_pid[$1]}" 2>/dev/null || true
}
# adapt: sed expressions for what a page leaves to its reader, such as a host's name. Each is in the log.
adapt=()
adapted() {
    local expression text=$block
    for expression in "${adapt[@]}"; do text=$(sed -E -e "$expression" <<<"$text"); done
    # A page says so where a command fails on purpose.
    sed -E 's/^([^#]*[^# ]) +# exit 1\b.*/\1 || [ $? = 1 ]/' <<<"$text"
}
paste_block() { # SESSION
    echo "--- $block_at"
    adapted
    echo "---"
    type_in "$1" "$(adapted)"
    sleep 1 # nobody pastes faster
}
wait_for() { # SECONDS COMMAND...
    local deadline=$((SECONDS + $1))
    until "${@:2}"; do
        [ $SECONDS -lt $deadline ] || die "not so within $1 s: ${*:2}"
        sleep 0.2
    done
}

# --- minutes --------------------------------------------------------------------------------------------------------------

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
# CPU of all processes of this namespace, with those that have ended. One may end while they are read.
cpu_ms() { { sed 's/.*) //' /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v hz="$(getconf CLK_TCK)" '{ t += $12 + $13 + $14 + $15 } END { printf "%d", t * 1000 / hz }'; }
in_minutes() { awk -v ms="$1" 'BEGIN { printf "%.1f", ms / 60000 }'; }
# Of the steps before this one, behind the root's (a new user has a machine).
before() {
    local name total=0 wall cpu
    for name in "${steps[@]:1}"; do
        [ "$name" != "$step" ] || break
        [ -s "$dir/log/$name.ms" ] || continue
        read -r wall cpu <"$dir/log/$name.ms"
        [ "$1" = wall ] || wall=$cpu
        total=$((total + wall))
    done
    echo "$total"
}
results=$dir/log/results
row() { printf '%-9s %-66s %6s %6s %8s %8s\n' "$@" | tee -a "$results" >&"$out"; }
mark() { # TEXT: minutes within the step and since the first command
    local wall=$(($(now_ms) - began_ms)) cpu=$(($(cpu_ms) - began_cpu_ms))
    row "$step" "$1" "$(in_minutes $wall)" "$(in_minutes $cpu)" \
        "$(in_minutes $(($(before wall) + wall)))" "$(in_minutes $(($(before cpu) + cpu)))"
}
run_step() { # NAME
    step=$1
    began_ms=$(now_ms) began_cpu_ms=$(cpu_ms)
    step_log=$dir/log/$(printf '%02d' "$(($(printf '%s\n' "${steps[@]}" | grep -nx "$1" | cut -d: -f1)))")-$1
    "step_$1" >"$step_log" 2>&1
    echo "$(($(now_ms) - began_ms)) $(($(cpu_ms) - began_cpu_ms))" >"$dir/log/$1.ms"
    mark "(the whole step)"
    step=
}
step= step_log=
ended() {
    local code=$?
    [ -z "$step" ] || {
        say "first_hour: error: the step '$step' failed; the end of its log $step_log:"
        tail -n 25 "$step_log" >&"$out"
        code=1
    }
    exit $code
}
trap ended EXIT
trap 'exit 143' TERM INT
