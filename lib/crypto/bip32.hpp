// BIP 39 seeds and BIP 32 private derivation, for NUT-13, NUT-20 and keyset derivation.
#pragma once
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/secp.hpp"

namespace hp::crypto {

inline constexpr std::uint32_t kHardened = 0x8000'0000;

struct ExtendedKey {
    SecretKey key;
    Bytes32 chain_code;
    ~ExtendedKey();  ///< wipes the chain code too
};
/// 16 to 64 bytes of seed.
Result<ExtendedKey> bip32_master(ByteView seed);
Result<ExtendedKey> bip32_child(const ExtendedKey& parent, std::uint32_t index);
Result<ExtendedKey> bip32_derive(ByteView seed, std::span<const std::uint32_t> path);

/// 12 words from 16 bytes of entropy (24 from 32), English list.
std::string bip39_mnemonic(ByteView entropy);
/// Checks words and checksum. Any white space may separate the words.
Result<> bip39_check(std::string_view mnemonic);
/// PBKDF2-HMAC-SHA512, 2048 rounds; the mnemonic must pass bip39_check. The passphrase is ASCII (BIP 39
/// requires Unicode NFKD for other text).
Result<Bytes64> bip39_seed(std::string_view mnemonic, std::string_view passphrase = "");

}  // namespace hp::crypto
