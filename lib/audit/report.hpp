// What was checked, and what was found.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "audit/wide.hpp"
#include "base/bytes.hpp"

namespace hp::audit {

/// The files themselves, and the invariants by their numbers.
enum Id : unsigned {
    DB,
    I1,
    I2,
    I3,
    I4,
    I5,
    I6,
    I7,
    I8,
    I9,
    I10,
    I11,
    I12,
    I13,
    I14,
    I15,
    I16,
    I17,
    I18,
    I19,
    I20,
    I21,
    I22,
    I23,
    I24,
    I25,
    I26,
    kIdCount
};

/// One checked part is enough for `ok`; what could not be checked is listed too. `accepted`: broken, by no
/// more than the operator has accepted.
enum class State { ok, breach, accepted, skipped };

/// An operator's signed statement that an invariant is broken by up to this amount, for good.
struct Acceptance {
    Id id{};
    Wide amount{0};
    std::string text;  ///< who, when, why, and the sums at that time
};

struct Invariant {
    const char* id;
    const char* things;  ///< what `checked` counts
    const char* what;    ///< what must hold
    std::uint64_t checked{0};
    std::uint64_t breach_count{0};
    std::vector<std::string> breaches{};     ///< the first few
    std::vector<std::string> not_checked{};  ///< and why
    std::vector<std::string> notes{};        ///< not breaches, but worth knowing
    std::vector<Acceptance> acceptances{};
    Wide breach_amount{0};  ///< of the breaches that have an amount
    std::uint64_t breaches_without_amount{0};
    /// The highest counts: each covers everything broken at its time.
    Wide accepted_amount() const;
    bool was_checked{false};
    State state() const;
};

/// Amounts and numbers over all files of a kind.
struct Totals {
    std::size_t pools{0}, mints{0}, wallets{0};
    std::uint64_t accepted{0}, pending{0}, acked{0}, dead{0};
    Wide accepted_amount{0}, pending_amount{0}, acked_amount{0}, dead_amount{0};
    std::uint64_t quotes{0}, signatures{0}, spent_proofs{0};
    Wide quoted{0}, issued{0}, signed_amount{0}, spent{0};
    std::uint64_t proofs{0};
    Wide unspent{0}, reserved{0}, spending{0};
};

/// Its number, such as "I18"; nothing if there is none.
std::optional<Id> id_from_text(std::string_view text);

/// Whether its breaches have amounts.
bool can_be_accepted(Id id);

class Report {
  public:
    /// Keeps the text of at most `limit` breaches per invariant; counts all.
    explicit Report(std::size_t limit);

    void checked(Id id, std::uint64_t count = 1) {
        invariants_[id].checked += count;
        invariants_[id].was_checked = true;
    }
    /// The parts are joined only if the text is kept.
    template <class... Parts>
    void breach(Id id, const Parts&... parts) {
        ++invariants_[id].breaches_without_amount;
        add_breach(id, parts...);
    }
    /// A breach worth `amount`, which can be accepted. 0: another breach covers the same money.
    template <class... Parts>
    void breach_of(Wide amount, Id id, const Parts&... parts) {
        invariants_[id].breach_amount += amount;
        add_breach(id, parts...);
    }
    void note(Id id, std::string text) { invariants_[id].notes.push_back(std::move(text)); }
    void accept(const Acceptance& acceptance) {
        invariants_[acceptance.id].acceptances.push_back(acceptance);
    }
    /// Equal reasons are kept once.
    void skip(Id id, const std::string& reason);

    bool ok() const;
    const std::vector<Invariant>& invariants() const { return invariants_; }
    Totals totals;

  private:
    template <class... Parts>
    void add_breach(Id id, const Parts&... parts) {
        Invariant& it = invariants_[id];
        if (it.breach_count++ >= limit_) return;
        std::string text;
        (add(text, parts), ...);
        it.breaches.push_back(std::move(text));
    }
    static void add(std::string& text, const std::string& part) { text += part; }
    static void add(std::string& text, const char* part) { text += part; }
    static void add(std::string& text, Wide number) { text += to_text(number); }
    template <class Integer>
    requires std::is_integral_v<Integer>
    static void add(std::string& text, Integer number) { text += std::to_string(number); }
    std::vector<Invariant> invariants_;
    std::size_t limit_;
};

}  // namespace hp::audit
