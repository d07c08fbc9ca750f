// What a node answers: getblocktemplate (BIP 22, 23, 145), submitblock, getblockchaininfo. Pure; strict,
// because a template that is read wrongly costs a block. Tried with Bitcoin Core's and btcd's dialects.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "templates/source.hpp"

namespace hp::templates {

/// An "error" object of JSON-RPC.
struct NodeFault {
    int code{};
    std::string message;  ///< printable
    /// The node is up, but has no work to give yet: starting (-28), without peers (-9), or downloading (-10).
    bool not_ready() const { return code == -28 || code == -9 || code == -10; }
    /// Of getblockhash: the chain has no such height (Bitcoin Core -8, btcd -1).
    bool is_out_of_range() const { return code == -8 || code == -1; }
    std::string text() const;
};
/// One answer: a value, or what the node had against it.
template <class T>
struct NodeReply {
    std::optional<T> value{};
    std::optional<NodeFault> fault{};
};

struct NodeTemplate {
    std::shared_ptr<const BlockTemplate> block;
    std::string long_poll_id;     ///< empty: the node has no long poll
    bool needs_signature{false};  ///< signet whose blocks only its operators can sign (BIP 325)
};
/// A body that is not such an answer is an error that names the field. Transactions that `known` holds
/// already are shared with it instead of being read and hashed again.
Result<NodeReply<NodeTemplate>> parse_block_template(std::string_view body,
                                                     const BlockTemplate* known = nullptr);
/// The result of submitblock: a word, empty for null (verdict.hpp).
Result<NodeReply<std::string>> parse_submit_block(std::string_view body);
/// The result of getblockhash, in header byte order.
Result<NodeReply<Bytes32>> parse_block_hash(std::string_view body);
/// What a node, or who stands before it, says in the body of an HTTP error: a line of text, printable; the
/// message of a JSON-RPC error, the title of a page. Empty where it says nothing.
std::string words_of_error(std::string_view body);

struct ChainState {
    std::string chain;  ///< the node's own name: "main", "regtest", "simnet"
    std::uint64_t blocks{}, headers{};
};
Result<NodeReply<ChainState>> parse_chain_state(std::string_view body);
/// Whether a node that calls its chain so serves the configured network. btcd's simnet counts as regtest.
bool chain_fits_network(std::string_view chain, std::string_view network);

/// The requests. `network` decides the rules that we claim to know (signet adds one).
std::string block_template_params(std::string_view network, std::string_view long_poll_id);

}  // namespace hp::templates
