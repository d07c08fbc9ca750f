#include "cashu/nut04.hpp"

#include "cashu/nut20.hpp"

namespace hp::cashu {

QuoteState state_of(const Quote& quote) {
    if (quote.amount_paid == 0 && quote.amount_issued == 0) return QuoteState::unpaid;
    return quote.amount_paid > quote.amount_issued ? QuoteState::paid : QuoteState::issued;
}

void append_json(std::string& out, const Quote& quote) {
    out += "{\"quote\":";
    append_json_string(out, quote.id);
    out += ",\"request\":";
    append_json_string(out, quote.request);
    out += ",\"method\":";
    append_json_string(out, quote.method);
    out += ",\"unit\":";
    append_json_string(out, quote.unit);
    out += ",\"amount\":";
    append_decimal(out, quote.amount);
    out += ",\"amount_paid\":";
    append_decimal(out, quote.amount_paid);
    out += ",\"amount_issued\":";
    append_decimal(out, quote.amount_issued);
    out += ",\"updated_at\":";
    append_decimal(out, static_cast<std::uint64_t>(quote.updated_at));
    out += ",\"expiry\":";
    if (quote.expiry)
        append_decimal(out, static_cast<std::uint64_t>(*quote.expiry));
    else
        out += "null";
    if (quote.pubkey) {
        out += ",\"pubkey\":";
        append_json_hex(out, *quote.pubkey);
    }
    if (quote.held_since) {
        out += ",\"held_since\":";
        append_decimal(out, static_cast<std::uint64_t>(*quote.held_since));
    }
    out += '}';
}

std::string to_json(const Quote& quote) {
    std::string out;
    append_json(out, quote);
    return out;
}

std::string quotes_json(std::span<const Quote> quotes) {
    std::string out;
    append_json_list(out, quotes, [&](const Quote& quote) { append_json(out, quote); });
    return out;
}

namespace {

Result<UnixSeconds> need_time(const JsonValue& value, std::string_view name) {
    HP_TRY(auto seconds, value.need_integer(name));
    if (seconds > static_cast<std::uint64_t>(INT64_MAX))
        return fail(Errc::invalid, std::string(name) + ": too large");
    return static_cast<UnixSeconds>(seconds);
}

}  // namespace

Result<Quote> quote_from_json(const JsonValue& value) {
    Quote out;
    HP_TRY(out.id, value.need_string("quote"));
    HP_TRY(out.amount_paid, value.need_integer("amount_paid"));
    HP_TRY(out.amount_issued, value.need_integer("amount_issued"));
    for (auto [name, into] :
         {std::pair{"request", &out.request}, {"method", &out.method}, {"unit", &out.unit}})
        if (value.find(name)) {
            HP_TRY(*into, value.need_string(name));
        }
    if (value.find("amount")) {
        HP_TRY(out.amount, value.need_integer("amount"));
    }
    if (value.find("updated_at")) {
        HP_TRY(out.updated_at, need_time(value, "updated_at"));
    }
    if (value.find("expiry")) {
        HP_TRY(out.expiry, need_time(value, "expiry"));
    }
    if (value.find("held_since")) {
        HP_TRY(out.held_since, need_time(value, "held_since"));
    }
    if (const JsonValue* key = value.find("pubkey");
        key && !(key->kind == JsonValue::Kind::string && key->string.empty())) {
        HP_TRY(auto point, value.need_hex<33>("pubkey"));
        if (!crypto::is_valid_public_key(point))
            return fail(Errc::invalid, "pubkey: not a compressed point of the curve");
        out.pubkey = point;
    }
    return out;
}

Result<Quote> quote_from_json(std::string_view body) {
    HP_TRY(auto json, parse_json(body));
    return quote_from_json(json);
}

Result<std::vector<Quote>> quotes_from_json(const JsonValue& list) {
    if (list.kind != JsonValue::Kind::array) return fail(Errc::invalid, "expected an array of quotes");
    std::vector<Quote> out;
    for (const JsonValue& item : list.items) {
        auto quote = quote_from_json(item);
        if (!quote) return fail(inside("quotes", out.size(), std::move(quote).error()));
        out.push_back(*std::move(quote));
    }
    return out;
}

Result<std::vector<Quote>> quotes_from_json(std::string_view body) {
    HP_TRY(auto json, parse_json(body));
    return quotes_from_json(json);
}

Answer<MintRequest> mint_request_from_json(std::string_view body) {
    HP_TRY(auto json, or_malformed(parse_json(body)));
    MintRequest out;
    HP_TRY(out.quote, or_malformed(json.need_string("quote")));
    HP_TRY(out.outputs, outputs_from_json(json));
    if (json.find("signature")) {
        HP_TRY(out.signature, or_malformed(json.need_string("signature")));
    }
    return out;
}

std::string to_json(const MintRequest& request) {
    std::string out = "{\"quote\":";
    append_json_string(out, request.quote);
    out += ",\"outputs\":";
    append_json_list(out, request.outputs, [&](const BlindedMessage& output) { append_json(out, output); });
    if (request.signature) {
        out += ",\"signature\":";
        append_json_string(out, *request.signature);
    }
    out += '}';
    return out;
}

CashuError unknown_quote(std::string_view id) {
    return {Code::unspecified, "quote '" + printable(id, 64) + "' is unknown"};
}

Answer<> check_mintable(const Quote& quote, UnixSeconds now) {
    if (quote.mintable() > 0) return {};
    if (quote.amount_paid > 0) return refuse(Code::quote_already_issued);
    if (quote.expiry && *quote.expiry <= now) return refuse(Code::quote_expired);
    return refuse(Code::quote_not_paid);
}

Answer<> check_quote_signature(const Quote& quote, std::span<const BlindedMessage> outputs,
                               const std::optional<std::string>& signature, const MintPolicy& policy) {
    if (!quote.pubkey) {
        if (!signature) return {};
        return refuse(Code::signature_invalid,
                      "quote '" + quote.id + "' is not locked and must not have a signature");
    }
    if (!signature)
        return refuse(Code::signature_invalid, "quote '" + quote.id + "' is locked and needs a signature");
    auto bytes = array_from_hex<64>(*signature);
    bool good = bytes && (verify_mint(*quote.pubkey, *bytes, quote.id, outputs, MintMessageForm::v1) ||
                          (policy.legacy_signatures &&
                           verify_mint(*quote.pubkey, *bytes, quote.id, outputs, MintMessageForm::legacy)));
    if (!good)
        return refuse(Code::signature_invalid, "the signature for quote '" + quote.id + "' does not verify");
    return {};
}

Answer<std::uint64_t> check_mint(const MintRequest& request, const Quote& quote, const MintKeysets& keysets,
                                 const MintPolicy& policy, UnixSeconds now) {
    // An id spelled differently (upper case) may have found the row, but is not what the wallet signed.
    if (request.quote != quote.id) return tl::unexpected(unknown_quote(request.quote));
    HP_TRY(auto outputs, check_outputs(request.outputs, keysets, now));
    if (outputs.unit != quote.unit)
        return refuse(Code::unit_not_supported,
                      "the outputs are of unit '" + outputs.unit + "', the quote of '" + quote.unit + "'");
    HP_DO(check_mintable(quote, now));
    HP_DO(check_quote_signature(quote, request.outputs, request.signature, policy));
    if (outputs.sum > quote.mintable())
        return refuse(Code::not_balanced, "the outputs are " + std::to_string(outputs.sum) + ", but only " +
                                              std::to_string(quote.mintable()) + " can be minted");
    return outputs.sum;
}

}  // namespace hp::cashu
