// NUT-00: blind Diffie-Hellman signatures and the models that carry them. Tokens are in tokens.hpp.
#pragma once
#include <optional>

#include "base/bytes.hpp"
#include "cashu/errors.hpp"
#include "cashu/json.hpp"
#include "cashu/keyset_id.hpp"
#include "crypto/secp.hpp"

namespace hp::cashu {

using crypto::PublicKey33;
using crypto::SecretKey;

inline constexpr std::size_t kInputsMax = 1000;
inline constexpr std::size_t kOutputsMax = 1000;
/// Maximum bytes of a secret, and of a witness.
inline constexpr std::size_t kSecretSizeMax = 1024;

/// Proof (NUT-12) that C_ = a B_ for the a of A = a G. Scalars, big-endian.
struct Dleq {
    Bytes32 e{};
    Bytes32 s{};
    friend bool operator==(const Dleq&, const Dleq&) = default;
};
/// Likewise inside a token, with the blinding factor. `r` is a secret between sender and receiver: never log
/// it.
struct ProofDleq {
    Bytes32 e{};
    Bytes32 s{};
    Bytes32 r{};
    friend bool operator==(const ProofDleq&, const ProofDleq&) = default;
};

struct BlindedMessage {
    std::uint64_t amount{};
    KeysetId id;
    PublicKey33 B_{};  ///< on the curve: parsing checks it
    friend bool operator==(const BlindedMessage&, const BlindedMessage&) = default;
};
struct BlindSignature {
    std::uint64_t amount{};
    KeysetId id;
    PublicKey33 C_{};  ///< on the curve, like B_
    std::optional<Dleq> dleq;
    friend bool operator==(const BlindSignature&, const BlindSignature&) = default;
};
struct Proof {
    std::uint64_t amount{};
    KeysetId id;
    std::string secret;                    ///< as received, after JSON unescaping; never re-serialized
    PublicKey33 C{};                       ///< on the curve, like B_
    std::optional<std::string> witness{};  ///< JSON as text (NUT-11, 14)
    std::optional<ProofDleq> dleq{};
    friend bool operator==(const Proof&, const Proof&) = default;
};

/// First valid point 02 || SHA256(SHA256("Secp256k1_HashToCurve_Cashu_" || message) || u32le(counter)).
PublicKey33 hash_to_curve(ByteView message);
/// Y of a proof: hash_to_curve over the secret's UTF-8 bytes. Key of the spent table.
inline PublicKey33 y_of(std::string_view secret) { return hash_to_curve(as_bytes(secret)); }

/// B_ = Y + rG. Nothing in the (unreachable) case of an infinite sum.
std::optional<PublicKey33> blind(std::string_view secret, const SecretKey& r);
/// C_ = k B_, constant time in k. Nothing if B_ is not a point.
std::optional<PublicKey33> sign_blinded(const SecretKey& k, const PublicKey33& B_);
/// C = C_ - rK. Nothing if a point does not parse.
std::optional<PublicKey33> unblind(const PublicKey33& C_, const SecretKey& r, const PublicKey33& K);
/// k Y == C, constant time in k and in the comparison.
bool verify_unblinded(const SecretKey& k, const PublicKey33& Y, const PublicKey33& C);

/// Exact sum of amounts; nothing above 2^64 - 1 (64 outputs of 2^63 must not wrap to a small number).
template <class Items>
std::optional<std::uint64_t> sum_amounts(const Items& items) {
    std::uint64_t sum = 0;
    for (const auto& item : items)
        if (__builtin_add_overflow(sum, item.amount, &sum)) return std::nullopt;
    return sum;
}

Result<BlindedMessage> blinded_message_from_json(const JsonValue& value);
Result<BlindSignature> blind_signature_from_json(const JsonValue& value);
Result<Proof> proof_from_json(const JsonValue& value);
/// {"outputs": [...]}-style lists; errors name the index.
Result<std::vector<BlindedMessage>> blinded_messages_from_json(const JsonValue& parent,
                                                               std::string_view name);
Result<std::vector<BlindSignature>> blind_signatures_from_json(const JsonValue& parent,
                                                               std::string_view name);
Result<std::vector<Proof>> proofs_from_json(const JsonValue& parent, std::string_view name);

void append_json(std::string& out, const BlindedMessage& message);
void append_json(std::string& out, const BlindSignature& signature);
/// `dleq` is omitted when a proof is sent to a mint: the mint must not learn r.
enum class WithDleq { no, yes };
void append_json(std::string& out, const Proof& proof, WithDleq with_dleq);

/// {"signatures":[...]}: the answer to swap, mint and batch mint.
std::string signatures_json(std::span<const BlindSignature> signatures);
Result<std::vector<BlindSignature>> signatures_from_json(std::string_view body);

/// Appends "[" + each item + "]".
template <class Items, class AppendItem>
void append_json_list(std::string& out, const Items& items, AppendItem&& append_item) {
    out += '[';
    bool first = true;
    for (const auto& item : items) {
        if (!std::exchange(first, false)) out += ',';
        append_item(item);
    }
    out += ']';
}

}  // namespace hp::cashu
