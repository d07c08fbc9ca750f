// The outbox's part in archiving, a slice at a time.
#include "pool/outbox_file.hpp"

namespace hp::pool {

void Outbox::drop_archived(std::vector<ArchivePart> parts, std::function<void(Result<bool>)> done) {
    // Small, so that no share waits long for its group.
    constexpr std::size_t kRowsAtOnce = 256;
    for (const ArchivePart& part : parts) {
        auto& until = mints_at_open_.at(part.mint).archived_until;
        until = std::max(until, part.until);
    }
    auto has_more = std::make_shared<bool>(false);
    writer_->submit_unhurried(
        [parts = std::move(parts), has_more](store::Database& db) {
            *has_more = pool::drop_archived(db, parts, kRowsAtOnce, unix_ms_now());
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
