#include "audit/mint.hpp"

#include <algorithm>
#include <bit>
#include <ctime>

#include "audit/operations.hpp"
#include "audit/twins.hpp"
#include "audit/wallet_coins.hpp"

namespace hp::audit {
namespace {

/// Signed and spent of one keyset.
struct Flow {
    std::uint64_t signatures[64]{}, proofs[64]{};  ///< by the exponent of the amount's power of two
    Wide signed_amount{0}, spent{0};
};

std::string utc_text(std::int64_t at_ms) {
    const std::time_t at = static_cast<std::time_t>(at_ms / 1000);
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    char out[32];
    std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return out;
}

class MintAudit {
  public:
    MintAudit(MintFile& mint, std::vector<WalletFile>& wallets, Report& report)
        : mint_{mint},
          report_{report},
          operations_{mint.reading.db()},
          flows_(mint.keysets.size()),
          coins_{mint, wallets, report} {}

    void run() {
        for (Id id : {I1, I5, I6, I7, I8, I9, I10, I11, I12, I13, I15, I24, I25}) report_.checked(id, 0);
        read_keysets();
        read_held();
        read_quotes();
        look_at_keys();
        report_twins();
        read_signatures();
        read_spent();
        coins_.finish();
        for (const Operation& one : operations_.all()) balance(one);
        balance_keysets();
        compare_progress();
        say_what_was_let_in();
        if (minted_ != issued_)
            report_.breach(I9, mint_.path, ": minted ", minted_, ", but the quotes say issued ", issued_);
    }

  private:
    std::string quote_name(const QuoteId& id) const { return mint_.path + ": quote " + to_text(id); }
    std::string output_name(ByteView b) const { return mint_.path + ": signature of B_ " + hex(b); }
    std::string proof_name(ByteView y) const { return mint_.path + ": spent proof Y " + hex(y); }
    std::string op_name(const Operation& one) const {
        return mint_.path + ": operation " + std::to_string(one.id);
    }

    void read_keysets() {
        auto row = mint_.reading.db().prepare(
            "SELECT unit, count(*), sum(active <> 0), count(DISTINCT derivation_index) FROM keyset GROUP BY "
            "unit");
        while (row.step()) {
            if (row.integer(2) > 1)
                report_.breach(I15, mint_.path, ": unit '", printable(row.text(0), 32), "' has ",
                               row.integer(2), " active keysets");
            if (row.integer(3) != row.integer(1))
                report_.breach(I15, mint_.path, ": two keysets of unit '", printable(row.text(0), 32),
                               "' have the same derivation index");
        }
        for (const MintKeyset& one : mint_.keysets) {
            report_.checked(I15);
            if (one.id.size() != 33 && !(one.id.size() == 8 && one.id[0] == 0))
                report_.breach(I15, mint_.path, ": keyset id ", hex(one.id), " has a wrong size");
            if (one.key_count < 1 || one.key_count > 64)
                report_.breach(I15, mint_.path, ": keyset ", hex(one.id), " has ", one.key_count, " keys");
        }
    }

    /// Quotes by id, merged with what the operations say about each.
    void read_quotes() {
        auto quote = mint_.reading.db().prepare(
            "SELECT id, share_hash, pool_store, seq, amount, paid, issued FROM quote ORDER BY id");
        auto part = mint_.reading.db().prepare("SELECT quote, op, amount FROM op_quote ORDER BY quote");
        bool has_part = part.step();
        auto take_part = [&] {
            std::int64_t amount = part.integer(2);
            if (Operation* one = operations_.find(part.integer(1))) {
                if (one->kind == Operations::kMint) one->in += amount;
                ++one->quotes;
            } else {
                report_.breach(I13, mint_.path, ": quote ", hex(part.view(0)),
                               ": minted by an unknown operation (", part.integer(1), ")");
            }
            if (amount <= 0)
                report_.breach(I13, mint_.path, ": quote ", hex(part.view(0)), ": minted ", amount);
            has_part = part.step();
            return amount;
        };
        auto lost_part = [&] {
            report_.breach(I13, mint_.path, ": operation ", part.integer(1), ": minted quote ",
                           hex(part.view(0)), ", which does not exist");
            take_part();
        };
        while (quote.step()) {
            auto id = sized<16>(quote.view(0)).value_or(QuoteId{});
            while (has_part && is_less(part.view(0), quote.view(0))) lost_part();
            Wide minted = 0;
            while (has_part && std::ranges::equal(part.view(0), quote.view(0))) minted += take_part();
            check_quote(id, quote, minted);
            coins_.on_quote(id, quote.integer(6));
        }
        while (has_part) lost_part();
    }

