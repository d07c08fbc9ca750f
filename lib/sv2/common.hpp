// The messages that open a connection, common to all subprotocols. Spec 3.6.
// Declared once: see lib/sv2/message.hpp. Field names are the specification's.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::common {

/// Client->server. Spec 3.6.1.
struct SetupConnection {
    static constexpr Info info{"SetupConnection", 0x00, ChannelMsg::no};
    std::uint8_t protocol{};
    std::uint16_t min_version{};
    std::uint16_t max_version{};
    std::uint32_t flags{};
    Str0_255 endpoint_host{};
    std::uint16_t endpoint_port{};
    Str0_255 vendor{};
    Str0_255 hardware_version{};
    Str0_255 firmware{};
    Str0_255 device_id{};
    friend bool operator==(const SetupConnection&, const SetupConnection&) = default;
};
BOOST_DESCRIBE_STRUCT(SetupConnection, (),
                      (protocol, min_version, max_version, flags, endpoint_host, endpoint_port, vendor,
                       hardware_version, firmware, device_id))

/// Server->client. Spec 3.6.2.
struct SetupConnectionSuccess {
    static constexpr Info info{"SetupConnection.Success", 0x01, ChannelMsg::no};
    std::uint16_t used_version{};
    std::uint32_t flags{};
    friend bool operator==(const SetupConnectionSuccess&, const SetupConnectionSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(SetupConnectionSuccess, (), (used_version, flags))

/// Server->client. Spec 3.6.3.
struct SetupConnectionError {
    static constexpr Info info{"SetupConnection.Error", 0x02, ChannelMsg::no};
    std::uint32_t flags{};
    Str0_255 error_code{};
    friend bool operator==(const SetupConnectionError&, const SetupConnectionError&) = default;
};
BOOST_DESCRIBE_STRUCT(SetupConnectionError, (), (flags, error_code))

/// Server->client. Spec 3.6.4.
struct ChannelEndpointChanged {
    static constexpr Info info{"ChannelEndpointChanged", 0x03, ChannelMsg::yes};
    std::uint32_t channel_id{};
    friend bool operator==(const ChannelEndpointChanged&, const ChannelEndpointChanged&) = default;
};
BOOST_DESCRIBE_STRUCT(ChannelEndpointChanged, (), (channel_id))

/// Server->client. Spec 3.6.5.
struct Reconnect {
    static constexpr Info info{"Reconnect", 0x04, ChannelMsg::no};
    Str0_255 new_host{};
    std::uint16_t new_port{};
    friend bool operator==(const Reconnect&, const Reconnect&) = default;
};
BOOST_DESCRIBE_STRUCT(Reconnect, (), (new_host, new_port))

using Messages = boost::mp11::mp_list<SetupConnection, SetupConnectionSuccess, SetupConnectionError,
                                      ChannelEndpointChanged, Reconnect>;

}  // namespace hp::sv2::common
