// One block from a file, given to one node or to the embedded chain.
#pragma once
#include <string_view>

#include "net/loop.hpp"
#include "templates/rpc_client.hpp"
#include "templates/source.hpp"

namespace hp::templates {

struct BlockToHandIn {
    BlockId id{};
    std::shared_ptr<const Bytes> raw;
};
/// From hex, with or without a newline, or from the bytes themselves. An error says why it is not a block;
/// only a node can say whether it is valid.
Result<BlockToHandIn> block_from_file_content(std::string_view content);

/// Asks the node for its network, gives it the block, and asks which block of that height is in its chain.
/// Runs the loop until that is known. An error: the node was not reached, or is not of this network.
Result<Verdict> hand_in_to_node(net::Loop& loop, const RpcClient::Options& node, const std::string& network,
                                const BlockToHandIn& block);
/// Likewise to a source that is open and has not started.
Verdict hand_in_to_source(net::Loop& loop, Source& source, const BlockToHandIn& block);

}  // namespace hp::templates
