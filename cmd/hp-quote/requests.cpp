// hp-quote decode request: the bodies that a wallet sends to the mint.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "cashu/nut20.hpp"
#include "cashu/nut29.hpp"
#include "crypto/sha256.hpp"
#include "decode.hpp"
#include "input.hpp"

namespace hp::hp_quote {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBodySizeMax = 8u << 20;

template <class T>
Result<T> or_error(cashu::Answer<T> answer) {
    if (!answer) return fail(Errc::invalid, std::move(answer).error().detail);
    return *std::move(answer);
}

/// Proofs or outputs: their number, sum and keysets.
template <class Items>
Result<Json> sum_json(const Items& items, const char* what) {
    const auto sum = cashu::sum_amounts(items);
    if (!sum) return fail(Errc::invalid, std::string(what) + " add up to more than 2^64 - 1");
    std::set<std::string> keysets;
    for (const auto& item : items) keysets.insert(item.id.hex());
    return Json{{"count", items.size()}, {"amount", *sum}, {"keysets", keysets}};
}

/// What the quote's owner has to sign (NUT-20, version 1).
std::string message_hash(const std::string& quote, const std::vector<cashu::BlindedMessage>& outputs) {
    return to_hex(crypto::sha256(cashu::mint_message(cashu::MintMessageForm::v1, quote, outputs)));
}

Json quote_json(const std::string& quote, const std::vector<cashu::BlindedMessage>& outputs, bool is_signed) {
    return {
        {"quote", quote}, {"is_signed", is_signed}, {"nut20_message_sha256", message_hash(quote, outputs)}};
}

Result<Json> mint_json(const std::string& body) {
    HP_TRY(const auto request, or_error(cashu::mint_request_from_json(body)));
    HP_TRY(const auto outputs, sum_json(request.outputs, "outputs"));
    return Json{
        {"what", "body of POST /v1/mint/ehash"},
        {"quotes", Json::array({quote_json(request.quote, request.outputs, request.signature.has_value())})},
        {"outputs", outputs}};
}

Result<Json> batch_json(const std::string& body) {
    HP_TRY(const auto request, or_error(cashu::batch_mint_request_from_json(body)));
    HP_TRY(const auto outputs, sum_json(request.outputs, "outputs"));
    Json quotes = Json::array();
    for (std::size_t i = 0; i < request.quotes.size(); ++i) {
        const bool is_signed = i < request.signatures.size() && request.signatures[i].has_value();
        quotes.push_back(quote_json(request.quotes[i], request.outputs, is_signed));
        if (request.quote_amounts && i < request.quote_amounts->size())
            quotes.back()["amount"] = (*request.quote_amounts)[i];
    }
    return Json{{"what", "body of POST /v1/mint/ehash/batch"}, {"quotes", quotes}, {"outputs", outputs}};
}

Result<Json> swap_json(const std::string& body) {
    HP_TRY(const auto request, or_error(cashu::swap_request_from_json(body)));
    HP_TRY(const auto inputs, sum_json(request.inputs, "inputs"));
    HP_TRY(const auto outputs, sum_json(request.outputs, "outputs"));
    const auto in = inputs["amount"].get<std::uint64_t>(), out = outputs["amount"].get<std::uint64_t>();
    // The difference, left for the mint; the mint refuses more outputs than inputs.
    return Json{{"what", "body of POST /v1/swap"},
                {"inputs", inputs},
                {"outputs", outputs},
                {"fee", in >= out ? Json(in - out) : Json(nullptr)}};
}

}  // namespace

Result<> decode_request(const std::string& text) {
    HP_TRY(const auto body, text_or_stdin(text, kBodySizeMax));
    HP_TRY(const auto parsed, cashu::parse_json(body));
    const auto read = [&]() -> Result<Json> {
        if (parsed.find("inputs")) return swap_json(body);
        if (parsed.find("quotes")) return batch_json(body);
        if (parsed.find("quote")) return mint_json(body);
        return fail(Errc::invalid,
                    "not the body of a mint, batch mint or swap request: it has none of 'quote', 'quotes' "
                    "and 'inputs'");
    };
    HP_TRY(const auto out, read());
    std::printf("%s\n", out.dump(-1, ' ', true, Json::error_handler_t::replace).c_str());
    return {};
}

}  // namespace hp::hp_quote
