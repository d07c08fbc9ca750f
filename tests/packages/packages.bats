# The packages on a bare Debian root that boots its own systemd: what an administrator does from install to purge, in
# order; each test continues where the previous one ended. Run by scripts/test-packages.

load ../cmd/helper

setup_file() {
    export root=$BATS_FILE_TMPDIR/root leader=
    missing= && export missing
    [ "$(id -u)" = 0 ] || missing="needs root"
    local tool
    for tool in debootstrap systemd-nspawn nsenter dpkg-deb; do
        command -v $tool >/dev/null || missing="$tool is not installed"
    done
    ls "$HP_SOURCE_DIR"/build/packages/hashpool_*.deb >/dev/null 2>&1 || missing="no packages: scripts/package builds them"
    [ -z "$missing" ] || return 0
    mkdir -p "$HP_SOURCE_DIR/build/debootstrap"
    debootstrap --cache-dir="$HP_SOURCE_DIR/build/debootstrap" --variant=minbase --include=systemd,systemd-sysv,dbus,man-db,jq,curl,logrotate bookworm "$root" \
        "${HP_DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$BATS_FILE_TMPDIR/debootstrap.log" 2>&1 || {
        missing="debootstrap failed: $(tail -n 1 "$BATS_FILE_TMPDIR/debootstrap.log")"
        return 0
    }
    mkdir "$root/old" "$root/new"
    cp "$HP_SOURCE_DIR"/build/packages/*.deb "$root/old"
    rm -f "$root"/old/*-dbgsym_*.deb
    make_newer
    # What the packages need comes now; the root has no network but its own.
    chroot "$root" sh -c 'apt-get install -y --no-install-recommends --download-only /old/*.deb' >"$BATS_FILE_TMPDIR/apt.log" 2>&1
    boot
}

# The same packages once more, under a higher version.
make_newer() {
    local deb tree=$BATS_FILE_TMPDIR/tree
    for deb in "$root"/old/*.deb; do
        dpkg-deb -R "$deb" "$tree"
        sed -i -E 's/^Version: .*/Version: 9.0/; s/(hashpool-[a-z]+ \(>?=) [^)]*/\1 9.0/g' "$tree/DEBIAN/control"
        dpkg-deb -b "$tree" "$root/new" >/dev/null
        rm -rf "$tree"
    done
}

boot() {
    systemd-nspawn -q -D "$root" --register=no --keep-unit --private-network --boot </dev/null >"$BATS_FILE_TMPDIR/boot.log" 2>&1 3>&- &
    nspawn=$! && export nspawn
    local deadline=$((SECONDS + 60))
    until leader=$(pgrep -P "$nspawn") && inside systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do
        if ! kill -0 "$nspawn" 2>/dev/null || ((SECONDS > deadline)); then
            missing="systemd does not boot here: $(tail -n 1 "$BATS_FILE_TMPDIR/boot.log")"
            return 0
        fi
        sleep 0.1
    done
}

teardown_file() {
    [ -n "$leader" ] || return 0
    # As a machine is switched off: what is left of a failed test must not be waited for.
    kill -KILL "$leader" "$nspawn" 2>/dev/null || true
}

setup() {
    [ -z "$missing" ] || skip "$missing"
    [ ! -e "$BATS_FILE_TMPDIR/failed" ] || fail "a test before this one failed"
}
teardown() { [ -n "$BATS_TEST_COMPLETED" ] || touch "$BATS_FILE_TMPDIR/failed"; }

