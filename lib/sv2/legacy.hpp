// The earlier Hashpool's own messages: decoded by hp-quote, never accepted by a live link.
// Declared once: see lib/sv2/message.hpp. Field names are the specification's.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::legacy {

/// Pool->mint.
struct MintQuoteRequest {
    static constexpr Info info{"MintQuoteRequest", 0x80, ChannelMsg::yes, 0x0003};
    std::uint64_t amount{};
    Str0_255 unit{};
    U256 header_hash{};
    std::optional<Str0_255> description;
    B0_255 locking_key{};
    friend bool operator==(const MintQuoteRequest&, const MintQuoteRequest&) = default;
};
BOOST_DESCRIBE_STRUCT(MintQuoteRequest, (), (amount, unit, header_hash, description, locking_key))

/// Mint->pool.
struct MintQuoteResponse {
    static constexpr Info info{"MintQuoteResponse", 0x81, ChannelMsg::yes, 0x0003};
    Str0_255 quote_id{};
    U256 header_hash{};
    friend bool operator==(const MintQuoteResponse&, const MintQuoteResponse&) = default;
};
BOOST_DESCRIBE_STRUCT(MintQuoteResponse, (), (quote_id, header_hash))

/// Mint->pool.
struct MintQuoteError {
    static constexpr Info info{"MintQuoteError", 0x82, ChannelMsg::yes, 0x0003};
    std::uint32_t error_code{};
    Str0_255 error_message{};
    friend bool operator==(const MintQuoteError&, const MintQuoteError&) = default;
};
BOOST_DESCRIBE_STRUCT(MintQuoteError, (), (error_code, error_message))

/// Pool->translator (inside the mining connection).
struct MintQuoteNotification {
    static constexpr Info info{"MintQuoteNotification", 0xc0, ChannelMsg::yes};
    std::uint32_t channel_id{};
    Str0_255 quote_id{};
    std::uint64_t amount{};
    friend bool operator==(const MintQuoteNotification&, const MintQuoteNotification&) = default;
};
BOOST_DESCRIBE_STRUCT(MintQuoteNotification, (), (channel_id, quote_id, amount))

/// Pool->translator (inside the mining connection).
struct MintQuoteFailure {
    static constexpr Info info{"MintQuoteFailure", 0xc1, ChannelMsg::yes};
    std::uint32_t channel_id{};
    Str0_255 quote_id{};
    std::uint32_t error_code{};
    Str0_255 error_message{};
    friend bool operator==(const MintQuoteFailure&, const MintQuoteFailure&) = default;
};
BOOST_DESCRIBE_STRUCT(MintQuoteFailure, (), (channel_id, quote_id, error_code, error_message))

using Messages = boost::mp11::mp_list<MintQuoteRequest, MintQuoteResponse, MintQuoteError,
                                      MintQuoteNotification, MintQuoteFailure>;

}  // namespace hp::sv2::legacy
