// hp-wallet balance: what is in the wallet.
#include "opened.hpp"

namespace hp::hp_wallet {
namespace {

Result<> run_balance(const Program& program, bool is_json) {
    HP_TRY(const auto opened, Opened::open(program));
    HP_TRY(auto balance,
           opened->wait_for<wallet::Balance>([&](auto done) { opened->wallet().balance(std::move(done)); }));
    if (is_json) {
        print(Json{{"unit", program.shared.unit},
                   {"unspent", balance.unspent},
                   {"reserved", balance.reserved},
                   {"pending", balance.pending}});
        return {};
    }
    print("unspent " + std::to_string(balance.unspent));
    print("reserved " + std::to_string(balance.reserved));
    print("pending " + std::to_string(balance.pending));
    return {};
}

}  // namespace

cli::Verb balance(const Program& program) {
    return {
        .name = "balance",
        .summary = "what is in the wallet",
        .examples = {"hp-wallet balance --json"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto is_json = std::make_shared<bool>(false);
            add.json(*is_json, "print JSON, one object a line");
            return [&program, is_json] { return run_balance(program, *is_json); };
        },
    };
}

}  // namespace hp::hp_wallet
