# Loaded after topology by stories in which somebody mines while something happens: load miners
#
# start_miner [RATE]        one over SV2 for the owner $pubkey, until its first share is stored; 100 shares a second
# start_sv1_miner [RATE]    one at the proxy
# stop_miner                its summary is in $summary
# miner_is_unharmed         stops it: one connection for all the time, and no share refused
# rows                      how many the outbox has
# has_lines N TEXT FILE     whether N lines of the file have the text

# shellcheck disable=SC2154
start_miner() {
    start_daemon miner hp-miner "$(miner_url)" --user "$pubkey" --threads 1 --rate "${1:-100}" --nominal-hash-rate 1 --json
    wait_until has_rows 1
}
start_sv1_miner() {
    start_daemon miner hp-miner "stratum+tcp://$(value shared/network.toml proxy_listen)" --user rig --threads 1 --rate "${1:-100}" --json
    wait_until has_rows 1
}
stop_miner() {
    stop_daemon miner
    assert_equal "$daemon_status" 0
    summary=$(tail -n 1 miner.out)
}
miner_is_unharmed() {
    stop_miner
    assert_equal "$(jq -c '[.connects, .disconnects, .shares_rejected]' <<<"$summary")" '[1,0,0]'
}

rows() { outbox 'SELECT count(*) FROM outbox'; }
has_lines() { [ "$(grep -c -- "$2" "$3")" -ge "$1" ]; }
