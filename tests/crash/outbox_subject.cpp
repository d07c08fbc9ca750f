// The pool's outbox: batches of shares, answers from the mint, dead letters.
#include <map>

#include "crypto/secp.hpp"
#include "crypto/sha256.hpp"
#include "harness.hpp"
#include "mining/job.hpp"
#include "outbox_adapter.hpp"

namespace hp::crash {
namespace {

constexpr Invariant kInvariants[] = {
    {"I1: a share has two rows", "SELECT 1 FROM outbox GROUP BY share_hash HAVING count(*) > 1"},
    {"I3: the numbers have a hole", outbox_adapter::kHole},
    {"I3: a row is in no state that there is",
     "SELECT 1 FROM outbox WHERE state NOT IN (0, 2, 3) OR (state = 2) <> (quote_id IS NOT NULL) OR "
     "(state = 3) <> (dead_reason IS NOT NULL)"},
    {"I3: a row is pending below the mark of what is settled",
     "SELECT 1 FROM mint CROSS JOIN outbox ON outbox.seq BETWEEN id << 48 AND settled WHERE state = 0"},
    {"I1: a row below the mark of what is keyed has no key",
     "SELECT 1 FROM mint CROSS JOIN share ON share.seq BETWEEN id << 48 AND keyed WHERE NOT EXISTS(SELECT 1 "
     "FROM "
     "share_key WHERE share_key.ntime = share.ntime AND hash = substr(share_hash, 1, 12) AND share_key.seq = "
     "share.seq)"},
    {"I26: a row has no job, or another share's",
     "SELECT 1 FROM share LEFT JOIN job ON job.id = job WHERE job.id IS NULL OR coinbase_prefix <> "
     "substr(extranonce, 1, 1)"},
    {"a job is stored twice", "SELECT 1 FROM job GROUP BY digest HAVING count(*) > 1"},
};

/// Eight shares in a row have one; sessions have jobs of their own, as restarted pools do.
std::shared_ptr<const mining::ExtendedJob> job_of(std::uint32_t n) {
    auto job = std::make_shared<mining::ExtendedJob>();
    job->coinbase.prefix = Bytes{static_cast<std::uint8_t>(n / 8)};
    return job;
}

struct Batch {
    std::shared_ptr<const std::vector<pool::NewIntent>> shares;
    bool is_promised{};
    std::vector<std::uint64_t> seqs{};  ///< once promised
};
/// The mint's answer for a share; each share gets one.
struct Fate {
    bool is_dead{};
    std::string text;  ///< quote id, or reason
    bool is_promised{};
};

struct OutboxOracle final : Oracle {
    std::unique_ptr<Oracle> clone() const override { return std::make_unique<OutboxOracle>(*this); }
    std::size_t promised() const override {
        std::size_t count = 0;
        for (const auto& batch : batches) count += batch.is_promised;
        for (const auto& [seq, fate] : fates) count += fate.is_promised;
        return count;
    }
    std::size_t unanswered() const override { return batches.size() + fates.size() - promised(); }
    std::optional<Bytes32> store_id;
    std::vector<Batch> batches;
    std::map<std::uint64_t, Fate> fates;
    std::vector<std::uint64_t> open_seqs;
    std::uint64_t generation_asked{0}, generation_promised{0};
    std::uint32_t next_share{1};
};

class OutboxSession final : public Session {
  public:
    static Result<std::unique_ptr<Session>> open(const std::string& path, OutboxOracle& oracle) {
        auto session = std::make_unique<OutboxSession>(oracle);
        HP_TRY(session->outbox_, outbox_adapter::open(path, session->gate_.post(), kStart));
        auto& outbox = *session->outbox_;
        if (oracle.store_id && *oracle.store_id != outbox.store_id())
            return fail(Errc::invalid, "LOST: the outbox has another id");
        oracle.store_id = outbox.store_id();
        // Accepted shares must be known as duplicates before the first share comes.
        std::size_t promised = 0;
        for (const auto& batch : oracle.batches) promised += batch.is_promised ? batch.seqs.size() : 0;
        if (outbox.recent_at_open().size() < promised)
            return fail(Errc::invalid, "LOST: the duplicate check knows too few shares");
        auto generation = outbox_adapter::generation(outbox);
        if (generation < oracle.generation_promised || generation > oracle.generation_asked)
            return fail(Errc::invalid, "the mint's generation is " + std::to_string(generation));
        oracle.generation_asked = oracle.generation_promised = generation;
        return session;
    }
    explicit OutboxSession(OutboxOracle& oracle) : oracle_{oracle} {}

