// A table's keys and values, written late and in order. Random keys written together with their rows cost a
// disk page each: 6 to 30 times as much as the rows. Here they wait in memory until there are enough that
// neighbours share pages. The rows themselves are on disk with their own commit, so waiting keys are rebuilt
// from them at start.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace hp::store {

#ifdef HP_CRASH_POINTS
constexpr std::size_t kLateGeneration = 8;  // so that short test runs have some
#else
constexpr std::size_t kLateGeneration = 32'768;
#endif

/// Two generations: one that collects, and one that is written to the table, a part with each transaction.
/// `Key` has < in the table's order, and random_part(): 8 bytes or more that are practically random. Kept in
/// step with the database's transactions: job_begins() to committed() are Writer::TransactionObserver's
/// calls.
template <class Key, class Value>
class LateMap {
  private:
    struct Hash {
        std::size_t operator()(const Key& key) const {
            std::size_t hash;
            std::memcpy(&hash, key.random_part().data(), sizeof hash);
            return hash;
        }
    };

  public:
    using Map = boost::unordered_flat_map<Key, Value, Hash>;

    /// Writing of a generation begins when it has this many keys.
    explicit LateMap(std::size_t generation = kLateGeneration) : generation_{generation} {}

    /// Nothing: only the table can tell.
    std::optional<Value> find(const Key& key) const {
        for (const Map* map : {&fresh_, &leaving_})
            if (auto it = map->find(key); it != map->end()) return it->second;
        return {};
    }
    void put(const Key& key, const Value& value) {
        auto [it, is_new] = fresh_.try_emplace(key, value);
        log_.push_back({key, is_new ? std::nullopt : std::optional{it->second}});
        it->second = value;
    }

    /// Passes to `write` what to write with this transaction, in order: twice as much as it has put, so that
    /// one generation is finished before the next is full. True if these are the last of leaving(): then the
    /// table has everything committed before writing of that generation began.
    template <class Write>
    bool write_next(Write write) {
        if (left_ == 0) return false;
        for (std::size_t most = 2 * log_.size(); most > 0 && left_ > 0; --most) {
            std::pop_heap(heap_.begin(), heap_end(), Later{});
            --left_;
            write(heap_[left_].first, heap_[left_].second);
        }
        return left_ == 0;
    }
    const Map& leaving() const { return leaving_; }

    void job_begins() { before_job_ = log_.size(); }
    void undo_job() { undo_to(before_job_); }
    void undo_all() {
        undo_to(0);
        while (left_ < heap_.size()) {
            ++left_;
            std::push_heap(heap_.begin(), heap_end(), Later{});
        }
    }
    void committed() {
        log_.clear();
        heap_.resize(left_);
        if (left_ > 0 || fresh_.size() < generation_) return;
        leaving_.clear();
        leaving_.swap(fresh_);
        // A heap, not sorted: sorting everything at once would take too long.
        heap_.assign(leaving_.begin(), leaving_.end());
        left_ = heap_.size();
        std::make_heap(heap_.begin(), heap_.end(), Later{});
    }

  private:
    using Entry = std::pair<Key, Value>;
    struct Later {
        bool operator()(const Entry& a, const Entry& b) const { return b.first < a.first; }
    };
    auto heap_end() { return heap_.begin() + static_cast<std::ptrdiff_t>(left_); }
    void undo_to(std::size_t count) {
        for (; log_.size() > count; log_.pop_back()) {
            const auto& [key, before] = log_.back();
            if (before)
                fresh_[key] = *before;
            else
                fresh_.erase(key);
        }
    }

    std::size_t generation_;
    Map fresh_, leaving_;
    std::vector<std::pair<Key, std::optional<Value>>>
        log_;  // put by the open transaction, and the previous values
    std::size_t before_job_{0};
    std::vector<Entry> heap_;  // the rest of leaving, followed by what the open transaction writes
    std::size_t left_{0};
};

}  // namespace hp::store
