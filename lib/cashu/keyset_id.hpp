// Keyset ids. NUT-02: version 00 has 8 bytes, version 01 has 33; tokens may shorten a version 01 id to 8.
#pragma once
#include "base/bytes.hpp"

namespace hp::cashu {

class KeysetId {
  public:
    KeysetId() = default;
    /// 8 bytes beginning 00 (v1) or 01 (a short v2), or 33 bytes beginning 01 (v2).
    static Result<KeysetId> from_bytes(ByteView bytes);
    /// 16 or 66 hex digits.
    static Result<KeysetId> from_hex(std::string_view hex);

    ByteView bytes() const { return {bytes_.data(), size_}; }
    std::string hex() const { return to_hex(bytes()); }
    unsigned version() const { return bytes_[0]; }
    /// The first 8 bytes of a v2 id: never valid in the API, only inside tokens.
    bool is_short() const { return size_ == 8 && bytes_[0] == 1; }
    /// The 8 bytes used in tokens.
    KeysetId shortened() const;

    friend auto operator<=>(const KeysetId&, const KeysetId&) = default;

  private:
    Bytes33 bytes_{};
    std::uint8_t size_{0};
};

/// The id of `known` meant by a token's id: itself, or the only one that begins with its 8 bytes.
Result<KeysetId> resolve(const KeysetId& from_token, std::span<const KeysetId> known);

}  // namespace hp::cashu
