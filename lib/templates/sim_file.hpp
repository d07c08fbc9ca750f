// The embedded chain's file: a head with the difficulty, then each accepted block as u32 little-endian
// length, four bytes of SHA-256d as a checksum, and the block. A block is on disk before it is reported as
// accepted.
#pragma once
#include <string>

#include "templates/sim_chain.hpp"

namespace hp::templates {

class SimFile {
  public:
    /// Opens or creates `path` (and its directory), locks it against a second process, and extends `chain`
    /// with every block after checking it again. A truncated block at the end (power loss while writing, so
    /// never reported) is cut off with a warning in the log; anything else that is wrong is an error with its
    /// offset.
    static Result<std::unique_ptr<SimFile>> open(const std::string& path, SimChain& chain, UnixSeconds now);
    ~SimFile();
    SimFile(const SimFile&) = delete;
    SimFile& operator=(const SimFile&) = delete;

    /// Durable on return. After a failure the file is unchanged.
    Result<> append(ByteView block);

  private:
    SimFile(int fd, std::string path) : fd_{fd}, path_{std::move(path)} {}
    Result<> read_blocks(SimChain& chain, UnixSeconds now);
    Result<> write_at_end(ByteView bytes);
    int fd_;
    std::string path_;
    std::uint64_t size_{0};
};

}  // namespace hp::templates
