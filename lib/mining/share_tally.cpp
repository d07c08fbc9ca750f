#include "mining/share_tally.hpp"

#include <algorithm>

namespace hp::mining {

void ShareTally::on_accepted(double work_hashes, SteadyMs now) {
    ++accepted_;
    work_hashes_ += work_hashes;
    last_share_ms_ = now;
    const SteadyMs number = (now - begin_ms_) / kSlotMs;
    Slot& slot = slots_[static_cast<std::size_t>(number) % slots_.size()];
    if (slot.number != number) slot = {number, {}};
    ++slot.sums.shares;
    slot.sums.work_hashes += work_hashes;
    slot.sums.work_squared += work_hashes * work_hashes;
    slot.sums.work_max = std::max(slot.sums.work_max, work_hashes);
}

ShareTally::Window ShareTally::window(SteadyMs now) const {
    const SteadyMs running = (now - begin_ms_) / kSlotMs;
    const SteadyMs first = std::max<SteadyMs>(running - static_cast<SteadyMs>(slots_.size()) + 1, 0);
    Window out{.seconds = static_cast<double>(now - begin_ms_ - first * kSlotMs) / 1000};
    for (const Slot& slot : slots_) {
        if (slot.number < first || slot.number > running) continue;
        out.shares += slot.sums.shares;
        out.work_hashes += slot.sums.work_hashes;
        out.work_squared += slot.sums.work_squared;
        out.work_max = std::max(out.work_max, slot.sums.work_max);
    }
    return out;
}

records::Tally record_of(const ShareTally& tally, SteadyMs now, UnixMs unix_now) {
    const auto window = tally.window(now);
    records::Tally out{.shares_accepted = tally.accepted(),
                       .shares_rejected = tally.rejected(),
                       .work_hashes = tally.work_hashes(),
                       .window_s = window.seconds,
                       .window_shares = window.shares,
                       .window_work_hashes = window.work_hashes,
                       .window_work_squared = window.work_squared,
                       .window_work_max = window.work_max};
    if (const auto last = tally.last_share_ms()) out.last_share_ms = unix_now - (now - *last);
    return out;
}

}  // namespace hp::mining
