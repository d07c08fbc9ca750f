// The verbs of hp-wallet. Results go to stdout, as text or JSON; verbs wait for the mint's answers.
#pragma once
#include <optional>

#include "net/loop.hpp"
#include "wallet/wallet.hpp"

namespace hp::hp_wallet {

enum class Form { words, json };

/// 1 to 2^62 in decimal digits, nothing else.
Result<std::uint64_t> amount_from_text(const std::string& text);
/// Reads a token from stdin, up to the maximum size.
Result<std::string> read_stdin();

/// A wallet with the loop that it runs on.
class Verbs {
  public:
    Verbs(net::Loop& loop, wallet::Wallet& wallet, std::string unit)
        : loop_{loop}, wallet_{wallet}, unit_{std::move(unit)} {}

    Result<> balance(Form form);
    Result<> send(std::uint64_t amount, const std::string& memo);
    Result<> receive(const std::string& token);
    struct Quotes {
        std::vector<std::string> ids;  ///< empty: all of the key
        bool mint{};
        std::size_t limit{};
    };
    Result<> quotes(Form form, const Quotes& which);
    Result<> tokens(Form form);
    Result<> reclaim(std::int64_t id);
    Result<> restore(Form form, std::uint64_t gap);

  private:
    template <class T>
    Result<T> wait_for(const std::function<void(std::function<void(Result<T>)>)>& start);
    Result<std::size_t> find_and_mint();
    /// Returns how many there are to print, at most the limit.
    Result<std::size_t> print_quotes(Form form, std::size_t limit);
    /// Held ones, at most the limit; returns how many.
    Result<std::size_t> print_held_quotes(Form form, std::size_t limit);
    Result<> quotes_by_id(Form form, const Quotes& which);

    net::Loop& loop_;
    wallet::Wallet& wallet_;
    std::string unit_;
};

}  // namespace hp::hp_wallet
