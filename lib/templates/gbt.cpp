#include "templates/gbt.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace hp::templates {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kTransactionsMax =
    0xffff;  // transaction_list of RequestTransactionData.Success, spec 7.5
constexpr std::size_t kLongPollIdMax = 512;

tl::unexpected<Error> bad(const std::string& field, const std::string& what) {
    return fail(Errc::protocol, "node's answer: " + field + ": " + what);
}
std::string shown(const Json& value) {
    return "got " + printable(value.dump(-1, ' ', true, Json::error_handler_t::replace), 48);
}

/// A required member; its path is for the error.
Result<const Json*> member(const Json& object, const char* name, const std::string& path) {
    auto it = object.find(name);
    if (it == object.end()) return bad(path + name, "missing");
    return &*it;
}
Result<std::int64_t> integer(const Json& object, const char* name, std::int64_t min, std::int64_t max,
                             const std::string& path = {}) {
    HP_TRY(const Json* value, member(object, name, path));
    bool fits =
        value->is_number_unsigned() ? value->get<std::uint64_t>() <= INT64_MAX : value->is_number_integer();
    std::int64_t number = fits ? value->get<std::int64_t>() : 0;
    if (!fits || number < min || number > max)
        return bad(path + name, "must be a whole number from " + std::to_string(min) + " to " +
                                    std::to_string(max) + ", " + shown(*value));
    return number;
}
Result<std::string> text(const Json& object, const char* name, const std::string& path = {}) {
    HP_TRY(const Json* value, member(object, name, path));
    if (!value->is_string()) return bad(path + name, "must be a string, " + shown(*value));
    return value->get<std::string>();
}
Result<Bytes> hex(const Json& object, const char* name, const std::string& path = {}) {
    HP_TRY(std::string digits, text(object, name, path));
    auto bytes = from_hex(digits);
    if (!bytes) return bad(path + name, bytes.error().what);
    return bytes;
}
/// 32 bytes, displayed most significant first, as bytes in header order.
Result<Bytes32> reversed_hash(const Json& object, const char* name, const std::string& path = {}) {
    HP_TRY(Bytes bytes, hex(object, name, path));
    if (bytes.size() != 32)
        return bad(path + name, "must be 32 bytes of hex, got " + std::to_string(bytes.size()));
    std::reverse(bytes.begin(), bytes.end());
    return to_array<32>(bytes);
}

template <class T>
using ParseResult = Result<NodeReply<T>>;

/// Opens the JSON-RPC envelope: `parse` gets a result without an error.
template <class T, class Parse>
ParseResult<T> open_reply(std::string_view body, Parse parse) {
    Json reply = Json::parse(body, nullptr, false);
    if (reply.is_discarded() || !reply.is_object()) {
        const std::string words = words_of_error(body);
        return fail(Errc::protocol,
                    "node's answer is not a JSON object" + (words.empty() ? "" : ": " + words),
                    "is this the node's RPC port?");
    }
    NodeReply<T> out;
    auto error = reply.find("error");
    if (error != reply.end() && !error->is_null()) {
        if (!error->is_object()) return bad("error", "must be an object, " + shown(*error));
        HP_TRY(std::int64_t code, integer(*error, "code", INT32_MIN, INT32_MAX, "error."));
        HP_TRY(std::string message, text(*error, "message", "error."));
        out.fault = NodeFault{static_cast<int>(code), printable(message, 200)};
        return out;
    }
    HP_TRY(const Json* result, member(reply, "result", ""));
    HP_TRY(out.value, parse(*result));
    return out;
}

/// btcd drops leading zeros, so up to eight digits.
Result<std::uint32_t> parse_bits(const Json& object) {
    HP_TRY(std::string digits, text(object, "bits"));
    if (digits.empty() || digits.size() > 8)
        return bad("bits", "must be up to 8 hex digits, got '" + printable(digits, 16) + "'");
    auto bytes = array_from_hex<4>(std::string(8 - digits.size(), '0') + digits);
    if (!bytes) return bad("bits", bytes.error().what);
    return get_be<std::uint32_t>(bytes->data());
}

/// BIP 9 in getblocktemplate: a rule with '!' must be understood to mine valid blocks.
Result<> check_rules(const Json& object) {
    auto rules = object.find("rules");
    if (rules == object.end()) return {};
    if (!rules->is_array()) return bad("rules", "must be an array, " + shown(*rules));
    for (const Json& rule : *rules) {
        if (!rule.is_string()) return bad("rules", "must hold strings, " + shown(rule));
        auto name = rule.get<std::string>();
        if (name.starts_with('!') && name != "!segwit" && name != "!signet")
            return bad("rules", "the node requires an unknown rule: '" + printable(name, 48) + "'");
    }
    return {};
}

using Known = std::unordered_map<std::string, std::shared_ptr<const TemplateTransaction>>;

