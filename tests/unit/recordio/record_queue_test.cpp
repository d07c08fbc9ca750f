// The queue in front of a reader that is slow, absent, or goes in the middle of a record.
#include <doctest/doctest.h>

#include "recordio/record_queue.hpp"

using namespace hp;
using recordio::RecordQueue;

namespace {

constexpr UnixMs kAt = 1'760'000'000'000;

std::string record_json(int number) {
    return wire::Record("share_accepted", "hp-pool", kAt).add("n", number).json();
}

std::string take_all(RecordQueue& queue, std::size_t piece = SIZE_MAX) {
    std::string out;
    while (!queue.is_empty()) {
        const auto next = queue.front(piece, kAt);
        const auto size = std::min(next.size(), piece);
        out += next.substr(0, size);
        queue.taken(size);
    }
    return out;
}

std::vector<std::string> types(const std::string& bytes) {
    wire::RecordReader reader;
    reader.feed(bytes);
    reader.finish();
    std::vector<std::string> out;
    while (auto record = reader.next()) out.push_back(record->ok() ? record->type : record->damage);
    return out;
}

}  // namespace

TEST_CASE("record queue: what goes in comes out, in any layout and in any pieces") {
    for (auto layout :
         {wire::RecordLayout::lines, wire::RecordLayout::length_json, wire::RecordLayout::length_msgpack}) {
        for (std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{200}, std::size_t{SIZE_MAX}}) {
            RecordQueue queue{"hp-pool", layout, 1u << 20};
            std::string expected;
            for (int i = 0; i < 20; ++i) {
                queue.push(record_json(i));
                wire::append_record(expected, record_json(i), layout);
            }
            CHECK(take_all(queue, piece) == expected);
            CHECK(queue.dropped() == 0);
        }
    }
}

TEST_CASE("record queue: pieces are whole records where they fit") {
    RecordQueue queue{"hp-pool", wire::RecordLayout::lines, 1u << 20};
    for (int i = 0; i < 9; ++i) queue.push(record_json(i));
    const auto one = record_json(0).size() + 1;
    CHECK(queue.front(one * 2 + 5, kAt).size() == one * 2);
    CHECK(queue.front(3, kAt).size() == one);
}

TEST_CASE("AC-298: beyond the bound the oldest records go, and a record in their place says how many") {
    const auto one = record_json(10).size() + 1;
    RecordQueue queue{"hp-pool", wire::RecordLayout::lines, one * 10};
    for (int i = 10; i < 40; ++i) queue.push(record_json(i));
    CHECK(queue.dropped() == 20);
    const auto out = take_all(queue);
    CHECK(out.find("\"type\":\"events_dropped\",\"source\":\"hp-pool\",\"count\":20}") != std::string::npos);
    CHECK(out.find("\"n\":29}") == std::string::npos);
    CHECK(out.ends_with("\"n\":39}\n"));
    CHECK(types(out).size() == 11);
    CHECK(types(out).front() == "events_dropped");
    // Told once.
    queue.push(record_json(40));
    CHECK(types(take_all(queue)) == std::vector<std::string>{"share_accepted"});
}

TEST_CASE("record queue: a record of a loss that is dropped itself goes on in the next one") {
    const auto one = record_json(10).size() + 1;
    RecordQueue queue{"hp-pool", wire::RecordLayout::lines, one * 10};
    for (int i = 10; i < 30; ++i) queue.push(record_json(i));
    queue.front(one, kAt);  // looked at, and not taken: the reader was not ready
    for (int i = 30; i < 50; ++i) queue.push(record_json(i));
    CHECK(queue.dropped() == 30);
    const auto out = take_all(queue);
    CHECK(out.find("\"count\":30}") != std::string::npos);
    CHECK(types(out).size() == 11);
}

TEST_CASE("record queue: half a record that went to a reader who is gone goes whole to the next") {
    RecordQueue queue{"hp-pool", wire::RecordLayout::lines, 1u << 20};
    queue.push(record_json(1));
    queue.push(record_json(2));
    queue.front(SIZE_MAX, kAt);
    queue.taken(record_json(1).size() + 1 + 5);
    CHECK(queue.front(SIZE_MAX, kAt) == record_json(2).substr(5) + "\n");
    queue.rewind();
    CHECK(take_all(queue) == record_json(2) + "\n");
}
