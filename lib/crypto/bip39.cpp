#include <openssl/evp.h>

#include "crypto/bip32.hpp"
#include "crypto/bip39_words.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

namespace hp::crypto {
namespace {

constexpr std::size_t kBitsPerWord = 11;
constexpr std::size_t kEntropySizeMax = 32;
constexpr std::size_t kWordCountMax = 24;
constexpr int kRounds = 2048;
constexpr std::string_view kSpaces = " \t\r\n";

/// Entropy, then its checksum byte, of which the first size/4 bits count.
using EntropyAndChecksum = ByteArray<kEntropySizeMax + 1>;

std::vector<std::string_view> words_of(std::string_view mnemonic) {
    std::vector<std::string_view> words;
    for (;;) {
        const auto start = mnemonic.find_first_not_of(kSpaces);
        if (start == std::string_view::npos) return words;
        mnemonic.remove_prefix(start);
        const auto size = std::min(mnemonic.find_first_of(kSpaces), mnemonic.size());
        words.push_back(mnemonic.substr(0, size));
        mnemonic.remove_prefix(size);
    }
}

bool is_word_count(std::size_t count) { return count >= 12 && count <= kWordCountMax && count % 3 == 0; }

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string joined(const std::vector<std::string_view>& words) {
    std::string text;
    for (std::string_view word : words) {
        if (!text.empty()) text += ' ';
        text += word;
    }
    return text;
}

std::span<std::uint8_t> memory_of(std::string& text) {
    return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

// Words are secret: errors give only their position.
Result<> check(const std::vector<std::string_view>& words) {
    if (!is_word_count(words.size()))
        return fail(Errc::invalid,
                    "mnemonic has " + std::to_string(words.size()) + " words, expected 12, 15, 18, 21 or 24");
    EntropyAndChecksum bits{};
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto found = std::lower_bound(kBip39Words.begin(), kBip39Words.end(), words[i]);
        if (found == kBip39Words.end() || *found != words[i])
            return fail(Errc::invalid,
                        "word " + std::to_string(i + 1) + " of the mnemonic is not in BIP 39's English list",
                        "words are lower case and not abbreviated");
        const auto index = static_cast<unsigned>(found - kBip39Words.begin());
        for (std::size_t bit = 0; bit < kBitsPerWord; ++bit) {
            const std::size_t at = i * kBitsPerWord + bit;
            const unsigned value = index >> (kBitsPerWord - 1 - bit) & 1;
            bits[at / 8] = static_cast<std::uint8_t>(bits[at / 8] | value << (7 - at % 8));
        }
    }
    const std::size_t entropy_size = words.size() / 3 * 4;
    const std::size_t unused_bits = 8 - entropy_size / 4;
    const std::uint8_t expected = sha256(ByteView{bits}.first(entropy_size))[0];
    const bool same = bits[entropy_size] >> unused_bits == expected >> unused_bits;
    wipe(bits);
    if (!same)
        return fail(Errc::invalid, "the mnemonic's checksum is wrong", "a word is mistyped or out of order");
    return {};
}

}  // namespace

std::string bip39_mnemonic(ByteView entropy) {
    HP_ASSERT(entropy.size() >= 16 && entropy.size() <= kEntropySizeMax && entropy.size() % 4 == 0);
    EntropyAndChecksum bits{};
    std::copy(entropy.begin(), entropy.end(), bits.begin());
    bits[entropy.size()] = sha256(entropy)[0];
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < entropy.size() / 4 * 3; ++i) {
        std::size_t index = 0;
        for (std::size_t at = i * kBitsPerWord; at < (i + 1) * kBitsPerWord; ++at)
            index = index << 1 | (bits[at / 8] >> (7 - at % 8) & 1);
        words.push_back(kBip39Words[index]);
    }
    wipe(bits);
    return joined(words);
}

Result<> bip39_check(std::string_view mnemonic) { return check(words_of(mnemonic)); }

Result<Bytes64> bip39_seed(std::string_view mnemonic, std::string_view passphrase) {
    const auto words = words_of(mnemonic);
    HP_DO(check(words));
    // BIP 39 requires Unicode NFKD; refusing other text is better than a seed that other wallets would not
    // derive.
    if (!is_ascii(passphrase))
        return fail(Errc::invalid, "the mnemonic's passphrase has non-ASCII characters");
    std::string password = joined(words);
    std::string salt = "mnemonic" + std::string(passphrase);
    Bytes64 seed;
    const int derived =
        PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                          reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                          kRounds, EVP_sha512(), static_cast<int>(seed.size()), seed.data());
    wipe(memory_of(password));
    wipe(memory_of(salt));
    HP_ASSERT(derived == 1);
    return seed;
}

}  // namespace hp::crypto
