#include "mint/mint.hpp"

#include <filesystem>

#include "base/crash_point.hpp"
#include "crypto/bip32.hpp"
#include "log/log.hpp"
#include "mint/rollback_file.hpp"

namespace hp::mint {
namespace {

/// The mint's identity (NUT-06 pubkey), separate from every keyset: our own purpose number beside NUT-13's
/// 129372 and NUT-20's 129373.
constexpr std::uint32_t kIdentityPath[] = {129374 | crypto::kHardened, 0 | crypto::kHardened};

}  // namespace

Result<std::unique_ptr<Mint>> Mint::open(net::Loop& loop, const MintOptions& options) {
    std::unique_ptr<Mint> mint{new Mint};
    mint->unit_ = options.unit;
    mint->policy_.legacy_signatures = options.accept_legacy_quote_signatures;
    HP_TRY(auto identity, crypto::bip32_derive(options.seed, kIdentityPath));
    mint->info_.name = options.name;
    mint->info_.description = options.description;
    mint->info_.urls = options.public_urls;
    for (std::string& url : mint->info_.urls)
        while (url.ends_with('/')) url.pop_back();
    mint->info_.pubkey = identity.key.public_key();
    mint->info_.version = "hp-mint/0.1.0";
    mint->info_.unit = options.unit;
    mint->info_.batch_size_max = mint->policy_.batch_size_max;
    mint->events_.to(options.events);
    // Before it is created: a refused start must not leave an empty database behind.
    std::error_code ignored;
    if (!std::filesystem::exists(options.database, ignored)) HP_DO(mint->check_mark({}, options));
    HP_TRY(auto db, Ledger::open(options.database));
    HP_CRASH_POINT("W6");  // SQLite has recovered the last process's WAL
    HP_TRY(const auto found, Ledger::mark_in(db));
    HP_DO(mint->check_mark(found, options));
    HP_TRY(mint->state_, Ledger::begin(db));
    HP_TRY(const KeysetRow active, mint->load_keysets(db, options));
    mint->active_ = active.id;
    try {
        mint->ledger_ = std::make_unique<Ledger>(db, options.unit);
    } catch (const store::DbError& e) {
        return fail(Errc::io, "mint database '" + options.database + "': " + e.what());
    }
    HP_TRY(const auto mark, Ledger::mark_in(db));
    mint->opened_mark_ = mark;
    HP_DO(mint->keep_mark(loop, options, mark));
    // The ledger's statements belong to the connection, which moves into the writer as a whole.
    mint->writer_ = std::make_unique<store::Writer>(
        std::move(db), [&loop](std::function<void()> call) { loop.post(std::move(call)); },
        mint->ledger_->observer());
    log::info("database {}, start {}, keyset {} (index {}, {} keys, fee {} ppk)", options.database,
              mint->state_.generation, active.id.hex(), active.derivation_index, active.key_count,
              active.input_fee_ppk);
    return mint;
}

Mint::~Mint() = default;

Result<> Mint::check_mark(const ehash::MintMark& has, const MintOptions& options) {
    if (options.mark_file.empty()) return {};
    HP_TRY(const auto known, read_known_mark(options.mark_file));
    switch (judge(has, known)) {
        case MarkVerdict::fresh:
        case MarkVerdict::at_mark:
            return {};
        case MarkVerdict::no_mark:
            pause_signing("there is no mark file '" + options.mark_file +
                          "', so only the pool can tell whether this database is the newest copy");
            return {};
        case MarkVerdict::behind_mark:
            break;
    }
    const std::string file = known.is_held ? held_mark_path(options.mark_file) : options.mark_file;
    const std::string what = "database '" + options.database + "' is behind its mark '" + file +
                             "': the mark has " + ehash::describe(*known.mark) + "; the database " +
                             ehash::describe(has) + "; it lacks " +
                             ehash::describe(*ehash::setback(has, *known.mark));
    events_.alarm(what);
    return fail(
        Errc::refused, what,
        "use the newest copy of the database; to continue with this one, run 'hp-mint accept-rollback' once");
}

Result<> Mint::keep_mark(net::Loop& loop, const MintOptions& options, const ehash::MintMark& mark) {
    // Before anything is served: find out now whether the mark can be written. Until the pool has confirmed
    // there is only a held mark, so that the next start waits for the pool too.
    const bool is_held = !paused_because_.empty();
    if (!options.mark_file.empty()) {
        const std::string held = held_mark_path(options.mark_file);
        HP_DO(end_acceptance(options.mark_file));
        HP_DO(write_mark_file(is_held ? held : options.mark_file, mark));
        std::error_code ignored;
        if (!is_held) std::filesystem::remove(held, ignored);
    }
    keeper_ = std::make_unique<MarkKeeper>(
        options.mark_file, mark,
        [this, &loop, alive = std::weak_ptr{alive_}](const std::optional<Error>& trouble) {
            loop.post([this, alive, trouble] {
                if (!alive.lock()) return;
                if (!trouble) return log::info("the mark file is writable again");
                log::error("{}", trouble->what);
                events_.alarm(trouble->what);
            });
        },
        is_held);
    ledger_->on_commit = [this](const ehash::MintMark& newest) { keeper_->set(newest); };
    return {};
}

void Mint::pause_signing(std::string why) {
    if (paused_because_ == why) return;
    paused_because_ = std::move(why);
    log::error("nothing is signed: {}", paused_because_);
    events_.alarm("nothing is signed: " + paused_because_);
    if (!keeper_) return;
    if (auto held = keeper_->hold(); !held) log::error("{}", held.error().what);
}

void Mint::let_in_by(const crypto::XOnlyKey32& pool_authority) {
    let_in_by_.insert(pool_authority);
    if (std::exchange(paused_because_, {}).empty()) return;
    keeper_->let_go();
    log::info("signing: the pool knows nothing newer than this database");
}

Result<KeysetRow> Mint::load_keysets(store::Database& db, const MintOptions& options) {
    std::uint32_t next_index = options.keyset_index_min;
    const KeysetRow* fitting = nullptr;
    for (const auto& row : state_.keysets) {
        HP_TRY(auto keyset, cashu::derive_keyset(options.seed, row.unit, row.derivation_index,
                                                 row.input_fee_ppk, std::nullopt, row.key_count));
        if (keyset.keyset.id != row.id)
            return fail(Errc::usage,
                        "the seed does not belong to this database: keyset " + row.id.hex() + " derives as " +
                            keyset.keyset.id.hex(),
                        "use the seed_file with which database '" + options.database + "' was created");
        keyset.keyset.active = row.active;
        HP_DO(keysets_.insert(std::move(keyset)));
        if (row.unit != options.unit) continue;
        next_index = std::max(next_index, row.derivation_index + 1);
        if (row.active && row.input_fee_ppk == options.input_fee_ppk &&
            row.key_count == options.keyset_amounts && row.derivation_index >= options.keyset_index_min)
            fitting = &row;
    }
    KeysetRow active =
        fitting
            ? *fitting
            : KeysetRow{{}, options.unit, next_index, options.input_fee_ppk, options.keyset_amounts, true};
    try {
        store::Transaction transaction{db};
        if (!fitting) {
            // First start, or the operator changed fee or amounts, which are part of the id, or asked for new
            // keys.
            HP_CRASH_POINT("K1");
            HP_TRY(auto keyset, cashu::derive_keyset(options.seed, active.unit, active.derivation_index,
                                                     active.input_fee_ppk, std::nullopt, active.key_count));
            active.id = keyset.keyset.id;
            Ledger::add_keyset(db, active, unix_ms_now());
            HP_CRASH_POINT("K2");
            HP_DO(keysets_.insert(std::move(keyset)));
        }
        for (const auto& row : state_.keysets) {
            if (row.unit == options.unit && row.id != active.id && row.active) {
                HP_CRASH_POINT("K3");
                Ledger::set_active(db, row.id, false);
                keysets_.set_active(row.id, false);
            }
        }
        transaction.commit();
        if (!fitting) HP_CRASH_POINT("K4");
    } catch (const store::DbError& e) {
        return fail(Errc::io, "mint database '" + db.path() + "': " + e.what());
    }
    return active;
}

}  // namespace hp::mint
