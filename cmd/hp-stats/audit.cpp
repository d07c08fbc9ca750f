// hp-stats audit: compares the sums of records with the databases of pool and mint.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "audit/audit.hpp"
#include "options.hpp"
#include "records/names.hpp"

namespace hp::hp_stats {
namespace {

using namespace records::literals;

using audit::Wide;

struct AuditOptions {
    Where where;
    std::vector<std::string> pools{}, mints{};
    bool is_strict{false}, json{false};
};

struct Line {
    const char* name;
    Wide records;
    std::optional<Wide> ledger;
};

/// Records come after the ledger's commit and may be lost: that explains fewer, but not more.
const char* verdict(const Line& line) {
    return !line.ledger                   ? "unknown"
           : line.records == *line.ledger ? "same"
           : line.records < *line.ledger  ? "fewer"
                                          : "more";
}

std::vector<Line> lines_of(const stats::Snapshot& s, const audit::Totals& t) {
    const bool has_pool = t.pools > 0, has_mint = t.mints > 0;
    const auto pool = [&](Wide value) { return has_pool ? std::optional(value) : std::nullopt; };
    const auto mint = [&](Wide value) { return has_mint ? std::optional(value) : std::nullopt; };
    const auto shares = s.sum("share_accepted"_series), made = s.sum("mint_quotes_created"_series),
               issued = s.sum("ehash_issued"_series);
    std::vector<Line> out = {{"shares accepted", shares.count, pool(t.accepted)},
                             {"ehash of shares", shares.amount, pool(t.accepted_amount)},
                             {"shares refused by the mint", s.sum("quote_dead"_series).count, pool(t.dead)}};
    // The mint's own records, if they go into this database.
    if (made.count > 0 || issued.amount > 0) {
        out.push_back({"quotes created", made.count, mint(t.quotes)});
        out.push_back({"ehash in quotes", made.amount, mint(t.quoted)});
        out.push_back({"ehash issued", issued.amount, mint(t.issued)});
    }
    return out;
}

std::string json_of(const std::vector<Line>& lines, std::uint64_t dropped, bool agree) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const Line& line : lines)
        rows.push_back(
            {{"name", line.name},
             {"records", audit::to_text(line.records)},
             {"ledger", line.ledger ? nlohmann::ordered_json(audit::to_text(*line.ledger)) : nullptr},
             {"verdict", verdict(line)}});
    const nlohmann::ordered_json out = {
        {"ledgers_agree", agree}, {"records_dropped", dropped}, {"figures", rows}};
    return out.dump() + "\n";
}

std::string table_of(const std::vector<Line>& lines, std::uint64_t dropped) {
    std::string out;
    char row[160];
    std::snprintf(row, sizeof row, "%-28s %20s %20s  %s\n", "", "records", "ledger", "records are");
    out += row;
    for (const Line& line : lines) {
        std::snprintf(row, sizeof row, "%-28s %20s %20s  %s\n", line.name,
                      audit::to_grouped_text(line.records).c_str(),
                      line.ledger ? audit::to_grouped_text(*line.ledger).c_str() : "-", verdict(line));
        out += row;
    }
    if (dropped > 0) out += "records that their writers dropped: " + std::to_string(dropped) + "\n";
    return out;
}

Result<> compare(const AuditOptions& options, const std::string& database) {
    if (options.pools.empty() && options.mints.empty())
        return fail(Errc::usage, "expected --pool, --mint or both");
    // Records first: what they count is then already in the ledgers.
    HP_TRY(auto reader, stats::Reader::open(database));
    HP_TRY(const auto snapshot, reader.snapshot({}));
    audit::Places places;
    places.pools = options.pools;
    places.mints = options.mints;
    HP_TRY(const auto report, audit::audit(places));
    const auto lines = lines_of(snapshot, report.totals);
    const auto dropped = snapshot.sum("events_dropped"_series).count;
    std::fputs((options.json ? json_of(lines, dropped, report.ok()) : table_of(lines, dropped)).c_str(),
               stdout);
    if (!report.ok()) return fail(Errc::refused, "the ledgers do not agree", "hp-audit says where");
    for (const Line& line : lines) {
        const std::string_view said = verdict(line);
        if (said == "more")
            return fail(Errc::refused, std::string(line.name) + ": more records than in the ledger");
        if (said == "fewer" && options.is_strict)
            return fail(Errc::refused, std::string(line.name) + ": fewer records than in the ledger");
    }
    return {};
}

}  // namespace

cli::Verb audit(const Program& program) {
    return {
        .name = "audit",
        .summary =
            "hold the figures against the ledgers of pool and mint; exit 1 where the ledgers have less or "
            "disagree",
        .examples = {"hp-stats audit pool.db --pool outbox.db --mint mint.db"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<AuditOptions>();
            add_database(add, options->where);
            add.texts("--pool", options->pools, "the pool's outbox; may be repeated").value_name("FILE");
            add.texts("--mint", options->mints, "a mint's ledger; may be repeated").value_name("FILE");
            add.flag("--strict", options->is_strict, "exit 1 also where the records have less");
            add.json(options->json);
            return [&program, options] { return compare(*options, database_of(options->where, program)); };
        },
        .needs = cli::Needs::own_file,
    };
}

}  // namespace hp::hp_stats
