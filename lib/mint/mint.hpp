// The mint: keysets from one seed, one ledger with one writer, the Cashu API for wallets, the link to the
// pool. Only the authenticated link creates quotes.
#pragma once
#include <memory>
#include <set>
#include <string>

#include "cashu/nut04.hpp"
#include "cashu/nut06.hpp"
#include "ehash/valuation.hpp"
#include "mint/events.hpp"
#include "mint/ledger.hpp"
#include "mint/mark_file.hpp"
#include "net/http.hpp"
#include "recordio/event_sink.hpp"
#include "store/writer.hpp"

namespace hp::mint {

struct MintOptions {
    std::string database;
    std::string mark_file;  ///< empty: none
    Bytes64 seed{};
    std::string unit{"hash"};
    std::uint64_t input_fee_ppk{0};
    unsigned keyset_amounts{63};
    /// Minimum derivation index of the active keyset (NUT-02: below 2^31).
    std::uint32_t keyset_index_min{0};
    bool accept_legacy_quote_signatures{false};
    std::string name;
    std::string description;
    std::vector<std::string> public_urls{};
    recordio::EventSink* events{nullptr};  ///< null: no records

    /// Takes over what needs no file: a value that the mint uses is declared and taken over here. Keys:
    /// config::Mint, which rooms do not read.
    template <class Keys>
    void take(const Keys& keys) {
        input_fee_ppk = static_cast<std::uint64_t>(keys.input_fee_ppk);
        keyset_amounts = static_cast<unsigned>(keys.keyset_amounts);
        keyset_index_min = static_cast<std::uint32_t>(keys.keyset_index_min);
        accept_legacy_quote_signatures = keys.accept_legacy_quote_signatures;
        name = keys.name;
        description = keys.description;
        public_urls = keys.public_urls;
    }
};

/// What the API and the link share: the ledger behind its writer, and the keys.
class Mint {
  public:
    static Result<std::unique_ptr<Mint>> open(net::Loop& loop, const MintOptions& options);
    ~Mint();

    /// Runs `work` on the writer's thread inside a group's transaction, then `done` on the loop's thread
    /// after the commit. A database failure is passed to `done` as an error. `work` may run more than once.
    template <class T>
    void transact(std::function<T(Ledger&)> work, std::function<void(Result<T>)> done) {
        auto value = std::make_shared<std::optional<T>>();
        writer_->submit(
            [this, work = std::move(work), value](store::Database&) { value->emplace(work(*ledger_)); },
            [this, value, done = std::move(done)](Result<> committed) {
                if (committed) return done(std::move(**value));
                Error why = committed.error();
                done(fail(why));
                if (writer_->is_dead() && on_fatal) std::exchange(on_fatal, nullptr)(why);
            });
    }
    /// Called once, when the process must end: an fsync failed, and nothing it writes can be trusted
    /// (AC-253).
    std::function<void(const Error&)> on_fatal;
    std::size_t backlog() const { return writer_->backlog(); }
    void drain() { writer_->drain(); }

    const cashu::MintKeysets& keysets() const { return keysets_; }
    const cashu::KeysetId& active_keyset() const { return active_; }
    const cashu::MintPolicy& policy() const { return policy_; }
    const cashu::MintInfo& info() const { return info_; }
    const std::string& unit() const { return unit_; }
    const LedgerState& state() const { return state_; }
    Events& events() { return events_; }
    store::LogState log_state() const { return writer_->log_state(); }
    /// How far the ledger has come, by its last durable commit.
    ehash::MintMark mark() const { return keeper_->newest(); }
    /// The mark reported when linking. Until the pool has accepted this process, it is the mark of the start,
    /// before anything was signed: an old copy that has signed since could be ahead of what the pool
    /// remembers.
    ehash::MintMark first_mark(const crypto::XOnlyKey32& pool_authority) const {
        return let_in_by_.contains(pool_authority) ? mark() : opened_mark_;
    }

    /// Why nothing is signed; empty: signing. While it is not certain that this database is the newest, what
    /// has been spent since an old copy was made could be spent again.
    const std::string& signing_paused_because() const { return paused_because_; }
    void pause_signing(std::string why);
    /// The pool's memory is not ahead of this database; called each time it accepts the mint.
    void let_in_by(const crypto::XOnlyKey32& pool_authority);

  private:
    Mint() = default;
    Result<> check_mark(const ehash::MintMark& has, const MintOptions& options);
    Result<> keep_mark(net::Loop& loop, const MintOptions& options, const ehash::MintMark& mark);
    /// Returns the one that signs from now on.
    Result<KeysetRow> load_keysets(store::Database& db, const MintOptions& options);
    std::string unit_;
    cashu::MintKeysets keysets_;
    cashu::KeysetId active_;
    cashu::MintPolicy policy_;
    cashu::MintInfo info_;
    LedgerState state_;
    Events events_;
    std::string paused_because_;
    ehash::MintMark opened_mark_;
    std::set<crypto::XOnlyKey32> let_in_by_;
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
    std::unique_ptr<MarkKeeper> keeper_;
    std::unique_ptr<Ledger> ledger_;
    std::unique_ptr<store::Writer> writer_;  // last: destroyed first, which finishes its jobs
};

}  // namespace hp::mint
