// hp-audit accept: an operator's signed statement that an invariant is broken for good, up to an amount.
#include <pwd.h>
#include <unistd.h>

#include <cstdio>

#include "accepted.hpp"
#include "cli/secrets.hpp"
#include "cli/variables.hpp"
#include "config/load.hpp"
#include "verbs.hpp"

namespace hp::hp_audit {
namespace {

struct AcceptOptions {
    std::string invariant, amount, reason, key_file;
};

/// The accepting user: never from the environment, which can be set to anything.
std::string accepting_user() {
    const auto* user = ::getpwuid(::getuid());
    return user ? user->pw_name : "uid " + std::to_string(::getuid());
}

Result<audit::Wide> amount_of(const std::string& text) {
    if (text.empty() || text.size() > 36 || text.find_first_not_of("0123456789") != std::string::npos)
        return fail(Errc::usage, "--amount: expected a number of units, got '" + printable(text, 60) + "'");
    audit::Wide amount = 0;
    for (char digit : text) amount = amount * 10 + (digit - '0');
    return amount;
}

Result<crypto::SecretKey> signing_key(const Options& places, const AcceptOptions& options) {
    config::Loader loader{places.config_dir, {}, cli::hashpool_environment()};
    config::Network network;
    std::string file = options.key_file;
    if (!places.config_dir.empty()) {
        config::Mint mint;
        loader.load(mint);
        loader.load(network);
        HP_DO(loader.finish());
        if (file.empty()) file = loader.resolve(mint.link_secret_key_file);
    }
    if (file.empty())
        return fail(Errc::usage, "no key to sign with",
                    "give --config-dir, or --key-file with the mint's link key");
    return cli::read_secret_key(file, network.network);
}

Result<> run_accept(const Options& where, const AcceptOptions& options) {
    const auto id = audit::id_from_text(options.invariant);
    if (!id)
        return fail(Errc::usage,
                    "'" + printable(options.invariant, 40) + "' is not an invariant of hp-audit");
    if (!audit::can_be_accepted(*id))
        return fail(Errc::usage, options.invariant + " has no amount, and cannot be accepted");
    if (options.reason.empty()) return fail(Errc::usage, "--reason: expected a text");
    HP_TRY(const auto amount, amount_of(options.amount));
    HP_TRY(auto places, find_places(where));
    if (places.mints.size() != 1)
        return fail(Errc::usage,
                    "expected the ledger of one mint, got " + std::to_string(places.mints.size()));
    HP_TRY(const auto key, signing_key(where, options));
    HP_DO(read_accepted(where, places));
    HP_TRY(const auto report, audit::audit(places));
    HP_TRY(const auto row,
           append_accepted(places.mints[0], {options.invariant, options.reason, accepting_user(), amount},
                           report, key));
    // SIGNATURE JSON
    const auto space = row.find(' ');
    if (where.json)
        std::printf(R"({"signature":"%s","row":%s})"
                    "\n",
                    row.substr(0, space).c_str(), row.substr(space + 1).c_str());
    else
        std::printf("%s\n", row.c_str());
    return {};
}

}  // namespace

cli::Verb accept(Options& where) {
    return {
        .name = "accept",
        .summary =
            "accept that an invariant is broken by up to an amount: a signed row beside the mint's ledger, "
            "which "
            "every report prints",
        .examples = {"hp-audit accept I18 --amount 300 --reason 'restore of 26 November' --config-dir "
                     "/etc/hashpool"},
        .declare = [&where](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<AcceptOptions>();
            add.text("INVARIANT", options->invariant, "I8, I10, I16, I18, I19 or I25").required();
            add.text("--amount", options->amount, "units, for everything broken; the highest row counts")
                .required()
                .value_name("N");
            add.text("--reason", options->reason, "why, for readers of the report")
                .required()
                .value_name("TEXT");
            add.text("--key-file", options->key_file,
                     "the mint's link key [link_secret_key_file of mint.toml]")
                .value_name("FILE");
            return [&where, options]() -> Result<> {
                HP_DO(use_usual_dir(where));
                return run_accept(where, *options);
            };
        },
    };
}

}  // namespace hp::hp_audit
