#include "audit/pool.hpp"

#include "audit/pool_rows.hpp"
#include "audit/sha256.hpp"
#include "audit/twins.hpp"

namespace hp::audit {
namespace {

constexpr int kNumberBits = 48;
constexpr std::int64_t kNumberMax = (std::int64_t{1} << kNumberBits) - 1;
/// Newer quotes kept until the pool is read again.
constexpr std::size_t kNewerMax = 1000;

enum RowState : std::int64_t { kPending = 0, kAcked = 2, kDead = 3 };

class PoolAudit {
  public:
    PoolAudit(PoolFile& pool, std::vector<MintFile>& mints, const std::optional<Worth>& worth, bool is_backup,
              Report& report)
        : pool_{pool}, mints_{mints}, worth_{worth}, is_backup_{is_backup}, report_{report} {}

    void run() {
        set_up();
        read_rows();
        look_at_marks();
        report_twins();
        for (Share& share : shares_) sum_up(share);
        // What the mints have seen, the pool had committed before: a snapshot of the pool taken after theirs
        // must have it.
        pool_.reading.renew();
        for (Share& share : shares_) look_for_lost_end(share);
    }

  private:
    void set_up() {
        shares_.reserve(pool_.mints.size());
        for (const MintIdentity& identity : pool_.mints) {
            Share& share = shares_.emplace_back();
            share.identity = &identity;
            if (!identity.store) continue;
            for (MintFile& mint : mints_)
                if (mint.store == *identity.store) share.mint = &mint;
            if (!share.mint) continue;
            share.quotes = std::make_unique<Quotes>(*share.mint, pool_.store);
            read_dealt_with(share);
            // Of copies made at different times, the mint's may be the older one.
            if (is_backup_) continue;
            if (share.mint->generation < identity.generation)
                report_.breach(I1, share.mint->path, ": is an old copy: start ", share.mint->generation,
                               ", and ", pool_.path, " has seen it at start ", identity.generation);
            if (!identity.mark) continue;
            report_.checked(I25);
            if (auto lost = lack(share.mint->progress, *identity.mark))
                report_.breach_of(lost->doubled_max(), I25, share.mint->path,
                                  ": is an old copy: ", pool_.path, " has seen a later state; it lacks ",
                                  lost->text());
        }
        for (Id id : {I1, I3, I4, I14, I19, I24}) report_.checked(id, 0);
        if (!worth_)
            report_.skip(I4, "amounts by the valuation: it is unknown; give --valuation or --config-dir");
    }

    void read_dealt_with(Share& share) {
        for (const auto& [store, last] : share.mint->pools)
            if (store == pool_.store) share.dealt_with = last;
        auto row = share.mint->reading.db().prepare(
            "SELECT seq FROM refusal WHERE pool_store = ? AND code = 0 ORDER BY seq");
        row.bind(pool_.store);
        while (row.step()) share.early.push_back(row.integer(0));
    }
    /// The mint's copy was made before it settled this number.
    static bool is_later(const Share& share, std::int64_t n) {
        return n > share.dealt_with && !std::ranges::binary_search(share.early, n);
    }

    Share* share_of(std::int64_t id) {
        // Rows are ordered by mint.
        if (current_ && current_->identity->id == id) return current_;
        current_ = nullptr;
        for (Share& share : shares_)
            if (share.identity->id == id) current_ = &share;
        return current_;
    }

    std::string name(std::int64_t seq) const {
        std::int64_t id = seq >> kNumberBits;
        std::string number = std::to_string(seq & kNumberMax);
        for (const Share& share : shares_)
            if (share.identity->id == id)
                return pool_.path + ": seq " + std::to_string(seq) +
                       (shares_.size() > 1 ? " (" + printable(share.identity->name) + " " + number + ")"
                                           : "");
        return pool_.path + ": seq " + std::to_string(seq);
    }

    /// The pool sends nothing up to `settled`, and finds shares up to `keyed` only by key.
    void look_at_marks() {
        auto pending = pool_.reading.db().prepare(
            "SELECT outbox.seq FROM mint CROSS JOIN outbox ON outbox.seq BETWEEN id << 48 AND settled WHERE "
            "state = 0");
        while (pending.step())
            report_.breach(I3, name(pending.integer(0)), ": is pending, but not above 'settled'");
        auto unkeyed = pool_.reading.db().prepare(
            "SELECT share.seq FROM mint CROSS JOIN share ON share.seq BETWEEN id << 48 AND keyed WHERE NOT "
            "EXISTS("
            "SELECT 1 FROM share_key WHERE share_key.ntime = share.ntime AND hash = substr(share_hash, 1, "
            "12) AND "
            "share_key.seq = share.seq)");
        while (unkeyed.step())
            report_.breach(I1, name(unkeyed.integer(0)),
                           ": its share could be accepted again: it has no key");
        auto astray = pool_.reading.db().prepare(
            "SELECT seq FROM (SELECT seq FROM answer UNION ALL SELECT seq FROM dead UNION ALL SELECT seq "
            "FROM "
            "share_key) AS of WHERE NOT EXISTS(SELECT 1 FROM share WHERE share.seq = of.seq)");
        while (astray.step())
            report_.breach(I3, name(astray.integer(0)),
                           ": has an answer, a dead reason or a key, but no row");
    }

