#include "crew.hpp"

#include <chrono>

namespace hp::crash {

void spin(std::uint64_t us) {
    if (us == 0) return;
    auto end = std::chrono::steady_clock::now() + std::chrono::microseconds{us};
    while (std::chrono::steady_clock::now() < end) continue;
}

Crew::Crew(std::size_t size)
    : start_{static_cast<std::ptrdiff_t>(size + 1)},
      end_{static_cast<std::ptrdiff_t>(size + 1)},
      late_us_(size) {
    for (std::size_t thread = 0; thread < size; ++thread)
        threads_.emplace_back([this, thread] { work(thread); });
}

Crew::~Crew() {
    part_ = nullptr;
    start_.arrive_and_wait();
    for (auto& thread : threads_) thread.join();
}

void Crew::work(std::size_t thread) {
    while (true) {
        start_.arrive_and_wait();
        if (!part_) return;
        spin(late_us_[thread]);
        (*part_)(thread);
        end_.arrive_and_wait();
    }
}

void Crew::race(Rng& rng, const std::function<void(std::size_t)>& part,
                const std::function<void()>& meanwhile) {
    bool is_together = rng.chance(1, 2);
    for (auto& us : late_us_) us = is_together ? 0 : rng.below(kLateUsMax);
    part_ = &part;
    start_.arrive_and_wait();
    if (meanwhile) meanwhile();
    end_.arrive_and_wait();
}

}  // namespace hp::crash
