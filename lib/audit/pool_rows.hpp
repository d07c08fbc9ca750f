// Rows of an outbox, and the quotes of its mints, as the audit reads them side by side. For pool.cpp only.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/files.hpp"

namespace hp::audit {

/// A row of the outbox. The views are the statement's.
struct Row {
    std::int64_t n{}, ntime{}, amount{}, state{};
    ByteView hash, key;
    std::string quote_id;
};

struct Quote {
    std::int64_t n{};
    QuoteId id{};
    std::int64_t ntime{}, amount{};
    ByteView hash, key;
};

/// The quotes that one mint created for one pool, by the pool's numbers.
class Quotes {
  public:
    Quotes(MintFile& mint, const Bytes& pool_store)
        : all_{mint.reading.db().prepare("SELECT seq, id, ntime, amount, share_hash, pubkey FROM quote "
                                         "WHERE pool_store = ? ORDER BY seq")},
          by_share_{prepare_by_share(mint.reading.db())} {
        all_.bind(pool_store);
        next();
    }
    const Quote* at() const { return has_row_ ? &quote_ : nullptr; }
    void next() {
        has_row_ = all_.step();
        if (has_row_) quote_ = read(all_);
    }
    std::optional<Quote> find(std::int64_t ntime, ByteView hash) {
        by_share_.bind(ntime, Bytes(hash.begin(), hash.end()));
        if (!by_share_.step()) return std::nullopt;
        return read(by_share_);
    }

  private:
    static store::Statement prepare_by_share(store::Database& db) {
        // Quotes that may not be in the mint's share_key yet.
        db.exec(
            "CREATE TEMP TABLE IF NOT EXISTS late(share BLOB PRIMARY KEY, id BLOB) WITHOUT ROWID; INSERT OR "
            "IGNORE "
            "INTO late SELECT share_hash, quote.id FROM store CROSS JOIN quote ON quote.id > shares_keyed");
        return db.prepare(
            "SELECT seq, id, ntime, amount, share_hash, pubkey FROM quote WHERE id IN (SELECT quote FROM "
            "share_key WHERE ntime = ?1 AND hash = substr(?2, 1, 12) UNION ALL SELECT id FROM temp.late "
            "WHERE share = ?2) AND share_hash = ?2");
    }
    static Quote read(const store::Statement& row) {
        return {row.integer(0), sized<16>(row.view(1)).value_or(QuoteId{}),
                row.integer(2), row.integer(3),
                row.view(4),    row.view(5)};
    }
    store::Statement all_, by_share_;
    Quote quote_;
    bool has_row_{false};
};

/// The rows of one mint in the outbox.
struct Share {
    const MintIdentity* identity{};
    MintFile* mint{};  ///< null: its database is not here
    std::unique_ptr<Quotes> quotes;
    std::int64_t last_n{0};
    std::uint64_t rows{0}, acked{0};
    Wide accepted{0}, quoted{0}, pending{0}, dead{0};
    Wide archived_quoted{0};           ///< of rows in archive files
    std::int64_t left_of_archived{0};  ///< rows up to `archived.until` that are still here
    Wide unquoted{0};                  ///< answered, but unknown to the mint: reported row by row
    std::int64_t dealt_with{0};        ///< the mint has settled the numbers up to it
    std::vector<std::int64_t> early;   ///< and these
    std::uint64_t between_rows{0};     ///< answered after the mint's copy was made
    Wide between{0};
    std::vector<std::pair<std::int64_t, QuoteId>> newer;  ///< quotes beyond last_n
};

}  // namespace hp::audit
