#include "pool/share_queue.hpp"

namespace hp::pool {

void ShareQueue::add(PendingShare share, NewIntent intent) {
    HP_ASSERT(!is_full());
    if (waiting_.shares.empty()) waiting_since_ms_ = clock_.steady_ms();
    waiting_.shares.push_back(std::move(share));
    waiting_.intents.push_back(std::move(intent));
    commit_soon();
}

void ShareQueue::commit_soon() {
    if (committing_ || commit_posted_ || waiting_.shares.empty()) return;
    commit_posted_ = true;
    wait_for_group(0, kQuietTurns);
}

void ShareQueue::wait_for_group(std::size_t size_before, int quiet_turns_left) {
    ways_.post([this, size_before, quiet_turns_left] {
        const std::size_t size = waiting_.shares.size();
        const int left = size == size_before ? quiet_turns_left - 1 : kQuietTurns;
        if (left > 0 && size < kGroupMax && clock_.steady_ms() - waiting_since_ms_ < kGroupWaitMs)
            return wait_for_group(size, left);
        commit_posted_ = false;
        commit();
    });
}

void ShareQueue::commit() {
    committing_ = true;
    auto batch = std::make_shared<Batch>();
    if (waiting_.shares.size() <= kGroupMax) {
        std::swap(*batch, waiting_);
        waiting_.shares.reserve(batch->shares.size());
        waiting_.intents.reserve(batch->shares.size());
    } else {
        const auto take = [](auto& from, auto& to) {
            const auto end = from.begin() + kGroupMax;
            to.assign(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
            from.erase(from.begin(), end);
        };
        take(waiting_.shares, batch->shares);
        take(waiting_.intents, batch->intents);
    }
    std::shared_ptr<const std::vector<NewIntent>> intents{batch, &batch->intents};
    ways_.store(std::move(intents), [this, batch](Seqs seqs) {
        committing_ = false;
        ways_.committed(*batch, std::move(seqs));
        commit_soon();
    });
}

}  // namespace hp::pool
