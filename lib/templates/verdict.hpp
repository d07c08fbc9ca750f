// What became of a block that was handed in. A node's answer to submitblock is a word (BIP 22, and what
// Bitcoin Core and btcd make of it); whether a block counts, only the chain says.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace hp::templates {

enum class Fate : std::uint8_t {
    accepted,     ///< in the node's chain
    side_branch,  ///< known to the node, and another block of its height is in the chain
    rejected,     ///< the node says that it is no valid block
    undelivered,  ///< no node could be asked for as long as it mattered
};
/// "accepted", "side-branch", "rejected", "undelivered".
std::string_view text_of(Fate fate);

struct Verdict {
    Fate fate{Fate::rejected};
    std::string
        reason{};  ///< the node's word, such as "high-hash" or "inconclusive"; empty where it had none
    bool is_repeat{
        false};  ///< the node had it before we first asked: another run of ours, or another node's peer
    bool accepted() const { return fate == Fate::accepted; }
};

/// What a node means by its answer to submitblock.
enum class Answer : std::uint8_t {
    taken,      ///< null: it was new and right
    known,      ///< "duplicate"; btcd: "rejected: already have block ..."
    unsettled,  ///< "inconclusive", "duplicate-inconclusive": kept, and not in the chain as yet
    refused,  ///< everything else: "duplicate-invalid", "rejected", "bad-...", "high-hash", "stale-prevblk",
              ///< ...
};
/// `word`: the result of submitblock, empty for null.
Answer answer_from_word(std::string_view word);

/// A block, as the chain is asked for it.
struct BlockId {
    std::uint32_t height{};
    Bytes32 hash{};  ///< header byte order
};

}  // namespace hp::templates
