// hp-quote decode token.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cashu/tokens.hpp"
#include "decode.hpp"
#include "input.hpp"

namespace hp::hp_quote {
namespace {

using Json = nlohmann::ordered_json;

struct ReadToken {
    std::string form;
    cashu::Token token;
};

/// Text of either version, the raw bytes, or the raw bytes as hex.
Result<ReadToken> read_token(const std::string& text) {
    constexpr std::string_view kRaw = "craw", kRawHex = "63726177";
    if (text.starts_with(kRaw)) {
        HP_TRY(auto token, cashu::decode_token_raw(as_bytes(text)));
        return ReadToken{"raw", std::move(token)};
    }
    if (text.starts_with(kRawHex)) {
        HP_TRY(const auto bytes, from_hex(text.substr(0, text.find_last_not_of(" \t\r\n") + 1)));
        HP_TRY(auto token, cashu::decode_token_raw(bytes));
        return ReadToken{"raw", std::move(token)};
    }
    HP_TRY(auto token, cashu::decode_token(text));
    // Whatever surrounds it, the version follows the first of these.
    const bool is_v3 =
        std::min(text.find("ashuA"), text.find("ASHUA")) < std::min(text.find("ashuB"), text.find("ASHUB"));
    return ReadToken{is_v3 ? "V3" : "V4", std::move(token)};
}

Json proof_json(const cashu::Proof& proof, bool secrets) {
    Json out = {{"amount", proof.amount},
                {"id", proof.id.hex()},
                {"secret", proof.secret},
                {"C", to_hex(proof.C)},
                {"Y", to_hex(cashu::y_of(proof.secret))}};
    if (proof.witness) out["witness"] = *proof.witness;
    if (proof.dleq) {
        out["dleq"] = {{"e", to_hex(proof.dleq->e)}, {"s", to_hex(proof.dleq->s)}};
        if (secrets) out["dleq"]["r"] = to_hex(proof.dleq->r);
    }
    return out;
}

}  // namespace

Result<> decode_token(const std::string& text, bool secrets) {
    HP_TRY(const auto read, text_or_stdin(text, cashu::kTokenSizeMax).and_then(read_token));
    const auto& token = read.token;
    if (token.dleqs_dropped > 0)
        std::fprintf(stderr,
                     "hp-quote: warning: the DLEQ of %zu of the token's proofs lacks r, and proves nothing: "
                     "left out\n",
                     token.dleqs_dropped);
    const auto sum = cashu::sum_amounts(token.proofs);
    if (!sum) return fail(Errc::invalid, "the amounts of the token's proofs add up to more than 2^64 - 1");
    Json out = {{"form", read.form},  {"mint", token.mint},
                {"unit", token.unit}, {"memo", token.memo ? Json(*token.memo) : Json(nullptr)},
                {"amount", *sum},     {"proofs", Json::array()}};
    for (const auto& proof : token.proofs) out["proofs"].push_back(proof_json(proof, secrets));
    std::printf("%s\n", out.dump(-1, ' ', true, Json::error_handler_t::replace).c_str());
    return {};
}

}  // namespace hp::hp_quote
