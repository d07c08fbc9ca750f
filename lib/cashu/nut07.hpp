// NUT-07: POST /v1/checkstate.
#pragma once
#include "cashu/nut00.hpp"

namespace hp::cashu {

enum class ProofState { unspent, pending, spent };
std::string_view text(ProofState state);  ///< "UNSPENT", "PENDING", "SPENT"

struct CheckStateRequest {
    std::vector<PublicKey33> Ys;  ///< on the curve: no proof can have another, and UNSPENT would be a promise
};
Answer<CheckStateRequest> check_state_request_from_json(std::string_view body);
std::string to_json(const CheckStateRequest& request);

struct StateOfProof {
    PublicKey33 Y{};
    ProofState state{ProofState::unspent};
    std::optional<std::string> witness{};  ///< as it was sent when the proof was spent
    friend bool operator==(const StateOfProof&, const StateOfProof&) = default;
};
/// {"states":[{"Y":hex,"state":"SPENT","witness":text|null}]}, in the order of the request.
std::string states_json(std::span<const StateOfProof> states);
Result<std::vector<StateOfProof>> states_from_json(std::string_view body);

}  // namespace hp::cashu
