#include "options.hpp"

#include "stats/sql.hpp"

namespace hp::hp_stats {

cli::Option add_side(cli::Options& add, Where& where) {
    return add.text("--side", where.side, "which database of the configuration: pool or proxy [pool]")
        .value_name("SIDE")
        .one_of({"pool", "proxy"});
}

void add_database(cli::Options& add, Where& where) {
    const auto argument = add.text("DB", where.database, "SQLite file of ingest [key database]");
    auto option = add.text("--db", where.database, "the same").value_name("FILE").excludes(argument);
    add_side(add, where).excludes(argument).excludes(option);
}

std::string database_of(const Where& where, const Program& program) {
    if (!where.database.empty()) return where.database;
    const auto& key = where.is_proxy() ? program.stats.proxy_database : program.stats.database;
    return stats::is_postgres_url(key) ? key : program.command.resolve(key);
}

cli::Option add_minutes(cli::Options& add, Window& window, const std::string& help) {
    return add.whole("--minutes", window.minutes, help, 1, kMinutesMax);
}

void add_at(cli::Options& add, Window& window) {
    add.text("--at", window.at, "as it was at this time, with or without a zone (UTC) [now]")
        .value_name("TIME");
}

void add_formats(cli::Options& add, Form& form) {
    const auto json = add.json(form.json);
    add.flag("--csv", form.csv, "print CSV with a head").excludes(json);
}

}  // namespace hp::hp_stats
