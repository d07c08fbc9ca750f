#include "mint/events.hpp"

#include "log/log.hpp"
#include "net/event_sink.hpp"
#include "wire/records.hpp"

namespace hp::mint {
namespace {

wire::Record make(std::string_view type) { return wire::Record(type, "hp-mint", unix_ms_now()); }

}  // namespace

void Events::signed_outputs(Kind kind, std::uint64_t amount, std::size_t outputs) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make(kind == Kind::mint ? "ehash_issued" : "ehash_swapped")
                     .add("amount", amount)
                     .add("outputs", outputs));
}

void Events::quotes_created(std::uint64_t created, std::uint64_t replayed, std::uint64_t refused,
                            std::uint64_t amount) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make("quotes_created")
                     .add("created", created)
                     .add("replayed", replayed)
                     .add("refused", refused)
                     .add("amount", amount));
}

void Events::request_refused(std::string_view path, int status, std::string_view body) {
    if (!sink_ || !sink_->enabled()) return;
    // The last segment of a GET is an id, which would make a series of its own.
    std::string_view route = path.starts_with("/v1/mint/quote/ehash/") || path.starts_with("/v1/keys/")
                                 ? path.substr(0, path.rfind('/'))
                                 : path.substr(0, 64);
    std::uint64_t code = 0;
    if (auto at = body.rfind("\"code\":"); at != std::string_view::npos)
        for (char c : body.substr(at + 7)) {
            if (c < '0' || c > '9') break;
            code = code * 10 + static_cast<std::uint64_t>(c - '0');
        }
    sink_->write(make("request_refused").add("route", route).add("status", status).add("code", code));
}

void Events::link_up(const std::string& peer, std::uint64_t session_id) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make("link_up").add("peer", peer).add("session_id", session_id));
}

void Events::link_down(const std::string& reason) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make("link_down").add("reason", reason));
}

void Events::pool_rollback(const std::string& peer, std::uint64_t count) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make("pool_rollback").add("peer", peer).add("count", count));
}

void Events::quotes_held(std::uint64_t count) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make("quotes_held").add("count", count));
}

void Events::quotes_released(std::uint64_t count, const std::string& by) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make("quotes_released").add("count", count).add("by", by));
}

namespace {

/// JSON's integers end at 64 bits.
std::uint64_t capped(ehash::Amount128 sum) {
    return sum > UINT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(sum);
}

}  // namespace

void Events::ledger_status(const ehash::MintMark& mark, const HeldQuotes& held, const store::LogState& log,
                           bool is_signing, bool is_link_up) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make("ledger_status")
                     .add("generation", mark.generation)
                     .add("quotes", mark.quotes)
                     .add("operations", mark.operations)
                     .add("issued", capped(mark.issued))
                     .add("spent", capped(mark.spent))
                     .add("held", held.quotes)
                     .add("held_amount", capped(held.amount))
                     .add("signing", is_signing)
                     .add("link_up", is_link_up)
                     .add("wal_bytes", log.bytes)
                     .add("wal_held_ms", log.held_ms)
                     .add("log_lines_dropped", log::dropped_lines()));
}

void Events::alarm(const std::string& what) {
    if (!sink_ || !sink_->enabled()) return;
    sink_->write(make("alarm").add("what", what));
}

}  // namespace hp::mint
