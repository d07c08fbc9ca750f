# A real node for tests: btcd, pinned, on regtest. Source it, then:
#
# btcd_install          puts btcd into $HP_INTEROP_CACHE; fails, with the reason on stdout, where that cannot be
# btcd_start DIR PORT   starts it in DIR with JSON-RPC on 127.0.0.1:PORT (no TLS); $btcd_url, $btcd_user, $btcd_password
# btcd_rpc METHOD [PARAMS]   one call; PARAMS is a JSON array; prints the whole answer
# btcd_generate N       mines N blocks with the node's own miner
# btcd_stop             ends it
#
# Blocks of its own pay to the public key of the secret key 1, so that a test can spend them.

btcd_version=v0.24.2
btcd_user=hashpool
btcd_password=regtest-only
btcd_address=mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r
btcd_pid=

HP_INTEROP_CACHE=${HP_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hashpool-interop}

btcd_install() {
    btcd_program=$HP_INTEROP_CACHE/btcd-$btcd_version
    [ -x "$btcd_program" ] && return 0
    command -v go >/dev/null || { echo "go is not installed"; return 1; }
    local folder log
    mkdir -p "$HP_INTEROP_CACHE" || return 1
    folder=$(mktemp -d "$HP_INTEROP_CACHE/install.XXXXXX") || return 1
    log=$folder/log
    # go.sum of the module, and the checksum database, pin what is built.
    if ! GOBIN=$folder timeout 600 go install "github.com/btcsuite/btcd@$btcd_version" >"$log" 2>&1; then
        echo "go install btcd@$btcd_version failed: $(tail -n 1 "$log")"
        rm -rf "$folder"
        return 1
    fi
    mv "$folder/btcd" "$btcd_program"
    rm -rf "$folder"
}

btcd_start() {
    local folder=$1 port=$2
    mkdir -p "$folder"
    : >"$folder/btcd.conf"
    "$btcd_program" --regtest --notls --nolisten --rpclisten="127.0.0.1:$port" --rpcuser="$btcd_user" \
        --rpcpass="$btcd_password" --datadir="$folder/data" --logdir="$folder/log" --configfile="$folder/btcd.conf" \
        --miningaddr="$btcd_address" >"$folder/btcd.out" 2>&1 3>&- &
    btcd_pid=$!
    btcd_url=http://127.0.0.1:$port
    local deadline=$((SECONDS + 20))
    until btcd_rpc getblockcount 2>/dev/null | grep -q '"result"'; do
        if ((SECONDS >= deadline)) || ! kill -0 "$btcd_pid" 2>/dev/null; then
            cat "$folder/btcd.out" >&2
            return 1
        fi
        sleep 0.1
    done
}

btcd_rpc() {
    curl -sS --fail-with-body --max-time 60 -u "$btcd_user:$btcd_password" \
        -d "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"$1\",\"params\":${2:-[]}}" "$btcd_url/"
}

btcd_generate() { btcd_rpc generate "[$1]" >/dev/null; }

btcd_stop() {
    [ -n "$btcd_pid" ] || return 0
    kill -TERM "$btcd_pid" 2>/dev/null || true
    wait "$btcd_pid" 2>/dev/null || true
    btcd_pid=
}
