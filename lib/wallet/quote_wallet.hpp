// What a proxy needs from its wallet: turning quotes into ehash. Functions return at once and answer by a
// callback on the loop's thread (details in wallet.hpp).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hp::wallet {

/// Sums in the wallet's unit. `pending`: in unanswered operations (outputs requested, not stored).
struct Balance {
    std::uint64_t unspent{};
    std::uint64_t reserved{};  ///< in tokens made and not yet seen spent
    std::uint64_t pending{};
};

/// What happened to the quotes of one mint operation.
struct Minted {
    std::vector<std::string> quote_ids;
    std::uint64_t amount{};
};

class QuoteWallet {
  public:
    virtual ~QuoteWallet() = default;
    virtual void connect(std::function<void(Result<>)> done) = 0;
    virtual bool is_connected() const = 0;
    virtual void add_quote(const std::string& quote_id, std::uint64_t amount) = 0;
    virtual void find_quotes(std::function<void(Result<std::size_t>)> done) = 0;
    virtual void balance(std::function<void(Result<Balance>)> done) = 0;
    virtual void when_idle(std::int64_t limit_ms, std::function<void(Result<>)> done) = 0;
    virtual void stop() = 0;
};

}  // namespace hp::wallet
