#include "mining/template.hpp"

namespace hp::mining {
namespace {

tl::unexpected<Error> refuse(const sv2::templates::NewTemplate& message, const std::string& why) {
    return fail(Errc::protocol, "template " + std::to_string(message.template_id) + ": " + why);
}

}  // namespace

Result<Template> template_from(const sv2::templates::NewTemplate& message) {
    if (message.coinbase_prefix.value.size() > kCoinbasePrefixMax)
        return refuse(message, "coinbase_prefix: " + std::to_string(message.coinbase_prefix.value.size()) +
                                   " bytes, at most 8");
    if (message.coinbase_tx_value_remaining == 0)
        return refuse(message, "coinbase_tx_value_remaining: 0, a job must pay something");
    if (message.merkle_path.items.size() > kMerklePathMax)
        return refuse(message, "merkle_path: " + std::to_string(message.merkle_path.items.size()) +
                                   " levels, at most 32");
    auto outputs =
        bitcoin::parse_outputs(message.coinbase_tx_outputs.value, message.coinbase_tx_outputs_count);
    if (!outputs) return refuse(message, "coinbase_tx_outputs: " + outputs.error().what);

    // Check each before adding it, so the sum cannot wrap.
    bitcoin::Sats sum = 0;
    const auto add = [&](bitcoin::Sats value) {
        if (value > bitcoin::kMoneyMax - sum) return false;
        sum += value;
        return true;
    };
    if (!add(message.coinbase_tx_value_remaining))
        return refuse(message,
                      "coinbase_tx_value_remaining: " + std::to_string(message.coinbase_tx_value_remaining) +
                          ", more than 2100000000000000");
    for (const bitcoin::TxOut& output : *outputs)
        if (!add(output.value_sats))
            return refuse(message,
                          "coinbase_tx_outputs: with the value remaining more than 2100000000000000");

    Template out;
    out.template_id = message.template_id;
    out.future_template = message.future_template;
    out.version = message.version;
    out.coinbase_tx_version = message.coinbase_tx_version;
    out.coinbase_prefix = message.coinbase_prefix.value;
    out.coinbase_tx_input_sequence = message.coinbase_tx_input_sequence;
    out.value_remaining_sats = message.coinbase_tx_value_remaining;
    out.outputs = *std::move(outputs);
    out.coinbase_tx_locktime = message.coinbase_tx_locktime;
    out.merkle_path.reserve(message.merkle_path.items.size());
    for (const wire::U256& node : message.merkle_path.items) out.merkle_path.push_back(node.bytes);
    return out;
}

Result<Tip> tip_from(const sv2::templates::SetNewPrevHash& message) {
    return make_tip(message.prev_hash.bytes, message.header_timestamp, message.nBits);
}

Result<Tip> make_tip(const Bytes32& prev_hash, std::uint32_t min_ntime, std::uint32_t nbits) {
    auto target = bitcoin::target_from_nbits(nbits);
    if (!target)
        return fail(Errc::protocol, "nbits: " + std::to_string(nbits) +
                                        " is not a valid target (zero, negative or above 2^256)");
    return Tip{prev_hash, min_ntime, nbits, *target};
}

}  // namespace hp::mining
