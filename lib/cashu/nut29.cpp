#include "cashu/nut29.hpp"

namespace hp::cashu {
namespace {

Answer<std::vector<std::string>> ids_from_json(const JsonValue& request) {
    HP_TRY(auto items, or_malformed(request.need_array("quotes")));
    std::vector<std::string> out;
    for (const JsonValue& item : *items) {
        if (item.kind != JsonValue::Kind::string)
            return refuse(Code::unspecified, "quotes[" + std::to_string(out.size()) + "]: expected a string");
        out.push_back(item.string);
    }
    return out;
}

Answer<> check_ids(std::span<const std::string> ids, std::size_t max) {
    if (ids.size() > max)
        return refuse(Code::batch_too_large,
                      "at most " + std::to_string(max) + " quotes, got " + std::to_string(ids.size()));
    if (ids.empty()) return refuse(Code::not_balanced, "there are no quotes");
    std::vector<std::string_view> sorted(ids.begin(), ids.end());
    std::sort(sorted.begin(), sorted.end());
    auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end())
        return refuse(Code::duplicate_quotes, "quote '" + printable(*twice, 64) + "' appears twice");
    return {};
}

void append_ids(std::string& out, std::span<const std::string> ids) {
    out += "\"quotes\":";
    append_json_list(out, ids, [&](const std::string& id) { append_json_string(out, id); });
}

}  // namespace

Answer<CheckQuotesRequest> check_quotes_request_from_json(std::string_view body, std::size_t max) {
    HP_TRY(auto json, or_malformed(parse_json(body)));
    CheckQuotesRequest out;
    HP_TRY(out.quotes, ids_from_json(json));
    HP_DO(check_ids(out.quotes, max));
    return out;
}

std::string to_json(const CheckQuotesRequest& request) {
    std::string out = "{";
    append_ids(out, request.quotes);
    out += '}';
    return out;
}

Answer<BatchMintRequest> batch_mint_request_from_json(std::string_view body) {
    HP_TRY(auto json, or_malformed(parse_json(body)));
    BatchMintRequest out;
    HP_TRY(out.quotes, ids_from_json(json));
    if (json.find("quote_amounts")) {
        HP_TRY(auto items, or_malformed(json.need_array("quote_amounts")));
        out.quote_amounts.emplace();
        for (const JsonValue& item : *items) {
            if (item.kind != JsonValue::Kind::integer)
                return refuse(Code::unspecified, "quote_amounts[" +
                                                     std::to_string(out.quote_amounts->size()) +
                                                     "]: expected an unsigned integer");
            out.quote_amounts->push_back(item.integer);
        }
    }
    HP_TRY(out.outputs, outputs_from_json(json));
    if (json.find("signatures")) {
        HP_TRY(auto items, or_malformed(json.need_array("signatures")));
        for (const JsonValue& item : *items) {
            if (!item.is_null() && item.kind != JsonValue::Kind::string)
                return refuse(Code::unspecified, "signatures[" + std::to_string(out.signatures.size()) +
                                                     "]: expected a string or null");
            out.signatures.push_back(item.is_null() ? std::nullopt : std::optional(item.string));
        }
    }
    return out;
}

std::string to_json(const BatchMintRequest& request) {
    std::string out = "{";
    append_ids(out, request.quotes);
    if (request.quote_amounts) {
        out += ",\"quote_amounts\":";
        append_json_list(out, *request.quote_amounts,
                         [&](std::uint64_t amount) { append_decimal(out, amount); });
    }
    out += ",\"outputs\":";
    append_json_list(out, request.outputs, [&](const BlindedMessage& output) { append_json(out, output); });
    if (!request.signatures.empty()) {
        out += ",\"signatures\":";
        append_json_list(out, request.signatures, [&](const std::optional<std::string>& signature) {
            if (signature)
                append_json_string(out, *signature);
            else
                out += "null";
        });
    }
    out += '}';
    return out;
}

Answer<> check_batch_form(const BatchMintRequest& request, const MintPolicy& policy) {
    HP_DO(check_ids(request.quotes, policy.batch_size_max));
    if (request.quote_amounts && request.quote_amounts->size() != request.quotes.size())
        return refuse(Code::unspecified, "quote_amounts has " +
                                             std::to_string(request.quote_amounts->size()) + " entries for " +
                                             std::to_string(request.quotes.size()) + " quotes");
    if (!request.signatures.empty() && request.signatures.size() != request.quotes.size())
        return refuse(Code::signature_invalid, "signatures has " + std::to_string(request.signatures.size()) +
                                                   " entries for " + std::to_string(request.quotes.size()) +
                                                   " quotes");
    return {};
}

Answer<std::vector<std::uint64_t>> check_batch_mint(const BatchMintRequest& request,
                                                    std::span<const Quote> quotes, const MintKeysets& keysets,
                                                    const MintPolicy& policy, UnixSeconds now) {
    HP_DO(check_batch_form(request, policy));
    HP_ASSERT(quotes.size() == request.quotes.size());
    for (std::size_t i = 0; i < quotes.size(); ++i)
        if (quotes[i].id != request.quotes[i]) return tl::unexpected(unknown_quote(request.quotes[i]));
    HP_TRY(auto outputs, check_outputs(request.outputs, keysets, now));
    for (const Quote& quote : quotes)
        if (quote.unit != quotes.front().unit)
            return refuse(Code::unit_mismatch, "the quotes have different units");
    if (outputs.unit != quotes.front().unit)
        return refuse(Code::unit_not_supported, "the outputs are of unit '" + outputs.unit +
                                                    "', the quotes of '" + quotes.front().unit + "'");
    for (std::size_t i = 0; i < quotes.size(); ++i) {
        if (auto mintable = check_mintable(quotes[i], now); !mintable)
            return refuse(mintable.error().code, "quote '" + quotes[i].id + "': " + mintable.error().detail);
    }
    for (std::size_t i = 0; i < quotes.size(); ++i)
        HP_DO(check_quote_signature(quotes[i], request.outputs,
                                    request.signatures.empty() ? std::nullopt : request.signatures[i],
                                    policy));
    std::vector<std::uint64_t> issue;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < quotes.size(); ++i) {
        std::uint64_t amount = request.quote_amounts ? (*request.quote_amounts)[i] : quotes[i].mintable();
        if (amount == 0 || amount > quotes[i].mintable())
            return refuse(Code::not_balanced, "quote '" + quotes[i].id + "': " + std::to_string(amount) +
                                                  " requested, " + std::to_string(quotes[i].mintable()) +
                                                  " can be minted");
        if (__builtin_add_overflow(sum, amount, &sum))
            return refuse(Code::not_balanced, "the quotes' sum is above 2^64 - 1");
        issue.push_back(amount);
    }
    if (sum != outputs.sum)
        return refuse(Code::not_balanced, "the outputs are " + std::to_string(outputs.sum) +
                                              ", the quotes give " + std::to_string(sum));
    return issue;
}

}  // namespace hp::cashu
