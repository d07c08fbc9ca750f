#include "stats/names.hpp"

#include "base/bytes.hpp"
#include "config/declared.hpp"
#include "stats/rules.hpp"

namespace hp::stats {
namespace {

Result<> known_or_fail(const std::string& what, const std::string& name,
                       const std::vector<std::string>& known) {
    if (std::ranges::find(known, name) != known.end()) return {};
    return fail(Errc::refused, "there is no " + what + " '" + printable(name, 80) + "'",
                printable(config::did_you_mean(name, known)));
}

}  // namespace

Result<> check_label(Reader& reader, const std::string& series, const std::string& label) {
    HP_TRY(const auto known, reader.label_names(series));
    const auto* declared = find_series(series);
    const std::string field = !declared || declared->label.empty() ? "label" : std::string(declared->label);
    return known_or_fail(field + " of " + series, label, known);
}

Result<> check_names(Reader& reader, const HistoryQuery& query) {
    if (query.is_gauge) {
        HP_TRY(const auto known, reader.gauge_names());
        return known_or_fail("field of status records", query.name, known);
    }
    HP_TRY(auto known, reader.series_names());
    for (const auto& series : all_series()) known.emplace_back(series.name);
    HP_DO(known_or_fail("series", query.name, known));
    return query.label ? check_label(reader, query.name, *query.label) : Result<>{};
}

}  // namespace hp::stats