    void work(Rng& rng) override {
        hold();
        for (std::uint64_t i = 0, count = 1 + rng.below(4); i < count; ++i) begin(rng);
        finish();
    }

    std::string repeat(Rng& rng) override {
        hold();
        for (std::size_t i = 0; i < oracle_.batches.size(); ++i)
            if (!oracle_.batches[i].is_promised) add(i);
        for (const auto& [seq, fate] : oracle_.fates)
            if (!fate.is_promised) tell(seq);
        // Accepted shares stay accepted for ever.
        if (!oracle_.batches.empty() && rng.chance(1, 2)) add(rng.below(oracle_.batches.size()));
        finish();
        return std::exchange(wrong_, {});
    }

    void rest() override {
        hold();
        finish();
    }
    bool is_dead() const override { return outbox_->is_dead(); }

  private:
    void hold() {
        gate_.hold([&] { outbox_adapter::read_a_row(*outbox_); });
    }
    void finish() {
        gate_.release();
        outbox_->drain();
    }

    void begin(Rng& rng) {
        std::uint64_t what = rng.below(8);
        if (what < 4 || oracle_.open_seqs.empty()) return begin_batch(1 + rng.below(5));
        if (what == 7) return begin_generation();
        std::uint64_t seq = oracle_.open_seqs[rng.below(oracle_.open_seqs.size())];
        std::erase(oracle_.open_seqs, seq);
        bool is_dead = what == 6;
        char id[40];
        std::snprintf(id, sizeof id, "019e6d5a-2347-7000-8850-%012llx", static_cast<unsigned long long>(seq));
        oracle_.fates[seq] = {is_dead, is_dead ? "conflict" : id};
        tell(seq);
    }

    void begin_batch(std::size_t count) {
        auto shares = std::make_shared<std::vector<pool::NewIntent>>();
        static const auto owner = crypto::SecretKey::from_bytes(Bytes32{1})->public_key();
        for (std::size_t i = 0; i < count; ++i) {
            pool::NewIntent share;
            std::uint32_t n = oracle_.next_share++;
            put_le<std::uint32_t>(share.intent.header.data() + 68, 1'780'000'000 + n / 8);
            put_le<std::uint32_t>(share.intent.header.data() + 76, n);
            share.intent.share_hash = crypto::sha256d(share.intent.header);
            share.intent.target.fill(0xff);
            share.intent.amount = n;
            share.intent.locking_key = owner;
            share.worker = "miner." + std::to_string(n % 7);
            share.accepted_ms = kStart;
            share.job = job_of(n);
            share.extranonce = wire::B0_32::from(share.job->coinbase.prefix);
            shares->push_back(std::move(share));
        }
        oracle_.batches.push_back({std::move(shares)});
        add(oracle_.batches.size() - 1);
    }

    void add(std::size_t index) {
        outbox_->add(oracle_.batches[index].shares, [this, index](Result<std::vector<std::uint64_t>> seqs) {
            if (!seqs) return;
            Batch& batch = oracle_.batches[index];
            bool is_new = std::ranges::all_of(*seqs, [](auto seq) { return seq != 0; });
            bool is_known = std::ranges::all_of(*seqs, [](auto seq) { return seq == 0; });
            if (!is_new && !is_known) wrong_ = "half of a batch was accepted";
            if (batch.is_promised && !is_known) wrong_ = "LOST: a share was accepted again";
            // Known: it was committed before the cut, without an answer. Its numbers are in the file.
            if (!batch.is_promised && is_new) {
                batch.seqs = *seqs;
                oracle_.open_seqs.insert(oracle_.open_seqs.end(), seqs->begin(), seqs->end());
            }
            batch.is_promised = true;
        });
    }

    void tell(std::uint64_t seq) {
        const Fate& fate = oracle_.fates.at(seq);
        auto done = [this, seq](const auto& result) {
            if (result) oracle_.fates.at(seq).is_promised = true;
        };
        if (fate.is_dead)
            outbox_->bury({seq, fate.text}, done);
        else
            outbox_->ack({{seq, fate.text, kStart}}, done);
    }

    void begin_generation() {
        std::uint64_t generation = ++oracle_.generation_asked;
        outbox_adapter::remember(*outbox_, generation, [this, generation](Result<> result) {
            if (result) oracle_.generation_promised = generation;
        });
    }

    OutboxOracle& oracle_;
    Gate gate_;
    std::string wrong_;
    std::unique_ptr<pool::Outbox> outbox_;
};

class OutboxSubject final : public Subject {
  public:
    const char* name() const override { return "outbox"; }
    const char* file() const override { return "outbox.db"; }
    std::unique_ptr<Oracle> fresh() const override { return std::make_unique<OutboxOracle>(); }
    Result<std::unique_ptr<Session>> open(const std::string& path, Oracle& oracle) const override {
        return OutboxSession::open(path, static_cast<OutboxOracle&>(oracle));
    }
    std::size_t groups(std::size_t operations) const override { return operations * 2 / 5; }