    /// Created again after they were lost with a database: unpaid until an operator releases them.
    void read_held() {
        auto row = mint_.reading.db().prepare(
            "SELECT quote, amount FROM held LEFT JOIN quote ON id = held.quote WHERE released_ms IS NULL "
            "ORDER BY "
            "held.quote");
        Wide amount = 0;
        while (row.step()) {
            held_.push_back(sized<16>(row.view(0)).value_or(QuoteId{}));
            amount += row.integer(1);
            if (row.is_null(1)) report_.breach(I24, quote_name(held_.back()), ": held, but does not exist");
        }
        if (!held_.empty())
            report_.note(I24, mint_.path + ": " + std::to_string(held_.size()) + " quotes of " +
                                  to_grouped_text(amount) +
                                  " were created again after a rollback and are held: hp-quote held");
    }

    /// The contents of the mint's mark.
    void compare_progress() {
        report_.checked(I25);
        const Mark& own = mint_.progress;
        auto compare = [&](const char* what, Wide counted, Wide rows) {
            if (counted != rows)
                report_.breach(I25, mint_.path, ": counts ", what, " ", counted, ", its rows give ", rows);
        };
        compare("quotes", own.quotes, static_cast<Wide>(quote_count_));
        compare("operations", own.operations, static_cast<Wide>(operations_.all().size()));
        compare("issued", own.issued, issued_);
        compare("spent", own.spent, spent_);
    }

    /// From its own table, and from the file beside its mark, which a restored copy does not revert.
    void say_what_was_let_in() {
        auto row = mint_.reading.db().prepare(
            "SELECT at_ms, by, quotes, operations, issued_high, issued_low, spent_high, spent_low FROM "
            "rollback "
            "ORDER BY id");
        std::vector<LetIn> all;
        while (row.step()) {
            auto sum = [&](int at) { return (Wide{row.integer(at)} << 32) + row.integer(at + 1); };
            LetIn& one = all.emplace_back(LetIn{row.integer(0), row.text(1)});
            if (row.integer(2) >= 0) one.lost = Lack{0, row.integer(2), row.integer(3), sum(4), sum(6)};
        }
        for (const LetIn& one : mint_.let_in)
            if (std::ranges::find(all, one.at_ms, &LetIn::at_ms) == all.end()) all.push_back(one);
        std::ranges::stable_sort(all, {}, &LetIn::at_ms);
        Wide doubled_max = 0;
        bool is_known = true;
        for (const LetIn& one : all) {
            is_known = is_known && one.lost;
            if (one.lost) doubled_max += one.lost->doubled_max();
            report_.note(I25, mint_.path + ": an old copy was accepted at " + utc_text(one.at_ms) + " by " +
                                  printable(one.by, 40) + "; " +
                                  (one.lost ? "it lacked " + one.lost->text() : "what it lacked is unknown"));
        }
        if (all.size() > 1)
            report_.note(I25, mint_.path + ": " + std::to_string(all.size()) + " old copies were accepted: " +
                                  (is_known ? "at most " + to_text(doubled_max) + " can be doubled in total"
                                            : "how much can be doubled in total is unknown"));
    }

    static bool is_less(ByteView a, ByteView b) { return std::ranges::lexicographical_compare(a, b); }

    void check_quote(const QuoteId& id, const store::Statement& row, Wide minted) {
        std::int64_t amount = row.integer(4), paid = row.integer(5), issued = row.integer(6);
        for (Id each : {I1, I5, I6, I7, I24}) report_.checked(each);
        hashes_.add(row.view(1));
        auto& totals = report_.totals;
        ++totals.quotes;
        ++quote_count_;
        totals.quoted += amount;
        totals.issued += issued;
        issued_ += issued;
        if (issued < 0 || issued > paid || paid > amount || amount < 1)
            report_.breach(I5, quote_name(id), ": amount ", amount, ", paid ", paid, ", issued ", issued);
        if (paid != 0 && paid != amount)
            report_.breach(I6, quote_name(id), ": paid ", paid, " of ", amount);
        else if (paid != amount && !std::ranges::binary_search(held_, id))
            report_.breach(I24, quote_name(id), ": is not paid; the link pays what it creates");
        if (minted != issued)
            report_.breach(I7, quote_name(id), ": issued is ", issued, ", its operations minted ", minted);
        bool is_served = std::ranges::any_of(
            mint_.pools, [&](const auto& pool) { return std::ranges::equal(pool.first, row.view(2)); });
        if (!is_served || row.integer(3) < 1)
            report_.breach(I24, quote_name(id), ": from number ", row.integer(3), " of a pool ",
                           hex(row.view(2)).substr(0, 16), ".. that was ",
                           is_served ? "served" : "never served");
    }

