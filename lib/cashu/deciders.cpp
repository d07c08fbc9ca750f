#include "cashu/deciders.hpp"

namespace hp::cashu {

Answer<> decide_inputs(std::span<const ProofState> states) {
    for (std::size_t i = 0; i < states.size(); ++i)
        if (states[i] == ProofState::spent)
            return refuse(Code::already_spent, "inputs[" + std::to_string(i) + "] is already spent");
    for (std::size_t i = 0; i < states.size(); ++i)
        if (states[i] == ProofState::pending)
            return refuse(Code::inputs_pending, "inputs[" + std::to_string(i) + "] is pending");
    return {};
}

Answer<> decide_outputs(const std::vector<bool>& signed_before) {
    for (std::size_t i = 0; i < signed_before.size(); ++i)
        if (signed_before[i])
            return refuse(Code::outputs_already_signed,
                          "outputs[" + std::to_string(i) + "] has been signed already");
    return {};
}

}  // namespace hp::cashu