    std::string verify(sqlite3* db, const Oracle& any) const override {
        const auto& oracle = static_cast<const OutboxOracle&>(any);
        if (auto wrong = check_invariants(db, kInvariants); !wrong.empty()) return wrong;
        struct Row {
            std::uint64_t seq, amount;
            std::int64_t state;
            std::string header, key, worker, text;
        };
        std::map<std::string, Row> found;
        for (Rows rows{db,
                       "SELECT share_hash, seq, amount, state, header, locking_key, worker, "
                       "coalesce(quote_id, dead_reason, '') FROM outbox"};
             rows.next();)
            found[rows.text(0)] = {static_cast<std::uint64_t>(rows.integer(1)),
                                   static_cast<std::uint64_t>(rows.integer(2)),
                                   rows.integer(3),
                                   rows.text(4),
                                   rows.text(5),
                                   rows.text(6),
                                   rows.text(7)};
        std::size_t expected = 0;
        for (const Batch& batch : oracle.batches) {
            std::size_t present = 0;
            for (std::size_t i = 0; i < batch.shares->size(); ++i) {
                const auto& share = (*batch.shares)[i];
                auto at = found.find(std::string(as_text(share.intent.share_hash)));
                if (at == found.end()) continue;
                ++present;
                const Row& row = at->second;
                if (row.amount != share.intent.amount || row.header != as_text(share.intent.header) ||
                    row.key != as_text(share.intent.locking_key) || row.worker != share.worker)
                    return "a share's row says something else than the share";
                if (!batch.seqs.empty() && batch.seqs[i] != row.seq) return "a share has another number";
                auto fate = oracle.fates.find(row.seq);
                if (fate == oracle.fates.end()) {
                    if (row.state != 0) return "a share is answered, and nobody did";
                } else if (row.state == 0) {
                    if (fate->second.is_promised) return "LOST: a promised answer is not there";
                } else if (row.state != (fate->second.is_dead ? 3 : 2) || row.text != fate->second.text) {
                    return "a share has another answer";
                }
            }
            if (present != 0 && present != batch.shares->size()) return "half of a batch is there";
            if (present == 0 && batch.is_promised) return "LOST: acknowledged shares are not there";
            expected += present;
        }
        return expected == found.size() ? "" : "shares that nobody has sent";
    }
};

}  // namespace

std::unique_ptr<Subject> outbox_subject() { return std::make_unique<OutboxSubject>(); }

}  // namespace hp::crash
