// Secret files: keys, seed words, passwords. Errors name the file and the problem, never the content. Who has
// read one leaves no core dump any more.
#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/secp.hpp"
#include "crypto/secret_text.hpp"

namespace hp::cli {

/// A secret file is read up to this size, and refused above.
inline constexpr std::size_t kSecretSizeMax = 4096;

/// For a service of systemd: the credential of the file's name, where the unit hands one out
/// (LoadCredential=) and the file is one of CONFIG_DIR/secrets, which the service itself may not read.
/// Otherwise the file. Our units hand out an empty line for a file that is missing.
std::string handed_secret(const std::string& file, const std::string& config_dir);

/// The text of a regular file without permissions for group and others, without one trailing newline. It
/// belongs to root or the effective user, or lies in a directory in which only these can write. Files in
/// systemd's $CREDENTIALS_DIRECTORY may be readable for the group: systemd grants that by ACL.
Result<crypto::SecretText> read_secret_text(const std::string& path);

/// SRI's secret text form (base58check of 32 bytes, SV2 spec 4.7.1's counterpart). Published test keys are
/// refused unless `network` is "sim" or "regtest".
Result<crypto::SecretKey> read_secret_key(const std::string& path, std::string_view network);
/// A locking key (NUT-20): the same, or 64 hex digits.
Result<crypto::SecretKey> read_locking_key(const std::string& path, std::string_view network);
/// BIP 39 words, separated by single spaces, checksum checked; published ones as above.
Result<crypto::SecretText> read_mnemonic(const std::string& path, std::string_view network);

/// Keys and words that stand in public texts: SRI's and the earlier Hashpool's example configurations, test
/// vectors, the scalars 1 to 16. Whoever uses them shares his money with all readers.
bool is_published(const crypto::SecretKey& key);
bool is_published_words(std::string_view mnemonic);
/// Only these networks have coins without worth and no peers.
bool may_use_published(std::string_view network);

/// Writes a new file of mode 0600, whatever the umask, with a newline behind; refuses to replace one.
Result<> write_secret(const std::string& path, std::string_view text);

}  // namespace hp::cli
