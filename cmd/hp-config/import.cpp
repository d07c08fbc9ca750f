// Converts an earlier Hashpool's directory into ours, with a report on each of its keys.
#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/new_directory.hpp"
#include "cli/secrets.hpp"
#include "config/earlier.hpp"
#include "setup.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

namespace fs = std::filesystem;
using config::Became;

Result<std::vector<config::EarlierFile>> read_earlier(const std::string& dir) {
    std::vector<config::EarlierFile> out;
    std::error_code ignored;
    for (const auto& name : config::earlier_files()) {
        const std::string path = (fs::path(dir) / name).string();
        if (!fs::exists(fs::symlink_status(path, ignored))) continue;
        const auto text = config::read_config_file(path);
        if (!text) return fail(Errc::usage, path + ": " + text.error().what);
        auto entries = config::parse_toml_with_tables(*text);
        if (!entries) {
            const auto& at = entries.error();
            return fail(Errc::usage,
                        config::Problem{path, at.line, at.column, "", "not TOML: " + at.what}.text());
        }
        out.push_back({name, std::move(*entries)});
    }
    if (out.empty())
        return fail(Errc::usage, "'" + dir + "' has no file of the earlier layout, such as pool.config.toml");
    return out;
}

void print(const ImportOptions& options, const config::Imported& imported) {
    std::array<unsigned, 4> counts{};
    for (const auto& one : imported.outcomes) {
        const std::string became{config::became_text(one.became)};
        ++counts[static_cast<std::size_t>(one.became)];
        const config::Problem line{options.from + "/" + one.file, one.line, one.column, one.key,
                                   became + ": " + one.text};
        std::printf("%s\n", line.text().c_str());
    }
    std::printf("%zu keys: %u taken, %u changed, %u dropped, %u need a decision\n", imported.outcomes.size(),
                counts[0], counts[1], counts[2], counts[3]);
}

void print_json(const ImportOptions& options, const config::Imported& imported, bool is_wrong) {
    nlohmann::ordered_json out = {{"from", options.from}, {"to", options.to}, {"ok", !is_wrong}};
    out["keys"] = nlohmann::json::array();
    for (const auto& one : imported.outcomes)
        out["keys"].push_back({{"file", one.file},
                               {"line", one.line},
                               {"column", one.column},
                               {"key", one.key},
                               {"became", config::became_text(one.became)},
                               {"text", one.text}});
    std::printf("%s\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

}  // namespace

Result<> import_earlier(const ImportOptions& options) {
    std::string to;
    if (!options.to.empty()) {
        HP_TRY(to, cli::unused_directory(options.to));
    }
    HP_TRY(const auto files, read_earlier(options.from));
    auto imported = config::from_earlier(
        files, options.network, {cli::is_published, cli::is_published_words, cli::may_use_published});
    auto& network = imported.chosen[std::string(config::Network::file)];
    if (!network.contains("network"))
        return fail(Errc::usage, "no file of '" + options.from + "' names a known network",
                    "give --network sim, regtest, testnet4, signet or mainnet");
    bool is_wrong = false;
    std::unique_ptr<Setup> setup;
    if (!to.empty()) {
        cli::choose_template(std::get<std::string>(network.at("network").value), {}, imported.chosen);
        cli::choose_state(to, imported.chosen);
        HP_DO(cli::keep_begun(to, imported.secrets));
        HP_TRY(const auto secrets, cli::choose_keys(std::move(imported.secrets), {}, imported.chosen));
        HP_DO(cli::write_directory(to, {}, imported.chosen, secrets));
        HP_TRY(setup, read_setup(to, {}));
        check_across(*setup);
        is_wrong = setup->is_wrong();
    }
    options.json ? print_json(options, imported, is_wrong) : print(options, imported);
    std::fflush(stdout);
    if (setup)
        for (const auto& one : setup->findings) std::fprintf(stderr, "%s\n", one.problem.text().c_str());
    if (!is_wrong) return {};
    return fail(Errc::usage, "'" + to + "' is written, but programs cannot start with it yet",
                "decide what is listed above, then 'hp-config check " + to + "'");
}

}  // namespace hp::hp_config
