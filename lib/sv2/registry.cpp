#include "sv2/registry.hpp"

#include <algorithm>
#include <array>

#include "sv2/codec.hpp"
#include "sv2/messages.hpp"

namespace hp::sv2 {
namespace {

constexpr std::size_t kTlvHeadSize = 5;

/// Maximum bytes that TLVs of known extensions add to a message.
template <class M>
constexpr std::size_t tlv_size_max() {
    constexpr std::size_t owner = 2 * kTlvHeadSize + ehash::kLockingPubkeySize + ehash::kUserIdentitySizeMax;
    if constexpr (std::is_same_v<M, mining::SubmitSharesExtended>)
        return kTlvHeadSize + extensions::kUserIdentitySizeMax + owner;
    else if constexpr (std::is_same_v<M, mining::OpenExtendedMiningChannel> ||
                       std::is_same_v<M, mining::OpenStandardMiningChannel>)
        return kTlvHeadSize + ehash::kLockingPubkeySize;
    else if constexpr (std::is_same_v<M, mining::UpdateChannel> ||
                       std::is_same_v<M, mining::SubmitSharesStandard>)
        return owner;
    else
        return 0;
}

template <Message M>
constexpr std::size_t payload_size_max() {
    std::size_t size = tlv_size_max<M>();
    each_field<M>([&](auto f) { size = saturate(size + Codec<FieldType<M, decltype(f)>>::size_max); });
    return size;
}

template <Message M>
std::vector<FieldRow> field_rows() {
    std::vector<FieldRow> rows;
    each_field<M>([&](auto f) { rows.push_back({f.name, Codec<FieldType<M, decltype(f)>>::type_name()}); });
    return rows;
}

template <class M>
constexpr Family family_of() {
    using boost::mp11::mp_contains;
    if (mp_contains<common::Messages, M>::value) return Family::common;
    if (mp_contains<mining::Messages, M>::value) return Family::mining;
    if (mp_contains<job_declaration::Messages, M>::value) return Family::job_declaration;
    if (mp_contains<templates::Messages, M>::value) return Family::templates;
    if (mp_contains<extensions::Messages, M>::value) return Family::extensions;
    if (mp_contains<ehash::Messages, M>::value) return Family::ehash;
    if (mp_contains<link::Messages, M>::value) return Family::link;
    if (mp_contains<records::Messages, M>::value) return Family::records;
    if (mp_contains<blocks::Messages, M>::value) return Family::blocks;
    return Family::legacy;
}

template <class... M>
constexpr std::array<MessageRow, sizeof...(M)> make_rows(boost::mp11::mp_list<M...>) {
    return {MessageRow{M::info.name, M::info.extension_type, M::info.msg_type,
                       M::info.channel_msg == ChannelMsg::yes, family_of<M>(), payload_size_max<M>(),
                       &field_rows<M>}...};
}
constexpr auto kRows = make_rows(AllMessages{});
static_assert(kRows.size() < 255, "the index below is one byte");

constexpr bool numbers_are_unique() {
    for (std::size_t i = 0; i < kRows.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (kRows[i].extension_type == kRows[j].extension_type && kRows[i].msg_type == kRows[j].msg_type)
                return false;
    return true;
}
static_assert(numbers_are_unique());

/// Row + 1 of each core message, 0 for none: nearly every frame is one, and is looked up before it is opened.
constexpr auto kCoreIndex = [] {
    std::array<std::uint8_t, 256> index{};
    for (std::size_t i = 0; i < kRows.size(); ++i)
        if (kRows[i].extension_type == 0) index[kRows[i].msg_type] = static_cast<std::uint8_t>(i + 1);
    return index;
}();

}  // namespace

std::span<const MessageRow> message_rows() { return kRows; }

const MessageRow* find_message(std::uint16_t extension_type, std::uint8_t msg_type) {
    if (extension_type == 0) {
        const std::uint8_t index = kCoreIndex[msg_type];
        return index ? &kRows[index - 1u] : nullptr;
    }
    for (const MessageRow& row : kRows)
        if (row.extension_type == extension_type && row.msg_type == msg_type) return &row;
    return nullptr;
}

std::vector<const MessageRow*> find_messages(std::string_view name) {
    std::vector<const MessageRow*> found;
    for (const MessageRow& row : kRows)
        if (row.name == name) found.push_back(&row);
    return found;
}

std::size_t payload_limit(std::uint16_t extension_type, std::uint8_t msg_type) {
    return payload_limit_among(~0u, extension_type, msg_type);
}

std::string message_name(std::uint16_t extension_type, std::uint8_t msg_type) {
    if (const MessageRow* row = find_message(extension_type, msg_type)) return std::string(row->name);
    const ByteArray<2> extension{static_cast<std::uint8_t>(extension_type >> 8),
                                 static_cast<std::uint8_t>(extension_type)};
    std::string out = "0x" + to_hex(ByteView{&msg_type, 1});
    return extension_type == 0 ? out : out + " of extension 0x" + to_hex(extension);
}

Error unexpected(const FrameView& frame, std::string_view expected) {
    return {Errc::protocol,
            "expected " + std::string(expected) + ", got " +
                message_name(frame.header.extension_type, frame.header.msg_type),
            {}};
}

namespace {

const MessageRow* find_among(unsigned families, std::uint16_t extension_type, std::uint8_t msg_type) {
    const MessageRow* row = find_message(extension_type, msg_type);
    return row && (families >> static_cast<unsigned>(row->family) & 1) ? row : nullptr;
}

}  // namespace

bool is_spoken_among(unsigned families, std::uint16_t extension_type, std::uint8_t msg_type) {
    return find_among(families, extension_type, msg_type) != nullptr;
}

std::size_t payload_limit_among(unsigned families, std::uint16_t extension_type, std::uint8_t msg_type) {
    const MessageRow* row = find_among(families, extension_type, msg_type);
    if (!row) return kUnknownPayloadMax;
    // A request id and at most two lists.
    constexpr std::size_t kNegotiationMax = 2 + 2 * (2 + 2 * extensions::kListedMax);
    const std::size_t size =
        row->family == Family::extensions ? std::min(row->payload_max, kNegotiationMax) : row->payload_max;
    return saturate(size + kForeignTlvsMax);
}

}  // namespace hp::sv2
