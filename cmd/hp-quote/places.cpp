#include "places.hpp"

#include <cstdlib>
#include <filesystem>

#include "cli/variables.hpp"
#include "config/load.hpp"

namespace hp::hp_quote {
namespace {

/// A database of each owner. The schema's scripts belong to the owner: a reader needs only their number, to
/// refuse newer ones.
struct Kind {
    const char* name;
    std::int32_t application_id;
    store::Journal journal;
    std::size_t schema;
};
constexpr Kind kOutbox{"outbox", 0x48504f58, store::Journal::wal, 5};       // "HPOX", lib/pool/outbox.cpp
constexpr Kind kMint{"mint", 0x48504d54, store::Journal::wal, 3};           // "HPMT", lib/mint/ledger.cpp
constexpr Kind kWallet{"wallet", 0x48505741, store::Journal::rollback, 4};  // "HPWA", lib/wallet/vault.cpp

const Kind& kind_of(Part part) {
    switch (part) {
        case Part::outbox:
            return kOutbox;
        case Part::mint:
            return kMint;
        case Part::wallet:
            break;
    }
    return kWallet;
}

const std::string& named(const Places& places, Part part) {
    switch (part) {
        case Part::outbox:
            return places.outbox;
        case Part::mint:
            return places.mint_db;
        case Part::wallet:
            break;
    }
    return places.wallet_db;
}

/// A key of one configuration file; paths become absolute.
template <class Struct>
Result<std::string> configured(const std::string& dir, std::string Struct::*key, bool is_path = true) {
    Struct values;
    config::Loader loader{dir, {}, cli::hashpool_environment()};
    loader.load(values);
    if (!loader.problems().empty()) return fail(Errc::usage, loader.problems().front().text());
    return is_path ? loader.resolve(values.*key) : values.*key;
}

Result<std::string> configured(const std::string& dir, Part part) {
    switch (part) {
        case Part::outbox:
            return configured(dir, &config::Pool::outbox_database);
        case Part::mint:
            return configured(dir, &config::Mint::database);
        case Part::wallet:
            break;
    }
    return configured(dir, &config::ProxyShared::wallet_database);
}

Result<store::Database> open(const std::string& path, Part part) {
    const Kind& kind = kind_of(part);
    return store::Database::open(path, store::Mode::read_only, kind.journal, kind.application_id,
                                 std::vector<const char*>(kind.schema, ""));
}

}  // namespace

void add_config_dir(cli::Options& add, std::string& config_dir, const std::string& help) {
    add.text("--config-dir", config_dir, help).value_name("DIR");
}

void add_outbox(cli::Options& add, Places& places, const std::string& help) {
    add.text("--outbox", places.outbox, help).value_name("FILE");
}

void add_mint_db(cli::Options& add, Places& places, const std::string& help) {
    add.text("--mint-db", places.mint_db, help).value_name("FILE");
}

void add_limit(cli::Options& add, std::int64_t& limit, const std::string& help) {
    add.whole("--limit", limit, help, 1, 1'000'000'000);
}

Result<> use_usual_dir(Places& places) {
    if (places.config_dir.empty() && places.outbox.empty() && places.mint_db.empty() &&
        places.wallet_db.empty() && places.refused.empty()) {
        HP_TRY(places.config_dir, cli::usual_config_dir());
    }
    return {};
}

const char* name_of(Part part) { return kind_of(part).name; }

Result<Opened> open_part(const Places& places, Part part) {
    if (const std::string& path = named(places, part); !path.empty()) {
        HP_TRY(auto db, open(path, part));
        return Opened{std::move(db), path, {}};
    }
    if (places.config_dir.empty()) return Opened{{}, {}, "no database given"};
    const auto path = configured(places.config_dir, part);
    if (!path) return Opened{{}, {}, path.error().what};
    auto db = open(*path, part);
    if (!db) return Opened{{}, *path, db.error().what};
    return Opened{*std::move(db), *path, {}};
}

Result<std::string> path_of(const Places& places, Part part) {
    if (const std::string& path = named(places, part); !path.empty()) return path;
    if (places.config_dir.empty())
        return fail(Errc::usage, "no database given",
                    std::string("--") + name_of(part) + " FILE or --config-dir DIR");
    return configured(places.config_dir, part);
}

Result<std::string> refused_path(const Places& places) {
    if (!places.refused.empty()) return places.refused;
    if (places.config_dir.empty())
        return fail(Errc::usage, "no file given", "--refused FILE or --config-dir DIR");
    HP_TRY(const auto path, configured(places.config_dir, &config::Pool::keep_refused, false));
    if (path.empty()) return path;
    return configured(places.config_dir, &config::Pool::keep_refused);
}

Result<std::string> mint_url_of(const std::string& option, const std::string& config_dir) {
    if (!option.empty()) return option;
    std::string dir = config_dir;
    if (dir.empty()) {
        HP_TRY(dir, cli::usual_config_dir());
        // A pool's machine may have no file that says where the mint is; a directory that was named has to.
        std::error_code ignored;
        const bool is_named = std::getenv("HP_CONFIG_DIR") != nullptr;
        if (!is_named && !std::filesystem::exists(dir + "/shared/proxy.toml", ignored)) dir.clear();
    }
    if (dir.empty()) return config::ProxyShared{}.mint_url;
    return configured(dir, &config::ProxyShared::mint_url, false);
}

}  // namespace hp::hp_quote
