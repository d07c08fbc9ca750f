#include "ehash/link_auth.hpp"

#include "crypto/sha256.hpp"
#include "sv2/frame.hpp"

namespace hp::ehash {
namespace {

using sv2::link::LinkAuth;

constexpr std::string_view kTag = "hashpool/link-auth/v1";
constexpr std::uint8_t kRoleMint = 0x01;
constexpr std::uint8_t kAuthVersion = 1;
constexpr std::size_t kKeysetIdSize = 33;

tl::unexpected<LinkRefused> refuse(LinkRefusal code, std::string reason) {
    return tl::unexpected<LinkRefused>(LinkRefused{code, std::move(reason)});
}

bool is_zero(const Bytes32& bytes) { return bytes == Bytes32{}; }

}  // namespace

Bytes32 link_auth_message(const Bytes32& handshake_hash, const LinkAuth& auth) {
    Bytes fields;
    sv2::Writer writer{fields};
    sv2::encode_fields(writer, auth);
    // The signature is the last field.
    fields.resize(fields.size() - auth.signature.bytes.size());
    return crypto::tagged_hash(kTag, {handshake_hash, ByteView(&kRoleMint, 1), fields});
}

void sign_link_auth(LinkAuth& auth, const crypto::SecretKey& mint_key, const Bytes32& handshake_hash,
                    const Bytes32& aux_rand) {
    auth.auth_version = kAuthVersion;
    auth.mint_key.bytes = mint_key.xonly();
    auth.signature.bytes = crypto::schnorr_sign(mint_key, link_auth_message(handshake_hash, auth), aux_rand);
}

std::string_view text(LinkRefusal refusal) {
    switch (refusal) {
        case LinkRefusal::unauthorised:
            return "unauthorised";
        case LinkRefusal::version:
            return "version";
        case LinkRefusal::parameters:
            return "parameters";
        case LinkRefusal::mint_rollback:
            return "mint-rollback";
        case LinkRefusal::pool_rollback:
            return "pool-rollback";
        case LinkRefusal::busy:
            return "busy";
    }
    HP_ASSERT(!"a refusal");
    return {};
}

tl::expected<LinkAccepted, LinkRefused> check_link_auth(const LinkAuth& auth, const Bytes32& handshake_hash,
                                                        const PoolExpectations& pool) {
    if (auth.auth_version != kAuthVersion)
        return refuse(LinkRefusal::version,
                      "auth_version: expected 1, got " + std::to_string(auth.auth_version));
    if (auth.keyset_id.value.size() != kKeysetIdSize)
        return refuse(LinkRefusal::parameters,
                      "keyset_id: expected 33 bytes, got " + std::to_string(auth.keyset_id.value.size()));
    if (auth.pool_authority.bytes != pool.pool_authority)
        return refuse(LinkRefusal::unauthorised, "the mint proved itself to another pool authority");
    bool allowed = std::find(pool.allowed_mint_keys.begin(), pool.allowed_mint_keys.end(),
                             auth.mint_key.bytes) != pool.allowed_mint_keys.end();
    if (!allowed)
        return refuse(LinkRefusal::unauthorised,
                      "mint key " + to_hex(auth.mint_key.bytes) + " is not in allowed_mint_keys");
    if (!crypto::schnorr_verify(auth.signature.bytes, link_auth_message(handshake_hash, auth),
                                auth.mint_key.bytes))
        return refuse(LinkRefusal::unauthorised, "the signature does not verify for this session");

    if (auth.unit.value != pool.unit)
        return refuse(LinkRefusal::parameters,
                      "unit: expected '" + pool.unit + "', got '" + printable(auth.unit.value) + "'");
    if (auth.valuation.value != pool.valuation.text())
        return refuse(LinkRefusal::parameters, "valuation: expected '" + pool.valuation.text() + "', got '" +
                                                   printable(auth.valuation.value) + "'");

    // It is stored as an SQLite integer, which is signed.
    if (auth.mint_generation > INT64_MAX)
        return refuse(LinkRefusal::parameters, "mint_generation: expected less than 2^63, got " +
                                                   std::to_string(auth.mint_generation));

    bool is_rollback = false;
    if (!pool.memory) {
        if (!pool.first_contact_allowed)
            return refuse(LinkRefusal::mint_rollback,
                          "this mint never linked before, and first contacts are not allowed");
    } else if (pool.memory->mint_store != auth.mint_store.bytes) {
        if (!pool.rollback_allowed)
            return refuse(LinkRefusal::mint_rollback,
                          "mint_store: the mint's database is not the same as last time");
        is_rollback = true;
    } else if (auth.mint_generation < pool.memory->mint_generation) {
        if (!pool.rollback_allowed)
            return refuse(LinkRefusal::mint_rollback, "mint_generation: expected at least " +
                                                          std::to_string(pool.memory->mint_generation) +
                                                          ", got " + std::to_string(auth.mint_generation));
        is_rollback = true;
    }
    // What the mint stored for another of our databases says nothing about this one: send everything; the
    // mint recognizes known shares by their hash.
    // A mint that never served a pool has stored nothing.
    if (is_zero(auth.pool_store.bytes) || auth.pool_store.bytes != pool.pool_store)
        return LinkAccepted{1, is_rollback, is_zero(auth.pool_store.bytes) && pool.memory && !is_rollback};
    if (auth.last_seq > pool.highest_seq)
        return refuse(LinkRefusal::pool_rollback, "last_seq: the mint has " + std::to_string(auth.last_seq) +
                                                      ", but this pool assigned only " +
                                                      std::to_string(pool.highest_seq));
    return LinkAccepted{auth.last_seq + 1, is_rollback, true};
}

tl::expected<std::optional<Setback>, LinkRefused> check_mint_mark(const MintMark& mark,
                                                                  const std::optional<MintMark>& known,
                                                                  bool rollback_allowed) {
    if (!known) return std::optional<Setback>{};
    auto lost = setback(mark, *known);
    if (lost && !rollback_allowed)
        return refuse(LinkRefusal::mint_rollback, "mark: the mint had " + describe(*known) + ", but has " +
                                                      describe(mark) + "; it lacks " + describe(*lost));
    return lost;
}

Result<> check_link_success(const sv2::link::LinkAuthSuccess& success, const LinkAuth& sent) {
    if (success.unit.value != sent.unit.value)
        return fail(Errc::protocol,
                    "unit: expected '" + sent.unit.value + "', got '" + printable(success.unit.value) + "'");
    if (success.valuation.value != sent.valuation.value)
        return fail(Errc::protocol, "valuation: expected '" + sent.valuation.value + "', got '" +
                                        printable(success.valuation.value) + "'");
    if (is_zero(success.pool_store.bytes)) return fail(Errc::protocol, "pool_store: is zero");
    std::uint64_t expected = success.pool_store.bytes == sent.pool_store.bytes ? sent.last_seq + 1 : 1;
    if (success.resume_seq != expected)
        return fail(Errc::protocol, "resume_seq: expected " + std::to_string(expected) + ", got " +
                                        std::to_string(success.resume_seq));
    if (success.max_inflight == 0) return fail(Errc::protocol, "max_inflight: is 0");
    return {};
}

}  // namespace hp::ehash
