// Rows of the three databases, read only. A failing database throws store::DbError.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/sqlite.hpp"

namespace hp::hp_quote {

/// A row of the pool's outbox.
struct OutboxRow {
    std::uint64_t seq{};
    Bytes32 share_hash{};
    std::uint64_t amount{};
    Bytes33 locking_key{};
    std::string worker;
    UnixMs accepted_ms{};
    std::string state;  ///< "pending", "acked" or "dead"
    std::string quote_id;
    std::optional<UnixMs> acked_ms{};
    std::string dead_reason;
};

/// One operation of the mint in which a quote was issued.
struct MintOp {
    std::int64_t id{};
    UnixMs at_ms{};
    std::uint64_t amount{};
};
/// Why and how long a quote was not issued.
struct MintHold {
    UnixMs at_ms{};
    std::optional<UnixMs>
        let_in_ms{};  ///< of the old copy after which it was created; nothing: reported by the pool
    std::optional<UnixMs> released_ms{};
    std::string released_by{};
};
/// A quote of the mint's ledger.
struct MintRow {
    std::string quote_id;
    Bytes32 share_hash{};
    std::uint64_t seq{};
    std::string unit;
    std::uint64_t amount{}, paid{}, issued{};
    Bytes33 pubkey{};
    UnixMs created_ms{}, updated_ms{};
    std::vector<MintOp> ops{};
    /// For one that is or was held; only when a single row is read.
    std::optional<MintHold> hold{};
    /// A mint's quote is unpaid only while it is held.
    const char* state() const { return issued == amount ? "issued" : paid == amount ? "paid" : "held"; }
};
/// A request that the mint refused for good.
struct MintRefusal {
    std::uint64_t seq{};
    std::uint64_t code{};
    UnixMs at_ms{};
};

/// A quote of the wallet.
struct WalletRow {
    std::string state;  ///< "open", "minting", "done" or "parked"
    std::string reason;
    std::uint64_t amount{};
    UnixMs added_ms{};
    std::optional<UnixMs> done_ms{};
};

/// A list's filters; empty ones do not filter.
struct RowFilter {
    std::string state;
    std::optional<std::string> worker{};
    std::optional<ByteArray<33>> key{};
    std::int64_t limit{};
};
/// Newest first.
std::vector<OutboxRow> outbox_rows(store::Database& db, const RowFilter& filter);
/// From the last shares: for suggestions.
std::vector<std::string> outbox_workers(store::Database& db);
std::optional<OutboxRow> outbox_row(store::Database& db, std::uint64_t seq);
/// `hash` in header byte order. Reads the whole table: its index begins with the header's time.
std::optional<OutboxRow> outbox_row(store::Database& db, const Bytes32& hash);
/// By its current id, or the one it had before the mint was restored.
std::optional<OutboxRow> outbox_row(store::Database& db, const std::string& quote_id);
/// The ids that rows had before their mint was restored, oldest first, by row.
std::map<std::uint64_t, std::vector<std::string>> earlier_ids(store::Database& db);

/// Newest first, without their operations. `state`: "paid", "issued", "held" or empty; a mint does not know
/// workers.
std::vector<MintRow> mint_rows(store::Database& db, const RowFilter& filter);
std::optional<MintRow> mint_row(store::Database& db, const std::string& quote_id);
std::optional<MintRow> mint_row(store::Database& db, const Bytes32& hash);
std::optional<MintRefusal> mint_refusal(store::Database& db, const Bytes32& hash);

std::optional<WalletRow> wallet_row(store::Database& db, const std::string& quote_id);

}  // namespace hp::hp_quote
