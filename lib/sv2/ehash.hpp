// Our extension of the mining protocol, negotiated by extension 0x0001: who owns the ehash of a channel's
// shares, or of one share, and a notification to the owner of each quote. docs/protocol-ehash.md.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::ehash {

inline constexpr std::uint16_t kExtensionType = 0x4851;
/// TLV on OpenExtendedMiningChannel, OpenStandardMiningChannel and UpdateChannel: 33-byte compressed key
/// (NUT-20) that owns the ehash of the channel's shares; on SubmitSharesExtended and SubmitSharesStandard: of
/// this share.
inline constexpr std::uint8_t kLockingPubkeyField = 0x01;
/// TLV on UpdateChannel: the channel's user_identity from now on (UTF-8, at most 255 bytes); on
/// SubmitSharesExtended and SubmitSharesStandard: this share's. One SV1 connection has one channel and any
/// number of workers, which name themselves only after it had to be opened.
inline constexpr std::uint8_t kUserIdentityField = 0x02;
inline constexpr std::size_t kLockingPubkeySize = 33;
inline constexpr std::size_t kUserIdentitySizeMax = 255;

/// Server to client, on the channel that earned it: the mint has a paid quote for this share. Only a
/// notification: the mint's lookup by key also finds the quote.
struct QuoteNotification {
    static constexpr Info info{"QuoteNotification", 0x00, ChannelMsg::yes, kExtensionType};
    std::uint32_t channel_id{};
    std::uint32_t sequence_number{};
    Str0_255 quote_id{};
    std::uint64_t amount{};
    friend bool operator==(const QuoteNotification&, const QuoteNotification&) = default;
};
BOOST_DESCRIBE_STRUCT(QuoteNotification, (), (channel_id, sequence_number, quote_id, amount))

/// Server to client: the mint refused this share's quote for good.
struct QuoteFailure {
    static constexpr Info info{"QuoteFailure", 0x01, ChannelMsg::yes, kExtensionType};
    std::uint32_t channel_id{};
    std::uint32_t sequence_number{};
    std::uint16_t code{};
    Str0_255 text{};
    friend bool operator==(const QuoteFailure&, const QuoteFailure&) = default;
};
BOOST_DESCRIBE_STRUCT(QuoteFailure, (), (channel_id, sequence_number, code, text))

using Messages = boost::mp11::mp_list<QuoteNotification, QuoteFailure>;

}  // namespace hp::sv2::ehash
