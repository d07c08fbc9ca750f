// Parses a node's answers to getblocktemplate (BIP 22, 23, 145), submitblock, getblockchaininfo. Pure;
// strict, because a misread template costs a block. Tested with Bitcoin Core and btcd.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "templates/source.hpp"

namespace hp::templates {

/// A JSON-RPC "error" object.
struct NodeFault {
    int code{};
    std::string message;  ///< printable
    /// The node is up, but has no work yet: starting (-28), without peers (-9), or downloading (-10).
    bool not_ready() const { return code == -28 || code == -9 || code == -10; }
    /// Of getblockhash: the chain has no such height (Bitcoin Core -8, btcd -1).
    bool is_out_of_range() const { return code == -8 || code == -1; }
    std::string text() const;
};
/// One answer: a value, or the node's error.
template <class T>
struct NodeReply {
    std::optional<T> value{};
    std::optional<NodeFault> fault{};
};

struct NodeTemplate {
    std::shared_ptr<const BlockTemplate> block;
    std::string long_poll_id;     ///< empty: the node does not support long polls
    bool needs_signature{false};  ///< signet whose blocks only its operators can sign (BIP 325)
};
/// Errors name the field. Transactions already in `known` are shared with it instead of being parsed and
/// hashed again.
Result<NodeReply<NodeTemplate>> parse_block_template(std::string_view body,
                                                     const BlockTemplate* known = nullptr);
/// The result of submitblock: a word, empty for null (verdict.hpp).
Result<NodeReply<std::string>> parse_submit_block(std::string_view body);
/// The result of getblockhash, in header byte order.
Result<NodeReply<Bytes32>> parse_block_hash(std::string_view body);
/// The explanation in the body of an HTTP error from a node, or from a proxy in front of it: one printable
/// line; the message of a JSON-RPC error, or the title of a page. Empty if there is none.
std::string words_of_error(std::string_view body);

struct ChainState {
    std::string chain;  ///< the node's own name: "main", "regtest", "simnet"
    std::uint64_t blocks{}, headers{};
    bool is_initial_download{false};
    /// Its tip is not the network's: templates on it would be worthless.
    bool is_behind() const { return is_initial_download || headers > blocks; }
};
Result<NodeReply<ChainState>> parse_chain_state(std::string_view body);
/// Whether a node with this chain name serves the configured network. btcd's simnet counts as regtest.
bool chain_fits_network(std::string_view chain, std::string_view network);

/// The requests. `network` decides the rules that we claim to support (signet adds one).
std::string block_template_params(std::string_view network, std::string_view long_poll_id);

}  // namespace hp::templates
