#include "opened.hpp"

#include <cstdio>
#include <ctime>

#include "cli/secrets.hpp"
#include "config/roles.hpp"
#include "crypto/bip32.hpp"
#include "log/log.hpp"
#include "net/http.hpp"
#include "net/http_url.hpp"

namespace hp::hp_wallet {

void add_locking_key(cli::Options& add, std::string& file) {
    add.text("--locking-key-file", file,
             "for quotes that are locked to the secret key in this file, mode 0600, not to the words'")
        .value_name("FILE");
}

Result<Bytes64> read_seed(const Program& program) {
    HP_TRY(auto words, cli::read_mnemonic(program.command.resolve_secret(program.shared.wallet_seed_file),
                                          program.network.network));
    return crypto::bip39_seed(words.reveal());
}

Result<crypto::SecretKey> read_locking_key(const Program& program, const std::string& file) {
    return cli::read_locking_key(file, program.network.network);
}

Result<std::unique_ptr<Opened>> Opened::open(const Program& program, const OpenOptions& options) {
    const auto& [command, shared, network] = program;
    wallet::WalletOptions out;
    HP_TRY(out.seed, read_seed(program));
    out.database = command.resolve(shared.wallet_database);
    out.mint_url = shared.mint_url;
    out.mint_aliases = shared.mint_aliases;
    out.has_own_mint = config::has_role(network.roles, "mint");
    if (!options.locking_key_file.empty()) {
        HP_TRY(out.locking_key, read_locking_key(program, options.locking_key_file));
    }
    out.unit = shared.unit;
    if (net::is_exposed(shared.mint_url)) log::warn("mint_url {}", net::exposed_text(shared.mint_url));
    out.mints_quotes = options.mints_quotes;
    std::unique_ptr<Opened> opened{new Opened};
    HP_TRY(opened->wallet_, wallet::Wallet::open(opened->loop_, std::move(out)));
    return opened;
}

Result<> Opened::wait_until_idle() {
    return wait_for<void>([&](auto done) { wallet_->when_idle(kMintingLimitMs, std::move(done)); });
}

void print(const std::string& line) { std::printf("%s\n", line.c_str()); }

void print(const Json& object) { print(object.dump(-1, ' ', true, Json::error_handler_t::replace)); }

std::string time_text(UnixMs when) {
    if (when == 0) return "-";
    std::time_t seconds = when / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

}  // namespace hp::hp_wallet
