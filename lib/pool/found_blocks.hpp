// The blocks of the last hour, whole on disk, until somebody says what became of each. A Template Provider
// that was restarted knows none of its earlier templates, so the pool keeps their transactions too.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bitcoin/header.hpp"
#include "config/limits.hpp"
#include "pool/disk_thread.hpp"
#include "pool/solution_file.hpp"
#include "sv2/templates.hpp"

namespace hp::pool {

struct FoundBlock {
    sv2::templates::SubmitSolution solution{};
    Bytes32 hash{};  ///< header byte order
    bitcoin::HeaderBytes header{};
};

class FoundBlocks {
  public:
    /// For transactions of templates that miners may still work on; the oldest go first.
    static constexpr std::size_t kTransactionBytesMax = config::kTransactionBytes;
    static constexpr std::size_t kTemplatesMax = 16;
    /// What was given and has no verdict by then is given again.
    static constexpr SteadyMs kVerdictLimitMs = 10'000;

    struct Options {
        std::string solutions_file;
        std::string folder;  ///< of whole blocks; empty: none are kept
    };
    /// What is on disk: the whole block's file, or why there is none; and whether its solution is.
    struct Kept {
        std::string file;
        std::string why_not;
        std::string solution_error;
    };
    /// `completed`: a block that was kept without its template's transactions has been written with them.
    using Completed = std::function<void(const Bytes32& hash, const Kept&)>;
    FoundBlocks(Options options, DiskThread::Post post, Completed completed);

    /// Reads what an earlier run has kept. A damaged file of solutions is an error.
    Result<> open(UnixMs now, SteadyMs steady_now);

    bool keeps_whole() const { return !options_.folder.empty(); }
    /// A template's transactions: the payload of a RequestTransactionData.Success. They complete a block that
    /// was found before they came.
    void on_transactions(std::uint64_t template_id, ByteView payload);
    /// Miners work on this template or on newer ones from now on; late blocks may be of the tip before.
    void on_tip(std::uint64_t template_id);

    /// Writes solution and block. `is_given`: somebody has it already, who will say what became of it.
    void keep(FoundBlock block, bool is_given, UnixMs now, SteadyMs steady_now,
              std::function<void(const Kept&)> done);

    /// For a Template Provider that has connected: the solutions of the last hour.
    const std::vector<KeptSolution>& solutions(SteadyMs now);
    /// A connection was lost: what was given is to be given again.
    void nobody_has_them();
    /// Reads a whole block that nobody was given yet, or had no verdict of, which counts as given then.
    /// Nothing: there is none.
    std::optional<Bytes32> next(SteadyMs now,
                                std::function<void(const Bytes32& hash, Result<Bytes> block)> done);
    /// `is_settled`: it need not be given again. False if it is not a block of ours.
    bool on_verdict(const Bytes32& hash, bool is_settled);

  private:
    struct Known {
        Bytes32 hash{};
        SteadyMs since_ms{};
        bool is_whole{false}, is_given{false}, is_settled{false};
        SteadyMs given_ms{};  ///< the last time; 0: never
    };
    using Payload = std::shared_ptr<const Bytes>;
    void drop_old(SteadyMs now);
    void complete(FoundBlock block, Payload payload);
    void mark(const Bytes32& hash, const Kept& kept);

    Options options_;
    Completed completed_;
    std::vector<KeptSolution> solutions_;
    std::deque<Known> known_;            // oldest first
    std::deque<FoundBlock> incomplete_;  // of known_; at most kTemplatesMax, oldest first
    struct Transactions {
        std::uint64_t template_id{};
        Payload payload;
    };
    std::deque<Transactions> transactions_;  // oldest first
    std::size_t transaction_bytes_{0};
    std::uint64_t tip_template_{0};
    DiskThread disk_;  // last: its completions use the rest
};

}  // namespace hp::pool
