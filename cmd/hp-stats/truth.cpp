// hp-stats truth: compares measured and claimed hash rate.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "options.hpp"
#include "records/names.hpp"
#include "stats/names.hpp"
#include "stats/truth.hpp"

namespace hp::hp_stats {
namespace {

using namespace records::literals;

struct TruthOptions {
    Where where;
    Window window;
    std::vector<std::string> claims{};  ///< stats::claim_from_text; empty: what channels announced
    double sigma_max{4};
    Form form;
};

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
    HP_TRY(const auto snapshot, reader.snapshot(options.window.minutes));
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

Result<> hold_against(const TruthOptions& options, const std::string& database) {
    HP_TRY(auto reader, stats::Reader::open(database));
    HP_TRY(const auto truths, options.claims.empty() ? announced(reader) : claimed(reader, options));
    std::fputs(stats::truth_text(truths, options.sigma_max, options.form.format()).c_str(), stdout);
    std::size_t apart = 0;
    for (const auto& one : truths) apart += stats::parts(one, options.sigma_max);
    if (apart == 0) return {};
    return fail(Errc::refused, std::to_string(apart) + " of " + std::to_string(truths.size()) +
                                   " claims do not fit the accepted work");
}

}  // namespace

cli::Verb truth(const Program& program) {
    return {
        .name = "truth",
        .summary = "hold claimed hash rates against the accepted work; exit 1 where they do not fit",
        .examples = {"hp-stats truth pool.db --minutes 60 --claim rig1=110T --claim 2.5P",
                     "hp-stats truth pool.db --sigma 5"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<TruthOptions>();
            add_database(add, options->where);
            const auto claim = add.texts("--claim", options->claims,
                                         "[WORKER=]HPS: what a worker, or all together, should do; may be "
                                         "repeated [what each SV2 channel announced]")
                                   .value_name("CLAIM");
            add_minutes(add, options->window, "window of the records for --claim [all]").needs(claim);
            add.number("--sigma", options->sigma_max, "how far luck may carry them apart [4]", 0.1, 30);
            add_formats(add, options->form);
            return
                [&program, options] { return hold_against(*options, database_of(options->where, program)); };
        },
        .needs = cli::Needs::own_file,
    };
}

}  // namespace hp::hp_stats
