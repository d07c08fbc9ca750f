#include "stats/certificate.hpp"

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "crypto/base58.hpp"
#include "crypto/sha256.hpp"
#include "stats/estimate.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

constexpr std::string_view kTag = "hashpool/work-certificate";

std::string statement_of(const Delivery& d) {
    const double seconds = static_cast<double>(d.to_ms - d.from_ms) / 1000;
    const auto rate = estimate(d.shares, seconds);
    const nlohmann::ordered_json out = {
        {"v", 1},
        {"worker", d.worker ? nlohmann::ordered_json(*d.worker) : nullptr},
        {"from", time_text(d.from_ms)},
        {"to", time_text(d.to_ms)},
        {"issued", time_text(d.issued_ms)},
        {"shares_accepted", d.shares.count},
        {"work_hashes", d.shares.work_hashes},
        {"amount", d.shares.amount},
        {"hashrate_hps", rate ? nlohmann::ordered_json(rate->hps) : nullptr},
        {"hashrate_low_hps", rate ? nlohmann::ordered_json(rate->low_hps) : nullptr},
        {"hashrate_high_hps", rate && rate->high_hps ? nlohmann::ordered_json(*rate->high_hps) : nullptr}};
    return out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string certificate_text(const Delivery& delivery, const crypto::SecretKey& key,
                             const Bytes32& aux_random) {
    const std::string statement = statement_of(delivery);
    const auto signature =
        crypto::schnorr_sign(key, crypto::tagged_hash(kTag, {as_bytes(statement)}), aux_random);
    return statement + "\n{\"key\":\"" + crypto::authority_key_text(key.xonly()) + R"(","signature":")" +
           to_hex(signature) + "\"}\n";
}

Result<std::string> verified_statement(std::string_view certificate, const crypto::XOnlyKey32& key) {
    const auto end = certificate.find('\n');
    if (end == std::string_view::npos)
        return fail(Errc::invalid, "line 1: expected a statement and, on the next line, its signature");
    const auto statement = certificate.substr(0, end);
    const auto seal = nlohmann::json::parse(certificate.substr(end + 1), nullptr, false);
    const auto field = [&](const char* name) {
        const auto found = seal.is_object() ? seal.find(name) : seal.end();
        return found != seal.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    const auto signature = from_hex(field("signature"));
    if (!signature || signature->size() != 64)
        return fail(Errc::invalid, "line 2: expected an object with 'signature' of 128 hex digits");
    if (const auto signer = crypto::authority_key_from_text(field("key")); !signer || *signer != key)
        return fail(Errc::refused,
                    "line 2: the key is not the given one, but '" + printable(field("key"), 80) + "'");
    if (!crypto::schnorr_verify(*signature, crypto::tagged_hash(kTag, {as_bytes(statement)}), key))
        return fail(Errc::refused, "line 2: the signature does not match this statement and key");
    return std::string(statement);
}

}  // namespace hp::stats
