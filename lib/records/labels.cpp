// The known words and codes of fields, taken from where each is declared.
#include "cashu/errors.hpp"
#include "records/field.hpp"
#include "sv2/link.hpp"
#include "wire/connection_refusal.hpp"
#include "wire/share_refusal.hpp"

namespace hp::records {
namespace {

using Texts = std::vector<std::string>;

}  // namespace

Labels truth_labels() {
    static const Texts all{"false", "true"};
    return all;
}

Labels share_refusal_labels() {
    static const Texts all = [] {
        Texts out;
        for (const auto& one : wire::share_refusals()) out.emplace_back(one.word);
        return out;
    }();
    return all;
}

Labels setup_refusal_labels() {
    static const Texts all{wire::setup_refusal::kAll.begin(), wire::setup_refusal::kAll.end()};
    return all;
}

Labels channel_refusal_labels() {
    static const Texts all{wire::channel_refusal::kAll.begin(), wire::channel_refusal::kAll.end()};
    return all;
}

Labels quote_error_labels() {
    using sv2::link::QuoteErrorCode;
    static const Texts all = [] {
        Texts out;
        for (auto code = static_cast<int>(QuoteErrorCode::malformed);
             code <= static_cast<int>(QuoteErrorCode::storage); ++code)
            out.push_back(std::to_string(code));
        return out;
    }();
    return all;
}

/// 0 is for answers without a code, such as 404 and 405.
Labels cashu_error_labels() {
    static const Texts all = [] {
        Texts out{"0"};
        for (const cashu::Code code : cashu::all_codes())
            out.push_back(std::to_string(static_cast<int>(code)));
        return out;
    }();
    return all;
}

}  // namespace hp::records
