// The part of CBOR (RFC 8949) that tokens use: unsigned integers, byte and text strings, arrays, maps,
// definite lengths only. Simple values and negative numbers can be skipped, not read.
#pragma once
#include <cstdint>

#include "base/bytes.hpp"

namespace hp::cashu::cbor {

enum class Major : std::uint8_t { unsigned_int, negative_int, bytes, text, array, map, tag, simple };

/// Reads items one by one; keeps its first failure, with the offset. Later calls give zeros.
class Reader {
  public:
    explicit Reader(ByteView bytes) : all_{bytes} {}

    std::uint64_t unsigned_int();
    ByteView bytes();
    /// Checked to be UTF-8.
    std::string_view text();
    /// Number of items (array) or pairs (map); never more than the bytes that are left.
    std::size_t array();
    std::size_t map();
    /// Any one item, however nested (at most 16 levels).
    void skip();

    void fail(std::string why);
    bool ok() const { return error_.empty(); }
    bool at_end() const { return at_ == all_.size(); }
    std::size_t offset() const { return at_; }
    /// "byte 17: expected a text string"
    const std::string& error() const { return error_; }

  private:
    struct Head {
        Major major{};
        std::uint64_t value{};
    };
    Head head();
    std::uint64_t expect(Major major);
    std::size_t count(Major major, std::uint64_t bytes_each);
    ByteView take(std::uint64_t size);
    void skip(unsigned depth);

    ByteView all_;
    std::size_t at_{0};
    std::string error_;
};

// Shortest forms, definite lengths.
void put_head(Bytes& out, Major major, std::uint64_t value);
void put_text(Bytes& out, std::string_view text);
void put_bytes(Bytes& out, ByteView bytes);

}  // namespace hp::cashu::cbor
