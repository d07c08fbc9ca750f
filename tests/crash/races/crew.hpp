// Threads that are let go at once.
#pragma once
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include "../rng.hpp"

namespace hp::crash {

/// Waits without sleeping, which is far too coarse for this.
void spin(std::uint64_t us);

class Crew {
  public:
    explicit Crew(std::size_t size);
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    std::size_t size() const { return threads_.size(); }

    /// Every thread does its part; the caller `meanwhile`. Returns when all are done. In half of the races
    /// all start at the same moment, in the others up to kLateUsMax apart: what comes second meets the first
    /// at its parsing, in its transaction, at its commit or behind it.
    void race(Rng& rng, const std::function<void(std::size_t thread)>& part,
              const std::function<void()>& meanwhile = {});

  private:
    static constexpr std::uint64_t kLateUsMax = 400;
    void work(std::size_t thread);
    std::barrier<> start_, end_;
    const std::function<void(std::size_t)>* part_{nullptr};  ///< nothing: the crew goes home
    std::vector<std::uint64_t> late_us_;
    std::vector<std::thread> threads_;
};

}  // namespace hp::crash
