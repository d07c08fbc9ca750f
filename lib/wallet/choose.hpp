// Which proofs to spend and which outputs to request: pure arithmetic on amounts, exact or refused.
#pragma once
#include <optional>
#include <span>

#include "cashu/nut01.hpp"

namespace hp::wallet {

/// The largest amount and sum that the wallet holds: its database has signed integers, as do the mints'.
inline constexpr std::uint64_t kAmountMax = std::uint64_t{1} << 62;
/// Maximum inputs of a swap, and proofs of a token.
inline constexpr std::size_t kInputsMax = 1000;
/// Maximum length of a quote id, in characters.
inline constexpr std::size_t kQuoteIdSizeMax = 128;

/// What choosing needs to know about a proof.
struct Coin {
    std::uint64_t amount{};
    std::uint64_t input_fee_ppk{};  ///< of its keyset
};

/// Indices of coins that sum to `amount` without a swap, largest first; nothing if there are none, or only
/// with more than `coins_max`. Complete for amounts that divide each other, as powers of two do.
std::optional<std::vector<std::size_t>> choose_exact(std::span<const Coin> coins, std::uint64_t amount,
                                                     std::size_t coins_max = kInputsMax);

struct SwapInputs {
    std::vector<std::size_t> coins;
    std::uint64_t sum{};
    std::uint64_t fee{};
};
/// The fewest coins whose sum pays `amount` and their own fee. A coin whose fee is at least its amount is
/// left out. An error says what is missing; Errc::stopped means that the coins suffice but are more than
/// `coins_max`: consolidate first.
Result<SwapInputs> choose_for_swap(std::span<const Coin> coins, std::uint64_t amount,
                                   std::size_t coins_max = kInputsMax);

/// The `coins_max` smallest coins that are worth more than their fee; nothing if the fee takes more than a
/// hundredth, or there is nothing to gain (fewer than two coins).
std::optional<SwapInputs> choose_smallest(std::span<const Coin> coins, std::size_t coins_max);

/// The amount in amounts that the keyset has keys for, ascending: powers of two for the usual keysets. An
/// error if it cannot be made up, or takes more than `outputs_max` outputs.
Result<std::vector<std::uint64_t>> split_for(const cashu::Keys& keys, std::uint64_t amount,
                                             std::size_t outputs_max);

/// floor((sum of fees + 999) / 1000).
std::optional<std::uint64_t> fee_of(std::span<const Coin> coins);

}  // namespace hp::wallet
