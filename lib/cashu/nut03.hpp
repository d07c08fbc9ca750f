// NUT-03: swap. The pure part of the checks; the database's part is in deciders.hpp.
#pragma once
#include "cashu/nut02.hpp"

namespace hp::cashu {

struct SwapRequest {
    std::vector<Proof> inputs;
    std::vector<BlindedMessage> outputs;
    friend bool operator==(const SwapRequest&, const SwapRequest&) = default;
};
Answer<SwapRequest> swap_request_from_json(std::string_view body);
/// As sent by a wallet (without dleq).
std::string to_json(const SwapRequest& request);

/// The member "outputs" of a request; refuses more than kOutputsMax before reading them.
Answer<std::vector<BlindedMessage>> outputs_from_json(const JsonValue& request);

/// The sum and unit of a request's outputs.
struct OutputsChecked {
    std::uint64_t sum{};
    std::string unit;
};
/// Count, sum, duplicates, keysets known, active and unexpired, one unit. For swap, mint and batch.
Answer<OutputsChecked> check_outputs(std::span<const BlindedMessage> outputs, const MintKeysets& keysets,
                                     UnixSeconds now);

struct SwapChecked {
    std::vector<PublicKey33> ys;  ///< Y of each input, in order
    std::uint64_t fee{};
};
/// Everything that does not need the database, in this order: sizes, sums, duplicates, keysets, units,
/// signatures, spending conditions (refused until supported), balance.
Answer<SwapChecked> check_swap(const SwapRequest& request, const MintKeysets& keysets, UnixSeconds now);

/// Signs every output with its keyset and adds the DLEQ. REQUIRES: check_outputs accepted them.
/// Deterministic.
Answer<std::vector<BlindSignature>> sign_outputs(std::span<const BlindedMessage> outputs,
                                                 const MintKeysets& keysets);

}  // namespace hp::cashu
