// The mining threads. Each cycles through the channels that have work and an allowance, and leaves found
// shares for the loop's thread.
#pragma once
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "miner/work.hpp"

namespace hp::miner {

class Crew {
  public:
    struct Options {
        std::size_t threads{1};
        std::size_t channels{1};
        Engine engine{best_engine()};
        std::uint64_t extranonce2_start{0};  ///< random: a restarted miner should not repeat itself
    };
    /// `on_found` runs on a mining thread when take() becomes non-empty.
    Crew(const Options& options, std::function<void()> on_found);
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// Replaces a channel's work; null for none.
    void set_work(std::size_t channel, std::shared_ptr<const Work> work);
    /// An allowance grew: wakes sleeping threads.
    void wake();
    std::vector<Share> take();
    std::uint64_t hashes() const;

  private:
    struct Channel {
        std::mutex mutex;
        std::shared_ptr<const Work> work;
        std::chrono::steady_clock::time_point since{};
        std::atomic<std::uint64_t> generation{0};
    };
    struct alignas(64) Counter {
        std::atomic<std::uint64_t> hashes{0};
    };
    struct WorkSlot;

    void run(std::size_t thread);
    bool serve(WorkSlot& slot, std::uint64_t chunk, Counter& counter);
    void post(Share share);

    Options options_;
    std::function<void()> on_found_;
    std::vector<std::unique_ptr<Channel>> channels_;
    std::vector<Counter> counters_;
    std::mutex found_mutex_;
    std::vector<Share> found_;
    std::atomic<std::uint32_t> wakes_{0};
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> threads_;
};

/// Hashes per second of one thread, measured for `duration_ms`.
double measure_hash_rate(Engine engine, std::int64_t duration_ms);

}  // namespace hp::miner
