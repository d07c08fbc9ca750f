// Short ways to what the tests of this room need again and again.
#pragma once
#include "base/clock.hpp"
#include "cashu/nut03.hpp"
#include "crypto/random.hpp"
#include "vectors.hpp"

namespace hp::cashu::test {

using hp::test::for_each_vector;
using hp::test::Json;
using hp::test::read_vectors;

inline constexpr UnixSeconds kNow = 1'800'000'000;

template <std::size_t N>
ByteArray<N> hex_array(const Json& text) {
    auto bytes = array_from_hex<N>(text.get<std::string>());
    REQUIRE(bytes.has_value());
    return *bytes;
}
inline PublicKey33 point(const Json& text) { return hex_array<33>(text); }
inline Bytes bytes_of(const Json& text) {
    auto bytes = from_hex(text.get<std::string>());
    REQUIRE(bytes.has_value());
    return *bytes;
}
inline SecretKey secret_key(const Json& text) {
    auto key = SecretKey::from_bytes(hex_array<32>(text));
    REQUIRE(key.has_value());
    return *key;
}
inline KeysetId keyset_id(const Json& text) {
    auto id = KeysetId::from_hex(text.get<std::string>());
    REQUIRE(id.has_value());
    return *id;
}
inline JsonValue parsed(const Json& json) {
    auto value = parse_json(json.dump());
    REQUIRE(value.has_value());
    return *value;
}

/// A mint with 16 keys of unit "hash" and, when asked, another keyset.
inline MintKeyset make_keyset(std::string_view unit, std::uint32_t index, std::uint64_t input_fee_ppk = 0,
                              std::optional<UnixSeconds> final_expiry = {}) {
    static const Bytes seed(32, 0x5a);
    auto keyset = derive_keyset(seed, unit, index, input_fee_ppk, final_expiry, 16);
    REQUIRE(keyset.has_value());
    return *keyset;
}

/// A wallet's side of one output, kept until the signature comes.
struct Pending {
    std::string secret;
    SecretKey r;
    BlindedMessage output;
};
inline Pending make_output(const KeysetId& id, std::uint64_t amount, std::string secret = {}) {
    if (secret.empty()) secret = to_hex(crypto::random_array<32>());
    SecretKey r = SecretKey::generate();
    auto B_ = blind(secret, r);
    REQUIRE(B_.has_value());
    return {secret, r, {amount, id, *B_}};
}
/// A proof that the mint really signed.
inline Proof make_proof(const MintKeyset& keyset, std::uint64_t amount, std::string secret = {}) {
    Pending pending = make_output(keyset.keyset.id, amount, std::move(secret));
    const SecretKey* key = keyset.key_for(amount);
    REQUIRE(key);
    auto C_ = sign_blinded(*key, pending.output.B_);
    REQUIRE(C_.has_value());
    auto C = unblind(*C_, pending.r, keyset.keyset.keys.at(amount));
    REQUIRE(C.has_value());
    return {amount, keyset.keyset.id, pending.secret, *C};
}

template <class T>
Code code_of(const Answer<T>& answer) {
    REQUIRE(!answer.has_value());
    return answer.error().code;
}

}  // namespace hp::cashu::test