    void read_rows() {
        auto row = pool_.reading.db().prepare(
            "SELECT seq, ntime, share_hash, header, target, amount, locking_key, state, quote_id, acked_ms, "
            "dead_reason FROM outbox ORDER BY seq");
        while (row.step()) {
            seq_ = row.integer(0);
            report_.checked(I1);
            report_.checked(I3);
            report_.checked(I4);
            hashes_.add(row.view(2));
            recompute(row);
            look_at_state(row);
            count(row);
            Share* share = share_of(seq_ >> kNumberBits);
            if (!share) {
                report_.breach(I3, name(seq_), ": belongs to an unknown mint");
                continue;
            }
            follow(*share, row);
        }
    }

    void recompute(const store::Statement& row) {
        auto hash = sized<32>(row.view(2));
        auto target = sized<32>(row.view(4));
        ByteView header = row.view(3);
        if (!hash || !target || header.size() != 80 || row.view(6).size() != 33)
            return report_.breach(I4, name(seq_),
                                  ": share_hash, header, target or locking_key has a wrong size");
        if (sha256_.twice(header) != *hash)
            report_.breach(I4, name(seq_), ": share_hash is not the hash of the header");
        if (get_le<std::uint32_t>(header.data() + 68) != row.integer(1))
            report_.breach(I4, name(seq_), ": ntime is not that of the header");
        if (!meets(*hash, *target)) report_.breach(I4, name(seq_), ": the hash does not meet the target");
        if (!worth_) return;
        // Many shares have the same target; hashes differ.
        if (worth_->rule == Worth::Rule::leading_zeros || target != last_target_) {
            last_target_ = target;
            last_worth_ = worth_->of(*hash, *target);
        }
        if (row.integer(5) < 0 || static_cast<std::uint64_t>(row.integer(5)) != last_worth_)
            report_.breach(I4, name(seq_), ": amount is ", row.integer(5), ", by the valuation ",
                           last_worth_);
    }

    void look_at_state(const store::Statement& row) {
        const std::int64_t state = row.integer(7);
        if (state == kAcked && row.integer(9) <= 0) report_.breach(I3, name(seq_), ": acked without a time");
        if (state == kDead && row.view(10).empty()) report_.breach(I3, name(seq_), ": dead without a reason");
    }

    void count(const store::Statement& row) {
        auto& totals = report_.totals;
        std::int64_t amount = row.integer(5);
        ++totals.accepted;
        totals.accepted_amount += amount;
        auto add = [&](std::uint64_t& number, Wide& sum) {
            ++number;
            sum += amount;
        };
        switch (row.integer(7)) {
            case kAcked:
                return add(totals.acked, totals.acked_amount);
            case kDead:
                return add(totals.dead, totals.dead_amount);
            default:
                return add(totals.pending, totals.pending_amount);
        }
    }

    /// Its number, its quote id, and its quote.
    void follow(Share& share, const store::Statement& row) {
        std::int64_t n = seq_ & kNumberMax;
        if (n != share.last_n + 1 && n - 1 > share.identity->archived.until) report_hole(share, n);
        if (n <= share.identity->archived.until) ++share.left_of_archived;
        share.last_n = n;
        ++share.rows;
        Row one{n, row.integer(1), row.integer(5), row.integer(7), row.view(2), row.view(6), {}};
        share.accepted += one.amount;
        if (one.state == kAcked) {
            ++share.acked;
            one.quote_id = row.text(8);
            report_.checked(I14);
            if (auto id = quote_id_from_text(one.quote_id))
                quote_ids_.add(ByteView{*id}.last(8));
            else
                report_.breach(I14, name(seq_), ": quote id '", printable(one.quote_id, 40),
                               "' is not a UUID");
        }
        if (!share.mint)
            add_unquoted(share, one);
        else
            match(share, one);
    }

    void report_hole(const Share& share, std::int64_t n) {
        if (n <= share.last_n) return report_.breach(I3, name(seq_), ": is not a valid number");
        std::int64_t first = share.last_n + 1;
        report_.breach(I3, pool_.path, ": ", printable(share.identity->name), ": ",
                       first == n - 1 ? "number " + std::to_string(first) + " is missing"
                                      : "numbers " + std::to_string(first) + " to " + std::to_string(n - 1) +
                                            " are missing");
    }

