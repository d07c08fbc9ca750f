// NUT-09: POST /v1/restore, signatures that were made before.
#pragma once
#include "cashu/nut00.hpp"

namespace hp::cashu {

/// Amounts may be 0 and are ignored: what counts is B_.
struct RestoreRequest {
    std::vector<BlindedMessage> outputs;
};
Answer<RestoreRequest> restore_request_from_json(std::string_view body);
std::string to_json(const RestoreRequest& request);

/// Outputs that were signed and their signatures, pairwise. Outputs unknown to the mint are left out.
struct RestoreResponse {
    std::vector<BlindedMessage> outputs;
    std::vector<BlindSignature> signatures;
};
std::string to_json(const RestoreResponse& response);
/// Refuses lists of unequal length.
Result<RestoreResponse> restore_response_from_json(std::string_view body);

}  // namespace hp::cashu
