#include "places.hpp"

#include <filesystem>

#include "audit/mark.hpp"
#include "cli/secrets.hpp"
#include "cli/variables.hpp"
#include "config/load.hpp"

namespace hp::hp_audit {
namespace {

namespace fs = std::filesystem;

/// A file that cannot be accessed is not missing.
Result<bool> exists(const std::string& path) {
    std::error_code error;
    const bool is_there = fs::exists(path, error);
    if (error)
        return fail(Errc::io, path + ": " + error.message(),
                    "the databases belong to several users: run it as root");
    return is_there;
}

/// Nothing if the directory has no such file.
template <class Struct>
Result<std::optional<Struct>> read(config::Loader& loader, const std::string& dir) {
    HP_TRY(const bool is_there, exists((fs::path{dir} / Struct::file).string()));
    if (!is_there) return std::nullopt;
    Struct values;
    loader.only_for({"hp-audit"});  // a mint's machine lacks keys that a pool's must have
    loader.load(values);
    HP_DO(loader.finish());
    return values;
}

/// Adds the database that a key of the struct names to `paths`, or says in `reason` why not.
template <class Struct>
Result<> find(const std::string& dir, std::string Struct::*key, std::vector<std::string>& paths,
              std::string& reason) {
    config::Loader loader{dir, {}, cli::hashpool_environment()};
    HP_TRY(auto values, read<Struct>(loader, dir));
    if (!values) {
        reason = "there is no " + std::string(Struct::file) + " in " + dir;
        return {};
    }
    std::string path = loader.resolve(*values.*key);
    HP_TRY(bool is_there, exists(path));
    // A -wal or a held mark alone is the remainder of one: it must not pass for one that never existed.
    for (const std::string& left : {path + "-wal", audit::held_mark(path)})
        if (!is_there) {
            HP_TRY(is_there, exists(left));
        }
    if (is_there)
        paths.push_back(path);
    else
        reason = path + " does not exist";
    return {};
}

Result<std::optional<audit::Worth>> configured_worth(const std::string& dir) {
    config::Loader loader{dir, {}, cli::hashpool_environment()};
    HP_TRY(auto shared, read<config::PoolShared>(loader, dir));
    if (!shared) return std::nullopt;
    bool by_target = shared->valuation == "target";
    return audit::Worth{by_target ? audit::Worth::Rule::target : audit::Worth::Rule::leading_zeros,
                        static_cast<unsigned>(by_target ? shared->unit_bits : shared->minimum_difficulty)};
}

}  // namespace

void add_place_options(cli::Options& add, Options& options) {
    add.texts("--pool", options.pools, "the pool's outbox; may be repeated").value_name("FILE");
    add.texts("--mint", options.mints, "a mint's ledger; may be repeated").value_name("FILE");
    add.texts("--mark", options.marks,
              "a mint's mark file, which its ledger must have reached; may be repeated")
        .value_name("FILE");
    add.texts("--wallet", options.wallets, "a wallet; may be repeated").value_name("FILE");
    add.text("--config-dir", options.config_dir,
             "configuration directory, HP_CONFIG_DIR or /etc/hashpool, for databases, mark and valuation not "
             "given")
        .value_name("DIR");
    add.text("--valuation", options.valuation, "what shares are worth, as on the link (target/unit_bits=32)")
        .value_name("TEXT");
    add.text("--mint-key", options.mint_key,
             "the mint's public link key, 64 hex digits, which signs acceptances")
        .value_name("KEY");
}

Result<> use_usual_dir(Options& options) {
    if (options.config_dir.empty() && options.pools.empty() && options.mints.empty() &&
        options.wallets.empty()) {
        HP_TRY(options.config_dir, cli::usual_config_dir());
    }
    return {};
}

Result<std::vector<Bytes32>> mint_keys(const Options& options) {
    std::vector<Bytes32> out;
    if (!options.mint_key.empty()) {
        auto key = array_from_hex<32>(options.mint_key);
        if (!key) return fail(Errc::usage, "--mint-key: " + key.error().what);
        out.push_back(*key);
        return out;
    }
    if (options.config_dir.empty()) return out;
    config::Loader loader{options.config_dir, {}, cli::hashpool_environment()};
    HP_TRY(const auto network, read<config::Network>(loader, options.config_dir));
    HP_TRY(const auto mint, read<config::Mint>(loader, options.config_dir));
    if (mint && network)
        if (auto key = cli::read_secret_key(loader.resolve(mint->link_secret_key_file), network->network))
            out.push_back(key->xonly());
    HP_TRY(const auto pool, read<config::Pool>(loader, options.config_dir));
    if (pool)
        for (const auto& text : pool->allowed_mint_keys)
            if (auto key = array_from_hex<32>(text.substr(text.find(':') + 1))) out.push_back(*key);
    return out;
}

Result<audit::Places> find_places(const Options& options) {
    audit::Places out;
    out.pools = options.pools;
    out.mints = options.mints;
    out.wallets = options.wallets;
    out.marks = options.marks;
    out.is_backup = options.is_backup;
    if (out.is_backup && !out.marks.empty())
        return fail(Errc::usage, "--backup and --mark exclude each other",
                    "a backup is behind the mark of a mint that continued");
    out.deep = options.deep;
    out.limit = options.limit;
    if (const std::string& dir = options.config_dir; !dir.empty()) {
        std::error_code error;
        if (!fs::is_directory(dir, error))
            return fail(Errc::usage, "there is no directory '" + printable(dir, 4096) + "'",
                        "'hp-config init' makes one");
        if (out.pools.empty()) HP_DO(find(dir, &config::Pool::outbox_database, out.pools, out.no_pool));
        if (out.mints.empty()) {
            HP_DO(find(dir, &config::Mint::database, out.mints, out.no_mint));
            if (out.marks.empty() && !out.mints.empty() && !out.is_backup)
                HP_DO(find(dir, &config::Mint::mark_file, out.marks, out.no_mark));
        }
        if (out.wallets.empty())
            HP_DO(find(dir, &config::ProxyShared::wallet_database, out.wallets, out.no_wallet));
        HP_TRY(out.worth, configured_worth(dir));
    }
    if (!options.valuation.empty()) {
        HP_TRY(out.worth, audit::Worth::from_text(options.valuation));
    }
    if (out.pools.empty() && out.mints.empty() && out.wallets.empty())
        return fail(Errc::usage,
                    options.config_dir.empty() ? "no database is given"
                                               : out.no_pool + "; " + out.no_mint + "; " + out.no_wallet,
                    options.config_dir.empty()
                        ? "give --config-dir, or --pool, --mint and --wallet; 'hp-audit --help' has examples"
                        : "");
    return out;
}

}  // namespace hp::hp_audit
