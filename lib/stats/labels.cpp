#include "stats/labels.hpp"

#include <map>
#include <vector>

#include "cashu/errors.hpp"
#include "sv2/link.hpp"
#include "wire/connection_refusal.hpp"
#include "wire/share_refusal.hpp"

namespace hp::stats {
namespace {

using Labels = std::vector<std::string>;

Labels share_labels() {
    Labels out;
    for (const auto& one : wire::share_refusals()) out.emplace_back(one.word);
    return out;
}

Labels quote_error_labels() {
    using sv2::link::QuoteErrorCode;
    Labels out;
    for (auto code = static_cast<int>(QuoteErrorCode::malformed);
         code <= static_cast<int>(QuoteErrorCode::storage); ++code)
        out.push_back(std::to_string(code));
    return out;
}

/// 0 is for answers without a code, as 404 and 405.
Labels cashu_labels() {
    Labels out{"0"};
    for (const cashu::Code code : cashu::all_codes()) out.push_back(std::to_string(static_cast<int>(code)));
    return out;
}

}  // namespace

std::span<const std::string> known_labels(std::string_view series) {
    namespace setup = wire::setup_refusal;
    namespace channel = wire::channel_refusal;
    static const Labels truths{"false", "true"};
    static const Labels setups{setup::kAll.begin(), setup::kAll.end()};
    static const Labels channels{channel::kAll.begin(), channel::kAll.end()};
    static const std::map<std::string_view, Labels> all{
        {"share_rejected", share_labels()},
        {"miner_share_rejected", share_labels()},
        {"quote_dead", quote_error_labels()},
        {"request_refused", cashu_labels()},
        {"quote_created", truths},
        {"block_submitted", truths},
        {"block_moved", truths},
        {"setup_refused", setups},
        {"upstream_refused", setups},
        {"channel_refused", channels},
        {"miner_channel_refused", channels},
    };
    const auto found = all.find(series);
    return found == all.end() ? std::span<const std::string>{} : found->second;
}

}  // namespace hp::stats
