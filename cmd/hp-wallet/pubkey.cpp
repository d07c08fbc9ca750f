// hp-wallet pubkey: the locking key.
#include "cashu/nut20.hpp"
#include "crypto/random.hpp"
#include "opened.hpp"

namespace hp::hp_wallet {
namespace {

struct PubkeyOptions {
    std::string locking_key_file;
    bool json{false};
};

Result<Bytes33> public_key(const Program& program, const std::string& locking_key_file) {
    if (!locking_key_file.empty()) {
        HP_TRY(const auto key, read_locking_key(program, locking_key_file));
        return key.public_key();
    }
    HP_TRY(auto seed, read_seed(program));
    HP_TRY(const auto key, cashu::lock_key(seed, 0));
    crypto::wipe(seed);
    return key.public_key();
}

Result<> run_pubkey(const Program& program, const PubkeyOptions& options) {
    HP_TRY(const auto key, public_key(program, options.locking_key_file));
    if (options.json)
        print(Json{{"locking_key", to_hex(key)}});
    else
        print(to_hex(key));
    return {};
}

}  // namespace

cli::Verb pubkey(const Program& program) {
    return {
        .name = "pubkey",
        .summary = "the locking key, which a miner gives as its worker name",
        .examples = {"hp-miner stratum+tcp://127.0.0.1:34255 --user $(hp-wallet pubkey)"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<PubkeyOptions>();
            add_locking_key(add, options->locking_key_file);
            add.json(options->json);
            return [&program, options] { return run_pubkey(program, *options); };
        },
    };
}

}  // namespace hp::hp_wallet
