// The outcome of a submitted block. A node's answer to submitblock is a word (BIP 22, as implemented by
// Bitcoin Core and btcd); whether a block counts only the chain can tell.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace hp::templates {

enum class Fate : std::uint8_t {
    accepted,     ///< in the node's chain
    side_branch,  ///< known to the node, but another block of its height is in the chain
    rejected,     ///< invalid according to the node
    undelivered,  ///< no node could be reached while it mattered
};
/// "accepted", "side-branch", "rejected", "undelivered".
std::string_view text_of(Fate fate);

struct Verdict {
    Fate fate{Fate::rejected};
    std::string reason{};  ///< the node's word, such as "high-hash" or "inconclusive"; empty if none
    bool is_repeat{
        false};  ///< the node had it before our first submission: from an earlier run, or from a peer
    bool accepted() const { return fate == Fate::accepted; }
};

/// The meaning of a node's answer to submitblock.
enum class Answer : std::uint8_t {
    taken,      ///< null: it was new and valid
    known,      ///< "duplicate"; btcd: "rejected: already have block ..."
    unsettled,  ///< "inconclusive", "duplicate-inconclusive": kept, but not in the chain yet
    refused,  ///< everything else: "duplicate-invalid", "rejected", "bad-...", "high-hash", "stale-prevblk",
              ///< ...
};
/// `word`: the result of submitblock, empty for null.
Answer answer_from_word(std::string_view word);

/// How the chain is asked about a block.
struct BlockId {
    std::uint32_t height{};
    Bytes32 hash{};  ///< header byte order
};

}  // namespace hp::templates
