// hp-wallet send: a token out of the wallet.
#include "opened.hpp"

namespace hp::hp_wallet {
namespace {

constexpr std::uint64_t kAmountMax = std::uint64_t{1} << 62;

struct SendOptions {
    std::string amount, memo;
    bool json{false};
};

/// 1 to 2^62 in decimal digits, nothing else.
Result<std::uint64_t> amount_from_text(const std::string& text) {
    bool is_decimal = !text.empty() && text.size() <= 19 && text[0] != '0' &&
                      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    std::uint64_t amount = is_decimal ? std::stoull(text) : 0;
    if (amount == 0 || amount > kAmountMax)
        return fail(Errc::usage, "AMOUNT '" + printable(text, 40) + "' is not a whole number from 1 to 2^62",
                    "write it in decimal digits, such as 250");
    return amount;
}

Result<> run_send(const Program& program, const SendOptions& options) {
    // What is wrong with the call is said before anything is opened.
    HP_TRY(const auto amount, amount_from_text(options.amount));
    HP_TRY(const auto opened, Opened::open(program));
    auto& wallet = opened->wallet();
    // If the mint is reachable, a token of many small proofs is shortened; otherwise use the existing proofs.
    (void)opened->wait_for<void>([&](auto done) { wallet.connect(std::move(done)); });
    HP_TRY(const auto token, opened->wait_for<std::string>(
                                 [&](auto done) { wallet.send(amount, options.memo, std::move(done)); }));
    if (options.json)
        print(Json{{"token", token}, {"amount", amount}, {"unit", program.shared.unit}});
    else
        print(token);
    return {};
}

}  // namespace

cli::Verb send(const Program& program) {
    return {
        .name = "send",
        .summary = "make a token, on stdout",
        .examples = {"hp-wallet send 250 > token.txt", "hp-wallet send 250 --json | jq -r .token"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<SendOptions>();
            add.text("AMOUNT", options->amount, "in the wallet's unit").required();
            add.text("--memo", options->memo, "text that the token carries").value_name("TEXT").or_empty();
            add.json(options->json);
            return [&program, options] { return run_send(program, *options); };
        },
    };
}

}  // namespace hp::hp_wallet
