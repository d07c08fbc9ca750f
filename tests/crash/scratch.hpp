// A directory in memory for a test program's disks, gone at its end.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace hp::crash {

class Scratch {
  public:
    Scratch() {
        std::string base = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
        path_ = base + "/hp-crash-XXXXXX";
        HP_ASSERT(::mkdtemp(path_.data()) != nullptr);
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace hp::crash
