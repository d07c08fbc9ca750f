#include "ingest.hpp"

#include "cli/secrets.hpp"
#include "crypto/base58.hpp"
#include "options.hpp"

namespace hp::hp_stats {
namespace {

constexpr std::string_view kUnix = "unix:";

struct IngestOptions {
    Where where;
    std::string input{"-"};
    bool is_input_given{false};
    bool listens{false};
};

stats::Retention retention_of(const config::Stats& stats) {
    constexpr std::int64_t kMinute = 60, kDay = 86400;
    return {{stats.keep_1m_min * kMinute, stats.keep_5m_min * kMinute, stats.keep_1h_d * kDay,
             stats.keep_1d_d * kDay}};
}

Result<recordio::NoiseRecordOptions> noise_options(const Program& program, bool is_proxy) {
    const auto& [command, stats, network] = program;
    recordio::NoiseRecordOptions out;
    HP_TRY(out.listen,
           net::endpoint_from_text(is_proxy ? network.proxy_records_listen : network.pool_records_listen));
    HP_TRY(const auto authority,
           cli::read_secret_key(command.resolve_secret(stats.records_secret_key_file), network.network));
    out.authority = authority.xonly();
    out.identity = net::renewing_identity(authority, stats.certificate_validity_s);
    for (const auto& text : stats.allowed_writer_keys) {
        HP_TRY(const auto key, crypto::authority_key_from_text(text));
        out.allowed.push_back(key);
    }
    if (out.allowed.empty())
        return fail(command.wrong_value(config::Stats::file, "allowed_writer_keys",
                                        "is empty, so that with --listen-records nobody may write",
                                        "hp-config pubkey FILE prints the key of an events_secret_key_file"));
    return out;
}

Result<> run_ingest(const IngestOptions& options, const Program& program) {
    const auto& stats = program.stats;
    const IntoDatabase into{.database = database_of(options.where, program),
                            .retention = retention_of(stats),
                            .wal_alarm_bytes = static_cast<std::uint64_t>(stats.wal_alarm_mib) << 20};
    const bool is_unix = options.input.starts_with(kUnix);
    if (!is_unix && !options.listens)
        return read_records(into, options.input, [&program] { program.command.reload_log(); });
    Sources sources;
    if (is_unix)
        sources.unix_path = options.input.substr(kUnix.size());
    else if (options.is_input_given)
        sources.pipe = options.input;
    return cli::serve(program.command, program.network,
                      [&](cli::Daemon& daemon) -> Result<std::unique_ptr<cli::Parts>> {
                          if (options.listens) {
                              HP_TRY(sources.noise, noise_options(program, options.where.is_proxy()));
                          }
                          return collect(into, sources, daemon);
                      });
}

}  // namespace

cli::Verb ingest(const Program& program) {
    return {
        .name = "ingest",
        .summary = "read event records and keep what they add up to",
        .examples = {"hp-pool --config-dir d --events - | hp-stats ingest --db pool.db",
                     "hp-stats ingest --db pool.db events.jsonl",
                     "hp-stats ingest --db pool.db unix:/run/hashpool/records.sock"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<IngestOptions>();
            add.text(
                "FILE",
                [o = options.get()](const std::string& text) {
                    o->input = text;
                    o->is_input_given = true;
                },
                "the records: a file, - for stdin, or unix:PATH to listen on a socket [-]");
            add.flag("--listen-records", options->listens,
                     "take records over Noise too [key pool_records_listen or proxy_records_listen]");
            const auto database = add.text("--db", options->where.database,
                                           "SQLite file, made when it is not there [key database]")
                                      .value_name("FILE");
            add_side(add, options->where).excludes(database);
            return cli::Action{[&program, options] { return run_ingest(*options, program); }}.reading(
                [options] { return options->listens ? cli::Needs::everything : cli::Needs::own_file; });
        },
        .is_service = true,
    };
}

}  // namespace hp::hp_stats
