// BIP 39's English word list.
#pragma once
#include <array>
#include <string_view>

namespace hp::crypto {

/// In alphabetical order; a word's index is its 11 bits.
extern const std::array<std::string_view, 2048> kBip39Words;

}  // namespace hp::crypto