    void add_unquoted(Share& share, const Row& row) {
        if (row.state == kDead)
            share.dead += row.amount;
        else if (row.state != kAcked)
            share.pending += row.amount;
    }

    void match(Share& share, const Row& row) {
        Quotes& quotes = *share.quotes;
        report_.checked(I19);
        bool is_found = false;
        // Quotes with numbers missing here: the gap was reported, and the sums will differ.
        for (; quotes.at() && quotes.at()->n < row.n; quotes.next()) add_other(share, *quotes.at());
        bool is_first = true;
        for (; quotes.at() && quotes.at()->n == row.n; quotes.next()) {
            const Quote& quote = *quotes.at();
            if (!std::exchange(is_first, false))
                report_.breach(I14, share.mint->path, ": quote ", to_text(quote.id), ": a second one for ",
                               name(seq_));
            share.quoted += quote.amount;
            if (std::ranges::equal(quote.hash, row.hash)) {
                is_found = true;
                compare(share, row, quote);
            } else {
                report_.breach(I24, share.mint->path, ": quote ", to_text(quote.id),
                               ": its share is not that of ", name(seq_));
            }
        }
        if (!is_found) {
            // A share sent again after its outbox was lost: its first quote is valid, under another number.
            if (auto quote = quotes.find(row.ntime, row.hash)) {
                is_found = true;
                share.quoted += quote->amount;
                compare(share, row, *quote);
            }
        }
        look_elsewhere(share, row, is_found);
        if (is_found) return;
        if (row.state == kAcked && is_backup_ && is_later(share, row.n)) {
            ++share.between_rows;
            share.between += row.amount;
            return;
        }
        if (row.state == kAcked) {
            share.unquoted += row.amount;
            return report_.breach_of(row.amount, I19, name(seq_), ": acked, but its quote ",
                                     printable(row.quote_id, 40), " is not in ", share.mint->path);
        }
        // Pending: the quote may or may not exist yet. Dead: the mint refused it.
        add_unquoted(share, row);
    }

    /// A quote without a row here.
    static void add_other(Share& share, const Quote& quote) {
        (quote.n <= share.identity->archived.until ? share.archived_quoted : share.quoted) += quote.amount;
    }

    void compare(Share& share, const Row& row, const Quote& quote) {
        if (row.state == kDead) {
            // Refused, since the share's first quote has another amount or owner; or sent again after our
            // snapshot. Either way the row counts as dead, and its reason is on record.
            share.dead += row.amount;
            share.quoted -= quote.amount;
            return;
        }
        auto differs = [&](const char* what) {
            report_.breach(I4, share.mint->path, ": quote ", to_text(quote.id), ": ", what,
                           " is not that of ", name(seq_));
        };
        if (quote.amount != row.amount) differs("amount");
        if (quote.ntime != row.ntime) differs("ntime");
        if (!std::ranges::equal(quote.key, row.key)) differs("owner");
        if (row.state == kAcked && row.quote_id != to_text(quote.id))
            report_.breach(I14, name(seq_), ": quote id is ", printable(row.quote_id, 40), ", in ",
                           share.mint->path, " it is ", to_text(quote.id));
    }

    void look_elsewhere(const Share& share, const Row& row, bool is_found) {
        if (!is_found) return;
        for (Share& other : shares_)
            if (other.mint && other.mint != share.mint && other.quotes->find(row.ntime, row.hash))
                report_.breach(I1, name(seq_), ": has a quote in ", share.mint->path, " and one in ",
                               other.mint->path);
    }

    /// Equal first bytes prove nothing: query the database for the whole value.
    void report_twins() {
        auto by_hash = pool_.reading.db().prepare(
            "SELECT seq, share_hash FROM outbox WHERE substr(share_hash, 1, 8) = ? ORDER BY share_hash, seq");
        for (const auto& start : hashes_.found()) {
            by_hash.bind(start);
            Bytes before;
            std::int64_t seq_before = 0;
            while (by_hash.step()) {
                if (Bytes hash = by_hash.blob(1); hash == before)
                    report_.breach(I1, name(by_hash.integer(0)), ": the same share as seq ", seq_before);
                else
                    before = std::move(hash);
                seq_before = by_hash.integer(0);
            }
        }
        auto by_quote = pool_.reading.db().prepare(
            "SELECT seq, quote_id FROM outbox WHERE state = 2 AND replace(substr(quote_id, 20), '-', '') = ? "
            "ORDER BY quote_id, seq");
        for (const auto& end : quote_ids_.found()) {
            by_quote.bind(to_hex(end));
            std::string before;
            std::int64_t seq_before = 0;
            while (by_quote.step()) {
                if (std::string id = by_quote.text(1); id == before)
                    report_.breach(I1, name(by_quote.integer(0)), ": the same quote ", printable(id, 40),
                                   " as seq ", seq_before);
                else
                    before = std::move(id);
                seq_before = by_quote.integer(0);
            }
        }
    }

