// The outbox's part in archiving, a slice at a time.
#include "pool/outbox_file.hpp"

namespace hp::pool {

void Outbox::drop_archived(std::shared_ptr<const ArchiveSlice> slice, std::function<void(Result<>)> done) {
    // A backup that is older than this mint was restored while the archive's request was still there.
    if (slice->mint >= mints_at_open_.size())
        return done(fail(Errc::refused, "the archive has rows of mint number " + std::to_string(slice->mint) +
                                            ", the outbox has " + std::to_string(mints_at_open_.size()) +
                                            " mints: it was restored from a backup older than the archive"));
    auto& until = mints_at_open_[slice->mint].archived_until;
    until = std::max(until, slice->until);
    writer_->submit_unhurried([slice](store::Database& db) { pool::drop_archived(db, *slice); },
                              std::move(done));
}

void Outbox::drop_archived_jobs(std::function<void(Result<bool>)> done) {
    constexpr std::size_t kJobsAtOnce = 256;
    auto has_more = std::make_shared<bool>(false);
    writer_->submit_unhurried(
        [has_more](store::Database& db) {
            *has_more = pool::drop_archived_jobs(db, kJobsAtOnce, unix_ms_now());
        },
        [has_more, done = std::move(done)](Result<> result) {
            if (result)
                done(*has_more);
            else
                done(fail(result.error()));
        });
}

void Outbox::note_archived(const ArchiveRequest& request, UnixMs now, std::function<void(Result<>)> done) {
    writer_->submit_unhurried(
        [detail = request.by + ": " + request.file, now](store::Database& db) {
            write_journal(db, std::nullopt, kArchived, detail, now);
        },
        std::move(done));
}

}  // namespace hp::pool
