// The part of CBOR (RFC 8949) that tokens use: unsigned integers, byte and text strings, arrays, maps, null.
// Lengths may be definite or indefinite. Other simple values and negative numbers can be skipped, not read.
#pragma once
#include <cstdint>

#include "base/bytes.hpp"

namespace hp::cashu::cbor {

enum class Major : std::uint8_t { unsigned_int, negative_int, bytes, text, array, map, tag, simple };

/// Reads items one by one; keeps its first failure, with the offset. Later calls return zeros.
class Reader {
  public:
    explicit Reader(ByteView bytes) : all_{bytes} {}

    std::uint64_t unsigned_int();
    Bytes bytes();
    /// Checked to be UTF-8.
    std::string text();
    /// The items of an array or the pairs of a map. A definite number is never more than fits in the
    /// remaining bytes.
    struct Run {
        std::uint64_t left{};
        bool is_indefinite{};
    };
    Run array();
    Run map();
    /// Whether another item or pair follows; to be called before each.
    bool next(Run& run);
    /// Takes a null or undefined if it comes next: an optional value may be that instead of absent.
    bool null();
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
        bool is_indefinite{};
    };
    Head head();
    Head expect(Major major);
    Run count(Major major, std::uint64_t bytes_each);
    ByteView take(std::uint64_t size);
    /// Calls `on_chunk` for the bytes of a string, once or for each of its chunks.
    template <class OnChunk>
    void string(Major major, OnChunk&& on_chunk);
    bool at_break() const { return at_ < all_.size() && all_[at_] == 0xff; }
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
