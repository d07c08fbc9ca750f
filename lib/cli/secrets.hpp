// Secret files: keys, seed words, passwords. Errors name the file and the problem, never the content. A
// program that has read one no longer dumps core.
#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/secp.hpp"
#include "crypto/secret_text.hpp"

namespace hp::cli {

/// A larger secret file is refused.
inline constexpr std::size_t kSecretSizeMax = 4096;

/// In a systemd service: the credential with the file's name, if the unit has one (LoadCredential=) and the
/// file is in CONFIG_DIR/secrets, which the service itself may not read. Otherwise the file. For a missing
/// file, our units have an empty line as credential.
std::string handed_secret(const std::string& file, const std::string& config_dir);

/// The text of a regular file without permissions for group and others, without one trailing newline. It must
/// belong to root or the effective user, or be in a directory that only these can write to. Files in
/// systemd's $CREDENTIALS_DIRECTORY may be group-readable: systemd grants access by ACL.
Result<crypto::SecretText> read_secret_text(const std::string& path);

/// SRI's secret text form (base58check of 32 bytes, SV2 spec 4.7.1's counterpart). Published test keys are
/// refused unless `network` is "sim" or "regtest".
Result<crypto::SecretKey> read_secret_key(const std::string& path, std::string_view network);
/// A locking key (NUT-20): likewise, or 64 hex digits.
Result<crypto::SecretKey> read_locking_key(const std::string& path, std::string_view network);
/// BIP 39 words, separated by single spaces, checksum checked; published ones as above.
Result<crypto::SecretText> read_mnemonic(const std::string& path, std::string_view network);

/// Keys and words published in SRI's and the earlier Hashpool's example configurations and in test vectors,
/// and the scalars 1 to 16. Anyone can take the money of someone who uses them.
bool is_published(const crypto::SecretKey& key);
bool is_published_words(std::string_view mnemonic);
/// On these networks coins are worthless and there are no peers.
bool may_use_published(std::string_view network);

/// Writes a new file of mode 0600, whatever the umask, with a trailing newline; refuses to replace one.
Result<> write_secret(const std::string& path, std::string_view text);

}  // namespace hp::cli
