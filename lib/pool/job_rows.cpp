#include "pool/job_rows.hpp"

#include <algorithm>

#include "crypto/sha256.hpp"
#include "mining/job.hpp"

namespace hp::pool {
namespace {

/// Of everything that a job's row has of it. A renewed job has the same.
Bytes32 digest_of(const mining::ExtendedJob& job, ByteView merkle_path) {
    ByteArray<12> head;
    put_le(head.data(), job.version);
    put_le(head.data() + 4, static_cast<std::uint32_t>(job.coinbase.prefix.size()));
    put_le(head.data() + 8, static_cast<std::uint32_t>(job.coinbase.suffix.size()));
    return crypto::sha256({head, job.coinbase.prefix, job.coinbase.suffix, merkle_path});
}

}  // namespace

JobRows::JobRows(store::Database& db)
    : find_{db.prepare(
          "SELECT id, first_ms FROM job WHERE digest = ? AND first_ms > ? ORDER BY id DESC LIMIT 1")},
      insert_{db.prepare("INSERT INTO job(digest, first_ms, version, coinbase_prefix, coinbase_suffix, "
                         "merkle_path) VALUES(?,?,?,?,?,?) RETURNING id")} {}

std::optional<std::int64_t> JobRows::row_of(const NewIntent& share) {
    if (!share.job) return {};
    const auto is_it = [&](const Known& of) {
        return of.job == share.job && share.accepted_ms - of.first_ms < kReferredMs;
    };
    if (const auto known = std::ranges::find_if(known_, is_it); known != known_.end()) return known->id;
    const mining::ExtendedJob& job = *share.job;
    Bytes path;
    for (const Bytes32& node : job.merkle_path) append(path, node);
    const Bytes32 digest = digest_of(job, path);
    Known fresh{share.job, 0, share.accepted_ms};
    auto& row = find_.bind(digest, share.accepted_ms - kReferredMs);
    if (row.step()) {
        fresh.id = row.integer(0);
        fresh.first_ms = row.integer(1);
        row.reset();
    } else {
        auto& added = insert_.bind(digest, share.accepted_ms, job.version, job.coinbase.prefix,
                                   job.coinbase.suffix, path);
        HP_ASSERT(added.step());
        fresh.id = added.integer(0);
        added.reset();
    }
    if (known_.size() == kKnownMax) known_.pop_back();
    known_.insert(known_.begin(), fresh);
    return fresh.id;
}

}  // namespace hp::pool
