#include "cashu/nut03.hpp"

#include "cashu/nut10.hpp"
#include "cashu/nut12.hpp"

namespace hp::cashu {
namespace {

std::string at(const char* list, std::size_t index) {
    return std::string(list) + "[" + std::to_string(index) + "]";
}

/// The keyset of an item, with a key for its amount.
Answer<const MintKeyset*> keyset_for(const KeysetId& id, std::uint64_t amount, const MintKeysets& keysets,
                                     const char* list, std::size_t index) {
    const MintKeyset* keyset = keysets.find(id);
    if (!keyset)
        return refuse(Code::keyset_unknown, at(list, index) + ": keyset '" + id.hex() + "' is unknown");
    if (!keyset->key_for(amount))
        return refuse(Code::keyset_unknown, at(list, index) + ": keyset '" + id.hex() +
                                                "' has no key for amount " + std::to_string(amount));
    return keyset;
}

bool has_duplicates(std::vector<std::string_view> texts) {
    std::sort(texts.begin(), texts.end());
    return std::adjacent_find(texts.begin(), texts.end()) != texts.end();
}

template <class Items>
Answer<std::uint64_t> check_count_and_sum(const Items& items, const char* list, std::size_t max,
                                          Code too_many) {
    if (items.size() > max)
        return refuse(too_many, "at most " + std::to_string(max) + " " + list + ", got " +
                                    std::to_string(items.size()));
    if (items.empty()) return refuse(Code::not_balanced, std::string("there are no ") + list);
    auto sum = sum_amounts(items);
    if (!sum) return refuse(Code::not_balanced, std::string("the sum of the ") + list + " is above 2^64 - 1");
    return *sum;
}
Answer<std::uint64_t> check_count_and_sum(std::span<const BlindedMessage> outputs) {
    return check_count_and_sum(outputs, "outputs", kOutputsMax, Code::too_many_outputs);
}

Answer<> check_text_sizes(std::span<const Proof> inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].secret.size() > kSecretSizeMax)
            return refuse(Code::unspecified, at("inputs", i) + ": the secret has more than " +
                                                 std::to_string(kSecretSizeMax) + " bytes");
        if (inputs[i].witness && inputs[i].witness->size() > kSecretSizeMax)
            return refuse(Code::unspecified, at("inputs", i) + ": the witness has more than " +
                                                 std::to_string(kSecretSizeMax) + " bytes");
    }
    return {};
}

Answer<> check_input_duplicates(std::span<const Proof> inputs) {
    // Y is a function of the secret: equal Y mean equal secrets.
    std::vector<std::string_view> secrets;
    for (const Proof& input : inputs) secrets.push_back(input.secret);
    if (has_duplicates(std::move(secrets))) return refuse(Code::duplicate_inputs);
    return {};
}

Answer<> check_output_duplicates(std::span<const BlindedMessage> outputs) {
    std::vector<std::string_view> points;
    for (const BlindedMessage& output : outputs) points.push_back(as_text(output.B_));
    if (has_duplicates(std::move(points))) return refuse(Code::duplicate_outputs);
    return {};
}

/// Every item's keyset is known and has a key for the amount.
template <class Items>
Answer<std::vector<const Keyset*>> find_keysets(const Items& items, const MintKeysets& keysets,
                                                const char* list) {
    std::vector<const Keyset*> out;
    for (const auto& item : items) {
        HP_TRY(auto keyset, keyset_for(item.id, item.amount, keysets, list, out.size()));
        out.push_back(&keyset->keyset);
    }
    return out;
}

enum class Active { needed, not_needed };
Answer<> check_usable(std::span<const Keyset* const> keysets, Active active, const char* list,
                      UnixSeconds now) {
    for (std::size_t i = 0; i < keysets.size(); ++i) {
        const Keyset& keyset = *keysets[i];
        if (active == Active::needed && !keyset.active)
            return refuse(Code::keyset_inactive,
                          at(list, i) + ": keyset '" + keyset.id.hex() + "' is inactive");
        if (keyset.final_expiry && *keyset.final_expiry <= now)
            return refuse(Code::keyset_expired,
                          at(list, i) + ": keyset '" + keyset.id.hex() + "' has expired");
    }
    return {};
}

Answer<std::string> one_unit(std::span<const Keyset* const> keysets, const char* list) {
    for (const Keyset* keyset : keysets)
        if (keyset->unit != keysets.front()->unit)
            return refuse(Code::several_units, std::string("the ") + list + " have different units");
    return keysets.front()->unit;
}

Answer<std::uint64_t> check_fee(std::span<const Keyset* const> input_keysets) {
    std::vector<std::uint64_t> ppk;
    for (const Keyset* keyset : input_keysets) ppk.push_back(keyset->input_fee_ppk);
    auto fee = input_fee(ppk);
    if (!fee) return refuse(Code::not_balanced, "the inputs' fee is above 2^64 - 1");
    return *fee;
}

/// Y of each input whose signature verifies.
Answer<std::vector<PublicKey33>> check_signatures(std::span<const Proof> inputs, const MintKeysets& keysets) {
    std::vector<PublicKey33> ys;
    for (const Proof& input : inputs) {
        PublicKey33 y = y_of(input.secret);
        if (!verify_unblinded(*keysets.find(input.id)->key_for(input.amount), y, input.C))
            return refuse(Code::proof_invalid, at("inputs", ys.size()) + ": the signature does not verify");
        ys.push_back(y);
    }
    return ys;
}

