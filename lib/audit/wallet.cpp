#include "audit/wallet.hpp"

#include <map>

#include "audit/keyset_id.hpp"

namespace hp::audit {
namespace {

class WalletAudit {
  public:
    WalletAudit(WalletFile& wallet, Report& report)
        : wallet_{wallet}, report_{report}, db_{wallet.reading.db()} {}

    void run() {
        for (Id id : {I15, I17, I18}) report_.checked(id, 0);
        read_keysets();
        read_outputs();
        read_proofs();
        report_same_outputs();
        compare_proofs_with_outputs();
        read_operations();
        read_quotes();
        read_tokens();
        wallet_.reading.release();
    }

  private:
    template <class... Parts>
    void breach(Id id, const Parts&... parts) {
        report_.breach(id, wallet_.path, ": ", parts...);
    }

    std::uint16_t keyset_index(ByteView id) {
        for (std::size_t i = wallet_.keysets.size(); i-- > 0;)
            if (std::ranges::equal(wallet_.keysets[i].id, id)) return static_cast<std::uint16_t>(i);
        wallet_.keysets.push_back({Bytes(id.begin(), id.end())});
        return static_cast<std::uint16_t>(wallet_.keysets.size() - 1);
    }

    void read_keysets() {
        auto row = db_.prepare("SELECT id, text FROM keyset");
        while (row.step()) {
            report_.checked(I15);
            std::string name = "keyset " + hex(row.view(0));
            auto index = keyset_index(row.view(0));
            auto keyset = keyset_from_text(row.text(1));
            if (!keyset) {
                breach(I15, name, ": its keys cannot be read");
                continue;
            }
            if (keyset->id != row.blob(0)) breach(I15, name, ": is stored as ", hex(keyset->id));
            if (Bytes id = id_of(*keyset); id != keyset->id)
                breach(I15, name, ": its keys have the id ", hex(id));
            wallet_.keysets[index].input_fee_ppk = keyset->input_fee_ppk;
            wallet_.keysets[index].key_count = keyset->keys.size();
        }
    }

    void read_outputs() {
        auto row = db_.prepare(
            "SELECT o.keyset, o.counter, o.amount, o.B_, op.state, c.next FROM output o LEFT JOIN op ON "
            "op.id = o.op "
            "LEFT JOIN counter c ON c.keyset = o.keyset ORDER BY o.keyset, o.counter");
        Bytes keyset_before;
        std::int64_t counter_before = -1;
        while (row.step()) {
            report_.checked(I17);
            auto index = keyset_index(row.view(0));
            std::int64_t counter = row.integer(1);
            auto name = [&] {
                return "keyset " + hex(row.view(0)).substr(0, 16) + ".. counter " + std::to_string(counter);
            };
            if (std::ranges::equal(keyset_before, row.view(0)) && counter == counter_before)
                breach(I17, name(), ": is used twice");
            if (!std::ranges::equal(keyset_before, row.view(0))) keyset_before = row.blob(0);
            counter_before = counter;
            if (row.is_null(5) || counter >= row.integer(5))
                breach(I17, name(), ": is used, but the next one is ", row.is_null(5) ? 0 : row.integer(5));
            if (row.is_null(4)) breach(I17, name(), ": of an unknown operation");
            auto b = sized<33>(row.view(3));
            if (!b || row.integer(2) <= 0) {
                breach(I17, name(), ": B_ or amount is invalid");
                continue;
            }
            wallet_.outputs.push_back(
                {*b, static_cast<std::uint64_t>(row.integer(2)), index, as_text(row.view(4)) == "done"});
        }
    }

