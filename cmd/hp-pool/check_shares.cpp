// hp-pool check-shares: the live code's verdict on recorded shares.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "cli/command.hpp"
#include "mining/check_shares.hpp"
#include "verbs.hpp"

namespace hp {
namespace {

Result<> check(std::istream& in, const std::string& name) {
    std::string line;
    std::size_t number = 0, wrong = 0;
    while (std::getline(in, line)) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        if (auto verdict = mining::check_share_line(line)) {
            std::cout << *verdict << '\n' << std::flush;
        } else {
            std::cerr << "hp-pool: error: " << name << ":" << number << ": " << verdict.error().what << '\n';
            ++wrong;
        }
    }
    if (in.bad()) return fail(Errc::io, "cannot read " + name);
    if (wrong)
        return fail(Errc::invalid,
                    std::to_string(wrong) + " of " + std::to_string(number) + " lines are not share records");
    return {};
}

}  // namespace

CLI::App& add_check_shares(cli::Command& command, CheckSharesOptions& options) {
    auto& verb = command.subcommand("check-shares",
                                    "check shares like the pool: reads JSON records of job and share, one "
                                    "per line; prints one verdict per line",
                                    {"hp-pool check-shares < shares.jsonl",
                                     "jq -c '.vectors[]' share-validation.json | hp-pool check-shares -"});
    verb.add_option("FILE", options.file, "records, one per line; - is stdin");
    return verb;
}

Result<> check_shares(const CheckSharesOptions& options) {
    if (options.file == "-") return check(std::cin, "<stdin>");
    std::ifstream in{options.file};
    if (!in) return fail(Errc::io, "cannot open '" + options.file + "'");
    return check(in, options.file);
}

}  // namespace hp
