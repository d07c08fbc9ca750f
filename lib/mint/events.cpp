#include "mint/events.hpp"

#include "log/log.hpp"

namespace hp::mint {
namespace {

/// JSON integers are limited to 64 bits.
std::uint64_t capped(ehash::Amount128 sum) {
    return sum > UINT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(sum);
}

}  // namespace

void Events::request_refused(std::string_view path, int status, std::string_view body) {
    // The last segment of a GET is an id, which would create its own series.
    const std::string_view route = path.starts_with("/v1/mint/quote/ehash/") || path.starts_with("/v1/keys/")
                                       ? path.substr(0, path.rfind('/'))
                                       : path.substr(0, 64);
    std::uint64_t code = 0;
    if (auto at = body.rfind("\"code\":"); at != std::string_view::npos)
        for (char c : body.substr(at + 7)) {
            if (c < '0' || c > '9') break;
            code = code * 10 + static_cast<std::uint64_t>(c - '0');
        }
    tell(records::RequestRefused{route, status, {code}});
}

void Events::ledger_status(const ehash::MintMark& mark, const HeldQuotes& held, const store::LogState& log,
                           bool is_signing, bool is_link_up) {
    tell(records::LedgerStatus{.generation = mark.generation,
                               .quotes = mark.quotes,
                               .operations = mark.operations,
                               .issued = capped(mark.issued),
                               .spent = capped(mark.spent),
                               .held = held.quotes,
                               .held_amount = capped(held.amount),
                               .signing = is_signing,
                               .link_up = is_link_up,
                               .wal_bytes = log.bytes,
                               .wal_held_ms = log.held_ms,
                               .log_lines_dropped = log::dropped_lines()});
}

}  // namespace hp::mint
