// Converts an earlier Hashpool's directory into ours, with a report on each of its keys.
#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/new_directory.hpp"
#include "cli/secrets.hpp"
#include "config/earlier.hpp"
#include "directory.hpp"
#include "setup.hpp"

namespace hp::hp_config {
namespace {

struct ImportOptions {
    std::string from, to;  ///< `to` may be empty: then nothing is written
    std::string network;   ///< empty: from the files
    bool json{false};
};

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

}  // namespace

cli::Verb import_files() {
    return {
        .name = "import",
        .summary = "take over the configuration of the earlier Hashpool",
        .examples = {"hp-config import ./old/config",
                     "hp-config import ./old/config ./new --network testnet4"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto to = std::make_shared<Directory>("NEW_DIR");
            auto options = std::make_shared<ImportOptions>();
            add.text("OLD_DIR", options->from, "directory with pool.config.toml, shared/ and so on")
                .required();
            to->add(add,
                    "directory to make; it must not exist, or be empty [only say what would become of keys]");
            to->add_option(add, false);
            add_network(add, options->network, "instead of what the files say");
            add.json(options->json, "print the result as one JSON object");
            return [to, options]() -> Result<> {
                HP_TRY(options->to, to->given());
                return import_earlier(*options);
            };
        },
    };
}

}  // namespace hp::hp_config
