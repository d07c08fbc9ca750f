#include "cashu/nut09.hpp"

#include "cashu/nut03.hpp"

namespace hp::cashu {

Answer<RestoreRequest> restore_request_from_json(std::string_view body) {
    HP_TRY(auto json, or_malformed(parse_json(body)));
    RestoreRequest out;
    HP_TRY(out.outputs, outputs_from_json(json));
    return out;
}

std::string to_json(const RestoreRequest& request) {
    std::string out = "{\"outputs\":";
    append_json_list(out, request.outputs, [&](const BlindedMessage& output) { append_json(out, output); });
    out += '}';
    return out;
}

std::string to_json(const RestoreResponse& response) {
    HP_ASSERT(response.outputs.size() == response.signatures.size());
    std::string out = "{\"outputs\":";
    append_json_list(out, response.outputs, [&](const BlindedMessage& output) { append_json(out, output); });
    out += ",\"signatures\":";
    append_json_list(out, response.signatures,
                     [&](const BlindSignature& signature) { append_json(out, signature); });
    out += '}';
    return out;
}

Result<RestoreResponse> restore_response_from_json(std::string_view body) {
    HP_TRY(auto json, parse_json(body));
    RestoreResponse out;
    HP_TRY(out.outputs, blinded_messages_from_json(json, "outputs"));
    HP_TRY(out.signatures, blind_signatures_from_json(json, "signatures"));
    if (out.outputs.size() != out.signatures.size())
        return fail(Errc::protocol, std::to_string(out.outputs.size()) + " outputs, but " +
                                        std::to_string(out.signatures.size()) + " signatures");
    return out;
}

}  // namespace hp::cashu
