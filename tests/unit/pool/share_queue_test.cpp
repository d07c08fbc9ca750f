// When shares leave for the disk, by a clock and a loop by hand.
#include "pool/share_queue.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "net/manual_clock.hpp"

using namespace hp;
using namespace hp::test;
using pool::ShareQueue;

namespace {

struct Disk {
    ManualClock clock;
    std::deque<std::function<void()>> turns;
    struct Write {
        std::shared_ptr<const std::vector<pool::NewIntent>> intents;
        std::function<void(ShareQueue::Seqs)> done;
    };
    std::deque<Write> writes;
    std::vector<std::uint32_t> committed;  // sequence numbers, in order
    std::size_t failed{0};
    ShareQueue queue{clock,
                     {.post = [this](auto call) { turns.push_back(std::move(call)); },
                      .store =
                          [this](auto intents, auto done) {
                              writes.push_back({intents, std::move(done)});
                          },
                      .committed =
                          [this](const ShareQueue::Batch& batch, ShareQueue::Seqs seqs) {
                              for (const auto& share : batch.shares)
                                  seqs ? committed.push_back(share.sequence_number) : void(++failed);
                          }}};
    std::uint32_t next{0};

    void share(int count = 1) {
        while (count-- > 0) {
            REQUIRE(!queue.is_full());
            queue.add({.sequence_number = next++}, {});
        }
    }
    bool turn() {
        if (turns.empty()) return false;
        auto call = std::move(turns.front());
        turns.pop_front();
        call();
        return true;
    }
    void turn_until_written(std::size_t count) {
        for (int i = 0; i < 100 && writes.size() < count; ++i) turn();
        REQUIRE(writes.size() == count);
    }
    void finish(ShareQueue::Seqs seqs = std::vector<std::uint64_t>{}) {
        auto write = std::move(writes.front());
        writes.pop_front();
        write.done(std::move(seqs));
    }
};

}  // namespace

TEST_CASE_FIXTURE(Disk, "an idle loop's share leaves after two quiet turns, without a timer") {
    CHECK(queue.is_idle());
    share();
    CHECK_FALSE(queue.is_idle());
    CHECK(turn());
    CHECK(writes.empty());  // the first turn has seen it
    CHECK(turn());
    CHECK(turn());
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].intents->size() == 1);
    CHECK_FALSE(turn());
    finish();
    CHECK(committed == std::vector<std::uint32_t>{0});
    CHECK(queue.is_idle());
}

TEST_CASE_FIXTURE(Disk, "while shares keep coming a group waits for 4 ms at most") {
    share();
    for (int i = 0; i < 3; ++i) {
        share();
        turn();
        clock.advance(1);
    }
    CHECK(writes.empty());
    share();
    clock.advance(1);
    turn();
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].intents->size() == 5);
}

TEST_CASE_FIXTURE(Disk, "a full group does not wait, and no group is larger") {
    share(ShareQueue::kGroupMax + 10);
    turn();
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].intents->size() == ShareQueue::kGroupMax);
    finish();
    turn_until_written(1);
    CHECK(writes[0].intents->size() == 10);
    finish();
    CHECK(committed.size() == ShareQueue::kGroupMax + 10);
    CHECK(std::ranges::is_sorted(committed));
}

TEST_CASE_FIXTURE(Disk, "one group is on its way at a time; what comes meanwhile is the next") {
    share(3);
    turn_until_written(1);
    share(5);
    for (int i = 0; i < 10; ++i) turn();
    CHECK(writes.size() == 1);
    finish();
    CHECK(committed.size() == 3);
    turn_until_written(1);
    CHECK(writes[0].intents->size() == 5);
}

TEST_CASE_FIXTURE(Disk, "a disk that fails: each share of the group hears it, and the next group is tried") {
    share(3);
    turn_until_written(1);
    finish(fail(Errc::io, "disk full"));
    CHECK(failed == 3);
    CHECK(queue.is_idle());
    share();
    turn_until_written(1);
    finish();
    CHECK(committed.size() == 1);
}

TEST_CASE_FIXTURE(Disk, "a disk that hangs: memory is bounded, and what was refused may come again") {
    share();
    turn_until_written(1);
    share(ShareQueue::kWaitingMax);
    CHECK(queue.is_full());
    finish();
    turn_until_written(1);
    CHECK(!queue.is_full());
    share();
}
