// NUT-09: POST /v1/restore, earlier signatures.
#pragma once
#include "cashu/nut00.hpp"

namespace hp::cashu {

/// Amounts may be 0 and are ignored: only B_ counts.
struct RestoreRequest {
    std::vector<BlindedMessage> outputs;
};
Answer<RestoreRequest> restore_request_from_json(std::string_view body);
std::string to_json(const RestoreRequest& request);

/// Signed outputs and their signatures, pairwise. Outputs unknown to the mint are omitted.
struct RestoreResponse {
    std::vector<BlindedMessage> outputs;
    std::vector<BlindSignature> signatures;
};
std::string to_json(const RestoreResponse& response);
/// Refuses lists of unequal length.
Result<RestoreResponse> restore_response_from_json(std::string_view body);

}  // namespace hp::cashu
