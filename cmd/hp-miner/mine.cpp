#include "mine.hpp"

#include <unistd.h>

#include <cstdio>

#include "miner/fleet.hpp"

namespace hp::hp_miner {
namespace {

Result<miner::Engine> engine_of(const std::string& name) {
    if (name == "auto") return miner::best_engine();
    const auto engine = name == "sha-ni" ? miner::Engine::sha_ni : miner::Engine::openssl;
    if (!miner::is_available(engine))
        return fail(Errc::usage, "this processor has no SHA extensions", "leave --engine away");
    return engine;
}

Result<miner::FleetOptions> to_fleet(const Options& options) {
    HP_TRY(auto url, miner::url_from_text(options.url));
    miner::Identity identity;
    if (options.user.size() > 255) return fail(Errc::usage, "--user is longer than 255 bytes");
    identity.user = options.user;
    identity.password = options.password;
    if (!options.locking_key.empty()) {
        if (!url.is_sv2())
            return fail(Errc::usage, "--locking-key needs a stratum2+tcp:// URL: SV1 has no place for it");
        auto key = array_from_hex<33>(options.locking_key);
        if (!key || !crypto::is_valid_public_key(*key))
            return fail(
                Errc::usage,
                "--locking-key '" + printable(options.locking_key) + "' is not a compressed public key",
                "66 hex digits that begin with 02 or 03");
        identity.locking_key = *key;
    }
    HP_TRY(const auto engine, engine_of(options.engine));
    if (options.suggest_difficulty > 0) identity.suggest_difficulty = options.suggest_difficulty;
    identity.nominal_hash_rate_hps = options.nominal_hash_rate_hps;
    if (identity.nominal_hash_rate_hps == 0)
        identity.nominal_hash_rate_hps = miner::measure_hash_rate(engine, 30) *
                                         static_cast<double>(options.threads) /
                                         static_cast<double>(options.connections);
    return miner::FleetOptions{
        .url = std::move(url),
        .identity = std::move(identity),
        .connections = options.connections,
        .threads = options.threads,
        .engine = engine,
        .depth = options.depth,
        .rate_per_s = options.rate_per_s,
        .shares_max = options.shares,
        .connect_timeout_ms = static_cast<std::int64_t>(options.connect_timeout_s * 1000)};
}

/// Says once a second how it goes: records on stdout, or a line on a terminal that overwrites itself.
class Reporter {
  public:
    Reporter(const miner::Fleet& fleet, bool json)
        : fleet_{fleet}, json_{json}, on_terminal_{!json && isatty(STDERR_FILENO) == 1} {}

    void tick() {
        const SteadyMs now = steady_ms_now();
        const auto report = make(false, static_cast<double>(now - last_ms_) / 1000, last_hashes_);
        last_ms_ = now;
        last_hashes_ = report.hashes;
        if (json_) print(miner::to_record(report));
        if (on_terminal_) std::fprintf(stderr, "\r\x1b[K%s", miner::to_status_line(report).c_str());
    }
    void summary() {
        if (on_terminal_) std::fputs("\r\x1b[K", stderr);
        const auto report = make(true, elapsed_s(), 0);
        if (json_)
            print(miner::to_record(report));
        else
            std::fputs(miner::to_summary(report).c_str(), stdout);
    }

  private:
    double elapsed_s() const { return static_cast<double>(steady_ms_now() - start_ms_) / 1000; }
    miner::Report make(bool is_summary, double over_s, std::uint64_t hashes_before) const {
        const std::uint64_t hashes = fleet_.hashes();
        return {.is_summary = is_summary,
                .now_ms = unix_ms_now(),
                .elapsed_s = elapsed_s(),
                .hash_rate_hps = over_s > 0 ? static_cast<double>(hashes - hashes_before) / over_s : 0,
                .hashes = hashes,
                .connections_open = fleet_.connections_open(),
                .tally = fleet_.tally()};
    }
    static void print(const std::string& record) {
        std::fwrite(record.data(), 1, record.size(), stdout);
        std::fputc('\n', stdout);
        std::fflush(stdout);
    }

    const miner::Fleet& fleet_;
    bool json_, on_terminal_;
    SteadyMs start_ms_{steady_ms_now()}, last_ms_{start_ms_};
    std::uint64_t last_hashes_{0};
};

}  // namespace

Result<> mine(const Options& options, const cli::Command& command) {
    HP_TRY(auto fleet_options, to_fleet(options));
    net::Loop loop;
    Result<> outcome;
    miner::Fleet fleet(loop, std::move(fleet_options), [&](Result<> result) {
        outcome = std::move(result);
        loop.stop();
    });
    Reporter reporter(fleet, options.json);
    net::Timer every_second(loop), time_limit(loop);
    loop.handle_signals([&] { fleet.finish(); }, [&] { command.reload_log(); });
    every_second.every(1'000, [&] { reporter.tick(); });
    if (options.seconds > 0)
        time_limit.after(static_cast<std::int64_t>(options.seconds * 1000), [&] { fleet.expire(); });
    fleet.start();
    loop.run();
    if (outcome) reporter.summary();
    return outcome;
}

}  // namespace hp::hp_miner
