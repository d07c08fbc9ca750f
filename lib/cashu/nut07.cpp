#include "cashu/nut07.hpp"

namespace hp::cashu {
namespace {

constexpr ProofState kStates[] = {ProofState::unspent, ProofState::pending, ProofState::spent};

}  // namespace

std::string_view text(ProofState state) {
    switch (state) {
        case ProofState::unspent:
            return "UNSPENT";
        case ProofState::pending:
            return "PENDING";
        case ProofState::spent:
            return "SPENT";
    }
    HP_ASSERT(!"a state");
    return {};
}

Answer<CheckStateRequest> check_state_request_from_json(std::string_view body) {
    HP_TRY(auto json, or_malformed(parse_json(body)));
    HP_TRY(auto items, or_malformed(json.need_array("Ys")));
    if (items->size() > kInputsMax)
        return refuse(Code::too_many_inputs,
                      "at most " + std::to_string(kInputsMax) + " Ys, got " + std::to_string(items->size()));
    CheckStateRequest out;
    for (const JsonValue& item : *items) {
        PublicKey33 y;
        bool good = item.kind == JsonValue::Kind::string && from_hex_into(item.string, y) &&
                    crypto::is_valid_public_key(y);
        if (!good)
            return refuse(Code::unspecified,
                          "Ys[" + std::to_string(out.Ys.size()) + "]: expected a compressed point in hex");
        out.Ys.push_back(y);
    }
    return out;
}

std::string to_json(const CheckStateRequest& request) {
    std::string out = "{\"Ys\":";
    append_json_list(out, request.Ys, [&](const PublicKey33& y) { append_json_hex(out, y); });
    out += '}';
    return out;
}

std::string states_json(std::span<const StateOfProof> states) {
    std::string out = "{\"states\":";
    append_json_list(out, states, [&](const StateOfProof& state) {
        out += "{\"Y\":";
        append_json_hex(out, state.Y);
        out += ",\"state\":\"";
        out += text(state.state);
        out += "\",\"witness\":";
        if (state.witness)
            append_json_string(out, *state.witness);
        else
            out += "null";
        out += '}';
    });
    out += '}';
    return out;
}

Result<std::vector<StateOfProof>> states_from_json(std::string_view body) {
    HP_TRY(auto json, parse_json(body));
    HP_TRY(auto items, json.need_array("states"));
    std::vector<StateOfProof> out;
    for (const JsonValue& item : *items) {
        StateOfProof state;
        HP_TRY(state.Y, item.need_hex<33>("Y"));
        HP_TRY(auto name, item.need_string("state"));
        auto named = std::find_if(std::begin(kStates), std::end(kStates),
                                  [&](ProofState s) { return text(s) == name; });
        if (named == std::end(kStates))
            return fail(Errc::invalid, "states[" + std::to_string(out.size()) +
                                           "].state: expected UNSPENT, PENDING or SPENT, got '" +
                                           printable(name, 32) + "'");
        state.state = *named;
        if (item.find("witness")) {
            HP_TRY(state.witness, item.need_string("witness"));
        }
        out.push_back(std::move(state));
    }
    return out;
}

}  // namespace hp::cashu
