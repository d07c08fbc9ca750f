// A cursor that remembers its first failure: later calls are no-ops, one check at the end. And its
// counterpart for writing.
#pragma once
#include "base/bytes.hpp"

namespace hp::wire {

class Reader {
  public:
    explicit Reader(ByteView bytes) : rest_{bytes} {}

    /// The next n bytes, or nothing and a failure.
    ByteView take(std::size_t n) {
        if (n > rest_.size()) {
            fail(n - rest_.size());
            return {};
        }
        auto head = rest_.first(n);
        rest_ = rest_.subspan(n);
        return head;
    }
    /// N-byte little-endian number.
    template <std::size_t N>
    std::uint64_t le() {
        if (rest_.size() < N) {
            fail(N - rest_.size());
            return 0;
        }
        // A constant number of steps, which the compiler turns into one load.
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < N; ++i) value |= std::uint64_t{rest_[i]} << (8 * i);
        rest_ = rest_.subspan(N);
        return value;
    }
    /// Names what is being read, for the error text.
    void enter(const char* field) { field_ = field; }
    void fail(std::size_t missing) {
        if (ok_) missing_ = missing, ok_ = false;
        rest_ = {};
    }
    void fail(const char* why) {
        if (ok_) why_ = why, ok_ = false;
        rest_ = {};
    }
    bool ok() const { return ok_; }
    ByteView rest() const { return rest_; }
    /// "merkle_path: needs 3 more bytes"
    std::string error_text() const {
        std::string out = field_ ? std::string(field_) + ": " : std::string();
        return out + (why_ ? std::string(why_) : "needs " + std::to_string(missing_) + " more bytes");
    }

  private:
    ByteView rest_;
    const char* field_{nullptr};
    const char* why_{nullptr};
    std::size_t missing_{0};
    bool ok_{true};
};

/// Appends to bytes that it does not own.
class Writer {
  public:
    explicit Writer(Bytes& out) : out_{out} {}
    template <std::size_t N>
    void le(std::uint64_t value) {
        std::uint8_t bytes[N];
        for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
        out_.insert(out_.end(), bytes, bytes + N);
    }
    void put(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

  private:
    Bytes& out_;
};

}  // namespace hp::wire
