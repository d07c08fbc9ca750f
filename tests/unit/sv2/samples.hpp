// A message of any type with every field set: to something small, or to the largest that its type allows.
#pragma once
#include "sv2/frame.hpp"
#include "sv2/messages.hpp"

namespace hp::test {

using namespace hp::sv2;

/// Gives bytes that differ from each other, so that a swap of two fields shows.
class Sampler {
  public:
    explicit Sampler(bool largest) : largest_{largest} {}

    template <Message M>
    M message() {
        M out;
        each_field<M>([&](auto f) { fill(out.*f.pointer); });
        return out;
    }

  private:
    std::uint8_t byte() { return next_ = static_cast<std::uint8_t>(next_ * 5 + 77); }
    std::size_t size(std::size_t small, std::size_t max) const { return largest_ ? max : small; }

    template <std::unsigned_integral T>
    void fill(T& value) {
        for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | T{byte()} << (8 * i));
    }
    void fill(bool& value) { value = true; }
    void fill(F32& value) { value = F32::from(1.5e14f); }
    void fill(U256& value) {
        std::ranges::generate(value.bytes, [&] { return byte(); });
    }
    void fill(PubKey& value) {
        std::ranges::generate(value.bytes, [&] { return byte(); });
    }
    void fill(Signature& value) {
        std::ranges::generate(value.bytes, [&] { return byte(); });
    }
    void fill(Str0_255& value) {
        value.value.resize(size(9, 255));
        std::ranges::generate(value.value, [&] { return static_cast<char>('a' + byte() % 26); });
    }
    void fill(B0_32& value) {
        value.size = static_cast<std::uint8_t>(size(8, 32));
        for (std::size_t i = 0; i < value.size; ++i) value.bytes[i] = byte();
    }
    template <std::size_t L, std::size_t Max>
    void fill(Blob<L, Max>& value) {
        value.value.resize(size(5, Max));
        std::ranges::generate(value.value, [&] { return byte(); });
    }
    template <class T>
    void fill(std::optional<T>& value) {
        fill(value.emplace());
    }
    template <class T, std::size_t L, std::size_t Max>
    void fill(Seq<T, L, Max>& value) {
        value.items.resize(size(3, Max));
        for (T& item : value.items) fill(item);
    }

    bool largest_;
    std::uint8_t next_{1};
};

}  // namespace hp::test
