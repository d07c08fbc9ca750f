// Decoding a share and encoding its acknowledgement allocate nothing.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "sv2/frame.hpp"
#include "sv2/mining.hpp"

namespace {
std::size_t allocation_count = 0;
}

void* operator new(std::size_t size) {
    ++allocation_count;
    if (void* memory = std::malloc(size ? size : 1)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace hp::test {
namespace {

using namespace hp::sv2;

TEST_CASE(
    "a share is decoded, its worker's TLV found, and a share and its success encoded without allocating") {
    mining::SubmitSharesExtended share;
    share.sequence_number = 7;
    share.extranonce = B0_32::from(Bytes(32, 0xab));
    const Tlv worker{2, 1, Bytes(32, 'w')};
    const Bytes frame = encode_frame(share, {&worker, 1});
    const Bytes share_key(33, 2);
    Bytes out;
    out.reserve(256);

    const std::size_t before = allocation_count;
    const auto view = split_frame(frame);
    const auto decoded = decode_with_rest<mining::SubmitSharesExtended>(view->payload);
    const auto found = find_tlv(decoded->rest, 2, 1);
    const mining::SubmitSharesSuccess success{.channel_id = decoded->message.channel_id,
                                              .last_sequence_number = decoded->message.sequence_number,
                                              .new_submits_accepted_count = 1,
                                              .new_shares_sum = 1};
    append_frame(out, success);
    out.clear();
    const TlvView owner[] = {{0x4851, 1, share_key}, {0x4851, 2, share_key}};
    append_frame(out, share, std::span<const TlvView>(owner));
    out.clear();
    append_frame(out, success);
    const std::size_t allocated = allocation_count - before;

    CHECK(allocated == 0);
    CHECK(decoded->message == share);
    REQUIRE(*found);
    CHECK((*found)->size() == 32);
    CHECK(out.size() == kHeaderSize + 20);
    // The counter counts.
    const std::size_t start = allocation_count;
    CHECK(encode_frame(success).size() == out.size());
    CHECK(allocation_count > start);
}

}  // namespace
}  // namespace hp::test
