// hp-pool check-shares: the live path's verdict on shares that somebody wrote down.
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
                    std::to_string(wrong) + " of " + std::to_string(number) + " lines are no share records");
    return {};
}

}  // namespace

int check_shares(int argc, char** argv) {
    cli::Command command{
        {.name = "hp-pool check-shares",
         .summary =
             "Judge shares as the pool does: one JSON job+share record a line in, one verdict a line out.",
         .examples = {"hp-pool check-shares < shares.jsonl",
                      "jq -c '.vectors[]' share-validation.json | hp-pool check-shares -"}}};
    std::string file = "-";
    command.app().add_option("FILE", file, "records, one a line; - is stdin");
    return command.run(argc, argv, [&]() -> Result<> {
        if (file == "-") return check(std::cin, "<stdin>");
        std::ifstream in{file};
        if (!in) return fail(Errc::io, "cannot open '" + file + "'");
        return check(in, file);
    });
}

}  // namespace hp
