// Event records between machines: after Noise NX, from the program that writes them to the collector.
// man/hp-records.5. Extension 0x4852, no channel bit.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::records {

inline constexpr std::uint16_t kExtensionType = 0x4852;
inline constexpr std::uint8_t kVersion = 1;

/// Writer to collector, first: its identity, bound to this session.
struct WriterAuth {
    static constexpr Info info{"WriterAuth", 0x00, ChannelMsg::no, kExtensionType};
    std::uint8_t version{};
    PubKey writer_key{};
    Signature signature{};
    friend bool operator==(const WriterAuth&, const WriterAuth&) = default;
};
BOOST_DESCRIBE_STRUCT(WriterAuth, (), (version, writer_key, signature))

/// Collector to writer: ready for records.
struct WriterAuthSuccess {
    static constexpr Info info{"WriterAuth.Success", 0x01, ChannelMsg::no, kExtensionType};
    std::uint8_t version{};
    friend bool operator==(const WriterAuthSuccess&, const WriterAuthSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(WriterAuthSuccess, (), (version))

/// Writer to collector: the next bytes of its stream, in either framing.
struct RecordBytes {
    static constexpr Info info{"RecordBytes", 0x10, ChannelMsg::no, kExtensionType};
    B0_64K bytes{};
    friend bool operator==(const RecordBytes&, const RecordBytes&) = default;
};
BOOST_DESCRIBE_STRUCT(RecordBytes, (), (bytes))

using Messages = boost::mp11::mp_list<WriterAuth, WriterAuthSuccess, RecordBytes>;

}  // namespace hp::sv2::records
