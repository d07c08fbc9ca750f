# hp-web behind a real nginx (Debian's), under a prefix, as docs/dashboards.md has it.
load ../cmd/helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    PATH=$PATH:/usr/sbin
    command -v nginx >/dev/null || skip "nginx is not installed"
    hp-config init conf --network sim --ports auto >/dev/null
}

listen_of() { hp-config show conf --json | jq -r "select(.key == \"$1\") | .value"; }

# The documented locations, between what an unprivileged nginx needs.
start_nginx() {
    free_ports 1
    front=http://127.0.0.1:${ports[0]}
    {
        echo "daemon off; pid $PWD/nginx.pid; error_log stderr; events {} http { access_log off;"
        echo "client_body_temp_path $PWD/t; proxy_temp_path $PWD/t; fastcgi_temp_path $PWD/t; uwsgi_temp_path $PWD/t; scgi_temp_path $PWD/t;"
        echo "server { listen 127.0.0.1:${ports[0]};"
        sed -n '/^```nginx$/,/^```$/{//!p}' "$HP_SOURCE_DIR/docs/dashboards.md" |
            sed -e "s/127.0.0.1:8081/$(listen_of pool_web_listen)/" -e "s/127.0.0.1:3030/$(listen_of proxy_web_listen)/"
        echo "} }"
    } >nginx.conf
    nginx -t -e stderr -c "$PWD/nginx.conf" 2>nginx-check.log || fail "$(cat nginx-check.log)"
    start_daemon nginx nginx -e stderr -c "$PWD/nginx.conf"
    wait_for_port "${ports[0]}"
}

@test "behind nginx: the documented locations serve page, files and API under their prefix, and each event at once" {
    # A status a second, so that figures change.
    mkfifo records
    start_daemon ingest hp-stats ingest --config-dir conf records
    exec 5<>records
    say() {
        printf '{"v":1,"ts_ms":%d,"type":"pool_status","source":"hp-pool","started_ms":1,"connections":%d}\n' "$(date +%s%3N)" "$1" >&5
    }
    say 1
    wait_until test -s conf/data/stats.db
    start_daemon serve hp-stats serve --config-dir conf
    start_daemon web-pool hp-web pool --config-dir conf
    start_daemon web-proxy hp-web proxy --config-dir conf
    wait_for_text web-pool.log "has current figures"
    wait_for_text web-proxy.log "serving http://"
    start_nginx
    local side path
    for side in pool proxy; do
        run -0 curl -sSf "$front/$side/"
        assert_line --partial "data-side=\"$side\""
        # What the page names is relative: each is there under the prefix, and of this side.
        for path in $(grep -oE '(href|src)="[^"#]+"' <<<"$output" | cut -d'"' -f2) live.js live-worker.js live-stream.js api/settings; do
            [[ $path != /* && $path != *://* ]] || fail "$path leaves the prefix"
            assert_equal "$path $(curl -sS -o /dev/null -w '%{http_code}' "$front/$side/$path")" "$path 200"
        done
        # Without the slash the browser is sent to it.
        assert_equal "$(curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' "$front/$side")" "301 $front/$side/"
    done
    refute grep -nE "[\"'\`]/(api|events|[a-z-]+\.(js|css|svg))" "$HP_SOURCE_DIR"/web/*.{js,html,css}
    # An nginx that buffers has part of what was sent: hp-web is stopped, and both readers must have the same last event.
    local url reader=()
    url=http://$(listen_of pool_web_listen)
    for url in "$url" "$front/pool"; do
        curl -sSN --max-time 60 "$url/events" >"events-${#reader[@]}" 3>&- 5>&- &
        reader+=($!)
    done
    has_events() { [ "$(grep -c '^event: state$' "events-$1")" -ge "$2" ]; }
    wait_until has_events 1 2
    say 7
    wait_until grep -q '"total_clients":7,' events-0
    kill -STOP "${daemon_pid[web-pool]}"
    same_end() { cmp <(tail -n 3 events-0) <(tail -n 3 events-1); }
    wait_until same_end
    kill -CONT "${daemon_pid[web-pool]}"
    kill "${reader[@]}"
    exec 5>&-
}
