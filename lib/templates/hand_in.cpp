#include "templates/hand_in.hpp"

#include "bitcoin/block.hpp"
#include "bitcoin/coinbase.hpp"
#include "templates/gbt.hpp"

namespace hp::templates {
namespace {

constexpr std::int64_t kHandInLimitMs = 60'000;

/// One call, waited for. A JSON-RPC error is an error.
template <class T>
Result<T> ask_node(net::Loop& loop, RpcClient& node, const std::string& method, const std::string& params,
                   Result<NodeReply<T>> (*parse)(std::string_view)) {
    Result<std::string> body = fail(Errc::io, "no answer");
    node.call(method, params, kHandInLimitMs, [&](Result<std::string> answer) {
        body = std::move(answer);
        loop.stop();
    });
    loop.run();
    HP_TRY(const std::string text, std::move(body));
    HP_TRY(auto reply, parse(text));
    if (reply.fault) return fail(Errc::refused, "the node refuses " + method + ": " + reply.fault->text());
    return *std::move(reply.value);
}

}  // namespace

Result<BlockToHandIn> block_from_file_content(std::string_view content) {
    Bytes raw(content.begin(), content.end());
    while (content.ends_with('\n') || content.ends_with('\r')) content.remove_suffix(1);
    const bool is_hex = content.find_first_not_of("0123456789abcdefABCDEF") == content.npos;
    if (is_hex) {
        HP_TRY(raw, from_hex(content));
    }
    HP_TRY(const auto block, bitcoin::parse_block(raw));
    if (block.transactions.empty()) return fail(Errc::invalid, "a block without transactions");
    HP_TRY(const auto coinbase, bitcoin::parse_transaction(block.transactions[0]));
    if (!coinbase.is_coinbase()) return fail(Errc::invalid, "its first transaction is not a coinbase");
    HP_TRY(const auto height, bitcoin::coinbase_height(coinbase.inputs[0].script_sig));
    return BlockToHandIn{{height, block.header.hash()}, std::make_shared<const Bytes>(std::move(raw))};
}

Result<Verdict> hand_in_to_node(net::Loop& loop, const RpcClient::Options& options,
                                const std::string& network, const BlockToHandIn& block) {
    RpcClient node{loop, options};
    HP_TRY(const auto chain, ask_node(loop, node, "getblockchaininfo", "[]", &parse_chain_state));
    if (!chain_fits_network(chain.chain, network))
        return fail(Errc::refused, "the node is on '" + chain.chain + "', configured is '" + network + "'",
                    "correct network or rpc_url");
    HP_TRY(const auto word,
           ask_node(loop, node, "submitblock", "[\"" + to_hex(*block.raw) + "\"]", &parse_submit_block));
    const Answer answer = answer_from_word(word);
    if (answer == Answer::refused) return Verdict{Fate::rejected, word};
    const bool is_unsettled = answer == Answer::unsettled;
    Verdict verdict{is_unsettled ? Fate::side_branch : Fate::accepted, word, answer == Answer::known};
    // The answer said only that the node has the block.
    const auto in_chain =
        ask_node(loop, node, "getblockhash", "[" + std::to_string(block.id.height) + "]", &parse_block_hash);
    if (in_chain) verdict.fate = *in_chain == block.id.hash ? Fate::accepted : Fate::side_branch;
    return verdict;
}

Verdict hand_in_to_source(net::Loop& loop, Source& source, const BlockToHandIn& block) {
    Verdict out{Fate::undelivered, "no answer"};
    source.submit(block.raw, block.id, [&](const Verdict& verdict) {
        out = verdict;
        loop.stop();
    });
    loop.run();
    return out;
}

}  // namespace hp::templates
