// A wallet in a directory of its own, and ways to wait for it.
#pragma once
#include "../net/net_fixture.hpp"
#include "../store/temp_dir.hpp"
#include "cashu/tokens.hpp"
#include "fake_mint.hpp"
#include "wallet/wallet.hpp"

namespace hp::wallet::test {

using hp::test::run_until;
using hp::test::TempDir;

inline Bytes64 seed_of(std::uint8_t fill) {
    Bytes64 seed;
    seed.fill(fill);
    return seed;
}

inline cashu::Token decoded(const std::string& text) {
    auto token = cashu::decode_token(text);
    REQUIRE(token.has_value());
    return *token;
}
inline bool says(const Error& error, std::string_view part) {
    return error.what.find(part) != std::string::npos || error.hint.find(part) != std::string::npos;
}

struct Bench {
    explicit Bench(std::uint64_t input_fee_ppk = 0) : mint{loop, input_fee_ppk} {}

    std::unique_ptr<Wallet> open(const std::string& name = "wallet.db", std::uint8_t seed = 7) {
        WalletOptions options;
        options.database = dir.file(name);
        options.seed = seed_of(seed);
        options.mint_url = mint.url();
        options.retry_first_ms = retry_first_ms;
        options.look_first_ms = look_first_ms;
        if (configure) configure(options);
        auto wallet = Wallet::open(loop, options);
        REQUIRE_MESSAGE(wallet.has_value(), (wallet ? "" : wallet.error().what));
        return *std::move(wallet);
    }
    /// Starts something that calls back, and waits for it.
    template <class T>
    Result<T> wait(const std::function<void(std::function<void(Result<T>)>)>& start) {
        std::optional<Result<T>> answer;
        start([&](Result<T> result) { answer = std::move(result); });
        REQUIRE(run_until(
            loop, [&] { return answer.has_value(); }, 30'000));
        return *answer;
    }
    Result<> connect(Wallet& wallet) {
        return wait<void>([&](auto done) { wallet.connect(std::move(done)); });
    }
    void idle(Wallet& wallet) {
        auto rest = wait<void>([&](auto done) { wallet.when_idle(20'000, std::move(done)); });
        REQUIRE_MESSAGE(rest.has_value(), (rest ? "" : rest.error().what));
    }
    Result<std::string> send(Wallet& wallet, std::uint64_t amount) {
        return wait<std::string>([&](auto done) { wallet.send(amount, "", std::move(done)); });
    }
    Result<std::uint64_t> receive(Wallet& wallet, const std::string& token) {
        return wait<std::uint64_t>([&](auto done) { wallet.receive(token, std::move(done)); });
    }
    Result<std::uint64_t> reclaim(Wallet& wallet, std::int64_t id) {
        return wait<std::uint64_t>([&](auto done) { wallet.reclaim(id, std::move(done)); });
    }
    Result<Wallet::Restored> restore(Wallet& wallet, std::uint64_t gap = kRestoreGap) {
        return wait<Wallet::Restored>([&](auto done) { wallet.restore(gap, std::move(done)); });
    }
    std::vector<Wallet::TokenRow> tokens(Wallet& wallet) {
        auto rows = wait<std::vector<Wallet::TokenRow>>([&](auto done) { wallet.tokens(std::move(done)); });
        REQUIRE(rows.has_value());
        return *rows;
    }
    /// A quote at the mint, told to the wallet.
    void quote(Wallet& wallet, const std::string& id, std::uint64_t amount) {
        mint.add_quote(id, amount, wallet.locking_key());
        wallet.add_quote(id, amount);
    }
    /// A connected wallet with this much in it.
    std::unique_ptr<Wallet> funded(std::uint64_t amount, const std::string& name = "wallet.db",
                                   std::uint8_t seed = 7) {
        auto wallet = open(name, seed);
        REQUIRE(connect(*wallet).has_value());
        quote(*wallet, "fund-" + name, amount);
        idle(*wallet);
        REQUIRE(balance(*wallet).unspent == amount);
        return wallet;
    }
    Balance balance(Wallet& wallet) {
        auto balance = wait<Balance>([&](auto done) { wallet.balance(std::move(done)); });
        REQUIRE(balance.has_value());
        return *balance;
    }
    Wallet::QuoteRow row(Wallet& wallet, const std::string& id) {
        auto rows =
            wait<std::vector<Wallet::QuoteRow>>([&](auto done) { wallet.quotes(1000, std::move(done)); });
        REQUIRE(rows.has_value());
        for (const auto& row : *rows)
            if (row.quote_id == id) return row;
        FAIL("no quote " << id);
        return {};
    }

    std::function<void(WalletOptions&)> configure;  ///< what open() does otherwise
    std::int64_t retry_first_ms{200}, look_first_ms{60'000};
    TempDir dir;
    net::Loop loop;
    FakeMint mint;
};

}  // namespace hp::wallet::test
