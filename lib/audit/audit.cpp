#include "audit/audit.hpp"

#include "audit/mint.hpp"
#include "audit/pool.hpp"
#include "audit/wallet.hpp"

namespace hp::audit {
namespace {

/// Whoever opens a database that was read frozen disturbs the audit once; then it is read beside that
/// process.
constexpr int kTriesMax = 5;

template <class File>
Result<std::vector<File>> open_all(const std::vector<std::string>& paths) {
    std::vector<File> files;
    for (const auto& path : paths) {
        HP_TRY(auto file, File::open(path));
        files.push_back(std::move(file));
    }
    return files;
}

class Audit {
  public:
    explicit Audit(const Places& places) : places_{places}, report_{places.limit} {}

    /// Snapshots are taken in causal order, from effect to cause: a wallet's proof has its signature at the
    /// mint before it, an acknowledged row its quote, a quote its row. With wallets first, then pools, then
    /// mints, everything that wallets have from the mint and the pool knows of it is in the mint's snapshot;
    /// what is only in the mint may simply be newer. For claims in the other direction (a quote has its row,
    /// an unspent proof is unspent) pool and wallets are read once more after the mint.
    Result<> run() {
        // A mark is never ahead of its ledger, so read it first.
        std::vector<Mark> marks;
        std::vector<std::vector<LetIn>> let_in;
        for (const auto& path : places_.marks) {
            HP_TRY(auto mark, read_mark(path));
            marks.push_back(std::move(mark));
            HP_TRY(auto copies, read_let_in(path));
            let_in.push_back(std::move(copies));
        }
        HP_TRY(wallets_, open_all<WalletFile>(places_.wallets));
        for (auto& wallet : wallets_)
            HP_DO(guarded(wallet, {I15, I17, I18}, [&] {
                check_structure(wallet.reading, wallet.path, places_.deep, report_);
                audit_wallet(wallet, report_);
            }));
        HP_TRY(pools_, open_all<PoolFile>(places_.pools));
        HP_TRY(mints_, open_all<MintFile>(places_.mints));
        for (const Mark& mark : marks) compare_with(mark);
        for (auto& mint : mints_)
            for (std::size_t i = 0; i < marks.size(); ++i)
                if (mint.store == marks[i].store)
                    mint.let_in.insert(mint.let_in.end(), let_in[i].begin(), let_in[i].end());
        // For copies of a wallet and its mint, later changes of one cannot be told from faults.
        std::vector<WalletFile> no_wallets;
        auto& its_wallets = places_.is_backup ? no_wallets : wallets_;
        for (auto& mint : mints_)
            HP_DO(guarded(mint, {I1, I5, I6, I7, I8, I9, I10, I11, I12, I13, I15, I16, I18, I24, I25}, [&] {
                check_structure(mint.reading, mint.path, places_.deep, report_);
                audit_mint(mint, its_wallets, report_);
            }));
        for (auto& pool : pools_)
            HP_DO(guarded(pool, {I1, I3, I4, I14, I19, I24, I26}, [&] {
                check_structure(pool.reading, pool.path, places_.deep, report_);
                audit_jobs(pool, report_);
                audit_pool(pool, mints_, places_.worth, places_.is_backup, report_);
            }));
        say_what_was_not_checked();
        for (const auto& one : places_.acceptances) report_.accept(one);
        for (const auto& text : places_.unverified) report_.note(DB, text);
        report_.totals.pools = pools_.size();
        report_.totals.mints = mints_.size();
        report_.totals.wallets = wallets_.size();
        for (const auto& one : wallets_) is_disturbed_ |= one.reading.is_disturbed();
        for (const auto& one : pools_) is_disturbed_ |= one.reading.is_disturbed();
        for (const auto& one : mints_) is_disturbed_ |= one.reading.is_disturbed();
        return {};
    }

    bool is_disturbed() const { return is_disturbed_; }
    Report take_report() { return std::move(report_); }