    void read_proofs() {
        auto row = db_.prepare("SELECT y, keyset, amount, e, state, op, token FROM proof ORDER BY y");
        auto& totals = report_.totals;
        while (row.step()) {
            report_.checked(I18);
            auto y = sized<33>(row.view(0));
            auto coin = coin_of(as_text(row.view(4)));
            if (!y || !coin || row.integer(2) <= 0) {
                breach(I18, "proof Y ", hex(row.view(0)), ": Y, state or amount is invalid");
                continue;
            }
            WalletFile::Proof proof{
                *y,    {},   static_cast<std::uint64_t>(row.integer(2)), keyset_index(row.view(1)), *coin,
                false, false};
            if (row.view(3).size() == 32) {
                proof.e = to_array<16>(row.view(3).first(16));
                proof.has_e = true;
            }
            if ((*coin == WalletFile::Coin::spending && row.is_null(5)) ||
                (*coin == WalletFile::Coin::reserved && row.is_null(6)))
                breach(I18, "proof Y ", hex(row.view(0)), ": ",
                       as_text(row.view(4)) == "reserved" ? "reserved without a token"
                                                          : "spending without an operation");
            ++totals.proofs;
            if (*coin == WalletFile::Coin::unspent) totals.unspent += row.integer(2);
            if (*coin == WalletFile::Coin::reserved) totals.reserved += row.integer(2);
            if (*coin == WalletFile::Coin::spending) totals.spending += row.integer(2);
            wallet_.proofs.push_back(proof);
        }
    }

    static std::optional<WalletFile::Coin> coin_of(std::string_view state) {
        using enum WalletFile::Coin;
        if (state == "unspent") return unspent;
        if (state == "reserved") return reserved;
        if (state == "spending") return spending;
        if (state == "spent") return spent;
        return std::nullopt;
    }

    void report_same_outputs() {
        std::vector<Bytes33> all;
        all.reserve(wallet_.outputs.size());
        for (const auto& output : wallet_.outputs) all.push_back(output.b);
        std::sort(all.begin(), all.end());
        for (auto at = std::adjacent_find(all.begin(), all.end()); at != all.end();
             at = std::adjacent_find(at + 1, all.end()))
            breach(I17, "output B_ ", to_hex(*at), ": appears twice");
    }

    /// Every output of a done operation has become a proof; a restore may have added more.
    void compare_proofs_with_outputs() {
        std::map<std::pair<std::uint16_t, std::uint64_t>, std::int64_t> surplus;
        for (const auto& proof : wallet_.proofs) ++surplus[{proof.keyset, proof.amount}];
        for (const auto& output : wallet_.outputs)
            if (output.is_done) --surplus[{output.keyset, output.amount}];
        for (const auto& [of, count] : surplus)
            if (count < 0)
                breach(I18, "keyset ", hex(wallet_.keysets[of.first].id).substr(0, 16),
                       "..: of its outputs of ", of.second, ", ", -count, " have no proof");
    }

