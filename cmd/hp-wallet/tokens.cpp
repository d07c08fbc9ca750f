// hp-wallet tokens: tokens that nobody has received yet.
#include "opened.hpp"

namespace hp::hp_wallet {
namespace {

Result<> run_tokens(const Program& program, bool is_json) {
    HP_TRY(const auto opened, Opened::open(program));
    auto& wallet = opened->wallet();
    auto checked = opened->wait_for<void>([&](auto done) { wallet.check_tokens(std::move(done)); });
    HP_TRY(const auto rows, opened->wait_for<std::vector<wallet::Wallet::TokenRow>>(
                                [&](auto done) { wallet.tokens(std::move(done)); }));
    for (const auto& row : rows) {
        if (is_json)
            print(
                Json{{"id", row.id}, {"amount", row.amount}, {"made_ms", row.made_ms}, {"token", row.token}});
        else
            print(std::to_string(row.id) + " " + std::to_string(row.amount) + " " + time_text(row.made_ms) +
                  " " + row.token);
    }
    return checked;
}

}  // namespace

cli::Verb tokens(const Program& program) {
    return {
        .name = "tokens",
        .summary = "tokens that were made and nobody has received yet",
        .examples = {"hp-wallet tokens"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto is_json = std::make_shared<bool>(false);
            add.json(*is_json, "print JSON, one object a line");
            return [&program, is_json] { return run_tokens(program, *is_json); };
        },
    };
}

}  // namespace hp::hp_wallet
