// What a share's coinbase was: put together from the job and the extranonce that the outbox stores.
#pragma once
#include <optional>
#include <vector>

#include "bitcoin/transaction.hpp"
#include "store/sqlite.hpp"

namespace hp::hp_quote {

struct ShareJob {
    Bytes coinbase_tx{};  ///< without witness
    std::vector<Bytes32> merkle_path{};
    std::vector<bitcoin::TxOut> outputs{};  ///< of the coinbase: whom the share would have paid
    bool matches_header{};                  ///< the coinbase and the path lead to the header's merkle root
};
/// Nothing: the row is of a version that stored no jobs.
std::optional<ShareJob> share_job(store::Database& outbox, std::uint64_t seq);

}  // namespace hp::hp_quote
