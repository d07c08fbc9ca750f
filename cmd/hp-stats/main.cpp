// hp-stats: time series out of event records.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <span>

#include "cli/checks.hpp"
#include "cli/command.hpp"
#include "cli/secrets.hpp"
#include "config/keys.hpp"
#include "crypto/base58.hpp"
#include "stats/sql.hpp"
#include "verbs.hpp"

using namespace hp;

namespace {

constexpr std::int64_t kMinutesMax = 10'000'000;

struct All {
    std::string input, side{"pool"}, listen;
    bool listen_records{false};
    hp_stats::Options options;
    hp_stats::CheckOptions check;
    hp_stats::TruthOptions truth;
    hp_stats::CertifyOptions certify;
    hp_stats::AuditOptions audit;
    hp_stats::SchemaOptions schema;
    std::string certificate, key;
    int exit_code{0};
};

CLI::Option* add_side(CLI::App& verb, std::string& side) {
    return verb.add_option("--side", side, "which database of the configuration: pool or proxy [pool]")
        ->type_name("SIDE")
        ->check(cli::one_of({"pool", "proxy"}));
}
void add_database(CLI::App& verb, std::string& database, std::string& side) {
    auto* positional = verb.add_option("DB", database, "SQLite file of ingest [key database]");
    auto* option = verb.add_option("--db", database, "the same")->type_name("FILE")->excludes(positional);
    add_side(verb, side)->excludes(positional)->excludes(option);
}
void add_minutes(CLI::App& verb, hp_stats::Options& options, const char* help) {
    verb.add_option_function<std::int64_t>(
            "--minutes", [&](std::int64_t minutes) { options.minutes = minutes; }, help)
        ->check(cli::whole_number(1, kMinutesMax))
        ->type_name("N");
}
void add_formats(CLI::App& verb, hp_stats::Options& options, bool has_csv) {
    auto* json = verb.add_flag("--json", options.json, "print one JSON object");
    if (has_csv) verb.add_flag("--csv", options.csv, "print CSV with a head")->excludes(json);
}
void add_at(CLI::App& verb, hp_stats::Options& options) {
    verb.add_option("--at", options.at, "as it was at this time, with or without a zone (UTC) [now]")
        ->type_name("TIME");
}

void add_ingest(cli::Command& command, All& all) {
    auto& ingest = command.subcommand("ingest", "read event records and keep what they add up to",
                                      {"hp-pool --config-dir d --events - | hp-stats ingest --db pool.db",
                                       "hp-stats ingest --db pool.db events.jsonl",
                                       "hp-stats ingest --db pool.db unix:/run/hashpool/records.sock"});
    ingest.add_option("FILE", all.input,
                      "the records: a file, - for stdin, or unix:PATH to listen on a socket [-]");
    ingest.add_flag("--listen-records", all.listen_records,
                    "take records over Noise too [key pool_records_listen or proxy_records_listen]");
    auto* database =
        ingest
            .add_option("--db", all.options.database, "SQLite file, made when it is not there [key database]")
            ->type_name("FILE");
    add_side(ingest, all.side)->excludes(database);
}

void add_show(cli::Command& command, All& all) {
    auto& options = all.options;
    auto& show =
        command.subcommand("show", "print the figures, also while ingest runs",
                           {"hp-stats show pool.db", "hp-stats show --db pool.db --minutes 10 --json",
                            "hp-stats show pool.db --minutes 60 --at '2026-08-01 03:00'"});
    add_database(show, options.database, all.side);
    add_minutes(show, options, "only the last so many minutes of the records [all]");
    add_at(show, options);
    add_formats(show, options, false);
}

void add_at_verb(cli::Command& command, All& all) {
    auto& options = all.options;
    auto& at = command.subcommand("at", "print the figures as they were at a time",
                                  {"hp-stats at '2026-08-01 03:00' pool.db --minutes 60"});
    at.add_option("TIME", options.at,
                  "as 2026-08-01T05:00:00+02:00, '2026-08-01 03:00' (UTC) or seconds since 1970")
        ->required();
    add_database(at, options.database, all.side);
    add_minutes(at, options, "only the minutes before it [all]");
    add_formats(at, options, false);
}

void add_history(cli::Command& command, All& all) {
    auto& options = all.options;
    auto& history = command.subcommand(
        "history", "print one series, slot by slot",
        {"hp-stats history pool.db --minutes 60",
         "hp-stats history pool.db --worker rig1 --step 1h --csv >rig1.csv",
         "hp-stats history pool.db --gauge outbox_pending --from 2026-08-01 --to 2026-08-02 --json"});
    add_database(history, options.database, all.side);
    auto* gauge =
        history.add_option("--gauge", options.gauge, "a field of the status records")->type_name("FIELD");
    history.add_option("--series", options.series, "records of a type [share_accepted]")
        ->type_name("NAME")
        ->default_val("share_accepted")
        ->excludes(gauge);
    history.add_option("--worker", options.worker, "only this worker, reason or other label [all together]")
        ->type_name("LABEL")
        ->excludes(gauge);
    add_minutes(history, options, "so many minutes before --to [1440]");
    history.add_option("--from", options.from, "begin, UTC")->type_name("TIME")->excludes("--minutes");
    history.add_option("--to", options.to, "end, UTC [the newest record]")->type_name("TIME");
    history
        .add_option("--step", options.step, "length of a slot: 1m, 5m, 1h or 1d [what gives up to 300 rows]")
        ->type_name("STEP")
        ->check(cli::one_of({"1m", "5m", "1h", "1d"}));
    add_formats(history, options, true);
}

void add_top(cli::Command& command, All& all) {
    auto& options = all.options;
    auto& top =
        command.subcommand("top", "print the workers with the most work",
                           {"hp-stats top pool.db --minutes 60", "hp-stats top pool.db --count 5 --csv"});
    add_database(top, options.database, all.side);
    add_minutes(top, options, "only the last so many minutes of the records [all]");
    top.add_option("--count", options.count, "workers to print, at most [20]")
        ->type_name("N")
        ->check(cli::whole_number(1, 1'000'000));
    add_at(top, options);
    add_formats(top, options, true);
}

void add_latency(cli::Command& command, All& all) {
    auto& options = all.options;
    auto& latency = command.subcommand("latency", "print the percentiles of each latency",
                                       {"hp-stats latency proxy.db --minutes 60 --json"});
    add_database(latency, options.database, all.side);
    add_minutes(latency, options, "only the last so many minutes of the records [all]");
    add_at(latency, options);
    add_formats(latency, options, true);
}

template <class T>
void add_limit(CLI::App& verb, const std::string& name, std::optional<T>& warn, std::optional<T>& critical,
               const std::string& help) {
    for (const bool is_critical : {false, true}) {
        auto& limit = is_critical ? critical : warn;
        verb.add_option_function<T>((is_critical ? "--critical-" : "--warn-") + name,
                                    [&limit](const T& value) { limit = value; },
                                    (is_critical ? "CRITICAL " : "WARNING ") + help)
            ->type_name("N")
            ->check(std::is_integral_v<T> ? cli::whole_number(0) : cli::number(0));
    }
}

void add_check(cli::Command& command, All& all) {
    auto& options = all.check;
    auto& check =
        command.subcommand("check",
                           "say in one line whether all is well, as a monitoring plugin: exit 0 OK, "
                           "1 WARNING, 2 CRITICAL, 3 UNKNOWN",
                           {"hp-stats check pool.db --critical-age 60 --warn-hashrate 1e12",
                            "hp-stats check pool.db --critical-age 60 --quiet --run 'curl -fsS -d "
                            "\"$HP_CHECK_TEXT\" https://ntfy.example/pool'"});
    add_database(check, options.database, all.side);
    check.add_option("--minutes", options.minutes, "window of the figures [5]")
        ->type_name("N")
        ->check(cli::whole_number(1, kMinutesMax));
    auto &warn = options.warn, &critical = options.critical;
    add_limit(check, "age", warn.age_s, critical.age_s,
              "when the newest record is older than so many seconds");
    add_limit(check, "hashrate", warn.hashrate_hps, critical.hashrate_hps,
              "when it is below so many hashes a second");
    add_limit(check, "rejected", warn.rejected_percent, critical.rejected_percent,
              "when more per cent of the shares are rejected");
    check
        .add_option("--min-rejected", options.rejected_min,
                    "rejected shares below which their per cent are within any limit [10]")
        ->type_name("N")
        ->check(cli::whole_number(1));
    add_limit(check, "pending", warn.outbox_pending, critical.outbox_pending,
              "when more quotes wait for the mint");
    add_limit(check, "mint-away", warn.mint_away_s, critical.mint_away_s,
              "when a mint is away for more seconds");
    add_limit(check, "template-away", warn.template_away_s, critical.template_away_s,
              "when there has been no template provider, or no node behind it, for more seconds");
    add_limit(check, "alarms", warn.alarms, critical.alarms, "when there were more alarms");
    auto* run = check
                    .add_option("--run", options.run,
                                "command for the shell when the state is another than at the last check")
                    ->type_name("COMMAND");
    check
        .add_option("--state-file", options.state_file,
                    "file that keeps the last state for --run [in ~/.local/state/hashpool]")
        ->type_name("FILE")
        ->needs(run);
    check
        .add_option("--ping", options.ping,
                    "URL of a watchdog that hears of each check: GET when OK, else POST to URL/fail")
        ->type_name("URL")
        ->envname("HP_CHECK_PING");
    check.add_flag("--quiet", options.is_quiet, "print nothing when OK, as for cron, which mails all output");
    check.add_flag("--json", options.json, "print one JSON object");
}

/// Also where the command line is wrong, and the verb only stands there.
bool is_check(int argc, char** argv) {
    const auto words = std::span(argv, static_cast<std::size_t>(argc)).subspan(1);
    const auto verb =
        std::ranges::find_if(words, [](std::string_view word) { return !word.starts_with('-'); });
    return verb != words.end() && *verb == std::string_view{"check"};
}
bool has_word(int argc, char** argv, std::string_view word) {
    return std::ranges::find(std::span(argv, static_cast<std::size_t>(argc)), word) !=
           std::span(argv, static_cast<std::size_t>(argc)).end();
}

void add_truth(cli::Command& command, All& all) {
    auto& options = all.truth;
    auto& truth = command.subcommand(
        "truth", "hold claimed hash rates against the accepted work; exit 1 where they do not fit",
        {"hp-stats truth pool.db --minutes 60 --claim rig1=110T --claim 2.5P",
         "hp-stats truth pool.db --sigma 5"});
    add_database(truth, options.database, all.side);
    truth
        .add_option("--claim", options.claims,
                    "[WORKER=]HPS: what a worker, or all together, should do; may stand several times [what "
                    "each SV2 channel announced]")
        ->type_name("CLAIM")
        ->allow_extra_args(false);
    truth
        .add_option_function<std::int64_t>(
            "--minutes", [&](std::int64_t minutes) { options.minutes = minutes; },
            "window of the records for --claim [all]")
        ->check(cli::whole_number(1, kMinutesMax))
        ->type_name("N")
        ->needs("--claim");
    truth.add_option("--sigma", options.sigma_max, "how far luck may carry them apart [4]")
        ->type_name("N")
        ->check(cli::number(0.1, 30));
    add_formats(truth, all.options, true);
}

void add_certify(cli::Command& command, All& all) {
    auto& options = all.certify;
    auto& certify = command.subcommand(
        "certify", "sign a statement of the work delivered between two times, or check one",
        {"hp-stats certify pool.db --from '2026-08-01 12:00' --to '2026-08-01 18:00' --worker rig1 "
         "--key-file "
         "secrets/pool-authority.key >work.json",
         "hp-stats certify --check work.json --key 9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72"});
    add_database(certify, options.database, all.side);
    auto* check =
        certify.add_option("--check", all.certificate, "certificate to check; - is stdin")->type_name("FILE");
    certify.add_option("--key", all.key, "authority key that must have signed it")
        ->type_name("KEY")
        ->needs(check);
    auto* from = certify.add_option("--from", options.from, "begin, UTC, to the minute")->type_name("TIME");
    auto* to = certify.add_option("--to", options.to, "end, UTC, to the minute")->type_name("TIME");
    auto* worker = certify.add_option("--worker", options.worker, "only this worker's [all together]")
                       ->type_name("NAME");
    auto* key = certify.add_option("--key-file", options.key_file, "secret key to sign with, of mode 0600")
                    ->type_name("FILE");
    auto* network =
        certify
            .add_option("--network", options.network, "a published test key is taken on sim and regtest only")
            ->type_name("NAME");
    for (auto* option : {from, to, worker, key, network}) option->excludes(check);
}

void add_audit(cli::Command& command, All& all) {
    auto& options = all.audit;
    auto& audit = command.subcommand("audit",
                                     "hold the figures against the ledgers of pool and mint; exit 1 where "
                                     "the ledgers have less or disagree",
                                     {"hp-stats audit pool.db --pool outbox.db --mint mint.db"});
    add_database(audit, options.database, all.side);
    audit.add_option("--pool", options.pools, "the pool's outbox; may stand several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
    audit.add_option("--mint", options.mints, "a mint's ledger; may stand several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
    audit.add_flag("--strict", options.is_strict, "exit 1 also where the records have less");
    audit.add_flag("--json", options.json, "print one JSON object");
}

void add_schema(cli::Command& command, All& all) {
    auto& schema =
        command.subcommand("schema", "print what event records are, as JSON Schema (2020-12)",
                           {"hp-stats schema share_accepted", "hp-stats schema >records.schema.json"});
    auto* type = schema.add_option("TYPE", all.schema.type, "only the records of this type [all]");
    schema.add_flag("--man5", all.schema.is_manual, "print the tables of hp-records(5) instead")
        ->excludes(type);
}

void add_serve(cli::Command& command, All& all) {
    auto& serve = command.subcommand(
        "serve", "serve the figures over HTTP: JSON, and /metrics for Prometheus",
        {"hp-stats serve --config-dir d", "hp-stats serve pool.db --listen 127.0.0.1:9108"});
    add_database(serve, all.options.database, all.side);
    serve.add_option("--listen", all.listen, "HOST:PORT [key pool_stats_listen or proxy_stats_listen]")
        ->type_name("ADDRESS");
}

stats::Retention retention_of(const config::Stats& stats) {
    constexpr std::int64_t kMinute = 60, kDay = 86400;
    return {{stats.keep_1m_min * kMinute, stats.keep_5m_min * kMinute, stats.keep_1h_d * kDay,
             stats.keep_1d_d * kDay}};
}

Result<recordio::NoiseRecordOptions> noise_options(const cli::Command& command, const config::Stats& stats,
                                                   const config::Network& network, bool is_proxy) {
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

Result<> ingest(const All& all, const std::string& database, const cli::Command& command,
                const config::Stats& stats, const config::Network& network,
                const net::Protection& protection) {
    constexpr std::string_view kUnix = "unix:";
    const auto on_hangup = [&command] { command.reload_log(); };
    const auto wal_alarm_bytes = static_cast<std::uint64_t>(stats.wal_alarm_mib) << 20;
    const bool is_unix = all.input.starts_with(kUnix);
    if (!is_unix && !all.listen_records)
        return hp_stats::ingest(database, all.input.empty() ? "-" : all.input, retention_of(stats),
                                wal_alarm_bytes, on_hangup);
    hp_stats::CollectOptions options{database, retention_of(stats), {},        {},
                                     {},       wal_alarm_bytes,     on_hangup, protection};
    if (is_unix)
        options.unix_path = all.input.substr(kUnix.size());
    else if (!all.input.empty())
        options.pipe = all.input;
    if (all.listen_records) {
        HP_TRY(options.noise, noise_options(command, stats, network, all.side == "proxy"));
    }
    return hp_stats::collect(options);
}

}  // namespace

int main(int argc, char** argv) {
    All all;
    config::Stats stats;
    config::Network network;
    cli::Command command{{.name = "hp-stats",
                          .summary = "Keep time series of event records (man 5 hp-records), and print them.",
                          .examples = {"hp-pool --config-dir d --events - | hp-stats ingest --db pool.db",
                                       "hp-stats show pool.db", "hp-stats check pool.db --critical-age 60"}}};
    command.configure(stats);
    command.configure_when(
        [&] { return (command.app().got_subcommand("serve") && all.listen.empty()) || all.listen_records; },
        network);
    command.log_to_file_when(
        [&] { return command.app().got_subcommand("ingest") || command.app().got_subcommand("serve"); });
    add_ingest(command, all);
    add_show(command, all);
    add_at_verb(command, all);
    add_history(command, all);
    add_top(command, all);
    add_latency(command, all);
    add_check(command, all);
    add_truth(command, all);
    add_certify(command, all);
    add_audit(command, all);
    add_serve(command, all);
    add_schema(command, all);
    // To a monitor a plugin that cannot run is UNKNOWN, and 1 and 2 are states.
    const bool is_plugin = is_check(argc, argv);
    if (is_plugin) {
        command.on_error([&](const Error& error) -> std::optional<int> {
            return hp_stats::unknown(error.what, has_word(argc, argv, "--json"));
        });
    }
    const int code = command.run(argc, argv, [&]() -> Result<> {
        const auto is = [&](const char* verb) { return command.app().got_subcommand(verb); };
        std::string& database = is("check")     ? all.check.database
                                : is("truth")   ? all.truth.database
                                : is("certify") ? all.certify.database
                                : is("audit")   ? all.audit.database
                                                : all.options.database;
        const bool is_proxy = all.side == "proxy";
        if (is("schema")) return hp_stats::schema(all.schema);
        if (database.empty()) {
            database = is_proxy ? stats.proxy_database : stats.database;
            if (!stats::is_postgres_url(database)) database = command.resolve(database);
        }
        HP_TRY(const auto protection,
               net::Protection::from(network.sources_exempt, network.buffer_memory_mib));
        if (is("ingest")) return ingest(all, database, command, stats, network, protection);
        if (is("history")) return hp_stats::history(all.options);
        if (is("top")) return hp_stats::top(all.options);
        if (is("latency")) return hp_stats::latency(all.options);
        if (is("show") || is("at")) return hp_stats::show(all.options);
        if (is("truth")) {
            all.truth.format = all.options.format();
            return hp_stats::truth(all.truth);
        }
        if (is("audit")) {
            if (all.audit.pools.empty() && all.audit.mints.empty())
                return fail(Errc::usage, "expected --pool, --mint or both");
            return hp_stats::audit(all.audit);
        }
        if (is("certify")) {
            if (!all.certificate.empty()) {
                if (all.key.empty()) return fail(Errc::usage, "--check: expected --key with it");
                return hp_stats::check_certificate(all.certificate, all.key);
            }
            for (const auto& [option, value] : {std::pair{"--from", &all.certify.from},
                                                {"--to", &all.certify.to},
                                                {"--key-file", &all.certify.key_file}})
                if (value->empty()) return fail(Errc::usage, std::string("expected ") + option);
            return hp_stats::certify(all.certify);
        }
        if (is("serve")) {
            const auto& listen = is_proxy ? network.proxy_stats_listen : network.pool_stats_listen;
            return hp_stats::serve(
                {.database = database,
                 .listen = all.listen.empty() ? listen : all.listen,
                 .tokens_file = stats.tokens_file.empty() ? "" : command.resolve_secret(stats.tokens_file),
                 .metrics_workers_max = static_cast<std::size_t>(stats.metrics_workers),
                 .stale_after_s = stats.stale_after_s,
                 .on_hangup = [&] { command.reload_log(); },
                 .protection = protection});
        }
        all.exit_code = hp_stats::check(all.check);
        return {};
    });
    return code == 0 || (is_plugin && all.exit_code != 0) ? all.exit_code : code;
}
