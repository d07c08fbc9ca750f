// hp-wallet restore: everything back from the seed words and the mint.
#include "opened.hpp"

namespace hp::hp_wallet {
namespace {

struct RestoreOptions {
    std::uint64_t gap{wallet::kRestoreGap};
    bool json{false};
};

Result<> run_restore(const Program& program, const RestoreOptions& options) {
    HP_TRY(const auto opened, Opened::open(program, {.mints_quotes = true}));
    HP_TRY(auto restored, opened->wait_for<wallet::Wallet::Restored>(
                              [&](auto done) { opened->wallet().restore(options.gap, std::move(done)); }));
    HP_DO(opened->wait_until_idle());
    if (options.json) {
        Json keysets = Json::array();
        for (const auto& keyset : restored.keysets)
            keysets.push_back(
                {{"id", keyset.id}, {"signed_to", keyset.signed_to}, {"looked_to", keyset.looked_to}});
        print(Json{{"unit", program.shared.unit},
                   {"amount", restored.amount},
                   {"proofs", restored.proofs},
                   {"quotes_found", restored.quotes_found},
                   {"gap", options.gap},
                   {"keysets", std::move(keysets)}});
        return {};
    }
    print("amount " + std::to_string(restored.amount));
    print("proofs " + std::to_string(restored.proofs));
    print("quotes_found " + std::to_string(restored.quotes_found));
    for (const auto& keyset : restored.keysets)
        print("keyset " + keyset.id + " signed_to " + std::to_string(keyset.signed_to) + " looked_to " +
              std::to_string(keyset.looked_to));
    return {};
}

}  // namespace

cli::Verb restore(const Program& program) {
    return {
        .name = "restore",
        .summary = "get everything back from the seed words and the mint",
        .examples = {"hp-wallet restore", "hp-wallet restore --gap 20000 --json"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<RestoreOptions>();
            add.whole("--gap", options->gap,
                      "counters to look at beyond the last that the mint has signed [" +
                          std::to_string(options->gap) + "]",
                      1, 100'000'000);
            add.json(options->json, "print JSON, one object a line");
            return [&program, options] { return run_restore(program, *options); };
        },
    };
}

}  // namespace hp::hp_wallet
