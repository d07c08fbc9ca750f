// Which proofs to spend and which outputs to ask for: pure arithmetic on amounts, exact or refused.
#pragma once
#include <optional>
#include <span>

#include "cashu/nut01.hpp"

namespace hp::wallet {

/// The largest amount and sum that the wallet holds: its database has signed integers, as have the mints'.
inline constexpr std::uint64_t kAmountMax = std::uint64_t{1} << 62;
/// Inputs of a swap, and proofs of a token, at most.
inline constexpr std::size_t kInputsMax = 1000;
/// Characters of a quote id.
inline constexpr std::size_t kQuoteIdSizeMax = 128;

/// What choosing needs to know of a proof.
struct Coin {
    std::uint64_t amount{};
    std::uint64_t input_fee_ppk{};  ///< of its keyset
};

/// Indices of coins that sum to `amount` without a swap, largest first; nothing when there are none, or only
/// more than `coins_max`. Complete for amounts that divide each other, as powers of two do.
std::optional<std::vector<std::size_t>> choose_exact(std::span<const Coin> coins, std::uint64_t amount,
                                                     std::size_t coins_max = kInputsMax);

struct SwapInputs {
    std::vector<std::size_t> coins;
    std::uint64_t sum{};
    std::uint64_t fee{};
};
/// The fewest coins whose sum pays `amount` and their own fee. A coin that costs as much as it is worth is
/// left out. An error says what is missing; with Errc::stopped that the coins suffice but are more than
/// `coins_max`: they must be made fewer first.
Result<SwapInputs> choose_for_swap(std::span<const Coin> coins, std::uint64_t amount,
                                   std::size_t coins_max = kInputsMax);

/// The `coins_max` smallest coins that are worth more than their fee; nothing where the fee eats more than a
/// hundredth, or there is nothing to gain (fewer than two coins).
std::optional<SwapInputs> choose_smallest(std::span<const Coin> coins, std::size_t coins_max);

/// The amount in amounts that the keyset has keys for, ascending: powers of two for the usual keysets. An
/// error when it does not come out even, or takes more than `outputs_max` outputs.
Result<std::vector<std::uint64_t>> split_for(const cashu::Keys& keys, std::uint64_t amount,
                                             std::size_t outputs_max);

/// floor((sum of fees + 999) / 1000).
std::optional<std::uint64_t> fee_of(std::span<const Coin> coins);

}  // namespace hp::wallet