    /// What the mint uses to find quotes: the share's key, and the owner's newest quote with the chain back
    /// from it.
    void look_at_keys() {
        auto unkeyed = mint_.reading.db().prepare(
            "SELECT quote.id FROM store CROSS JOIN quote ON quote.id <= shares_keyed WHERE NOT EXISTS(SELECT "
            "1 FROM "
            "share_key WHERE share_key.ntime = quote.ntime AND hash = substr(share_hash, 1, 12) AND quote = "
            "quote.id)");
        while (unkeyed.step())
            report_.breach(I1, quote_name(unkeyed.array<16>(0)),
                           ": its share could get a second quote: it has no key");
        auto lost = mint_.reading.db().prepare(
            "SELECT id FROM (SELECT id, before, lag(id) OVER (PARTITION BY substr(pubkey, 2) ORDER BY id) AS "
            "expected "
            "FROM quote) WHERE before IS NOT expected");
        while (lost.step())
            report_.breach(I24, quote_name(lost.array<16>(0)),
                           ": does not link to its owner's previous quote");
        auto newer = mint_.reading.db().prepare(
            "SELECT last FROM (SELECT substr(pubkey, 2) AS key, max(quote.id) AS last FROM store CROSS JOIN "
            "quote ON "
            "quote.id <= owners_keyed GROUP BY 1) AS of WHERE NOT EXISTS(SELECT 1 FROM owner WHERE owner.key "
            "= of.key "
            "AND newest >= last)");
        while (newer.step())
            report_.breach(I24, quote_name(newer.array<16>(0)),
                           ": is newer than its owner's newest quote on record");
    }

    void report_twins() {
        auto by_hash = mint_.reading.db().prepare(
            "SELECT id, share_hash FROM quote WHERE substr(share_hash, 1, 8) = ? ORDER BY share_hash, id");
        for (const auto& start : hashes_.found()) {
            by_hash.bind(start);
            Bytes before;
            QuoteId id_before{};
            while (by_hash.step()) {
                auto id = sized<16>(by_hash.view(0)).value_or(QuoteId{});
                if (Bytes hash = by_hash.blob(1); hash == before)
                    report_.breach(I1, quote_name(id), ": the same share as ", to_text(id_before));
                else
                    before = std::move(hash);
                id_before = id;
            }
        }
    }

    /// The sums of the row's keyset, updated; null if it is unknown.
    Flow* flow_of(Id id, const std::string& name, ByteView keyset, std::int64_t amount) {
        auto index = mint_.keyset_index(keyset);
        if (!index) {
            report_.breach(I15, name, ": keyset ", hex(keyset), " is not known");
            return nullptr;
        }
        auto bits = static_cast<std::uint64_t>(amount);
        if (amount <= 0 || !std::has_single_bit(bits) ||
            static_cast<std::uint64_t>(std::countr_zero(bits)) >= mint_.keysets[*index].key_count) {
            report_.breach(id, name, ": amount ", amount, " has no key in keyset ", hex(keyset));
            return nullptr;
        }
        return &flows_[*index];
    }

    void read_signatures() {
        auto row = mint_.reading.db().prepare(
            "SELECT B_, keyset, amount, op, position, C_, e, s FROM sig ORDER BY B_");
        Bytes33 before{};
        while (row.step()) {
            report_.checked(I11);
            auto b = sized<33>(row.view(0)).value_or(Bytes33{});
            std::int64_t amount = row.integer(2);
            if (b == before) report_.breach(I11, output_name(b), ": appears twice");
            before = b;
            if (row.view(0).size() != 33 || row.view(5).size() != 33 || row.view(6).size() != 32 ||
                row.view(7).size() != 32)
                report_.breach(I11, output_name(row.view(0)), ": B_, C_, e or s has a wrong size");
            ++report_.totals.signatures;
            report_.totals.signed_amount += amount;
            if (Operation* one = operations_.find(row.integer(3))) {
                one->out += amount;
                ++one->signatures;
                one->last_position = std::max(one->last_position, row.integer(4));
                if (row.integer(4) < 0) report_.breach(I11, output_name(b), ": at position ", row.integer(4));
                if (one->kind == Operations::kMint) minted_ += amount;
            } else {
                report_.breach(I11, output_name(b), ": of an unknown operation (", row.integer(3), ")");
            }
            if (Flow* flow = flow_of(I11, mint_.path + ": a signature", row.view(1), amount)) {
                ++flow->signatures[std::countr_zero(static_cast<std::uint64_t>(amount))];
                flow->signed_amount += amount;
            }
            coins_.on_signature(b, row.view(6), row.view(1), amount);
        }
    }

