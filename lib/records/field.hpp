// The types that a field of an event record may have. Its JSON text, its schema and its row in hp-records(5)
// derive from its type; beside these: bool, integers, double, std::string_view, std::optional of any (absent
// where it is empty), and a described struct with `is_inline`, whose fields replace it.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace hp::records {

/// The known values of a field, for labels of metrics. A newer program, or another pool, may use others.
using Labels = std::span<const std::string>;
using KnownLabels = Labels (*)();
Labels truth_labels();
Labels share_refusal_labels();
Labels setup_refusal_labels();
Labels channel_refusal_labels();
Labels quote_error_labels();
Labels cashu_error_labels();

/// Text that is normally one of these words.
template <KnownLabels known>
struct Word {
    std::string_view text{};
};
/// A number that is normally one of these codes.
template <KnownLabels known, class Number = std::uint64_t>
struct Code {
    Number number{};
};

/// Lower-case hex, in byte order.
template <std::size_t N>
struct Hex {
    ByteArray<N> bytes{};
};
/// Likewise, of any number of bytes.
struct HexText {
    ByteView bytes{};
};
/// Hex as explorers show a block's hash, and as targets are displayed: the last byte first.
struct Reversed {
    Bytes32 bytes{};
};
/// 8 hex digits, the most significant first.
struct Mask {
    std::uint32_t bits{};
};
/// A number that is always written with a fraction, even ".0".
struct Real {
    double number{};
};
/// An object: counts by word.
using Counts = std::map<std::string, std::uint64_t>;
/// A list of described structs, cut after the last one that begins within `bytes_max` bytes of text.
template <class T, std::size_t bytes_max>
struct List {
    std::vector<T> items{};
};

}  // namespace hp::records
