#include "audit/show.hpp"

#include <nlohmann/json.hpp>

namespace hp::audit {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(State state) {
    switch (state) {
        case State::ok:
            return "ok";
        case State::breach:
            return "breach";
        case State::accepted:
            return "accepted";
        case State::skipped:
            break;
    }
    return "skipped";
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

Json number(Wide value) {
    if (value >= 0 && value <= static_cast<Wide>(UINT64_MAX)) return static_cast<std::uint64_t>(value);
    if (value < 0 && value >= static_cast<Wide>(INT64_MIN)) return static_cast<std::int64_t>(value);
    return to_text(value);
}

std::string lines_of(const Invariant& one) {
    State state = one.state();
    std::string count =
        state == State::skipped ? "" : to_grouped_text(static_cast<Wide>(one.checked)) + " " + one.things;
    std::string out =
        padded(one.id, 5) + padded(name_of(state), 9) + padded(std::move(count), 21) + one.what + "\n";
    for (const auto& text : one.breaches) out += "      " + printable(text, 1000) + "\n";
    if (one.breach_count > one.breaches.size())
        out += "      and " + to_grouped_text(static_cast<Wide>(one.breach_count - one.breaches.size())) +
               " more\n";
    if (one.breach_count > 0 && one.breaches_without_amount == 0)
        out += "      broken by " + to_grouped_text(one.breach_amount) + "\n";
    for (const auto& each : one.acceptances)
        out +=
            "      accepted up to " + to_grouped_text(each.amount) + ": " + printable(each.text, 1000) + "\n";
    for (const auto& text : one.notes) out += "      noted: " + printable(text, 1000) + "\n";
    for (const auto& text : one.not_checked) out += "      not checked: " + printable(text, 1000) + "\n";
    return out;
}

}  // namespace

std::string to_lines(const Report& report) {
    std::string out;
    for (const auto& one : report.invariants()) out += lines_of(one);
    const Totals& t = report.totals;
    auto part = [](std::uint64_t count, const char* what, Wide amount) {
        return to_grouped_text(static_cast<Wide>(count)) + " " + what + " (" + to_grouped_text(amount) + ")";
    };
    if (t.pools > 0)
        out += "outbox  " + part(t.accepted, "accepted", t.accepted_amount) + " = " +
               part(t.acked, "acked", t.acked_amount) + " + " + part(t.pending, "pending", t.pending_amount) +
               " + " + part(t.dead, "dead", t.dead_amount) + "\n";
    if (t.mints > 0)
        out += "mint    " + part(t.quotes, "quotes", t.quoted) + ", issued " + to_grouped_text(t.issued) +
               "; signed " + to_grouped_text(t.signed_amount) + " - spent " + to_grouped_text(t.spent) +
               " = outstanding " + to_grouped_text(t.signed_amount - t.spent) + "\n";
    if (t.wallets > 0)
        out += "wallet  " + to_grouped_text(t.unspent) + " unspent, " + to_grouped_text(t.reserved) +
               " in tokens, " + to_grouped_text(t.spending) + " being spent\n";
    return out;
}

std::string to_json(const Report& report) {
    Json out = {{"ok", report.ok()}, {"invariants", Json::array()}};
    for (const auto& one : report.invariants()) {
        Json accepted = Json::array();
        for (const auto& each : one.acceptances)
            accepted.push_back({{"amount", number(each.amount)}, {"text", each.text}});
        out["invariants"].push_back(
            {{"id", one.id},
             {"state", name_of(one.state())},
             {"checked", one.checked},
             {"things", one.things},
             {"what", one.what},
             {"breach_count", one.breach_count},
             {"breaches", one.breaches},
             {"breach_amount", one.breaches_without_amount > 0 ? Json(nullptr) : number(one.breach_amount)},
             {"accepted", std::move(accepted)},
             {"notes", one.notes},
             {"not_checked", one.not_checked}});
    }
    const Totals& t = report.totals;
    out["totals"] = Json::object();
    Json& totals = out["totals"];
    if (t.pools > 0)
        totals.update({{"accepted", t.accepted},
                       {"accepted_amount", number(t.accepted_amount)},
                       {"pending", t.pending},
                       {"pending_amount", number(t.pending_amount)},
                       {"acked", t.acked},
                       {"acked_amount", number(t.acked_amount)},
                       {"dead", t.dead},
                       {"dead_amount", number(t.dead_amount)}});
    if (t.mints > 0)
        totals.update({{"quotes", t.quotes},
                       {"quoted", number(t.quoted)},
                       {"issued", number(t.issued)},
                       {"signatures", t.signatures},
                       {"signed", number(t.signed_amount)},
                       {"spent_proofs", t.spent_proofs},
                       {"spent", number(t.spent)},
                       {"outstanding", number(t.signed_amount - t.spent)}});
    if (t.wallets > 0)
        totals.update({{"proofs", t.proofs},
                       {"unspent", number(t.unspent)},
                       {"reserved", number(t.reserved)},
                       {"spending", number(t.spending)}});
    return out.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace hp::audit