inside() { nsenter --target "$leader" --mount --uts --ipc --net --pid -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"; }
apt() { inside DEBIAN_FRONTEND=noninteractive sh -c "apt-get -y --no-install-recommends $*"; }
is_active() { [ "$(inside systemctl is-active "$1")" = active ]; }
property() { inside systemctl show --value --property "$1" "$2"; }
balance() { inside hp-wallet balance --json | jq .unspent; }
mine() { inside hp-miner stratum+tcp://127.0.0.1:34255 --user rig1 --json "$@" 2>/dev/null | tail -n 1; }

services=(hp-template hp-pool hp-mint hp-proxy hp-ingest-pool hp-stats-pool hp-web-pool hp-ingest-proxy hp-stats-proxy
    hp-web-proxy)

@test "installing makes users, a group and a directory, and starts nothing" {
    run -0 apt install /old/hashpool*.deb
    local user
    for user in template pool mint proxy stats web; do
        assert_equal "$(inside id -gn "_hp-$user")" hashpool
    done
    assert_equal "$(inside stat -c '%A %U %G' /etc/hashpool)" "drwxr-s--- root hashpool"
    assert_equal "$(inside systemctl list-units --all --plain --no-legend 'hp-*')" ""
    run inside systemctl is-enabled "${services[@]}"
    assert_equal "$(sort -u <<<"$output")" disabled
    run -0 inside sh -c 'systemd-analyze verify /lib/systemd/system/hp-*[!@].service /lib/systemd/system/hp-*[!@].socket'
    assert_output ""
    run -0 inside man -w hashpool
}

@test "a service without a configuration is not started, and says what is missing" {
    run ! inside systemctl start hp-mint
    run -0 inside journalctl --no-pager -o cat -u hp-mint
    assert_output --partial "/etc/hashpool/shared/network.toml: cannot be read"
    run -0 inside systemctl stop hp-mint
}

@test "the topology runs from /usr/bin with /etc/hashpool, each service as its user in its sandbox" {
    run -0 inside hp-config init /etc/hashpool --network sim
    run -0 inside hp-config check
    run -0 inside systemctl start "${services[@]}"
    local unit
    for unit in "${services[@]}"; do
        assert_equal "$unit $(property ActiveState "$unit")" "$unit active"
        says_how_it_is() { [ -n "$(property StatusText "$unit")" ]; }
        wait_until says_how_it_is
        assert [ "$(property WatchdogTimestampMonotonic "$unit")" -gt 0 ]
        assert_equal "$(inside ps -o user:20= -p "$(property MainPID "$unit")")" "$(property User "$unit")"
    done
    run -0 mine --shares 50 --threads 1
    assert_equal "$(jq -c '[.shares_accepted, .shares_rejected]' <<<"$output")" '[50,0]'
    wallet_holds() { [ "$(balance)" -gt 0 ]; }
    wait_until wallet_holds
    run -0 inside hp-audit --config-dir /etc/hashpool
    counts() { inside curl -sf "http://127.0.0.1:$1/api/state" | jq -e ".figures.$2 == 50" >/dev/null; }
    wait_until counts 8081 mint_quotes_created
    wait_until counts 3030 tokens_minted
    run -0 inside journalctl --no-pager -p warning -u 'hp-*' --since -1min -o short
    refute_output --regexp 'hp-(template|pool|proxy|stats|web)\[[0-9]+\]: .*(denied|not permitted)'
}

@test "a secret that is missing is named" {
    inside mv /etc/hashpool/secrets/mint-link.key /root
    run ! inside systemctl restart hp-mint
    run -0 inside journalctl --no-pager -o cat -u hp-mint -n 20
    assert_output --partial "link_secret_key_file: secret file '/etc/hashpool/secrets/mint-link.key' cannot be read"
    inside mv /root/mint-link.key /etc/hashpool/secrets
    deadline_s=20 wait_until is_active hp-mint # without being told
}

@test "a service reads its own secrets and state, and nobody else's" {
    local file
    for file in /etc/hashpool/secrets/mint.seed /var/lib/hashpool/mint/mint.db /run/credentials/hp-mint.service/mint.seed; do
        run -0 inside test -r "$file"
        run ! inside setpriv --reuid _hp-pool --regid hashpool --clear-groups cat "$file"
    done
    run -0 inside setpriv --reuid _hp-pool --regid hashpool --clear-groups cat /etc/hashpool/shared/pool.toml
    run ! inside setpriv --reuid nobody --regid nogroup --clear-groups cat /etc/hashpool/shared/pool.toml
}

@test "reload loses no miner, and is refused while a file is faulty" {
    run -0 inside systemd-run --unit miner hp-miner stratum+tcp://127.0.0.1:34255 --user rig1 --rate 20 --json
    miner() { inside journalctl --no-pager -o cat -u miner | jq -Rn "[inputs | fromjson? // empty] | last | $1"; }
    has_accepted() { [ "$(miner '.shares_accepted // 0')" -gt "$1" ]; }
    wait_until has_accepted 0
    run -0 inside systemctl reload hp-template hp-pool hp-mint hp-proxy
    inside sed -i 's/^coinbase_tag/coinbase_tga/; s/^#coinbase_tag/coinbase_tga/' /etc/hashpool/pool.toml
    run ! inside systemctl reload hp-pool
    run -0 inside journalctl --no-pager -u hp-pool -o cat -n 5
    assert_output --regexp 'pool.toml:[0-9]+:[0-9]+: coinbase_tga: '
    inside sed -i 's/coinbase_tga/coinbase_tag/' /etc/hashpool/pool.toml
    local accepted
    accepted=$(miner .shares_accepted)
    wait_until has_accepted $((accepted + 20))
    run -0 inside systemctl stop miner
    assert_equal "$(miner '[.type, .connects, .disconnects] | tojson')" '"[\"miner_summary\",1,0]"'
}

@test "who dies is started again, and who is configured wrongly is not" {
    local before
    before=$(property MainPID hp-mint)
    inside sh -c "kill -KILL $before"
    is_back() { [ "$(property MainPID hp-mint)" != "$before" ] && is_active hp-mint; }
    deadline_s=20 wait_until is_back
    before=$(property MainPID hp-stats-pool)
    inside mkdir -p /run/systemd/system/hp-stats-pool.service.d
    printf '[Service]\nExecStart=\nExecStart=/usr/bin/hp-stats serve --no-such-option\n' |
        inside tee /run/systemd/system/hp-stats-pool.service.d/wrong.conf >/dev/null
    inside systemctl daemon-reload
    run ! inside systemctl restart hp-stats-pool
    assert_equal "$(property ActiveState hp-stats-pool)" failed
    inside rm -r /run/systemd/system/hp-stats-pool.service.d
    inside systemctl daemon-reload
    run -0 inside systemctl restart hp-stats-pool
}

@test "logrotate rotates a log file, and the service goes on in a new one" {
    local log=/var/log/hashpool/mint/mint.log
    inside mkdir -p /run/systemd/system/hp-mint.service.d
    printf '[Service]\nEnvironment=HP_LOG_FILE=%s\n' $log | inside tee /run/systemd/system/hp-mint.service.d/log.conf >/dev/null
    inside systemctl daemon-reload
    run -0 inside systemctl restart hp-mint
    wait_until inside test -s $log
    run -0 inside logrotate --force /etc/logrotate.d/hashpool-mint
    assert_output ""
    wait_until inside test -e $log
    assert_equal "$(inside stat -c %U $log $log.1 | sort -u)" _hp-mint
}

@test "an instance has its own files, state and records" {
    run -0 inside hp-config init /etc/hashpool/second --network sim --ports 40000
    run -0 inside systemctl start hp-ingest-pool@second hp-template@second hp-pool@second
    assert_equal "$(property ActiveState hp-pool@second)" active
    run -0 inside ls /var/lib/hashpool/second/pool/outbox.db /var/lib/hashpool/second/stats/pool.db
    has_records() { [ "$(inside hp-stats show /var/lib/hashpool/second/stats/pool.db --json | jq .records)" -gt 0 ]; }
    wait_until has_records
}

@test "an upgrade restarts what runs, and changes nothing that was made here" {
    local before config
    before=$(balance)
    config=$(inside sh -c 'cat /etc/hashpool/*.toml /etc/hashpool/*/*.toml | sha256sum')
    local unit
    local -A pid
    inside systemctl stop hp-web-proxy
    for unit in "${services[@]}" hp-pool@second; do pid[$unit]=$(property MainPID "$unit"); done
    run -0 apt install /new/hashpool*.deb
    assert_equal "$(property ActiveState hp-web-proxy)" inactive
    unset 'pid[hp-web-proxy]'
    for unit in "${!pid[@]}"; do
        wait_until is_active "$unit"
        assert [ "$(property MainPID "$unit")" != "${pid[$unit]}" ]
    done
    assert_equal "$(inside sh -c 'cat /etc/hashpool/*.toml /etc/hashpool/*/*.toml | sha256sum')" "$config"
    assert_equal "$(balance)" "$before"
    run -0 mine --shares 20 --threads 1
    grown() { [ "$(balance)" -gt "$before" ]; }
    wait_until grown
    run -0 inside hp-audit --config-dir /etc/hashpool
}

@test "removing stops the services, and keeps configuration, databases and logs" {
    run -0 apt remove "'hashpool*'"
    assert_equal "$(inside systemctl list-units --state=active --plain --no-legend 'hp-*')" ""
    assert_equal "$(inside sh -c 'ls /usr/bin/hp-* /lib/systemd/system/hp-* 2>/dev/null')" ""
    run -0 inside ls /etc/hashpool/pool.toml /var/lib/hashpool/mint/mint.db /var/log/hashpool/mint/mint.log
}

@test "purging takes logs and what the packages brought; keys, seeds and money stay, and it says so" {
    run -0 apt purge "'hashpool*'"
    assert_output --partial "kept /var/lib/hashpool/mint"
    assert_output --partial "kept /etc/hashpool"
    run -0 inside ls /etc/hashpool/secrets/mint.seed /var/lib/hashpool/mint/mint.db
    assert_equal "$(inside sh -c 'ls -d /var/log/hashpool /etc/logrotate.d/hashpool* /usr/share/doc/hashpool* 2>/dev/null')" ""
    assert_equal "$(inside dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 'hashpool*' 2>/dev/null)" ""
}
