// Reads Bitcoin's serialization: remembers its first failure, for one check at the end.
#pragma once
#include "base/bytes.hpp"
#include "bitcoin/transaction.hpp"

namespace hp::bitcoin {

class Cursor {
  public:
    explicit Cursor(ByteView bytes) : rest_{bytes} {}

    ByteView take(std::uint64_t size) {
        if (size > rest_.size()) {
            fail("truncated");
            return {};
        }
        auto head = rest_.first(size);
        rest_ = rest_.subspan(size);
        return head;
    }
    template <class UInt>
    UInt le() {
        auto bytes = take(sizeof(UInt));
        return bytes.empty() ? UInt{0} : get_le<UInt>(bytes.data());
    }
    Bytes32 hash() {
        Bytes32 out{};
        auto bytes = take(32);
        std::ranges::copy(bytes, out.begin());
        return out;
    }
    std::uint64_t compact_size() {
        const bool empty = rest_.empty();
        auto value = read_compact_size(rest_);
        if (!value) fail(empty ? "truncated" : "count truncated or not minimal");
        return value.value_or(0);
    }
    /// A count of items of at least `size_min` bytes each: refuses more than can follow before allocating
    /// anything for them.
    std::uint64_t count(std::size_t size_min) {
        auto value = compact_size();
        if (value > rest_.size() / size_min) {
            fail("count larger than the remaining data");
            return 0;
        }
        return value;
    }
    Bytes sized_bytes() {
        auto bytes = take(compact_size());
        return {bytes.begin(), bytes.end()};
    }

    void fail(const char* why) {
        if (!why_) why_ = why;
        rest_ = {};
    }
    bool ok() const { return why_ == nullptr; }
    const char* why() const { return why_; }
    ByteView rest() const { return rest_; }

  private:
    ByteView rest_;
    const char* why_{nullptr};
};

}  // namespace hp::bitcoin
