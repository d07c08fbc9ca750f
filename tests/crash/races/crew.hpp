// Threads that are started at once.
#pragma once
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include "../rng.hpp"

namespace hp::crash {

/// Waits without sleeping, which would be far too coarse.
void spin(std::uint64_t us);

class Crew {
  public:
    explicit Crew(std::size_t size);
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    std::size_t size() const { return threads_.size(); }

    /// Every thread does its part; the caller `meanwhile`. Returns when all are done. In half of the races
    /// all start at the same moment, in the others up to kLateUsMax apart: the second one meets the first
    /// during its parsing, its transaction, its commit or afterwards.
    void race(Rng& rng, const std::function<void(std::size_t thread)>& part,
              const std::function<void()>& meanwhile = {});

  private:
    static constexpr std::uint64_t kLateUsMax = 400;
    void work(std::size_t thread);
    std::barrier<> start_, end_;
    const std::function<void(std::size_t)>* part_{nullptr};  ///< nothing: the crew ends
    std::vector<std::uint64_t> late_us_;
    std::vector<std::thread> threads_;
};

}  // namespace hp::crash
