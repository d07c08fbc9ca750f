// The part of a mint's checks that depends on the database, as pure functions on what was read inside the
// transaction.
#pragma once
#include "cashu/nut07.hpp"

namespace hp::cashu {

/// States of a swap's inputs, in order: spent 11001, pending 11002.
Answer<> decide_inputs(std::span<const ProofState> states);
/// Which outputs are already signed, in order: 11003. (A repeated request is answered before this.)
Answer<> decide_outputs(const std::vector<bool>& signed_before);

}  // namespace hp::cashu
