// The operations of a ledger, each with the sums of its signatures, proofs and quotes.
#pragma once
#include "audit/files.hpp"

namespace hp::audit {

struct Operation {
    std::int64_t id{};
    std::int64_t kind{};
    std::int64_t fee{};
    Wide in{0};            ///< spent proofs, or quotes
    Wide out{0};           ///< signatures
    std::uint64_t ppk{0};  ///< sum of the inputs' input_fee_ppk
    std::int64_t last_position{-1};
    std::uint32_t signatures{0}, proofs{0}, quotes{0};
};

class Operations {
  public:
    static constexpr std::int64_t kMint = 1, kSwap = 2;

    explicit Operations(store::Database& db);
    /// Null: there is none with that number.
    Operation* find(std::int64_t id);
    const std::vector<Operation>& all() const { return all_; }

  private:
    std::vector<Operation> all_;  ///< by id
};

}  // namespace hp::audit
