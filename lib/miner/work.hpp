// The work to hash, and one thread's path through it: nonces, then extranonce2, then ntime.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "crypto/sha256.hpp"
#include "miner/scan.hpp"
#include "wire/types.hpp"

namespace hp::miner {

/// How many shares may still be found for one session; a share takes one. It belongs to the session, so that
/// late shares of a lost session never count against the next.
struct Allowance {
    std::atomic<std::int64_t> shares{0};
    bool take() {
        if (shares.fetch_sub(1, std::memory_order_acq_rel) > 0) return true;
        give(1);
        return false;
    }
    void give(std::int64_t count) { shares.fetch_add(count, std::memory_order_acq_rel); }
};

/// A job of either protocol. The coinbase is prefix + extranonce2 + suffix; hashes in header byte order.
struct Work {
    std::string job_id;          ///< SV1
    std::uint32_t job_number{};  ///< SV2
    std::uint64_t tip{};         ///< counts the jobs that made all earlier ones stale
    Bytes coinbase_prefix;
    Bytes coinbase_suffix;
    std::uint8_t extranonce2_size{};
    std::vector<Bytes32> merkle_path;
    Bytes32 prev_hash{};
    std::uint32_t version{};
    std::uint32_t nbits{};
    std::uint32_t ntime{};  ///< the earliest; increases as time passes
    bitcoin::Target target{};
    std::shared_ptr<Allowance> allowance = std::make_shared<Allowance>();
};

struct Share {
    std::size_t channel{};
    std::shared_ptr<const Work> work;
    wire::B0_32 extranonce2;
    std::uint32_t ntime{};
    std::uint32_t nonce{};
    Bytes32 hash{};
};

/// The header of a share.
bitcoin::BlockHeader share_header(const Work& work, ByteView extranonce2, std::uint32_t ntime,
                                  std::uint32_t nonce);

/// One thread's part of the nonces: [begin, end).
struct NonceRange {
    std::uint64_t begin{0};
    std::uint64_t end{std::uint64_t{1} << 32};
    /// The index-th of `count` equal parts.
    static NonceRange part(std::size_t index, std::size_t count);
};

/// Iterates over headers without ever repeating one, even when work is replaced: extranonce2 keeps counting
/// from job to job, and each wrap adds a second to ntime.
class Cursor {
  public:
    Cursor(Engine engine, NonceRange nonces, std::uint64_t extranonce2_start)
        : engine_{engine}, nonces_{nonces}, extranonce2_start_{extranonce2_start} {}

    void set_work(std::shared_ptr<const Work> work);
    const std::shared_ptr<const Work>& work() const { return work_; }
    /// Tries about `count` headers. `elapsed_s`: seconds since the work came. REQUIRES: work is set
    std::optional<Share> step(std::uint64_t count, std::uint32_t elapsed_s, std::uint64_t& hashes_done);

  private:
    void next_header(std::uint32_t elapsed_s);

    Engine engine_;
    NonceRange nonces_;
    std::uint64_t extranonce2_start_;
    std::uint64_t headers_made_{0};
    std::shared_ptr<const Work> work_;
    std::optional<Scanner> scanner_;
    wire::B0_32 extranonce2_;
    std::uint32_t ntime_{};
    std::uint64_t next_nonce_{};
};

}  // namespace hp::miner