Result<std::shared_ptr<const TemplateTransaction>> parse_transaction(const Json& object,
                                                                     const std::string& path,
                                                                     const Known& known) {
    if (!object.is_object()) return bad(path, "must be an object");
    const std::string inside = path + ".";
    HP_TRY(Bytes raw, hex(object, "data", inside));
    HP_TRY(std::int64_t fee, integer(object, "fee", 0, bitcoin::kMoneyMax, inside));
    HP_TRY(std::int64_t sigops, integer(object, "sigops", 0, kBlockSigopCostMax, inside));
    HP_TRY(Bytes32 txid, reversed_hash(object, "txid", inside));
    HP_TRY(Bytes32 wtxid, reversed_hash(object, "hash", inside));
    if (auto it = known.find(std::string(as_text(wtxid)));
        it != known.end() && it->second->raw == raw && it->second->txid == txid &&
        it->second->fee_sats == static_cast<std::uint64_t>(fee) &&
        it->second->sigop_cost == static_cast<std::uint64_t>(sigops))
        return it->second;
    auto transaction = template_transaction(std::move(raw), static_cast<std::uint64_t>(fee),
                                            static_cast<std::uint64_t>(sigops));
    if (!transaction) return bad(inside + "data", transaction.error().what);
    if (transaction->txid != txid)
        return bad(inside + "txid", "data hashes to " + to_hex_reversed(transaction->txid) + ", not to " +
                                        to_hex_reversed(txid));
    if (transaction->wtxid != wtxid)
        return bad(inside + "hash", "data hashes to " + to_hex_reversed(transaction->wtxid) + ", not to " +
                                        to_hex_reversed(wtxid));
    return std::make_shared<const TemplateTransaction>(*std::move(transaction));
}

Result<> parse_transactions(const Json& object, const BlockTemplate* known_block, BlockTemplate& block) {
    HP_TRY(const Json* list, member(object, "transactions", ""));
    if (!list->is_array() || list->size() > kTransactionsMax)
        return bad("transactions", "must be an array of at most " + std::to_string(kTransactionsMax));
    Known known;
    if (known_block)
        for (const auto& transaction : known_block->transactions)
            known.emplace(std::string(as_text(transaction->wtxid)), transaction);
    std::uint64_t fees = 0;
    for (std::size_t i = 0; i < list->size(); ++i) {
        HP_TRY(auto transaction,
               parse_transaction((*list)[i], "transactions[" + std::to_string(i) + "]", known));
        fees += transaction->fee_sats;
        block.transactions.push_back(std::move(transaction));
    }
    if (fees > block.coinbase_sats)
        return bad("coinbasevalue", "is " + std::to_string(block.coinbase_sats) +
                                        ", less than the fees of the transactions: " + std::to_string(fees));
    return {};
}

/// Bitcoin Core returns the output's script (BIP 145), btcd the bare 32 bytes. Either must match what we
/// compute: we compute it ourselves when transactions are cut off, and a wrong one costs the block.
Result<> check_commitment(const Json& object, BlockTemplate& block) {
    bool any_witness = std::any_of(block.transactions.begin(), block.transactions.end(),
                                   [](const auto& tx) { return tx->txid != tx->wtxid; });
    block.with_commitment = object.contains("default_witness_commitment");
    if (!block.with_commitment)
        return any_witness ? bad("default_witness_commitment", "missing, but transactions have witnesses")
                           : Result<>{};
    HP_TRY(Bytes given, hex(object, "default_witness_commitment"));
    Bytes script = witness_commitment_script(block);
    ByteView expected = script;
    if (given.size() == 32) expected = expected.last(32);
    if (!std::ranges::equal(given, expected))
        return bad("default_witness_commitment", "is not the commitment of these transactions, expected " +
                                                     to_hex(expected) + ", got " +
                                                     printable(to_hex(given), 100));
    return {};
}

Result<NodeTemplate> parse_template_object(const Json& object, const BlockTemplate* known) {
    if (!object.is_object()) return bad("result", "must be an object, " + shown(object));
    HP_DO(check_rules(object));
    auto block = std::make_shared<BlockTemplate>();
    HP_TRY(std::int64_t height, integer(object, "height", 1, INT32_MAX));
    HP_TRY(std::int64_t version, integer(object, "version", INT32_MIN, INT32_MAX));
    HP_TRY(std::int64_t header_time, integer(object, "curtime", 0, UINT32_MAX));
    HP_TRY(std::int64_t min_time, integer(object, "mintime", 0, UINT32_MAX));
    HP_TRY(std::int64_t value, integer(object, "coinbasevalue", 0, bitcoin::kMoneyMax));
    HP_TRY(block->prev_hash, reversed_hash(object, "previousblockhash"));
    HP_TRY(block->nbits, parse_bits(object));
    HP_TRY(block->target, reversed_hash(object, "target"));
    auto target = bitcoin::target_from_nbits(block->nbits);
    if (!target || *target != block->target)
        return bad("target", "does not match bits: " + to_hex_reversed(block->target) + " for bits " +
                                 object["bits"].get<std::string>());
    block->height = static_cast<std::uint32_t>(height);
    block->version = static_cast<std::uint32_t>(version);
    block->min_time = static_cast<std::uint32_t>(min_time);
    block->header_time = static_cast<std::uint32_t>(std::max(header_time, min_time));
    block->coinbase_sats = static_cast<std::uint64_t>(value);
    if (object.contains("weightlimit")) {
        HP_TRY(std::int64_t weight_max, integer(object, "weightlimit", 0, INT64_MAX));
        block->weight_max =
            std::min<std::uint64_t>(bitcoin::kBlockWeightMax, static_cast<std::uint64_t>(weight_max));
    }
    if (object.contains("sigoplimit")) {
        HP_TRY(std::int64_t sigops_max, integer(object, "sigoplimit", 0, INT64_MAX));
        block->sigop_cost_max =
            std::min<std::uint64_t>(kBlockSigopCostMax, static_cast<std::uint64_t>(sigops_max));
    }
    if (auto aux = object.find("coinbaseaux");
        aux != object.end() && aux->is_object() && aux->contains("flags")) {
        HP_TRY(block->coinbase_flags, hex(*aux, "flags", "coinbaseaux."));
    }
    HP_DO(parse_transactions(object, known, *block));
    HP_DO(check_commitment(object, *block));

    NodeTemplate out;
    if (object.contains("longpollid")) {
        HP_TRY(out.long_poll_id, text(object, "longpollid"));
        if (out.long_poll_id.size() > kLongPollIdMax)
            return bad("longpollid", "longer than " + std::to_string(kLongPollIdMax) + " bytes");
    }
    if (object.contains("signet_challenge")) {
        HP_TRY(Bytes challenge, hex(object, "signet_challenge"));
        constexpr std::uint8_t kOpTrue = 0x51;
        out.needs_signature = challenge != Bytes{kOpTrue};
    }
    out.block = std::move(block);
    return out;
}

}  // namespace

