// Extension 0x0001: extensions negotiation; the numbers of extension 0x0002, which is only a TLV. Declared
// once: see lib/sv2/message.hpp. Field names are the specification's.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::extensions {

/// Extension 0x0002, worker-specific hashrate tracking: a TLV on SubmitSharesExtended that names the worker.
inline constexpr std::uint16_t kWorkerTracking = 0x0002;
inline constexpr std::uint8_t kUserIdentityField = 0x01;
/// UTF-8, not padded.
inline constexpr std::size_t kUserIdentitySizeMax = 32;

/// Maximum extensions in a request or its answer. There are a handful; the field allows 65,535.
inline constexpr std::size_t kListedMax = 64;
/// Maximum requests that our servers answer per connection; more end it.
inline constexpr unsigned kRequestsMax = 8;

/// Client->server. Spec ext 0x0001 s2.
struct RequestExtensions {
    static constexpr Info info{"RequestExtensions", 0x00, ChannelMsg::no, 0x0001};
    std::uint16_t request_id{};
    Seq0_64K<std::uint16_t> requested_extensions{};
    friend bool operator==(const RequestExtensions&, const RequestExtensions&) = default;
};
BOOST_DESCRIBE_STRUCT(RequestExtensions, (), (request_id, requested_extensions))

/// Server->client. Spec ext 0x0001 s2.
struct RequestExtensionsSuccess {
    static constexpr Info info{"RequestExtensions.Success", 0x01, ChannelMsg::no, 0x0001};
    std::uint16_t request_id{};
    Seq0_64K<std::uint16_t> supported_extensions{};
    friend bool operator==(const RequestExtensionsSuccess&, const RequestExtensionsSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(RequestExtensionsSuccess, (), (request_id, supported_extensions))

/// Server->client. Spec ext 0x0001 s2.
struct RequestExtensionsError {
    static constexpr Info info{"RequestExtensions.Error", 0x02, ChannelMsg::no, 0x0001};
    std::uint16_t request_id{};
    Seq0_64K<std::uint16_t> unsupported_extensions{};
    Seq0_64K<std::uint16_t> required_extensions{};
    friend bool operator==(const RequestExtensionsError&, const RequestExtensionsError&) = default;
};
BOOST_DESCRIBE_STRUCT(RequestExtensionsError, (), (request_id, unsupported_extensions, required_extensions))

using Messages = boost::mp11::mp_list<RequestExtensions, RequestExtensionsSuccess, RequestExtensionsError>;

}  // namespace hp::sv2::extensions