    /// Inputs and outputs of each done operation.
    void read_operations() {
        struct Sums {
            Wide in{0}, out{0};
            std::uint64_t ppk{0}, inputs{0};
            bool fees_known{true};
        };
        std::map<std::int64_t, Sums> sums;
        auto output = db_.prepare("SELECT op, amount FROM output");
        while (output.step()) sums[output.integer(0)].out += output.integer(1);
        auto input = db_.prepare(
            "SELECT proof.op, proof.amount, proof.keyset, proof.state, op.state FROM proof LEFT JOIN op ON "
            "op.id = proof.op WHERE proof.op IS NOT NULL");
        while (input.step()) {
            Sums& one = sums[input.integer(0)];
            one.in += input.integer(1);
            ++one.inputs;
            auto ppk = wallet_.keysets[keyset_index(input.view(2))].input_fee_ppk;
            one.ppk += ppk.value_or(0);
            one.fees_known = one.fees_known && ppk;
            bool is_spending = as_text(input.view(3)) == "spending",
                 is_open = as_text(input.view(4)) == "open";
            if (is_spending != is_open && as_text(input.view(3)) != "spent")
                breach(I18, "operation ", input.integer(0), ": ", is_open ? "open" : "ended",
                       ", but its input of ", input.integer(1), " is ",
                       as_text(input.view(3)) == "spending" ? "still spending" : "free");
        }
        auto quote = db_.prepare(
            "SELECT op, sum(amount >> 32), sum(amount & 4294967295) FROM quote WHERE op IS NOT NULL GROUP BY "
            "op");
        std::map<std::int64_t, Wide> quotes;
        while (quote.step())
            quotes[quote.integer(0)] = (static_cast<Wide>(quote.integer(1)) << 32) + quote.integer(2);
        auto op = db_.prepare("SELECT id, kind FROM op WHERE state = 'done'");
        while (op.step()) {
            const Sums& one = sums[op.integer(0)];
            std::string name = "operation " + std::to_string(op.integer(0)) + " (" + op.text(1) + ")";
            if (op.text(1) == "mint") {
                // Need not be equal: in a batch whose outputs were signed for another wallet with this seed,
                // some quotes may still be open.
                if (Wide quoted = quotes[op.integer(0)]; quoted > one.out)
                    breach(I18, name, ": its quotes are worth ", quoted, ", its outputs ", one.out);
                if (one.inputs > 0) breach(I18, name, ": mints, but spends ", one.inputs, " proofs");
            } else if (op.text(1) != "receive" && one.fees_known) {
                // The inputs of a receive were another wallet's, and are not here.
                Wide fee = static_cast<Wide>((one.ppk + 999) / 1000);
                if (one.in - fee != one.out)
                    breach(I18, name, ": inputs ", one.in, " - fee ", fee, " = ", one.in - fee, ", outputs ",
                           one.out);
            }
        }
    }

    void read_quotes() {
        auto row = db_.prepare(
            "SELECT q.id, q.state, q.op, op.state, op.kind, q.amount FROM quote q LEFT JOIN op ON op.id = "
            "q.op");
        while (row.step()) {
            std::string_view state = as_text(row.view(1)), op_state = as_text(row.view(3));
            bool is_done = state == "done";
            const char* wanted = is_done ? "done" : state == "minting" ? "open" : "";
            bool is_of_mint = row.is_null(4) || as_text(row.view(4)) == "mint";
            if (op_state != wanted || !is_of_mint || (*wanted == '\0' && !row.is_null(2)))
                breach(I18, "quote ", printable(row.text(0), 40), ": ", printable(row.text(1), 16),
                       ", but its operation is ",
                       row.is_null(2)   ? "none"
                       : row.is_null(3) ? "missing"
                                        : printable(row.text(3), 16));
            if (!is_done) continue;
            if (auto id = quote_id_from_text(as_text(row.view(0))))
                wallet_.done_quotes.push_back({*id, row.integer(5)});
        }
    }

    void read_tokens() {
        auto row = db_.prepare(
            "SELECT t.id, t.amount, t.state, sum(p.amount >> 32), sum(p.amount & 4294967295), sum(p.state <> "
            "'spent') "
            "FROM token t LEFT JOIN proof p ON p.token = t.id GROUP BY t.id");
        while (row.step()) {
            Wide sum = (static_cast<Wide>(row.integer(3)) << 32) + row.integer(4);
            if (sum != row.integer(1))
                breach(I18, "token ", row.integer(0), ": is worth ", row.integer(1), ", its proofs ", sum);
            bool is_open = row.text(2) == "open";
            if (is_open != (row.integer(5) > 0))
                breach(I18, "token ", row.integer(0), ": ",
                       is_open ? "open, but all its proofs are spent"
                               : "closed, but not all its proofs are spent");
        }
        auto orphan = db_.prepare(
            "SELECT count(*) FROM proof WHERE token IS NOT NULL AND token NOT IN (SELECT id FROM token)");
        if (orphan.step() && orphan.integer(0) > 0)
            breach(I18, orphan.integer(0), " proofs belong to a missing token");
    }

    WalletFile& wallet_;
    Report& report_;
    store::Database& db_;
};

}  // namespace

void audit_wallet(WalletFile& wallet, Report& report) { WalletAudit{wallet, report}.run(); }

}  // namespace hp::audit
