#include "audit/files.hpp"

namespace hp::audit {
namespace {

// Their owners: lib/pool/outbox.cpp, lib/mint/ledger.cpp, lib/wallet/vault.cpp.
constexpr std::int32_t kOutboxId = 0x48504f58, kMintId = 0x48504d54, kWalletId = 0x48505741;
/// The outbox has jobs from 5 on; what is older is read too.
constexpr std::size_t kOutboxSchema = 5, kOutboxSchemaMin = 4, kMintSchema = 3, kWalletSchema = 4;
/// Indexes lead to rows all over a table: cache pages, to read them once, not once per row.
constexpr const char* kCache = "PRAGMA cache_size=-65536";

/// From this column on: quotes, operations, issued and spent in halves.
void read_sums(const store::Statement& row, int column, Mark& mark) {
    auto sum = [&](int at) { return (Wide{row.integer(at)} << 32) + row.integer(at + 1); };
    mark.quotes = row.integer(column);
    mark.operations = row.integer(column + 1);
    mark.issued = sum(column + 2);
    mark.spent = sum(column + 4);
}

template <class Read>
Result<> reading_of(const std::string& path, Read&& read) {
    try {
        read();
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(path, 4096) + "': " + error.what());
    }
}

}  // namespace

std::string to_text(const QuoteId& id) {
    std::string out = to_hex(id);
    for (std::size_t dash : {8u, 13u, 18u, 23u}) out.insert(dash, "-");
    return out;
}

std::optional<QuoteId> quote_id_from_text(std::string_view text) {
    std::string digits;
    for (char c : text)
        if (c != '-') digits += c;
    auto id = array_from_hex<16>(digits);
    if (!id || to_text(*id) != text) return std::nullopt;
    return *id;
}

std::string hex(ByteView bytes) { return to_hex(bytes.first(std::min<std::size_t>(bytes.size(), 64))); }

Result<MintFile> MintFile::open(const std::string& path) {
    HP_TRY(auto reading, store::Reading::open(path, kMintId, kMintSchema));
    MintFile out{path, std::move(reading), {}, {}, {}, {}, {}};
    auto& db = out.reading.db();
    HP_DO(reading_of(path, [&] {
        db.exec(kCache);
        auto identity = db.prepare("SELECT id, generation FROM store");
        if (identity.step()) {
            out.store = identity.blob(0);
            out.generation = identity.integer(1);
        }
        auto keyset = db.prepare("SELECT id, unit, input_fee_ppk, key_count FROM keyset");
        while (keyset.step())
            out.keysets.push_back({keyset.blob(0), keyset.text(1),
                                   static_cast<std::uint64_t>(keyset.integer(2)),
                                   static_cast<std::uint64_t>(keyset.integer(3))});
        auto pool = db.prepare("SELECT pool_store, last_seq FROM pool");
        while (pool.step()) out.pools.emplace_back(pool.blob(0), pool.integer(1));
        auto sums = db.prepare(
            "SELECT quotes, operations, issued_high, issued_low, spent_high, spent_low FROM progress");
        out.progress = {path, out.store, out.generation, 0, 0, 0, 0};
        if (sums.step()) read_sums(sums, 0, out.progress);
    }));
    return out;
}

std::optional<std::size_t> MintFile::keyset_index(ByteView id) const {
    // From the end: the newest are used most.
    for (std::size_t i = keysets.size(); i-- > 0;)
        if (std::ranges::equal(keysets[i].id, id)) return i;
    return std::nullopt;
}

Result<PoolFile> PoolFile::open(const std::string& path) {
    auto newest = store::Reading::open(path, kOutboxId, kOutboxSchema);
    const bool has_jobs = newest.has_value();
    if (!newest)
        if (auto older = store::Reading::open(path, kOutboxId, kOutboxSchemaMin)) newest = std::move(older);
    HP_TRY(auto reading, std::move(newest));
    PoolFile out{path, std::move(reading), {}, {}, has_jobs};
    auto& db = out.reading.db();
    HP_DO(reading_of(path, [&] {
        db.exec(kCache);
        auto identity = db.prepare("SELECT id FROM store");
        if (identity.step()) out.store = identity.blob(0);
        auto row = db.prepare(
            "SELECT id, name, store, generation, quotes, operations, issued_high, issued_low, spent_high, "
            "spent_low FROM mint ORDER BY id");
        while (row.step()) {
            MintIdentity mint{row.integer(0), row.text(1), {}, row.integer(3), {}};
            if (!row.is_null(2)) mint.store = row.blob(2);
            if (mint.store && !row.is_null(4)) {
                mint.mark = Mark{path, *mint.store, mint.generation, 0, 0, 0, 0};
                read_sums(row, 4, *mint.mark);
            }
            if (has_jobs) {
                auto archived = db.prepare(
                    "SELECT archived, archived_rows, archived_high, archived_low FROM mint WHERE id = ?");
                if (archived.bind(mint.id).step())
                    mint.archived = {archived.integer(0), archived.integer(1),
                                     (Wide{archived.integer(2)} << 32) + archived.integer(3)};
            }
            out.mints.push_back(std::move(mint));
        }
    }));
    return out;
}

Result<WalletFile> WalletFile::open(const std::string& path) {
    HP_TRY(auto reading, store::Reading::open(path, kWalletId, kWalletSchema));
    return WalletFile{path, std::move(reading), {}, {}, {}, {}};
}

bool WalletFile::is_of(const MintFile& mint) const {
    return std::ranges::any_of(keysets,
                               [&](const Keyset& one) { return mint.keyset_index(one.id).has_value(); });
}

void check_structure(store::Reading& reading, const std::string& path, bool deep, Report& report) {
    report.checked(DB);
    auto row = reading.db().prepare(deep ? "PRAGMA integrity_check" : "PRAGMA quick_check");
    while (row.step())
        if (std::string line = row.text(0); line != "ok") report.breach(DB, path, ": ", printable(line, 300));
}

}  // namespace hp::audit
