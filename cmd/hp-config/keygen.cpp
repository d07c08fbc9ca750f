#include <cstdio>
#include <iostream>

#include "cli/secrets.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "crypto/random.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

/// The forms in which a configuration asks for a public key.
std::string public_forms(const crypto::SecretKey& key) {
    return "authority " + crypto::authority_key_text(key.xonly()) + "\nlink " + to_hex(key.xonly()) +
           "\nlocking " + to_hex(key.public_key()) + "\n";
}

/// The usual form of this kind of key.
std::string public_form(const std::string& kind, const crypto::SecretKey& key) {
    if (kind == "link") return to_hex(key.xonly());
    if (kind == "locking") return to_hex(key.public_key());
    return crypto::authority_key_text(key.xonly());
}

}  // namespace

Result<> keygen(const KeygenOptions& options) {
    const auto& [kind, out, hex] = options;
    if (hex && kind != "locking")
        return fail(Errc::usage, "--hex is for locking keys; our programs read other keys in base58check");
    std::string secret, public_part;
    if (kind == "mnemonic") {
        auto entropy = crypto::random_array<16>();
        secret = crypto::bip39_mnemonic(entropy);
        crypto::wipe(entropy);
    } else {
        const auto key = crypto::SecretKey::generate();
        secret = hex ? to_hex(key.bytes()) : crypto::secret_key_text(key);
        public_part = public_form(kind, key) + "\n";
    }
    if (out.empty()) {
        std::printf("%s\n", secret.c_str());
        std::fputs(public_part.c_str(), stderr);
        return {};
    }
    HP_DO(cli::write_secret(out, secret));
    std::fputs(public_part.c_str(), stdout);
    return {};
}

Result<> pubkey(const std::string& file) {
    if (file != "-") {
        // Published keys depend on the network, which is unknown here.
        HP_TRY(const auto key, cli::read_locking_key(file, "sim"));
        std::fputs(public_forms(key).c_str(), stdout);
        if (cli::is_published(key)) {
            std::fputs("hp-config: warning: this is a published test key\n", stderr);
        }
        return {};
    }
    std::string line;
    std::getline(std::cin, line);
    const auto key = crypto::locking_key_from_text(line);
    if (!key)
        return fail(Errc::usage,
                    "stdin does not hold a secret key, allowed: 32 bytes in base58check, or 64 hex digits");
    std::fputs(public_forms(*key).c_str(), stdout);
    return {};
}

}  // namespace hp::hp_config
