// hp-wallet receive: a token into the wallet.
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "cashu/errors.hpp"
#include "cashu/tokens.hpp"
#include "opened.hpp"

namespace hp::hp_wallet {
namespace {

struct ReceiveOptions {
    std::string token{"-"};
    bool json{false};
};

/// Up to a token's greatest size.
Result<std::string> read_stdin() {
    std::string text;
    char chunk[4096];
    while (std::cin.read(chunk, sizeof chunk) || std::cin.gcount() > 0) {
        text.append(chunk, static_cast<std::size_t>(std::cin.gcount()));
        if (text.size() > cashu::kTokenSizeMax + 16)
            return fail(Errc::usage, "stdin holds more than the 1 MiB that a token may have");
    }
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        return fail(Errc::usage, "there is no token on stdin", "hp-wallet receive < token.txt");
    return text;
}

/// What somebody may have meant, or what became of the token.
Error with_hint(Error why, const std::string& token) {
    std::error_code none;
    if (std::filesystem::is_regular_file(token, none))
        why.hint = "a file has this name: hp-wallet receive < '" + printable(token, 4096) + "'";
    else if (why.what.ends_with("(" + std::to_string(static_cast<int>(cashu::Code::already_spent)) + ")"))
        why.hint = "the token was already received, here or by someone else who had it";
    return why;
}

Result<> run_receive(const Program& program, const ReceiveOptions& options) {
    std::string token = options.token;
    if (token == "-") {
        HP_TRY(token, read_stdin());
    } else {
        std::fputs(
            "hp-wallet: hint: other users of this machine can read the command line; "
            "give the token on stdin\n",
            stderr);
    }
    HP_TRY(const auto opened, Opened::open(program));
    const auto amount =
        opened->wait_for<std::uint64_t>([&](auto done) { opened->wallet().receive(token, std::move(done)); });
    if (!amount) return fail(with_hint(amount.error(), token));
    if (options.json)
        print(Json{{"amount", *amount}, {"unit", program.shared.unit}});
    else
        print(std::to_string(*amount));
    return {};
}

}  // namespace

cli::Verb receive(const Program& program) {
    return {
        .name = "receive",
        .summary = "take a token in, from stdin",
        .examples = {"hp-wallet receive < token.txt"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<ReceiveOptions>();
            add.text("TOKEN", options->token,
                     "- for stdin; other users of the machine see a token on the command line [-]");
            add.json(options->json);
            return [&program, options] { return run_receive(program, *options); };
        },
    };
}

}  // namespace hp::hp_wallet