Answer<> check_conditions(std::span<const Proof> inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (secret_kind(inputs[i].secret) != SecretKind::plain)
            return refuse(Code::signature_invalid,
                          at("inputs", i) + ": this mint does not support spending conditions yet");
        if (inputs[i].witness && !inputs[i].witness->empty())
            return refuse(Code::signature_invalid,
                          at("inputs", i) + ": a plain secret must not have a witness");
    }
    return {};
}

}  // namespace

Answer<std::vector<BlindedMessage>> outputs_from_json(const JsonValue& request) {
    HP_TRY(auto items, or_malformed(request.need_array("outputs")));
    if (items->size() > kOutputsMax)
        return refuse(Code::too_many_outputs, "at most " + std::to_string(kOutputsMax) + " outputs, got " +
                                                  std::to_string(items->size()));
    return or_malformed(blinded_messages_from_json(request, "outputs"));
}

Answer<SwapRequest> swap_request_from_json(std::string_view body) {
    HP_TRY(auto json, or_malformed(parse_json(body)));
    HP_TRY(auto items, or_malformed(json.need_array("inputs")));
    if (items->size() > kInputsMax)
        return refuse(Code::too_many_inputs, "at most " + std::to_string(kInputsMax) + " inputs, got " +
                                                 std::to_string(items->size()));
    SwapRequest out;
    HP_TRY(out.inputs, or_malformed(proofs_from_json(json, "inputs")));
    HP_TRY(out.outputs, outputs_from_json(json));
    return out;
}

std::string to_json(const SwapRequest& request) {
    std::string out = "{\"inputs\":";
    append_json_list(out, request.inputs, [&](const Proof& proof) { append_json(out, proof, WithDleq::no); });
    out += ",\"outputs\":";
    append_json_list(out, request.outputs, [&](const BlindedMessage& output) { append_json(out, output); });
    out += '}';
    return out;
}

Answer<OutputsChecked> check_outputs(std::span<const BlindedMessage> outputs, const MintKeysets& keysets,
                                     UnixSeconds now) {
    OutputsChecked out;
    HP_TRY(out.sum, check_count_and_sum(outputs));
    HP_DO(check_output_duplicates(outputs));
    HP_TRY(auto used, find_keysets(outputs, keysets, "outputs"));
    HP_DO(check_usable(used, Active::needed, "outputs", now));
    HP_TRY(out.unit, one_unit(used, "outputs"));
    return out;
}

Answer<SwapChecked> check_swap(const SwapRequest& request, const MintKeysets& keysets, UnixSeconds now) {
    const auto& [inputs, outputs] = request;
    HP_TRY(auto in_sum, check_count_and_sum(inputs, "inputs", kInputsMax, Code::too_many_inputs));
    HP_TRY(auto out_sum, check_count_and_sum(outputs));
    HP_DO(check_text_sizes(inputs));
    HP_DO(check_input_duplicates(inputs));
    HP_DO(check_output_duplicates(outputs));
    HP_TRY(auto in_keysets, find_keysets(inputs, keysets, "inputs"));
    HP_TRY(auto out_keysets, find_keysets(outputs, keysets, "outputs"));
    HP_DO(check_usable(in_keysets, Active::not_needed, "inputs", now));
    HP_DO(check_usable(out_keysets, Active::needed, "outputs", now));
    HP_TRY(auto in_unit, one_unit(in_keysets, "inputs"));
    HP_TRY(auto out_unit, one_unit(out_keysets, "outputs"));
    if (in_unit != out_unit)
        return refuse(Code::unit_mismatch,
                      "the inputs are of unit '" + in_unit + "', the outputs of '" + out_unit + "'");
    SwapChecked out;
    HP_TRY(out.ys, check_signatures(inputs, keysets));
    HP_DO(check_conditions(inputs));
    HP_TRY(out.fee, check_fee(in_keysets));
    if (in_sum < out.fee || in_sum - out.fee != out_sum)
        return refuse(Code::not_balanced, "inputs of " + std::to_string(in_sum) + " less a fee of " +
                                              std::to_string(out.fee) + " are not outputs of " +
                                              std::to_string(out_sum));
    return out;
}

Answer<std::vector<BlindSignature>> sign_outputs(std::span<const BlindedMessage> outputs,
                                                 const MintKeysets& keysets) {
    std::vector<BlindSignature> out;
    out.reserve(outputs.size());
    for (const BlindedMessage& output : outputs) {
        const MintKeyset* keyset = keysets.find(output.id);
        HP_ASSERT(keyset && keyset->key_for(output.amount));
        const SecretKey& key = *keyset->key_for(output.amount);
        auto C_ = sign_blinded(key, output.B_);
        if (!C_)
            return refuse(Code::unspecified, at("outputs", out.size()) + ": B_ is not a point of the curve");
        auto dleq = make_dleq(key, keyset->keyset.keys.at(output.amount), output.B_, *C_);
        HP_ASSERT(dleq.has_value());
        out.push_back({output.amount, output.id, *C_, *dleq});
    }
    return out;
}

}  // namespace hp::cashu
