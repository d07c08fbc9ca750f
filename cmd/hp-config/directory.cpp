#include "directory.hpp"

#include "cli/variables.hpp"
#include "setup.hpp"

namespace hp::hp_config {

cli::Option Directory::add(cli::Options& add, const std::string& help) {
    return add.text(name_, word_, help);
}

void Directory::add_option(cli::Options& add, bool has_variable) {
    add.text("--config-dir", option_,
             "the same as " + name_ + ", as the other programs call it" +
                 (has_variable ? ", or HP_CONFIG_DIR" : ""))
        .value_name("DIR");
}

Result<std::string> Directory::given() const {
    if (!word_.empty() && !option_.empty())
        return fail(Errc::usage, name_ + " and --config-dir are the same: give one of them");
    return word_.empty() ? option_ : word_;
}

Result<std::string> Directory::usual() const {
    HP_TRY(auto dir, given());
    if (!dir.empty()) return dir;
    HP_TRY(const auto named, cli::config_dir_variable());
    return named.value_or(cli::kUsualConfigDir);
}

void add_usual_directory(cli::Options& add, Directory& directory, const std::string& help) {
    directory.add(add, help);
    directory.add_option(add, true);
}

void add_network(cli::Options& add, std::string& network, const std::string& help) {
    add.text("--network", network, help)
        .one_of({"sim", "regtest", "testnet4", "signet", "mainnet"})
        .value_name("NETWORK");
}

void add_roles(cli::Options& add, std::vector<std::string>& roles, const std::string& meaning) {
    add.texts("--role", roles, meaning + ": pool, mint, proxy or wallet; may be repeated [all]")
        .one_of({"pool", "mint", "proxy", "wallet"})
        .value_name("ROLE");
}

void add_for(cli::Options& add, std::vector<std::string>& tools) {
    add.texts("--for", tools,
              "only the files of " + config::enumeration(known_tools()) + "; may come again [all]")
        .one_of(known_tools())
        .value_name("PROGRAM");
}

}  // namespace hp::hp_config
