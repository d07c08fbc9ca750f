// LateMap against a plain map: whatever is put, undone and committed, memory and table together know it all.
#include "store/late_map.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace hp;
using namespace hp::store;

namespace {

struct Key {
    std::uint64_t n{};
    auto operator<=>(const Key&) const = default;
    ByteView random_part() const { return {reinterpret_cast<const std::uint8_t*>(&n), sizeof n}; }
};
using Table = std::map<std::uint64_t, int>;

/// A database and its writer's calls.
struct House {
    LateMap<Key, int> late{16};
    Table table, truth;  ///< committed
    Table open_table = table, open_truth = truth;
    std::optional<std::uint64_t> last_written, last_committed;  ///< of the generation that leaves

    std::optional<int> find(std::uint64_t n) const {
        if (auto value = late.find({n})) return value;
        auto it = open_table.find(n);
        return it == open_table.end() ? std::nullopt : std::optional{it->second};
    }
    void put(std::uint64_t n, int value) {
        late.put({n}, value);
        open_truth[n] = value;
    }
    void commit(bool succeeds) {
        const bool is_last = late.write_next([&](const Key& key, int value) {
            CHECK((!last_written || *last_written < key.n));
            last_written = key.n;
            open_table[key.n] = value;
        });
        if (is_last) {
            for (const auto& [key, value] : late.leaving()) CHECK(open_table.at(key.n) == value);
        }
        if (succeeds) {
            table = open_table;
            truth = open_truth;
            late.committed();
            if (is_last) last_written.reset();
            last_committed = last_written;
        } else {
            undo();
        }
    }
    void undo() {
        late.undo_all();
        open_table = table;
        open_truth = truth;
        last_written = last_committed;
    }
};

}  // namespace

TEST_CASE("memory and table together know what was committed, whatever was undone") {
    std::mt19937_64 random{7};
    House house;
    for (int round = 0; round < 4000; ++round) {
        const int jobs = 1 + static_cast<int>(random() % 3);
        for (int job = 0; job < jobs; ++job) {
            house.late.job_begins();
            const Table before = house.open_truth;
            // Keys of a wide range, so that most are new, and values that rise, as ids do.
            for (std::uint64_t i = random() % 8; i > 0; --i) house.put(random() % 3000, round);
            if (random() % 4 == 0) {
                house.late.undo_job();
                house.open_truth = before;
            }
        }
        if (random() % 8 == 0)
            house.undo();
        else
            house.commit(random() % 8 != 0);
        if (round % 32 != 0) continue;
        for (const auto& [n, value] : house.truth) {
            auto found = house.find(n);
            if (found != std::optional{value}) {
                CAPTURE(round);
                CAPTURE(n);
                REQUIRE(found == std::optional{value});
            }
        }
    }
    CHECK(house.table.size() > 1000);
}

TEST_CASE("nothing leaves with a transaction that puts nothing") {
    LateMap<Key, int> late{4};
    for (std::uint64_t n : {9, 3, 7, 5, 1}) late.put({n}, 0);
    late.committed();
    std::vector<std::uint64_t> written;
    auto write = [&](const Key& key, int) { written.push_back(key.n); };
    CHECK_FALSE(late.write_next(write));
    CHECK(written.empty());
    late.put({20}, 0);
    CHECK_FALSE(late.write_next(write));
    CHECK(written == std::vector<std::uint64_t>{1, 3});
    late.undo_all();
    CHECK_FALSE(late.find({20}));
    written.clear();
    for (std::uint64_t n : {30, 31, 32}) late.put({n}, 0);
    CHECK(late.write_next(write));
    CHECK(written == std::vector<std::uint64_t>{1, 3, 5, 7, 9});
    CHECK(late.find({9}));
    late.committed();
}
