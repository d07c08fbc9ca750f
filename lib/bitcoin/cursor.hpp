// Reads Bitcoin's serialisation: remembers its first failure, one check at the end.
#pragma once
#include "base/bytes.hpp"
#include "bitcoin/transaction.hpp"

namespace hp::bitcoin {

class Cursor {
  public:
    explicit Cursor(ByteView bytes) : rest_{bytes} {}

    ByteView take(std::uint64_t size) {
        if (size > rest_.size()) {
            fail("cut short");
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
        if (!value) fail(empty ? "cut short" : "count cut short or longer than needed");
        return value.value_or(0);
    }
    /// A count of things that take at least `size_min` bytes each: more than can follow is refused before
    /// anything is allocated for them.
    std::uint64_t count(std::size_t size_min) {
        auto value = compact_size();
        if (value > rest_.size() / size_min) {
            fail("count larger than what follows");
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
