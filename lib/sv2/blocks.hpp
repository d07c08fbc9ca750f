// Our extension of the Template Distribution protocol, negotiated by extension 0x0001: whole blocks, for a
// Template Provider that no longer knows their template, and what became of each block. docs/protocol-sv2.md.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::blocks {

inline constexpr std::uint16_t kExtensionType = 0x4853;
/// Consensus: a block weighs at most 4,000,000, and each of its bytes at least 1.
inline constexpr std::size_t kBlockSizeMax = 4'000'000;

/// Client to server: a found block, serialized with its witnesses. A repeat is answered like the first.
struct SubmitBlock {
    static constexpr Info info{"SubmitBlock", 0x00, ChannelMsg::no, kExtensionType};
    B0_16M block{};
    friend bool operator==(const SubmitBlock&, const SubmitBlock&) = default;
};
BOOST_DESCRIBE_STRUCT(SubmitBlock, (), (block))

/// Server to client, for each block of a SubmitBlock or SubmitSolution of this connection: once it is known,
/// and again whenever it changes.
struct BlockVerdict {
    static constexpr Info info{"BlockVerdict", 0x01, ChannelMsg::no, kExtensionType};
    U256 block_hash{};  ///< header byte order
    Str0_255 fate{};    ///< "accepted", "side-branch", "rejected", "undelivered": templates/verdict.hpp
    Str0_255 reason{};  ///< the node's word, as in BIP 22; empty: none
    friend bool operator==(const BlockVerdict&, const BlockVerdict&) = default;
};
BOOST_DESCRIBE_STRUCT(BlockVerdict, (), (block_hash, fate, reason))

using Messages = boost::mp11::mp_list<SubmitBlock, BlockVerdict>;

}  // namespace hp::sv2::blocks
