// hp-pool check-shares: the live code's verdict on recorded shares.
#include <fstream>
#include <iostream>
#include <memory>

#include "mining/check_shares.hpp"
#include "verbs.hpp"

namespace hp::hp_pool {
namespace {

Result<> check_lines(std::istream& in, const std::string& name) {
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

Result<> check_file(const std::string& file) {
    if (file == "-") return check_lines(std::cin, "<stdin>");
    std::ifstream in{file};
    if (!in) return fail(Errc::io, "cannot open '" + file + "'");
    return check_lines(in, file);
}

}  // namespace

cli::Verb check_shares() {
    return {
        .name = "check-shares",
        .summary = "per line; prints one verdict per line",
        .examples = {"hp-pool check-shares < shares.jsonl",
                     "jq -c '.vectors[]' share-validation.json | hp-pool check-shares -"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto file = std::make_shared<std::string>("-");
            add.text("FILE", *file, "records, one per line; - is stdin");
            return [file] { return check_file(*file); };
        },
        .needs = cli::Needs::nothing,
    };
}

}  // namespace hp::hp_pool
