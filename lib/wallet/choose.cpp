#include "wallet/choose.hpp"

#include <numeric>

#include "cashu/nut02.hpp"

namespace hp::wallet {
namespace {

__extension__ using Wide = unsigned __int128;

/// Indices by amount, descending; equal amounts by fee, cheapest first.
std::vector<std::size_t> by_amount(std::span<const Coin> coins) {
    std::vector<std::size_t> order(coins.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (coins[a].amount != coins[b].amount) return coins[a].amount > coins[b].amount;
        return coins[a].input_fee_ppk < coins[b].input_fee_ppk;
    });
    return order;
}

bool is_worth_its_fee(const Coin& coin) { return Wide{coin.amount} * 1000 > coin.input_fee_ppk; }

/// A growing set of inputs.
struct Running {
    Wide sum{0};
    Wide ppk{0};
    void add(const Coin& coin) {
        sum += coin.amount;
        ppk += coin.input_fee_ppk;
    }
    Wide fee() const { return (ppk + 999) / 1000; }
    Wide net() const { return sum > fee() ? sum - fee() : 0; }
    bool is_storable() const { return sum <= kAmountMax; }
};

SwapInputs to_inputs(std::vector<std::size_t> chosen, const Running& running) {
    return {std::move(chosen), static_cast<std::uint64_t>(running.sum),
            static_cast<std::uint64_t>(running.fee())};
}

}  // namespace

std::optional<std::vector<std::size_t>> choose_exact(std::span<const Coin> coins, std::uint64_t amount,
                                                     std::size_t coins_max) {
    std::vector<std::size_t> chosen;
    std::uint64_t rest = amount;
    for (std::size_t index : by_amount(coins)) {
        if (rest == 0) break;
        if (coins[index].amount > rest || coins[index].amount == 0) continue;
        if (chosen.size() == coins_max) return std::nullopt;
        rest -= coins[index].amount;
        chosen.push_back(index);
    }
    if (rest != 0) return std::nullopt;
    return chosen;
}

Result<SwapInputs> choose_for_swap(std::span<const Coin> coins, std::uint64_t amount, std::size_t coins_max) {
    Running all;
    for (const Coin& coin : coins)
        if (is_worth_its_fee(coin)) all.add(coin);
    if (all.net() < amount) {
        std::string what = "not enough: " + std::to_string(static_cast<std::uint64_t>(all.sum)) +
                           " spendable, " + std::to_string(amount) + " wanted";
        if (all.fee() > 0)
            what += ", and the mint takes a fee of up to " +
                    std::to_string(static_cast<std::uint64_t>(all.fee()));
        return fail(Errc::refused, std::move(what));
    }
    std::vector<std::size_t> chosen;
    Running running;
    for (std::size_t index : by_amount(coins)) {
        if (!is_worth_its_fee(coins[index])) continue;
        if (chosen.size() == coins_max)
            return fail(Errc::stopped,
                        std::to_string(amount) + " takes more than " + std::to_string(coins_max) + " proofs");
        running.add(coins[index]);
        chosen.push_back(index);
        if (running.net() >= amount) break;
    }
    if (!running.is_storable())
        return fail(Errc::refused, "the proofs for " + std::to_string(amount) + " sum to more than 2^62");
    return to_inputs(std::move(chosen), running);
}

std::optional<SwapInputs> choose_smallest(std::span<const Coin> coins, std::size_t coins_max) {
    std::vector<std::size_t> order = by_amount(coins);
    std::vector<std::size_t> chosen;
    Running running;
    for (auto at = order.rbegin(); at != order.rend() && chosen.size() < coins_max; ++at) {
        if (!is_worth_its_fee(coins[*at])) continue;
        Running with = running;
        with.add(coins[*at]);
        if (!with.is_storable()) break;
        running = with;
        chosen.push_back(*at);
    }
    if (chosen.size() < 2 || running.fee() * 100 > running.sum) return std::nullopt;
    return to_inputs(std::move(chosen), running);
}

Result<std::vector<std::uint64_t>> split_for(const cashu::Keys& keys, std::uint64_t amount,
                                             std::size_t outputs_max) {
    std::vector<std::uint64_t> parts;
    std::uint64_t rest = amount;
    for (auto key = keys.rbegin(); key != keys.rend() && rest > 0; ++key) {
        if (key->first == 0 || key->first > kAmountMax) continue;
        std::uint64_t count = rest / key->first;
        if (count > outputs_max - parts.size())
            return fail(Errc::refused, std::to_string(amount) + " takes more than " +
                                           std::to_string(outputs_max) + " outputs of the mint's keyset");
        parts.insert(parts.end(), count, key->first);
        rest -= count * key->first;
    }
    if (rest != 0)
        return fail(Errc::refused, "the mint's keyset has no keys that add up to " + std::to_string(amount));
    std::reverse(parts.begin(), parts.end());
    return parts;
}

std::optional<std::uint64_t> fee_of(std::span<const Coin> coins) {
    std::vector<std::uint64_t> ppk;
    ppk.reserve(coins.size());
    for (const Coin& coin : coins) ppk.push_back(coin.input_fee_ppk);
    return cashu::input_fee(ppk);
}

}  // namespace hp::wallet
