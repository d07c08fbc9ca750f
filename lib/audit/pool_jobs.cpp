// Whether each share would have paid what its job says: the coinbase is put together from the stored parts,
// and must lead to the merkle root of the stored header.
#include "audit/pool.hpp"
#include "audit/sha256.hpp"

namespace hp::audit {
namespace {

constexpr std::size_t kHashSize = 32, kRootAt = 36;

class JobAudit {
  public:
    JobAudit(PoolFile& pool, Report& report) : pool_{pool}, report_{report} {}

    void run() {
        report_.checked(I26, 0);
        auto row = pool_.reading.db().prepare(
            "SELECT share.seq, header, job, extranonce, job.id, coinbase_prefix, coinbase_suffix, "
            "merkle_path "
            "FROM share LEFT JOIN job ON job.id = share.job ORDER BY share.seq");
        while (row.step()) look_at(row);
        if (without_ > 0)
            report_.skip(I26, pool_.path + ": " + to_grouped_text(static_cast<Wide>(without_)) +
                                  " rows of an earlier version, which stored no jobs");
    }

  private:
    void look_at(const store::Statement& row) {
        const std::int64_t seq = row.integer(0), mint = seq >> 48;
        if (std::exchange(mint_, mint) != mint) has_jobs_ = false;
        if (row.is_null(2)) {
            ++without_;
            if (has_jobs_) breach(seq, "has no job, but an earlier row has one");
            return;
        }
        has_jobs_ = true;
        report_.checked(I26);
        if (row.is_null(4)) return breach(seq, "its job is missing");
        const ByteView header = row.view(1);
        if (header.size() != 80 || row.view(7).size() % kHashSize != 0)
            return breach(seq, "header or merkle_path has a wrong size");
        if (!std::ranges::equal(root_of(row), header.subspan(kRootAt, kHashSize)))
            breach(seq, "its job and extranonce give another merkle root than its header has");
    }

    Bytes32 root_of(const store::Statement& row) {
        coinbase_.clear();
        append(coinbase_, row.view(5));
        append(coinbase_, row.view(3));
        append(coinbase_, row.view(6));
        Bytes32 root = sha256_.twice(coinbase_);
        for (ByteView path = row.view(7); !path.empty(); path = path.subspan(kHashSize)) {
            ByteArray<2 * kHashSize> both;
            std::ranges::copy(root, both.begin());
            std::ranges::copy(path.first(kHashSize), both.begin() + kHashSize);
            root = sha256_.twice(both);
        }
        return root;
    }

    void breach(std::int64_t seq, const char* what) {
        report_.breach(I26, pool_.path, ": seq ", seq, ": ", what);
    }

    PoolFile& pool_;
    Report& report_;
    Sha256 sha256_;
    Bytes coinbase_;
    std::int64_t mint_{-1};
    bool has_jobs_{false};  // of this mint's rows
    std::uint64_t without_{0};
};

}  // namespace

void audit_jobs(PoolFile& pool, Report& report) {
    if (pool.has_jobs) return JobAudit{pool, report}.run();
    report.skip(I26, pool.path + ": has an older schema, without jobs");
}

}  // namespace hp::audit
