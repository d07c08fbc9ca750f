// The pool-mint link: after Noise NX and SetupConnection (protocol 3) on the link's own port.
// Design: docs/quote-flow.md. Extension 0x4850, no channel bit.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::link {

inline constexpr std::uint16_t kExtensionType = 0x4850;
/// SetupConnection.protocol on the link's port, and nowhere else.
inline constexpr std::uint8_t kProtocol = 3;
/// SetupConnection flags; all are required on both sides.
inline constexpr std::uint32_t kFlagLinkAuthV1 = 1u << 0;
inline constexpr std::uint32_t kFlagHeaderProof = 1u << 1;
inline constexpr std::uint32_t kFlagMintMark = 1u << 2;
inline constexpr std::uint32_t kFlags = kFlagLinkAuthV1 | kFlagHeaderProof | kFlagMintMark;

/// Mint to pool, within 5 s of act 2: the mint's identity bound to this session.
struct LinkAuth {
    static constexpr Info info{"LinkAuth", 0x00, ChannelMsg::no, kExtensionType};
    std::uint8_t auth_version{};
    PubKey mint_key{};
    PubKey pool_authority{};
    Str0_255 unit{};
    B0_255 keyset_id{};
    Str0_255 valuation{};
    U256 mint_store{};
    std::uint64_t mint_generation{};
    U256 pool_store{};
    std::uint64_t last_seq{};
    Signature signature{};
    friend bool operator==(const LinkAuth&, const LinkAuth&) = default;
};
BOOST_DESCRIBE_STRUCT(LinkAuth, (),
                      (auth_version, mint_key, pool_authority, unit, keyset_id, valuation, mint_store,
                       mint_generation, pool_store, last_seq, signature))

/// Pool to mint: the session is up; quote requests follow from resume_seq.
struct LinkAuthSuccess {
    static constexpr Info info{"LinkAuth.Success", 0x01, ChannelMsg::no, kExtensionType};
    std::uint64_t session_id{};
    U256 pool_store{};
    std::uint64_t resume_seq{};
    std::uint64_t backlog{};
    std::uint16_t max_inflight{};
    Str0_255 unit{};
    Str0_255 valuation{};
    friend bool operator==(const LinkAuthSuccess&, const LinkAuthSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(LinkAuthSuccess, (),
                      (session_id, pool_store, resume_seq, backlog, max_inflight, unit, valuation))

/// Pool to mint, then close: unauthorised, version, parameters, mint-rollback, pool-rollback, busy.
struct LinkAuthError {
    static constexpr Info info{"LinkAuth.Error", 0x02, ChannelMsg::no, kExtensionType};
    Str0_255 code{};
    friend bool operator==(const LinkAuthError&, const LinkAuthError&) = default;
};
BOOST_DESCRIBE_STRUCT(LinkAuthError, (), (code))

/// Pool to mint: one accepted share.
struct QuoteRequest {
    static constexpr Info info{"QuoteRequest", 0x10, ChannelMsg::no, kExtensionType};
    std::uint64_t seq{};
    U256 share_hash{};
    B0_255 header{};  ///< exactly 80
    U256 target{};    ///< the credited target
    std::uint64_t amount{};
    B0_255 locking_key{};  ///< exactly 33
    friend bool operator==(const QuoteRequest&, const QuoteRequest&) = default;
};
BOOST_DESCRIBE_STRUCT(QuoteRequest, (), (seq, share_hash, header, target, amount, locking_key))

/// Likewise for a share that the mint answered before, but does not know according to its last_seq: if it
/// really has no quote, one is created as `held`, since the first may already have been minted.
struct QuoteAgain {
    static constexpr Info info{"QuoteAgain", 0x13, ChannelMsg::no, kExtensionType};
    std::uint64_t seq{};
    U256 share_hash{};
    B0_255 header{};  ///< exactly 80
    U256 target{};    ///< the credited target
    std::uint64_t amount{};
    B0_255 locking_key{};  ///< exactly 33
    friend bool operator==(const QuoteAgain&, const QuoteAgain&) = default;
};
BOOST_DESCRIBE_STRUCT(QuoteAgain, (), (seq, share_hash, header, target, amount, locking_key))

/// Mint to pool, after its commit. `replay`: the quote existed already.
struct QuoteResponse {
    static constexpr Info info{"QuoteResponse", 0x11, ChannelMsg::no, kExtensionType};
    std::uint64_t seq{};
    U256 share_hash{};
    Str0_255 quote_id{};  ///< UUID
    std::uint64_t amount{};
    B0_255 keyset_id{};
    bool replay{};
    friend bool operator==(const QuoteResponse&, const QuoteResponse&) = default;
};
BOOST_DESCRIBE_STRUCT(QuoteResponse, (), (seq, share_hash, quote_id, amount, keyset_id, replay))

/// Codes of QuoteError.
enum class QuoteErrorCode : std::uint16_t {
    malformed = 1,      ///< a field has the wrong size or form
    hash_mismatch = 2,  ///< SHA256d(header) is not share_hash
    above_target = 3,   ///< the hash does not meet the credited target
    wrong_amount = 4,   ///< the agreed valuation yields another amount
    bad_key = 5,        ///< locking_key is not a point
    conflict = 6,       ///< this share has a quote with another amount or key
    storage = 7,        ///< the mint's database failed (retryable)
};

struct QuoteError {
    static constexpr Info info{"QuoteError", 0x12, ChannelMsg::no, kExtensionType};
    std::uint64_t seq{};
    U256 share_hash{};
    std::uint16_t code{};
    bool retryable{};
    Str0_255 text{};
    friend bool operator==(const QuoteError&, const QuoteError&) = default;
};
BOOST_DESCRIBE_STRUCT(QuoteError, (), (seq, share_hash, code, retryable, text))

/// In both directions, every 10 s; a side that receives nothing for 30 s closes.
struct Ping {
    static constexpr Info info{"Ping", 0x20, ChannelMsg::no, kExtensionType};
    std::uint64_t nonce{};
    friend bool operator==(const Ping&, const Ping&) = default;
};
BOOST_DESCRIBE_STRUCT(Ping, (), (nonce))
struct Pong {
    static constexpr Info info{"Pong", 0x21, ChannelMsg::no, kExtensionType};
    std::uint64_t nonce{};
    friend bool operator==(const Pong&, const Pong&) = default;
};
BOOST_DESCRIBE_STRUCT(Pong, (), (nonce))

/// Mint to pool, right after LinkAuth and at most 1 s after each commit: how far its ledger has come. It is
/// never ahead of what is on the mint's disk, and never decreases. Sums are high * 2^64 + low units.
struct MintMark {
    static constexpr Info info{"MintMark", 0x30, ChannelMsg::no, kExtensionType};
    std::uint64_t generation{};  ///< as in LinkAuth
    std::uint64_t quotes{};      ///< made
    std::uint64_t operations{};  ///< mint and swap operations
    std::uint64_t issued_high{}, issued_low{};
    std::uint64_t spent_high{}, spent_low{};
    friend bool operator==(const MintMark&, const MintMark&) = default;
};
BOOST_DESCRIBE_STRUCT(MintMark, (),
                      (generation, quotes, operations, issued_high, issued_low, spent_high, spent_low))

using Messages = boost::mp11::mp_list<LinkAuth, LinkAuthSuccess, LinkAuthError, QuoteRequest, QuoteAgain,
                                      QuoteResponse, QuoteError, Ping, Pong, MintMark>;

}  // namespace hp::sv2::link
