// Two threads on one disk, one of them at a time: a seed says who goes on, and for how many changes of the
// disk, so that a failing case comes back. Both run the code that ships; this only holds them.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "rng.hpp"

namespace hp::crash {

/// Of one disk. Until work is handed over there is only one thread, and all of this lets it pass.
class Turns {
  public:
    void seed(std::uint64_t seed) { rng_ = Rng{seed}; }

    // Of the thread that gives work to the other (base/crash_point.hpp).
    void hand_over();
    void handed_over();
    /// Returns when the other has done its work, or has none.
    void wait();

    // Of the other thread.
    void begin();
    void end();

    /// Before each change of the disk, on any thread.
    void at_change();

    /// Turns that went to the other thread in the middle of the first one's work.
    std::size_t switches() const { return switches_; }

  private:
    enum class Whose { first, other };
    void give(Whose whose, std::unique_lock<std::mutex>& lock);

    std::mutex mutex_;
    std::condition_variable changed_;
    Rng rng_{1};
    std::thread::id other_{};
    Whose turn_{Whose::first};
    std::uint64_t changes_left_{0};
    bool has_work_{false};
    bool may_linger_{false};
    bool is_awaited_{false};
    std::size_t switches_{0};
};

/// Leads the HP_CRASH_TURNs of a file to the Turns of its disk. Before the first database is opened.
void install_turns();

}  // namespace hp::crash
