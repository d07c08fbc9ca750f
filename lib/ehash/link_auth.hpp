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
/// Fills mint_key and signature.
void sign_link_auth(sv2::link::LinkAuth& auth, const crypto::SecretKey& mint_key,
                    const Bytes32& handshake_hash, const Bytes32& aux_rand);

/// Codes of LinkAuth.Error.
enum class LinkRefusal { unauthorised, version, parameters, mint_rollback, pool_rollback, busy };
std::string_view text(LinkRefusal refusal);

/// What a pool knows of a mint from earlier sessions.
struct MintMemory {
    Bytes32 mint_store{};
    std::uint64_t mint_generation{};
};
/// What a pool measures a LinkAuth against.
struct PoolExpectations {
    Bytes32 pool_authority{};                    ///< own link authority key, x-only
    std::span<const Bytes32> allowed_mint_keys;  ///< one, or two during rotation
    std::string unit{"hash"};
    Valuation valuation;
    Bytes32 pool_store{};                ///< id of the own database
    std::uint64_t highest_seq{};         ///< last number that the outbox gave away
    std::optional<MintMemory> memory{};  ///< nothing before the first session with this mint key
    bool first_contact_allowed{false};   ///< config: a mint that never linked may begin
    bool rollback_allowed{false};        ///< config: it may come with another or an older database
};
struct LinkRefused {
    LinkRefusal code{};
    std::string reason;  ///< for our log; the peer gets the code alone
};
struct LinkAccepted {
    std::uint64_t resume_seq{};
    bool is_rollback{false};  ///< let pass by rollback_allowed
    /// The mint says that it has not stored row resume_seq of this database. If that row is answered, it has
    /// forgotten answers: a rollback too, which its generation does not show when the old copy is of the
    /// start before this one. False where the number speaks of another database.
    bool knows_rows{false};
};
/// The pool's checks in their order. An unknown key and a bad signature give the same code: the caller
/// answers both after the same delay.
tl::expected<LinkAccepted, LinkRefused> check_link_auth(const sv2::link::LinkAuth& auth,
                                                        const Bytes32& handshake_hash,
                                                        const PoolExpectations& pool);

/// What comes right behind LinkAuth, against the mark that the pool has of this mint: a mint that lacks what
/// it once told has come back with an old copy. Gives what it lacks where rollback_allowed lets it pass.
tl::expected<std::optional<Setback>, LinkRefused> check_mint_mark(const MintMark& mark,
                                                                  const std::optional<MintMark>& known,
                                                                  bool rollback_allowed);

/// The mint's check of the answer to what it sent: unit and valuation echoed, resume_seq that fits, at least
/// one request in flight.
Result<> check_link_success(const sv2::link::LinkAuthSuccess& success, const sv2::link::LinkAuth& sent);

}  // namespace hp::ehash