std::string NodeFault::text() const { return message + " (" + std::to_string(code) + ")"; }

Result<NodeReply<NodeTemplate>> parse_block_template(std::string_view body, const BlockTemplate* known) {
    return open_reply<NodeTemplate>(
        body, [known](const Json& result) { return parse_template_object(result, known); });
}

Result<NodeReply<std::string>> parse_submit_block(std::string_view body) {
    return open_reply<std::string>(body, [](const Json& result) -> Result<std::string> {
        if (result.is_null()) return std::string();
        if (result.is_string()) return printable(result.get<std::string>());
        return bad("result", "must be null or a string, " + shown(result));
    });
}

Result<NodeReply<Bytes32>> parse_block_hash(std::string_view body) {
    return open_reply<Bytes32>(body, [](const Json& result) {
        return reversed_hash(Json{{"result", result}}, "result");
    });
}

std::string words_of_error(std::string_view body) {
    constexpr std::size_t kShownMax = 200;
    const Json json = Json::parse(body, nullptr, false);
    if (json.is_object()) {
        const Json::json_pointer message{"/error/message"};
        if (json.contains(message) && json.at(message).is_string())
            return printable(json.at(message).get<std::string>(), kShownMax);
        return {};
    }
    constexpr std::string_view kTitle = "<title>";
    if (const auto begin = body.find(kTitle); begin != body.npos) {
        body.remove_prefix(begin + kTitle.size());
        body = body.substr(0, body.find('<'));
    } else if (body.starts_with('<')) {
        return {};
    }
    const auto begin = body.find_first_not_of(" \t\r\n");
    if (begin == body.npos) return {};
    body.remove_prefix(begin);
    body = body.substr(0, body.find_first_of("\r\n"));
    return printable(std::string(body.substr(0, body.find_last_not_of(" \t") + 1)), kShownMax);
}

Result<NodeReply<ChainState>> parse_chain_state(std::string_view body) {
    return open_reply<ChainState>(body, [](const Json& result) -> Result<ChainState> {
        if (!result.is_object()) return bad("result", "must be an object, " + shown(result));
        ChainState state;
        HP_TRY(std::string chain, text(result, "chain"));
        HP_TRY(std::int64_t blocks, integer(result, "blocks", 0, INT32_MAX));
        HP_TRY(std::int64_t headers, integer(result, "headers", 0, INT32_MAX));
        // btcd leaves the field out where it is false.
        if (const auto it = result.find("initialblockdownload"); it != result.end()) {
            if (!it->is_boolean()) return bad("initialblockdownload", "must be a boolean, " + shown(*it));
            state.is_initial_download = it->get<bool>();
        }
        state.chain = printable(chain, 32);
        state.blocks = static_cast<std::uint64_t>(blocks);
        state.headers = static_cast<std::uint64_t>(headers);
        return state;
    });
}

bool chain_fits_network(std::string_view chain, std::string_view network) {
    if (network == "mainnet") return chain == "main" || chain == "mainnet";
    if (network == "regtest") return chain == "regtest" || chain == "simnet";
    return (network == "testnet4" || network == "signet") && chain == network;
}

std::string block_template_params(std::string_view network, std::string_view long_poll_id) {
    Json request;
    request["rules"] = network == "signet" ? Json::array({"segwit", "signet"}) : Json::array({"segwit"});
    request["capabilities"] = Json::array({"coinbasevalue", "longpoll"});
    if (!long_poll_id.empty()) request["longpollid"] = long_poll_id;
    return Json::array({std::move(request)}).dump();
}

}  // namespace hp::templates
