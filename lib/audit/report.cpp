#include "audit/report.hpp"

namespace hp::audit {
namespace {

const std::vector<Invariant> kCatalogue = {
    {"DB", "files", "each file is intact, belongs to its program and has a known schema"},
    {"I1", "rows", "a share has at most one quote, and no database is an old copy"},
    {"I2", "shares", "an acknowledged share is in the outbox"},
    {"I3", "rows",
     "the outbox loses nothing: no number is missing, each row is pending, acked or dead with a reason"},
    {"I4", "rows",
     "the same numbers everywhere: hash of the header, target met, amount by the valuation, same amount and "
     "owner in the quote"},
    {"I5", "quotes", "0 <= issued <= paid <= amount"},
    {"I6", "quotes", "paid is 0 or the amount"},
    {"I7", "quotes", "what was signed for a quote is what it counts as issued"},
    {"I8", "keysets", "no more is spent than was signed, in total and for each amount"},
    {"I9", "operations",
     "nothing is created from nothing: minted = issued, and each swap's inputs less the fee = its outputs"},
    {"I10", "proofs", "a proof is spent at most once, for ever"},
    {"I11", "signatures", "an output is signed once, and each answer is complete"},
    {"I12", "swaps", "inputs are spent if and only if the outputs are signed"},
    {"I13", "mints", "all quotes of a batch are minted, or none"},
    {"I14", "quotes", "the same share and number always get the same quote id"},
    {"I15", "keysets", "a keyset id always means the same keys"},
    {"I16", "outputs", "every signature that a wallet has is still at the mint"},
    {"I17", "outputs", "no counter is used for two outputs, and no output appears twice"},
    {"I18", "proofs",
     "a wallet's books balance: outputs have their proofs, quotes and tokens their amounts, unspent proofs "
     "are unspent"},
    {"I19", "rows", "accepted = quoted + pending + dead, to the unit"},
    {"I20", "quotes", "only the owner's signature mints a quote"},
    {"I21", "quotes", "time does not destroy value"},
    {"I22", "blocks", "blocks do not depend on ehash"},
    {"I23", "replies", "no promise is sent before its fsync"},
    {"I24", "quotes", "quotes come only from the link, paid from the start, each from its outbox row"},
    {"I25", "mints", "no ledger goes back: its counts match its rows, and nothing that was seen is missing"},
    {"I26", "rows", "a share's coinbase, from its job and extranonce, is the one that its header commits to"},
};

}  // namespace

State Invariant::state() const {
    if (breach_count > 0)
        return breaches_without_amount == 0 && !acceptances.empty() && breach_amount <= accepted_amount()
                   ? State::accepted
                   : State::breach;
    return was_checked ? State::ok : State::skipped;
}

Wide Invariant::accepted_amount() const {
    Wide highest = 0;
    for (const Acceptance& one : acceptances) highest = std::max(highest, one.amount);
    return highest;
}

bool can_be_accepted(Id id) {
    return id == I8 || id == I10 || id == I16 || id == I18 || id == I19 || id == I25;
}

std::optional<Id> id_from_text(std::string_view text) {
    for (std::size_t i = 0; i < kCatalogue.size(); ++i)
        if (text == kCatalogue[i].id) return static_cast<Id>(i);
    return std::nullopt;
}

Report::Report(std::size_t limit) : invariants_{kCatalogue}, limit_{limit} {
    HP_ASSERT(invariants_.size() == kIdCount);
    skip(I2, "what miners were told is not in any database; shown by tests");
    skip(I20, "shown by tests, not by data");
    skip(I21, "shown by tests, not by data; the audit does not read the clock");
    skip(I22, "shown by tests, not by data");
    skip(I23, "shown by tests, not by data");
}

void Report::skip(Id id, const std::string& reason) {
    auto& reasons = invariants_[id].not_checked;
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) reasons.push_back(reason);
}

bool Report::ok() const {
    return std::all_of(invariants_.begin(), invariants_.end(),
                       [](const Invariant& one) { return one.state() != State::breach; });
}

}  // namespace hp::audit
