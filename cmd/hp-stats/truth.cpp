// hp-stats truth: compares measured and claimed hash rate.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "records/names.hpp"
#include "stats/names.hpp"
#include "stats/truth.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {
namespace {

using namespace records::literals;

double number_in(const nlohmann::json& record, const char* field) {
    const auto found = record.find(field);
    return found != record.end() && found->is_number() ? found->get<double>() : 0;
}

/// The hash rate announced for channels, with the work they did.
Result<std::vector<stats::Truth>> announced(stats::Reader& reader) {
    std::vector<stats::Truth> out;
    constexpr std::int64_t kPage = 1'000;
    for (stats::LiveQuery query{.source = "hp-pool", .limit = kPage};; query.offset += kPage) {
        HP_TRY(const auto page, reader.channels(query));
        for (const auto& row : page.items) {
            const auto record = nlohmann::json::parse(row.json, nullptr, false);
            const auto worker = record.is_object() ? record.find("worker") : record.end();
            if (worker == record.end() || !worker->is_string()) continue;
            const double claimed_hps = number_in(record, "nominal_hash_rate_hps");
            const double seconds = number_in(record, "window_s");
            if (claimed_hps <= 0 || seconds < 1) continue;
            // The row has its work per second, and so a share's work too.
            const double work_of_one = number_in(record, "difficulty") * stats::kHashesOfDifficulty / seconds;
            out.push_back(
                stats::truth_of({worker->get<std::string>(), claimed_hps}, row.rate, 1, work_of_one));
        }
        if (query.offset + kPage >= page.total) return out;
    }
}

Result<std::vector<stats::Truth>> claimed(stats::Reader& reader, const TruthOptions& options) {
    HP_TRY(const auto snapshot, reader.snapshot(options.minutes));
    if (snapshot.records == 0) return fail(Errc::refused, "the database has no records");
    std::vector<stats::Truth> out;
    const stats::Sums all = snapshot.sum("share_accepted"_series);
    const double mean = all.count > 0 ? all.work_hashes / static_cast<double>(all.count) : 0;
    for (const auto& text : options.claims) {
        HP_TRY(const auto claim, stats::claim_from_text(text));
        stats::Sums shares = all;
        if (claim.worker) {
            HP_DO(stats::check_label(reader, "share_accepted", *claim.worker));
            const auto& labels = snapshot.labels("share_accepted"_series);
            const auto found = labels.find(*claim.worker);
            shares = found == labels.end() ? stats::Sums{} : found->second;
        }
        out.push_back(stats::truth_of(claim, shares, snapshot.seen_seconds(), mean));
    }
    return out;
}

}  // namespace

Result<> truth(const TruthOptions& options) {
    HP_TRY(auto reader, stats::Reader::open(options.database));
    HP_TRY(const auto truths, options.claims.empty() ? announced(reader) : claimed(reader, options));
    std::fputs(stats::truth_text(truths, options.sigma_max, options.format).c_str(), stdout);
    std::size_t apart = 0;
    for (const auto& one : truths) apart += stats::parts(one, options.sigma_max);
    if (apart == 0) return {};
    return fail(Errc::refused, std::to_string(apart) + " of " + std::to_string(truths.size()) +
                                   " claims do not fit the accepted work");
}

}  // namespace hp::hp_stats