  private:
    /// Damage is a finding; a file that is unreadable for another reason ends the audit.
    template <class File, class Work>
    Result<> guarded(File& file, std::initializer_list<Id> ids, Work&& work) {
        try {
            work();
            return {};
        } catch (const store::DbError& error) {
            if (!error.is_damage())
                return fail(Errc::io, "database '" + printable(file.path, 4096) + "': " + error.what());
            report_.breach(DB, file.path, ": ", error.what());
            for (Id id : ids) report_.skip(id, file.path + " cannot be read completely");
            return {};
        }
    }

    void skip(std::initializer_list<Id> ids, const std::string& reason) {
        for (Id id : ids) report_.skip(id, reason);
    }

    void compare_with(const Mark& mark) {
        report_.checked(I25);
        MintFile* of = nullptr;
        for (MintFile& mint : mints_)
            if (mint.store == mark.store) of = &mint;
        if (!of)
            return report_.breach(I25, mark.from, ": is the mark of ",
                                  mints_.size() == 1 ? "a database other than " + mints_[0].path
                                                     : "none of the given databases");
        if (auto lost = lack(of->progress, mark))
            report_.breach_of(lost->doubled_max(), I25, of->path, ": is an old copy: it is behind its mark ",
                              mark.from, "; it lacks ", lost->text());
    }

    void say_what_was_not_checked() {
        if (places_.is_backup) {
            if (!places_.wallets.empty())
                skip({I10, I16, I18}, "wallets against the mint: the files are a backup");
            skip({I25}, "against the mark: the files are a backup");
        }
        if (places_.pools.empty()) {
            skip({I3, I4, I14, I19, I26}, places_.no_pool);
            skip({I1, I24}, "against the outbox: " + places_.no_pool);
        }
        if (places_.mints.empty()) {
            skip({I5, I6, I7, I8, I9, I10, I11, I12, I13, I16, I19, I24, I25}, places_.no_mint);
            if (!places_.pools.empty()) skip({I1, I4, I14}, "against the quotes: " + places_.no_mint);
            if (!places_.wallets.empty()) skip({I18}, "against the mint: " + places_.no_mint);
        }
        if (!places_.mints.empty() && places_.marks.empty() && !places_.is_backup)
            skip({I25}, "against the mark: " + places_.no_mark);
        if (places_.wallets.empty()) skip({I16, I17, I18}, places_.no_wallet);
        skip({I6}, "that it never decreases: one snapshot has no history");
        for (const auto& mint : mints_)
            for (const auto& [store, last_seq] : mint.pools) {
                bool is_given = std::ranges::find(pools_, store, &PoolFile::store) != pools_.end();
                if (!is_given && !pools_.empty())
                    skip({I19, I24}, mint.path + ": quotes for the outbox " + hex(store).substr(0, 16) +
                                         "..: it is not given, or has another store id now");
            }
        for (const auto& wallet : wallets_) {
            bool has_mint =
                std::ranges::any_of(mints_, [&](const MintFile& mint) { return wallet.is_of(mint); });
            if (!has_mint && !wallet.outputs.empty() && !mints_.empty())
                skip({I10, I16, I18}, wallet.path + " belongs to none of the given mints");
        }
    }

    const Places& places_;
    Report report_;
    std::vector<WalletFile> wallets_;
    std::vector<PoolFile> pools_;
    std::vector<MintFile> mints_;
    bool is_disturbed_{false};
};

}  // namespace

Result<Report> audit(const Places& places) {
    for (int tries = 0; tries < kTriesMax; ++tries) {
        Audit one{places};
        HP_DO(one.run());
        if (!one.is_disturbed()) return one.take_report();
    }
    return fail(Errc::io, "the databases are opened and closed repeatedly; no reliable result is possible",
                "run the audit while their programs keep running, or while they are stopped");
}

}  // namespace hp::audit
