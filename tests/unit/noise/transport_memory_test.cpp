// What a FrameOpener holds, counted at the allocator: a peer must pay in bytes sent for memory that we use.
#include <doctest/doctest.h>
#include <malloc.h>

#include <cstdlib>
#include <new>

#include "noise/transport.hpp"

using namespace hp;
using namespace hp::noise;

namespace {

std::size_t live_bytes = 0;
std::size_t allocation_count = 0;

}  // namespace

// Not inlined: GCC 12 would see free() meet memory of the standard operator new, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
    void* memory = std::malloc(size);
    if (!memory) throw std::bad_alloc{};
    live_bytes += malloc_usable_size(memory);
    ++allocation_count;
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    if (memory) live_bytes -= malloc_usable_size(memory);
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace {

constexpr std::size_t kSlack = 256 * 1024;

Bytes sealed_frame(CipherState cipher, std::size_t payload_size) {
    Bytes frame(kHeaderSize + payload_size, 0x5a);
    for (std::size_t i = 0; i < 3; ++i) frame[3 + i] = static_cast<std::uint8_t>(payload_size >> (8 * i));
    Bytes wire;
    seal_frame(cipher, frame, wire);
    return wire;
}

}  // namespace

TEST_CASE("AC-011: memory grows with bytes received, not with the length announced") {
    const CipherState cipher{.key = {1}};
    const Bytes wire = sealed_frame(cipher, kPayloadMax);
    const std::size_t before = live_bytes;
    {
        FrameOpener opener{cipher};
        opener.feed(ByteView{wire}.first(kSealedHeaderSize));
        REQUIRE(opener.next().has_value());
        CHECK(live_bytes - before < 4096);

        constexpr std::size_t kStep = 4096;
        for (std::size_t at = kSealedHeaderSize; at < wire.size(); at += kStep) {
            const std::size_t received = std::min(at + kStep, wire.size());
            opener.feed(ByteView{wire}.subspan(at, received - at));
            REQUIRE(opener.next().has_value());
            REQUIRE(live_bytes - before <= received + received / 4 + kSlack);
        }
        REQUIRE(opener.next().has_value());
        CHECK(live_bytes - before < 4096);  // The frame was taken: an idle connection keeps little.
    }
    CHECK(live_bytes == before);
}

TEST_CASE("a session that failed takes up nothing more") {
    const CipherState cipher{.key = {1}};
    FrameOpener opener{cipher};
    opener.feed(Bytes(kSealedHeaderSize));
    REQUIRE_FALSE(opener.next().has_value());
    const Bytes more(100'000);
    const std::size_t before = live_bytes;
    for (int i = 0; i < 100; ++i) opener.feed(more);
    CHECK(live_bytes == before);
}

TEST_CASE("small frames in a row are opened and sealed without allocating") {
    CipherState sender{.key = {1}};
    FrameOpener opener{sender};
    const Bytes frame = {0, 0, 1, 4, 0, 0, 1, 2, 3, 4};
    Bytes wire;
    const auto round_trip = [&] {
        wire.clear();
        seal_frame(sender, frame, wire);
        opener.feed(wire);
        const auto opened = opener.next();
        return opened && *opened && (*opened)->size() == frame.size();
    };
    for (int i = 0; i < 3; ++i) REQUIRE(round_trip());  // The buffers find their size.
    const std::size_t before = allocation_count;
    bool all_whole = true;
    for (int i = 0; i < 1000; ++i) all_whole &= round_trip();
    CHECK(all_whole);
    CHECK(allocation_count == before);
}
