// Old rows leave the outbox for a file of their own: answered ones, from the oldest on. Dead ones stay, since
// they can be requeued. Until the file is whole and synced, the outbox is only read; then a row is deleted
// only if the file has the same row, with the same answer and job.
//
// What is archived cannot be sent to its mint again: a mint that was restored from a backup older than that
// needs the rows back (restore_archive).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "pool/row_seq.hpp"
#include "store/file_lock.hpp"
#include "store/sqlite.hpp"

namespace hp::pool {

/// Of one mint: the rows `first` to `until`, by count, except the dead ones; `rows` of them, worth `amount`.
struct ArchivePart {
    MintId mint{};
    std::uint64_t first{}, until{}, rows{};
    std::uint64_t amount_high{}, amount_low{};  ///< high * 2^32 + low units
    friend bool operator==(const ArchivePart&, const ArchivePart&) = default;
};

/// What is to be deleted, by the running pool or the tool: left before the first row goes, and removed after
/// the last, so that a deletion that was interrupted is finished. "by NAME" and "file PATH".
struct ArchiveRequest {
    std::string by, file;
    std::vector<ArchivePart> parts;  ///< read from the file
};
/// Beside the outbox, as a requeue's (store/request_file.hpp).
Result<> leave_archive_request(const std::string& outbox_path, const std::string& by,
                               const std::string& file);
/// Nothing, or a request with what its file has; an error if that is missing or is not an archive.
Result<std::optional<ArchiveRequest>> find_archive_request(const std::string& outbox_path,
                                                           const Bytes32& outbox_store);
bool has_archive_request(const std::string& outbox_path);
Result<> remove_archive_request(const std::string& outbox_path);

/// One process at a time archives or restores an outbox.
Result<store::FileLock> lock_archiving(const std::string& outbox_path);

/// What is in an archive; refused if it is not of this outbox.
Result<std::vector<ArchivePart>> read_archive(const std::string& file, const Bytes32& outbox_store);

/// Copies rows accepted before `before_ms`, and their jobs, to a new file, which is whole and synced when it
/// gets its name; never over another file. Beside a running pool or without one. Empty, and no file: there is
/// nothing to archive. The caller holds lock_archiving, and no request waits.
Result<std::vector<ArchivePart>> write_archive(const std::string& outbox_path, const std::string& file,
                                               UnixMs before_ms, const std::string& by, UnixMs now);

/// All columns of a row or of a job, as bytes to compare.
using RowImage = Bytes;
/// What an archive has of a mint's rows `first` to `until`, by count.
struct ArchiveSlice {
    MintId mint{};
    std::uint64_t first{}, until{};
    std::map<std::uint64_t, RowImage> rows;  ///< by seq
    std::map<std::int64_t, RowImage> jobs;   ///< those that the rows refer to, by id
};
/// Goes through an archive's parts. Opens the file for each slice, so that nothing is deleted after it has
/// gone.
class ArchiveSlices {
  public:
    ArchiveSlices(std::string file, const Bytes32& outbox_store, std::vector<ArchivePart> parts)
        : file_{std::move(file)}, store_{outbox_store}, parts_{std::move(parts)} {}
    /// Up to `limit` rows. Nothing: that was all.
    Result<std::optional<ArchiveSlice>> next(std::size_t limit);

  private:
    std::string file_;
    Bytes32 store_;
    std::vector<ArchivePart> parts_;  ///< what is left of them
};

/// Inside a transaction: deletes the rows that are in the slice as they are in the outbox. Others stay:
/// answered, or answered again, after the archive was written.
void drop_archived(store::Database& outbox, const ArchiveSlice& slice);
/// Inside a transaction, after the rows: deletes up to `limit` jobs that no row refers to. False: none was
/// left.
bool drop_archived_jobs(store::Database& outbox, std::size_t limit, UnixMs now);

/// Puts an archive's rows back, the newest archive first; the pool is stopped. One transaction.
Result<> restore_archive(store::Database& outbox, const std::string& file, const std::string& by, UnixMs now);

}  // namespace hp::pool
