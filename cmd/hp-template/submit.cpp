// hp-template submit: a found block from a file, by hand.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bitcoin/transaction.hpp"
#include "config/together.hpp"
#include "templates/hand_in.hpp"
#include "templates/sim_source.hpp"
#include "verbs.hpp"

namespace hp::hp_template {
namespace {

// Beside the usual ones.
constexpr int kExitRefused = 3, kExitSideBranch = 4;

int exit_code(const templates::Verdict& verdict) {
    switch (verdict.fate) {
        case templates::Fate::accepted:
            return cli::kExitDone;
        case templates::Fate::rejected:
            return kExitRefused;
        case templates::Fate::side_branch:
            return kExitSideBranch;
        case templates::Fate::undelivered:
            break;
    }
    return cli::kExitFailed;
}

Result<templates::BlockToHandIn> read_file(const std::string& path) {
    std::ifstream file;
    if (path != "-") {
        file.open(path, std::ios::binary);
        if (!file) return fail(Errc::io, "cannot open '" + path + "'");
    }
    std::istream& in = path == "-" ? std::cin : file;
    // In hex, with a newline.
    constexpr std::size_t kContentMax = 2 * bitcoin::kBlockWeightMax + 2;
    std::string content(kContentMax + 1, '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (in.bad()) return fail(Errc::io, "cannot read '" + path + "': expected a file with a block");
    content.resize(static_cast<std::size_t>(in.gcount()));
    if (content.size() > kContentMax)
        return fail(Errc::invalid, "'" + path + "' is not a block: expected at most " +
                                       std::to_string(kContentMax) + " bytes, got more");
    if (content.empty()) return fail(Errc::invalid, "'" + path + "' is not a block: it is empty");
    auto block = templates::block_from_file_content(content);
    if (!block) return fail(Errc::invalid, "'" + path + "' is not a block: " + block.error().what);
    return block;
}

Result<templates::Verdict> give(const Settings& settings, const cli::Command& command,
                                const templates::BlockToHandIn& block) {
    for (const auto& one : config::misfits(settings.keys, settings.network))
        return fail(command.wrong_value(one.file, one.key, one.what, one.hint));
    net::Loop loop;
    if (settings.keys.source == "sim") {
        HP_TRY(auto chain, templates::SimSource::open(loop, sim_options(settings, command)));
        return templates::hand_in_to_source(loop, *chain, block);
    }
    HP_TRY(const auto node, rpc_options(settings, command));
    return templates::hand_in_to_node(loop, node, settings.network.network, block);
}

void print(const templates::BlockToHandIn& block, const templates::Verdict& verdict, bool is_json) {
    const std::string hash = to_hex_reversed(block.id.hash), fate{text_of(verdict.fate)};
    if (is_json) {
        const nlohmann::ordered_json out = {
            {"hash", hash}, {"height", block.id.height}, {"fate", fate}, {"reason", verdict.reason}};
        std::printf("%s\n",
                    out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace).c_str());
        return;
    }
    const std::string word = verdict.reason.empty() ? "" : " (" + verdict.reason + ")";
    std::printf("block %s at height %u: %s%s\n", hash.c_str(), block.id.height, fate.c_str(), word.c_str());
}

}  // namespace

cli::Verb submit(const Settings& settings, const cli::Command& command) {
    return {
        .name = "submit",
        .summary = "give a found block from a file to the node, and print its answer",
        .examples = {"hp-template submit /var/lib/hashpool/blocks/HASH.hex --config-dir /etc/hashpool",
                     "hp-template submit HASH.hex --rpc http://127.0.0.1:18443 --network regtest "
                     "--rpc-cookie-file ~/.bitcoin/regtest/.cookie"},
        .declare = [&](cli::Options& add) -> cli::Action {
            auto file = std::make_shared<std::string>();
            auto is_json = std::make_shared<bool>(false);
            add.text("FILE", *file, "the block, in hex or as bytes; - is stdin").required();
            add.json(*is_json);
            return [&, file, is_json]() -> Result<int> {
                HP_TRY(const auto block, read_file(*file));
                HP_TRY(const auto verdict, give(settings, command, block));
                print(block, verdict, *is_json);
                return exit_code(verdict);
            };
        },
    };
}

}  // namespace hp::hp_template
