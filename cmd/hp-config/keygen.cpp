// hp-config keygen and pubkey: secret keys, seed words, and what of them is public.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/secrets.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "crypto/random.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

struct KeygenOptions {
    std::string kind, out;
    bool hex{false}, json{false};
};

struct PubkeyOptions {
    std::string file;  ///< "-" is stdin
    bool json{false};
};

void print_object(const nlohmann::ordered_json& object) {
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

/// The usual form of this kind of key.
std::string public_form(const std::string& kind, const crypto::SecretKey& key) {
    if (kind == "link") return to_hex(key.xonly());
    if (kind == "locking") return to_hex(key.public_key());
    return crypto::authority_key_text(key.xonly());
}

/// In all forms in which a configuration asks for a public key.
void print_public(const crypto::SecretKey& key, bool is_json) {
    nlohmann::ordered_json object;
    for (const char* kind : {"authority", "link", "locking"}) {
        object[kind] = public_form(kind, key);
        if (!is_json) std::printf("%s %s\n", kind, public_form(kind, key).c_str());
    }
    if (is_json) print_object(object);
}

struct KeyTexts {
    std::string secret, public_key;  ///< of words there is no public one
};
KeyTexts make_key(const KeygenOptions& options) {
    if (options.kind == "mnemonic") {
        auto entropy = crypto::random_array<16>();
        KeyTexts out{crypto::bip39_mnemonic(entropy), {}};
        crypto::wipe(entropy);
        return out;
    }
    const auto key = crypto::SecretKey::generate();
    return {options.hex ? to_hex(key.bytes()) : crypto::secret_key_text(key), public_form(options.kind, key)};
}

Result<> run_keygen(const KeygenOptions& options) {
    if (options.hex && options.kind != "locking")
        return fail(Errc::usage, "--hex is for locking keys; our programs read other keys in base58check");
    const auto [secret, public_key] = make_key(options);
    if (!options.out.empty()) HP_DO(cli::write_secret(options.out, secret));
    if (options.json) {
        nlohmann::ordered_json object{{"kind", options.kind}};
        if (options.out.empty())
            object["secret"] = secret;
        else
            object["file"] = options.out;
        if (!public_key.empty()) object["public_key"] = public_key;
        print_object(object);
        return {};
    }
    if (options.out.empty()) std::printf("%s\n", secret.c_str());
    if (!public_key.empty()) std::fprintf(options.out.empty() ? stderr : stdout, "%s\n", public_key.c_str());
    return {};
}

Result<> run_pubkey(const PubkeyOptions& options) {
    if (options.file != "-") {
        // Published keys depend on the network, which is unknown here.
        HP_TRY(const auto key, cli::read_locking_key(options.file, "sim"));
        print_public(key, options.json);
        if (cli::is_published(key)) std::fputs("hp-config: warning: this is a published test key\n", stderr);
        return {};
    }
    std::string line;
    std::getline(std::cin, line);
    const auto key = crypto::locking_key_from_text(line);
    if (!key)
        return fail(Errc::usage,
                    "stdin does not hold a secret key, allowed: 32 bytes in base58check, or 64 hex digits");
    print_public(*key, options.json);
    return {};
}

}  // namespace

cli::Verb keygen() {
    return {
        .name = "keygen",
        .summary = "make a secret key or seed words",
        .examples = {"hp-config keygen authority --out secrets/pool-authority.key",
                     "hp-config keygen locking --hex --out my.key --json | jq -r .public_key"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<KeygenOptions>();
            add.text("KIND", options->kind, "authority, link, mnemonic or locking")
                .required()
                .one_of({"authority", "link", "mnemonic", "locking"});
            add.flag("--hex", options->hex,
                     "locking: the secret as 64 hex digits, which Cashu wallets take, not in base58check");
            add.text("--out", options->out, "write the secret to this new file, mode 0600 [stdout]")
                .value_name("FILE");
            add.json(options->json, "print one JSON object; without --out the secret is in it");
            return [options] { return run_keygen(*options); };
        },
    };
}

cli::Verb pubkey() {
    return {
        .name = "pubkey",
        .summary = "print the public forms of a secret key",
        .examples = {"hp-config pubkey /etc/hashpool/secrets/mint-link.key"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<PubkeyOptions>();
            add.text("FILE", options->file, "secret key file, or - for stdin").required();
            add.json(options->json);
            return [options] { return run_pubkey(*options); };
        },
    };
}

}  // namespace hp::hp_config
