// LinkAuth: the mint proves its identity inside the Noise session by signing the handshake hash.
// docs/design/quote-link.md steps 2 and 3.
#pragma once
#include "crypto/secp.hpp"
#include "ehash/mint_mark.hpp"
#include "ehash/valuation.hpp"
#include "sv2/link.hpp"

namespace hp::ehash {

/// m = tagged_hash("hashpool/link-auth/v1", h || 0x01 || the fields in wire form without the signature).
/// `handshake_hash` is Noise's h after act 2.
Bytes32 link_auth_message(const Bytes32& handshake_hash, const sv2::link::LinkAuth& auth);
/// Sets mint_key and signature.
void sign_link_auth(sv2::link::LinkAuth& auth, const crypto::SecretKey& mint_key,
                    const Bytes32& handshake_hash, const Bytes32& aux_rand);

/// Codes of LinkAuth.Error.
enum class LinkRefusal { unauthorised, version, parameters, mint_rollback, pool_rollback, busy };
std::string_view text(LinkRefusal refusal);

/// What a pool knows about a mint from earlier sessions.
struct MintMemory {
    Bytes32 mint_store{};
    std::uint64_t mint_generation{};
};
/// What a pool checks a LinkAuth against.
struct PoolExpectations {
    Bytes32 pool_authority{};                    ///< own link authority key, x-only
    std::span<const Bytes32> allowed_mint_keys;  ///< one, or two during rotation
    std::string unit{"hash"};
    Valuation valuation;
    Bytes32 pool_store{};                ///< id of the own database
    std::uint64_t highest_seq{};         ///< last number that the outbox has assigned
    std::optional<MintMemory> memory{};  ///< nothing before the first session with this mint key
    bool first_contact_allowed{false};   ///< config: accept a mint that never linked before
    bool rollback_allowed{false};        ///< config: accept another or an older database
};
struct LinkRefused {
    LinkRefusal code{};
    std::string reason;  ///< for our log; the peer only gets the code
};
struct LinkAccepted {
    std::uint64_t resume_seq{};
    bool is_rollback{false};  ///< accepted by rollback_allowed
    /// The mint says that it has not stored row resume_seq of this database. If that row is answered, it has
    /// forgotten answers: also a rollback, which its generation does not show if the old copy is from the
    /// start before this one. False if the number refers to another database.
    bool knows_rows{false};
};
/// The pool's checks in order. An unknown key and a bad signature get the same code: the caller answers both
/// after the same delay.
tl::expected<LinkAccepted, LinkRefused> check_link_auth(const sv2::link::LinkAuth& auth,
                                                        const Bytes32& handshake_hash,
                                                        const PoolExpectations& pool);

/// Checks the MintMark sent right after LinkAuth against the mark that the pool has for this mint: if it
/// lacks what was once reported, the mint has come back with an old copy. Returns what it lacks if
/// rollback_allowed accepts it.
tl::expected<std::optional<Setback>, LinkRefused> check_mint_mark(const MintMark& mark,
                                                                  const std::optional<MintMark>& known,
                                                                  bool rollback_allowed);

/// The mint's check of the answer: unit and valuation echoed, a consistent resume_seq, at least one request
/// in flight.
Result<> check_link_success(const sv2::link::LinkAuthSuccess& success, const sv2::link::LinkAuth& sent);

}  // namespace hp::ehash
