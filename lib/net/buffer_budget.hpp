// How much memory a process spends on what its connections have begun and not finished: half a frame, line or
// request, and answers that nobody reads. Pure. Internal to this room.
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
    /// What this holder has from now on. Returns those that must go until the sum is within the budget, the
    /// largest first; they are forgotten already. `is_fixed`: it counts, but its end would free nothing (a
    /// request that is being answered).
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
    std::map<Id, Holder> holders_;                  // only those that have something
    std::set<std::pair<std::size_t, Id>> by_size_;  // without the fixed ones
    Id last_{0};
};

}  // namespace hp::net