    void sum_up(Share& share) {
        std::string who = pool_.path + ": " + printable(share.identity->name);
        const auto& archived = share.identity->archived;
        if (archived.rows + share.left_of_archived != archived.until)
            report_.breach(I3, who, ": of the rows up to ", archived.until, ", ", archived.rows,
                           " are archived and ", share.left_of_archived, " are here");
        if (!share.mint) {
            if (share.rows == 0) return;
            if (!share.identity->store && share.acked > 0)
                return report_.breach(I14, who, ": ", share.acked,
                                      " rows are acked by a mint that never linked");
            if (!share.identity->store || mints_.empty()) return;
            std::string reason = "mint '" + printable(share.identity->name) + "' (" +
                                 std::to_string(share.rows) + " rows in " + pool_.path +
                                 "): its database is not given";
            for (Id id : {I1, I4, I14, I19, I24}) report_.skip(id, reason);
            return;
        }
        for (Quotes& quotes = *share.quotes; quotes.at(); quotes.next())
            if (quotes.at()->n <= archived.until)
                add_other(share, *quotes.at());
            else if (share.newer.size() < kNewerMax)
                share.newer.emplace_back(quotes.at()->n, quotes.at()->id);
        if (archived.rows > 0 && share.archived_quoted != archived.amount)
            report_.breach_of(std::max(archived.amount, share.archived_quoted) -
                                  std::min(archived.amount, share.archived_quoted),
                              I19, who, ": archived rows of ", archived.amount, ", but their quotes are ",
                              share.archived_quoted);
        Wide accounted = share.quoted + share.pending + share.dead + share.between;
        const Wide difference =
            share.accepted > accounted ? share.accepted - accounted : accounted - share.accepted;
        // Count what was reported for rows above only once.
        if (difference != 0)
            report_.breach_of(std::max<Wide>(0, difference - share.unquoted), I19, who, ": accepted ",
                              share.accepted, ", but quoted ", share.quoted, " + pending ", share.pending,
                              " + dead ", share.dead, " = ", accounted);
        if (share.between_rows > 0)
            report_.note(I19, who + ": " + to_grouped_text(static_cast<Wide>(share.between_rows)) +
                                  " rows of " + to_grouped_text(share.between) +
                                  " were answered after the copy " + share.mint->path +
                                  " was made: if restored together, they are sent again");
    }

    void look_for_lost_end(Share& share) {
        if (!share.mint) return;
        std::int64_t first = share.identity->id << kNumberBits;
        auto row = pool_.reading.db().prepare("SELECT max(seq) FROM outbox WHERE seq BETWEEN ? AND ?");
        row.bind(first, first + kNumberMax);
        std::int64_t last = row.step() && !row.is_null(0) ? row.integer(0) & kNumberMax : 0;
        last = std::max(last, share.identity->archived.until);
        std::string end = pool_.path + " ends at number " + std::to_string(last);
        // Only one of two copies can be the older one.
        if (is_backup_ && share.between_rows == 0) return say_what_is_later(share, last);
        for (const auto& [store, dealt_with] : share.mint->pools)
            if (store == pool_.store && dealt_with > last)
                report_.breach(I3, share.mint->path, ": has settled number ", dealt_with, ", but ", end);
        for (const auto& [n, id] : share.newer)
            if (n > last)
                report_.breach(I24, share.mint->path, ": quote ", to_text(id), ": for number ", n, ", but ",
                               end);
    }

    void say_what_is_later(const Share& share, std::int64_t last) {
        const auto later =
            std::ranges::count_if(share.newer, [&](const auto& of) { return of.first > last; });
        if (later > 0)
            report_.note(I24, share.mint->path + ": has " +
                                  (share.newer.size() >= kNewerMax ? "at least " : "") +
                                  std::to_string(later) + " quotes for rows made after the copy " +
                                  pool_.path + ": if restored together, hp-quote adopt is needed");
    }

    PoolFile& pool_;
    std::vector<MintFile>& mints_;
    const std::optional<Worth>& worth_;
    const bool is_backup_;
    Report& report_;
    Sha256 sha256_;
    Twins hashes_, quote_ids_;
    std::vector<Share> shares_;
    Share* current_{nullptr};
    std::int64_t seq_{0};
    std::optional<Bytes32> last_target_;
    std::uint64_t last_worth_{0};
};

}  // namespace

void audit_pool(PoolFile& pool, std::vector<MintFile>& mints, const std::optional<Worth>& worth,
                bool is_backup, Report& report) {
    PoolAudit{pool, mints, worth, is_backup, report}.run();
}

}  // namespace hp::audit
