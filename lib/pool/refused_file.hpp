// The shares that were refused of late, in a file that `hp-pool check-shares` and `hp-quote explain` read. A
// thread of its own writes it: nothing else ever waits for the disk, and what it cannot keep up with is left
// out.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "mining/refused_share.hpp"

namespace hp::pool {

class RefusedFile {
  public:
    /// When FILE has this many bytes it becomes FILE.1, in place of the one before.
    static constexpr std::size_t kBytesMax = 8u << 20;
    /// Shares that wait for the disk; further ones are left out.
    static constexpr std::size_t kWaitingMax = 1'000;

    explicit RefusedFile(std::string path, std::size_t bytes_max = kBytesMax);
    /// Writes what waits.
    ~RefusedFile();
    void add(mining::RefusedShare share);
    std::uint64_t left_out() const { return left_out_; }

  private:
    void run();

    std::string path_;
    std::size_t bytes_max_;
    std::uint64_t left_out_{0};  // of the thread that adds
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<mining::RefusedShare> waiting_;
    bool is_stopping_{false};
    std::thread thread_;
};

/// The older file, beside FILE.
std::string older_refused_file(const std::string& path);

}  // namespace hp::pool
