// hp-stats: time series out of event records.
#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "config/keys.hpp"
#include "verbs.hpp"

using namespace hp;

namespace {

constexpr std::int64_t kMinutesMax = 1'000'000;

struct Options {
    std::string database, input{"-"};
    hp_stats::ShowOptions show;
};

void add_ingest(cli::Command& command, Options& options) {
    auto& ingest = command.subcommand("ingest", "read event records and keep what they add up to",
                                      {"hp-pool --config-dir d --events - | hp-stats ingest --db pool.db",
                                       "hp-stats ingest --db pool.db events.jsonl"});
    ingest.add_option("FILE", options.input, "the records; - is stdin [-]");
    ingest.add_option("--db", options.database, "SQLite file, made when it is not there [key database]")
        ->type_name("FILE");
}

void add_show(cli::Command& command, Options& options) {
    auto& show =
        command.subcommand("show", "print the figures, also while ingest runs",
                           {"hp-stats show pool.db", "hp-stats show --db pool.db --minutes 10 --json"});
    auto* positional = show.add_option("DB", options.database, "SQLite file of ingest [key database]");
    show.add_option("--db", options.database, "the same")->type_name("FILE")->excludes(positional);
    show.add_option_function<std::int64_t>(
            "--minutes", [&](std::int64_t minutes) { options.show.minutes = minutes; },
            "only the last so many minutes of the records [all]")
        ->check(CLI::Range(std::int64_t{1}, kMinutesMax))
        ->type_name("N");
    show.add_flag("--json", options.show.json, "print one JSON object");
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    config::Stats stats;
    cli::Command command{{.name = "hp-stats",
                          .summary = "Keep time series of event records (man 5 hp-records), and print them.",
                          .examples = {"hp-pool --config-dir d --events - | hp-stats ingest --db pool.db",
                                       "hp-stats show pool.db"}}};
    command.configure(stats);
    add_ingest(command, options);
    add_show(command, options);
    return command.run(argc, argv, [&]() -> Result<> {
        const std::string database =
            options.database.empty() ? command.resolve(stats.database) : options.database;
        if (command.app().got_subcommand("ingest")) return hp_stats::ingest(database, options.input);
        options.show.database = database;
        return hp_stats::show(options.show);
    });
}
