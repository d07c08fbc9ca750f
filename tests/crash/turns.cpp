#include "turns.hpp"

#include "base/crash_point.hpp"
#include "vfs_disk.hpp"

namespace hp::crash {
namespace {

/// Short turns, which end inside of one transaction or checkpoint, and long ones, which see several.
std::uint64_t some_changes(Rng& rng) { return 1 + rng.below(rng.chance(1, 2) ? 6 : 60); }

class OfDisks final : public Meeting {
    void on_step(Step step, const std::string& file) override {
        Disk* disk = Disk::of(file);
        if (!disk) return;
        switch (step) {
            case Step::hand_over:
                return disk->turns.hand_over();
            case Step::handed_over:
                return disk->turns.handed_over();
            case Step::wait:
                return disk->turns.wait();
            case Step::begin:
                return disk->turns.begin();
            case Step::end:
                return disk->turns.end();
        }
    }
};

}  // namespace

void Turns::hand_over() {
    std::lock_guard lock{mutex_};
    has_work_ = true;
    turn_ = Whose::first;
    changes_left_ = some_changes(rng_);
}

/// Before its next change of the disk the first decides whether the log may start over. Turns that end only
/// at changes never fall between the hand-over and that decision.
void Turns::handed_over() {
    std::unique_lock lock{mutex_};
    may_linger_ = false;
    changed_.notify_all();
    if (!has_work_ || turn_ != Whose::first || rng_.chance(1, 2)) return;
    ++switches_;
    give(Whose::other, lock);
}

void Turns::give(Whose whose, std::unique_lock<std::mutex>& lock) {
    const Whose own = turn_;
    turn_ = whose;
    changes_left_ = some_changes(rng_);
    changed_.notify_all();
    changed_.wait(lock, [this, own] { return turn_ == own || !has_work_; });
}

void Turns::wait() {
    std::unique_lock lock{mutex_};
    may_linger_ = false;
    changed_.notify_all();
    if (!has_work_) return;
    turn_ = Whose::other;
    changes_left_ = ~std::uint64_t{0};
    is_awaited_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !has_work_; });
    is_awaited_ = false;
}

void Turns::begin() {
    std::unique_lock lock{mutex_};
    other_ = std::this_thread::get_id();
    changed_.wait(lock, [this] { return turn_ == Whose::other; });
}

/// The other may be so slow to look for more that the first has handed over again by then.
void Turns::end() {
    std::unique_lock lock{mutex_};
    has_work_ = false;
    turn_ = Whose::first;
    other_ = {};
    may_linger_ = !is_awaited_ && rng_.chance(1, 2);
    changed_.notify_all();
    changed_.wait(lock, [this] { return !may_linger_; });
}

void Turns::at_change() {
    std::unique_lock lock{mutex_};
    if (!has_work_) return;
    const bool is_other = other_ == std::this_thread::get_id();
    if (is_other != (turn_ == Whose::other) || --changes_left_ > 0) return;
    ++switches_;
    give(is_other ? Whose::first : Whose::other, lock);
}

void install_turns() {
    static OfDisks of_disks;
    meeting = &of_disks;
}

}  // namespace hp::crash
