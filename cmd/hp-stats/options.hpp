// Options that several verbs have.
#pragma once
#include "stats/history_text.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {

inline constexpr std::int64_t kMinutesMax = 10'000'000;

/// Which database.
struct Where {
    std::string database;  ///< empty: that of the side
    std::string side{"pool"};
    bool is_proxy() const { return side == "proxy"; }
};
/// DB, --db and --side.
void add_database(cli::Options& add, Where& where);
cli::Option add_side(cli::Options& add, Where& where);
/// The file, or PostgreSQL's URL.
std::string database_of(const Where& where, const Program& program);

/// Of a window of the records.
struct Window {
    std::optional<std::int64_t> minutes{};
    std::string at;  ///< as stats::time_from_text takes it; empty: now
};
cli::Option add_minutes(cli::Options& add, Window& window, const std::string& help);
void add_at(cli::Options& add, Window& window);

struct Form {
    bool json{false}, csv{false};
    stats::Format format() const {
        return json ? stats::Format::json : csv ? stats::Format::csv : stats::Format::table;
    }
};
/// --json and --csv.
void add_formats(cli::Options& add, Form& form);

}  // namespace hp::hp_stats
