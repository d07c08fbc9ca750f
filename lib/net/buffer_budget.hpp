// Limits a process's memory for unfinished input and unread output of its connections: partial frames, lines
// and requests, and answers that are not read. Pure. Internal to this room.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace hp::net {

class BufferBudget {
  public:
    using Id = std::uint64_t;
    explicit BufferBudget(std::size_t bytes_max) : bytes_max_{bytes_max} {}

    Id add() { return ++last_; }
    /// Sets what this holder has. Returns those that must be closed to get within the budget, largest first;
    /// they are already removed. `is_fixed`: counted, but closing it would free nothing (a request being
    /// answered).
    std::vector<Id> hold(Id id, std::size_t bytes, bool is_fixed = false);
    void remove(Id id) { (void)hold(id, 0); }

    std::size_t bytes() const { return bytes_; }
    void set_max(std::size_t bytes_max) { bytes_max_ = bytes_max; }

  private:
    struct Holder {
        std::size_t bytes;
        bool is_fixed;
    };
    void forget(std::map<Id, Holder>::iterator holder);

    std::size_t bytes_max_;
    std::size_t bytes_{0};
    std::map<Id, Holder> holders_;                  // only those that hold something
    std::set<std::pair<std::size_t, Id>> by_size_;  // without the fixed ones
    Id last_{0};
};

}  // namespace hp::net
