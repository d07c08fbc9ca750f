#include "cashu/quote_lookup.hpp"

#include "crypto/sha256.hpp"

namespace hp::cashu {
namespace {

/// One answer may have many more values than other documents.
constexpr std::size_t kLookupValuesMax = 1u << 20;

Bytes32 digest(const PublicKey33& mint_key, const PublicKey33& key, std::optional<UnixSeconds> timestamp) {
    return crypto::sha256(as_bytes(lookup_message(mint_key, key, timestamp)));
}

}  // namespace

Answer<LookupRequest> lookup_request_from_json(std::string_view body) {
    HP_TRY(auto json, or_malformed(parse_json(body)));
    LookupRequest out;
    HP_TRY(auto keys, or_malformed(json.need_array("pubkeys")));
    HP_TRY(auto signatures, or_malformed(json.need_array("pubkey_signatures")));
    if (keys->size() > kLookupKeysMax)
        return refuse(Code::batch_too_large, "at most " + std::to_string(kLookupKeysMax) + " keys, got " +
                                                 std::to_string(keys->size()));
    for (const JsonValue& item : *keys) {
        PublicKey33 key;
        bool good = item.kind == JsonValue::Kind::string && from_hex_into(item.string, key) &&
                    crypto::is_valid_public_key(key);
        if (!good)
            return refuse(Code::unspecified, "pubkeys[" + std::to_string(out.pubkeys.size()) +
                                                 "]: expected a compressed public key in hex");
        out.pubkeys.push_back(key);
    }
    for (const JsonValue& item : *signatures) {
        if (item.kind != JsonValue::Kind::string)
            return refuse(
                Code::unspecified,
                "pubkey_signatures[" + std::to_string(out.pubkey_signatures.size()) + "]: expected a string");
        out.pubkey_signatures.push_back(item.string);
    }
    for (auto [name, into] : {std::pair{"only_mintable", &out.only_mintable}, {"only_held", &out.only_held}})
        if (const JsonValue* only = json.find(name)) {
            if (only->kind != JsonValue::Kind::boolean)
                return refuse(Code::unspecified, std::string(name) + ": expected a boolean");
            *into = only->boolean;
        }
    if (out.only_mintable && out.only_held)
        return refuse(Code::unspecified, "only_held: held quotes cannot be minted (only_mintable)");
    if (json.find("timestamp")) {
        HP_TRY(auto seconds, or_malformed(json.need_integer("timestamp")));
        if (seconds > static_cast<std::uint64_t>(INT64_MAX))
            return refuse(Code::unspecified, "timestamp: too large");
        out.timestamp = static_cast<UnixSeconds>(seconds);
    }
    return out;
}

std::string to_json(const LookupRequest& request) {
    std::string out = "{\"pubkeys\":";
    append_json_list(out, request.pubkeys, [&](const PublicKey33& key) { append_json_hex(out, key); });
    out += ",\"pubkey_signatures\":";
    append_json_list(out, request.pubkey_signatures,
                     [&](const std::string& signature) { append_json_string(out, signature); });
    if (request.only_mintable) out += ",\"only_mintable\":true";
    if (request.only_held) out += ",\"only_held\":true";
    if (request.timestamp) {
        out += ",\"timestamp\":";
        append_decimal(out, static_cast<std::uint64_t>(*request.timestamp));
    }
    out += '}';
    return out;
}

std::string lookup_message(const PublicKey33& mint_key, const PublicKey33& key,
                           std::optional<UnixSeconds> timestamp) {
    std::string out = "Cashu_MintQuoteLookup_v1" + to_hex(mint_key) + to_hex(key);
    if (timestamp) out += std::to_string(*timestamp);
    return out;
}

Bytes64 sign_lookup(const SecretKey& key, const PublicKey33& mint_key, std::optional<UnixSeconds> timestamp,
                    const Bytes32& aux_rand) {
    return crypto::schnorr_sign(key, digest(mint_key, key.public_key(), timestamp), aux_rand);
}

Answer<> check_lookup(const LookupRequest& request, const PublicKey33& mint_key, UnixSeconds now) {
    if (request.pubkeys.size() > kLookupKeysMax)
        return refuse(Code::batch_too_large, "at most " + std::to_string(kLookupKeysMax) + " keys, got " +
                                                 std::to_string(request.pubkeys.size()));
    if (request.pubkeys.empty()) return refuse(Code::unspecified, "no keys");
    if (request.pubkeys.size() != request.pubkey_signatures.size())
        return refuse(Code::unspecified, std::to_string(request.pubkeys.size()) + " keys, but " +
                                             std::to_string(request.pubkey_signatures.size()) +
                                             " signatures");
    // Compared without subtracting the peer's number, which could overflow.
    if (request.timestamp &&
        (*request.timestamp > now + kLookupLeeway || *request.timestamp < now - kLookupLeeway))
        return refuse(Code::unspecified, "the timestamp is more than " + std::to_string(kLookupLeeway) +
                                             " seconds from this mint's clock");
    for (std::size_t i = 0; i < request.pubkeys.size(); ++i) {
        const PublicKey33& key = request.pubkeys[i];
        auto signature = array_from_hex<64>(request.pubkey_signatures[i]);
        if (!signature || !crypto::schnorr_verify(*signature, digest(mint_key, key, request.timestamp),
                                                  ByteView(key).subspan(1)))
            return refuse(Code::signature_invalid,
                          "pubkey_signatures[" + std::to_string(i) + "] does not verify");
    }
    return {};
}

std::string lookup_response_json(std::span<const Quote> quotes) {
    std::string out = "{\"quotes\":" + quotes_json(quotes.first(std::min(quotes.size(), kLookupQuotesMax)));
    // Only if there may be doubt: the draft's answer has no such member.
    if (quotes.size() >= kLookupQuotesMax)
        out += quotes.size() > kLookupQuotesMax ? ",\"more\":true" : ",\"more\":false";
    return out + '}';
}

Result<LookupResponse> lookup_response_from_json(std::string_view body) {
    HP_TRY(auto json, parse_json(body, kLookupValuesMax));
    HP_TRY(auto list, json.need("quotes"));
    LookupResponse out;
    HP_TRY(out.quotes, quotes_from_json(*list));
    const JsonValue* more = json.find("more");
    if (more && more->kind != JsonValue::Kind::boolean)
        return fail(Errc::invalid, "more: expected a boolean");
    out.more = more ? more->boolean : out.quotes.size() >= kLookupQuotesMax;
    return out;
}

}  // namespace hp::cashu
