// The shares that were refused of late, in a file that `hp-pool check-shares` and `hp-quote explain` read. A
// thread of its own writes it: nothing else ever waits for the disk, and what it cannot keep up with is left
// out.
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
    /// When FILE has this many bytes it becomes FILE.1, in place of the one before.
    static constexpr std::size_t kBytesMax = 8u << 20;
    /// Shares that wait for the disk; further ones are left out.
    static constexpr std::size_t kWaitingMax = 1'000;
    /// Writes a line, with its end; the error as a text, or empty. Called on the thread.
    using Append = std::function<std::string(const std::string& line)>;

    /// FILE is a regular file or does not exist; anything else is an error in the log, as a full disk is.
    explicit RefusedFile(const std::string& path, std::size_t bytes_max = kBytesMax);
    /// `name` is for the log.
    RefusedFile(std::string name, Append append);
    /// Writes what waits, for a second at most: a disk that hangs does not keep the process.
    ~RefusedFile();
    void add(mining::RefusedShare share);
    /// Shares that are not in the file: those that it could not keep up with, and those that failed.
    std::uint64_t left_out() const;

  private:
    struct Work;
    static void run(Work& work);

    std::shared_ptr<Work> work_;  // outlives us where the thread is left behind
    std::thread thread_;
};

/// The older file, beside FILE.
std::string older_refused_file(const std::string& path);

}  // namespace hp::pool