    void read_spent() {
        auto row = mint_.reading.db().prepare("SELECT Y, keyset, amount, op FROM spent ORDER BY Y");
        Bytes33 before{};
        while (row.step()) {
            report_.checked(I10);
            auto y = sized<33>(row.view(0)).value_or(Bytes33{});
            std::int64_t amount = row.integer(2);
            if (y == before) report_.breach(I10, proof_name(y), ": appears twice");
            before = y;
            ++report_.totals.spent_proofs;
            report_.totals.spent += amount;
            spent_ += amount;
            Operation* one = operations_.find(row.integer(3));
            Flow* flow = flow_of(I10, mint_.path + ": a spent proof", row.view(1), amount);
            if (flow) {
                ++flow->proofs[std::countr_zero(static_cast<std::uint64_t>(amount))];
                flow->spent += amount;
            }
            if (one) {
                one->in += one->kind == Operations::kSwap ? amount : 0;
                ++one->proofs;
                if (auto index = mint_.keyset_index(row.view(1)))
                    one->ppk += mint_.keysets[*index].input_fee_ppk;
            } else {
                report_.breach(I12, proof_name(y), ": spent by an unknown operation (", row.integer(3), ")");
            }
            coins_.on_spent(y);
        }
    }

    void balance(const Operation& one) {
        report_.checked(I9);
        if (one.last_position + 1 != one.signatures)
            report_.breach(I11, op_name(one), ": ", one.signatures, " signatures, the last at position ",
                           one.last_position);
        if (one.kind == Operations::kMint) {
            report_.checked(I13);
            if (one.quotes == 0) report_.breach(I13, op_name(one), ": does not mint a quote");
            if (one.proofs > 0)
                report_.breach(I12, op_name(one), ": mints, but spends ", one.proofs, " proofs");
            if (one.fee != 0) report_.breach(I9, op_name(one), ": mints, but takes a fee of ", one.fee);
            if (one.in != one.out)
                report_.breach(I7, op_name(one), ": quotes give ", one.in, ", signed ", one.out);
        } else if (one.kind == Operations::kSwap) {
            report_.checked(I12);
            if (one.quotes > 0)
                report_.breach(I13, op_name(one), ": swaps, but mints ", one.quotes, " quotes");
            if (one.proofs == 0 || one.signatures == 0)
                report_.breach(I12, op_name(one), ": ", one.proofs, " inputs spent, ", one.signatures,
                               " outputs signed");
            if (static_cast<Wide>(one.fee) != static_cast<Wide>((one.ppk + 999) / 1000))
                report_.breach(I9, op_name(one), ": fee is ", one.fee, ", its inputs' is ",
                               (one.ppk + 999) / 1000);
            if (one.in - one.fee != one.out)
                report_.breach(I9, op_name(one), ": inputs ", one.in, " - fee ", one.fee, " = ",
                               one.in - one.fee, ", outputs ", one.out);
        } else {
            report_.breach(I9, op_name(one), ": kind ", one.kind, " is neither a mint operation nor a swap");
        }
    }

    void balance_keysets() {
        for (std::size_t i = 0; i < flows_.size(); ++i) {
            report_.checked(I8);
            const Flow& flow = flows_[i];
            std::string name = mint_.path + ": keyset " + hex(mint_.keysets[i].id).substr(0, 16);
            // Per amount below, for the value of the excess.
            if (flow.spent > flow.signed_amount)
                report_.breach_of(0, I8, name, ": spent ", flow.spent, " of ", flow.signed_amount, " signed");
            for (unsigned bit = 0; bit < 64; ++bit)
                if (flow.proofs[bit] > flow.signatures[bit])
                    report_.breach_of(static_cast<Wide>(flow.proofs[bit] - flow.signatures[bit]) << bit, I8,
                                      name, ": ", flow.proofs[bit], " proofs of ", std::uint64_t{1} << bit,
                                      " spent, ", flow.signatures[bit], " signed");
        }
    }

    MintFile& mint_;
    Report& report_;
    Operations operations_;
    std::vector<Flow> flows_;
    WalletCoins coins_;
    Twins hashes_;
    std::vector<QuoteId> held_;
    std::uint64_t quote_count_{0};
    Wide issued_{0}, minted_{0}, spent_{0};
};

}  // namespace

void audit_mint(MintFile& mint, std::vector<WalletFile>& wallets, Report& report) {
    MintAudit{mint, wallets, report}.run();
}

}  // namespace hp::audit
