// Recently refused shares, in a file that `hp-pool check-shares` and `hp-quote explain` read. Its own thread
// writes it: nothing else ever waits for the disk, and what it cannot keep up with is dropped.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "mining/refused_share.hpp"

namespace hp::pool {

class RefusedFile {
  public:
    /// When FILE has this many bytes it is renamed to FILE.1, replacing the previous one.
    static constexpr std::size_t kBytesMax = 8u << 20;
    /// Shares waiting for the disk; further ones are dropped.
    static constexpr std::size_t kWaitingMax = 1'000;
    /// Writes a line with its newline; returns an error text, or empty. Called on the thread.
    using Append = std::function<std::string(const std::string& line)>;

    /// FILE is a regular file or does not exist; anything else is logged as an error, like a full disk.
    explicit RefusedFile(const std::string& path, std::size_t bytes_max = kBytesMax);
    /// `name` is for the log.
    RefusedFile(std::string name, Append append);
    /// Writes what is queued, for a second at most: a hanging disk must not keep the process alive.
    ~RefusedFile();
    void add(mining::RefusedShare share);
    /// Shares missing from the file: dropped, or failed to write.
    std::uint64_t left_out() const;

  private:
    struct Work;
    static void run(Work& work);

    std::shared_ptr<Work> work_;  // outlives us if the thread is left behind
    std::thread thread_;
};

/// The path of the older file.
std::string older_refused_file(const std::string& path);

}  // namespace hp::pool
