// The table of all messages, derived from their declarations: name, numbers, fields, largest payload.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hp::sv2 {

/// A message's protocol. `legacy` is the earlier Hashpool's, which no live connection accepts.
enum class Family : std::uint8_t {
    common,
    mining,
    job_declaration,
    templates,
    extensions,
    ehash,
    link,
    records,
    blocks,
    legacy,
};

struct FieldRow {
    std::string_view name;
    std::string type;  ///< the specification's, such as "SEQ0_255[U256]"
};

struct MessageRow {
    std::string_view name;         ///< not unique: mining and templates both have a SetNewPrevHash
    std::uint16_t extension_type;  ///< without the channel bit
    std::uint8_t msg_type;
    bool channel_msg;
    Family family;
    /// Bytes of the largest legal payload: all fields at their largest plus the TLVs defined for this
    /// message, capped at a U24.
    std::size_t payload_max;
    std::vector<FieldRow> (*fields)();
};

/// All messages, in the order of AllMessages (sv2/messages.hpp).
std::span<const MessageRow> message_rows();
/// The numbers are unique over all families. The channel bit is ignored (see FrameView).
const MessageRow* find_message(std::uint16_t extension_type, std::uint8_t msg_type);
std::vector<const MessageRow*> find_messages(std::string_view name);

/// "NewTemplate", or "0x7f of extension 0x4850" for an unknown message.
std::string message_name(std::uint16_t extension_type, std::uint8_t msg_type);

/// The payload limit for unknown messages.
inline constexpr std::size_t kUnknownPayloadMax = 64 * 1024;
/// Room for TLVs of unknown extensions, on any message.
inline constexpr std::size_t kForeignTlvsMax = 256;
/// The largest accepted payload, decided from the header; see noise::FrameOpener::PayloadLimit. For
/// extensions negotiation, lists up to kListedMax.
std::size_t payload_limit(std::uint16_t extension_type, std::uint8_t msg_type);

/// Likewise for a connection that speaks only some families (`common` and `extensions` always): on a mining
/// port a RequestTransactionData.Success is an unknown message, and its 16 MiB must not be accepted.
/// `limits.payload_limit = sv2::payload_limit_of<sv2::Family::mining, sv2::Family::ehash>;`
std::size_t payload_limit_among(unsigned families, std::uint16_t extension_type, std::uint8_t msg_type);
/// Whether such a connection speaks the message. All our roles ignore other messages: of unknown extensions
/// by spec 3.4, and likewise unknown types of known families. Whether a known message may come from this
/// side, at this time, is up to the role.
bool is_spoken_among(unsigned families, std::uint16_t extension_type, std::uint8_t msg_type);

template <Family... families>
inline constexpr unsigned kFamilies = ((1u << static_cast<unsigned>(Family::common) |
                                        1u << static_cast<unsigned>(Family::extensions)) |
                                       ... | (1u << static_cast<unsigned>(families)));
template <Family... families>
std::size_t payload_limit_of(std::uint16_t extension_type, std::uint8_t msg_type) {
    return payload_limit_among(kFamilies<families...>, extension_type, msg_type);
}
template <Family... families>
bool is_spoken(std::uint16_t extension_type, std::uint8_t msg_type) {
    return is_spoken_among(kFamilies<families...>, extension_type, msg_type);
}

/// When one message is expected: anything else may not be larger.
template <class M>
std::size_t payload_limit_of_one(std::uint16_t, std::uint8_t) {
    return payload_limit(M::info.extension_type, M::info.msg_type);
}

}  // namespace hp::sv2
