// The verbs of hp-stats; each is one file.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "recordio/record_listener.hpp"
#include "stats/history_text.hpp"

namespace hp::hp_stats {

/// Reads records from `input` ("-" is stdin) into the database until the end of the input, SIGTERM or SIGINT.
Result<> ingest(const std::string& database, const std::string& input, const stats::Retention& retention,
                std::uint64_t wal_alarm_bytes, std::function<void()> on_hangup);

struct CollectOptions {
    std::string database;
    stats::Retention retention;
    std::optional<std::string> unix_path{};             ///< nothing: no Unix socket
    std::optional<std::string> pipe{};                  ///< a FIFO, "-" for stdin; nothing: no pipe
    std::optional<recordio::NoiseRecordOptions> noise;  ///< nothing: not from other machines
    std::uint64_t wal_alarm_bytes{};                    ///< WAL size that raises an alarm; 0: never
    std::function<void()> on_hangup;
    net::Protection protection{};
};
/// Likewise from programs that connect, all at once.
Result<> collect(const CollectOptions& options);

/// Options that several verbs share.
struct Options {
    std::string database;
    std::optional<std::int64_t> minutes{};
    std::string at, from, to;  ///< times in the forms of stats::time_from_text; empty: not given
    std::string series, gauge, worker, step;
    std::int64_t count{20};
    bool json{false}, csv{false};

    stats::Format format() const {
        return json ? stats::Format::json : csv ? stats::Format::csv : stats::Format::table;
    }
};
/// show, or with `at` the figures at that time.
Result<> show(const Options& options);
Result<> history(const Options& options);
Result<> top(const Options& options);
Result<> latency(const Options& options);

struct ServeOptions {
    std::string database, listen, tokens_file;  ///< empty tokens_file: none
    std::size_t metrics_workers_max{};
    std::int64_t stale_after_s{};
    std::function<void()> on_hangup;
    net::Protection protection{};
};
/// HTTP until SIGTERM or SIGINT.
Result<> serve(const ServeOptions& options);

struct TruthOptions {
    std::string database;
    std::optional<std::int64_t> minutes{};
    std::vector<std::string> claims{};  ///< stats::claim_from_text; empty: what channels announced
    double sigma_max{4};
    stats::Format format{};
};
/// Errc::refused if a claim does not fit.
Result<> truth(const TruthOptions& options);

struct CertifyOptions {
    std::string database, from, to, worker, key_file;
    std::string network;  ///< whether a published key is acceptable
};
Result<> certify(const CertifyOptions& options);
/// Prints the statement of a certificate ("-" is stdin) that the key signed.
Result<> check_certificate(const std::string& path, const std::string& key_text);

struct AuditOptions {
    std::string database;
    std::vector<std::string> pools{}, mints{};
    bool is_strict{false}, json{false};
};
/// Errc::refused if the ledgers disagree, or have less than the records.
Result<> audit(const AuditOptions& options);

struct SchemaOptions {
    std::string type;       ///< empty: all
    bool is_manual{false};  ///< the tables of hp-records(5) instead
};
/// JSON Schema to stdout. Errc::usage for an unknown type.
Result<> schema(const SchemaOptions& options);

struct Limits {
    std::optional<std::int64_t> age_s, outbox_pending, mint_away_s, template_away_s, alarms;
    std::optional<double> hashrate_hps, rejected_percent;
};
struct CheckOptions {
    std::string database;
    std::int64_t minutes{5};
    /// Fewer rejected shares are within any percentage: two of twenty do not matter.
    std::int64_t rejected_min{10};
    Limits warn, critical;
    std::string run;         ///< command for the shell when the state changes; empty: none
    std::string state_file;  ///< file with the last state, for `run`; empty: the user's state directory
    std::string ping;        ///< URL notified of each check: GET when OK, else POST to URL/fail; empty: none
    bool is_quiet{false};    ///< print nothing when OK
    bool json{false};
};
/// As a monitoring plugin: one line on stdout; returns 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
int check(const CheckOptions& options);
/// Prints the line of a check that failed to run; returns 3.
int unknown(const std::string& what, bool is_json);

}  // namespace hp::hp_stats
