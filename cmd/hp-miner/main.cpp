// hp-miner: mines on the CPU, or loads a pool or proxy with shares.
#include "mine.hpp"

using namespace hp;

namespace {

void declare(cli::Options& add, hp_miner::Options& options) {
    add.text("URL", options.url, "stratum+tcp://HOST:PORT or stratum2+tcp://HOST:PORT/AUTHORITYKEY")
        .required();
    add.text("--user", options.user, "worker name (SV1) or user identity (SV2)").required();
    add.text("--password", options.password, "SV1 password [x]").or_empty();
    add.text("--locking-key", options.locking_key,
             "SV2: compressed public key, 66 hex digits, that is to own the ehash")
        .value_name("HEX66");
    add.whole("--threads", options.threads, "mining threads [1]", 1, 1024);
    add.number("--rate", options.rate_per_s, "shares a second over all connections, at most", 0.001, 1e7);
    add.number("--seconds", options.seconds, "end after so long", 0.001, 1e9);
    add.whole("--shares", options.shares, "stop after N shares", 1);
    add.whole("--connections", options.connections, "connections, each with its own channel [1]", 1, 50'000);
    add.whole("--depth", options.depth, "shares of a connection without an answer, at most [64]", 1, 65'536);
    add.number("--connect-timeout", options.connect_timeout_s,
               "give up with exit 1 when no connection was up by then, in seconds [try for ever]", 0.001,
               1e9);
    add.number_above_0("--suggest-difficulty", options.suggest_difficulty, "SV1: ask for this difficulty");
    add.number_above_0("--nominal-hash-rate", options.nominal_hash_rate_hps,
                       "SV2: hashes a second to announce for each channel [measured]");
    add.text("--engine", options.engine, "auto, sha-ni or openssl [auto]")
        .one_of({"auto", "sha-ni", "openssl"});
    add.json(options.json, "print one record a second and a summary record");
}

}  // namespace

int main(int argc, char** argv) {
    hp_miner::Options options;
    cli::Command command{
        {.name = "hp-miner",
         .summary = "Mine on the CPU, or load a pool or proxy with shares, over SV1 or SV2.",
         .examples = {
             "hp-miner stratum+tcp://127.0.0.1:34255 --user alice.cpu --seconds 60",
             "hp-miner stratum2+tcp://127.0.0.1:34254/9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72"
             " --user alice --threads 2 --json",
             "hp-miner stratum+tcp://127.0.0.1:34255 --user load --connections 1000 --rate 5000 --json"}}};
    declare(command.options(), options);
    command.add_log_flags();
    return command.run(argc, argv, [&] { return hp_miner::mine(options, command); });
}
