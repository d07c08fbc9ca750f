// Old rows leave the outbox for a file of their own: answered ones, from the oldest on, without gaps. Dead
// ones stay, since they can be requeued. Until the file is whole and synced, the outbox is only read.
//
// What is archived cannot be sent to its mint again: a mint that was restored from a backup older than that
// needs the rows back (restore_archive).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "pool/row_seq.hpp"
#include "store/sqlite.hpp"

namespace hp::pool {

/// Of one mint: the rows `first` to `until`, by count, except the dead ones; `rows` of them, worth `amount`.
struct ArchivePart {
    MintId mint{};
    std::uint64_t first{}, until{}, rows{};
    std::uint64_t amount_high{}, amount_low{};  ///< high * 2^32 + low units
    friend bool operator==(const ArchivePart&, const ArchivePart&) = default;
};

/// Asks a running pool to delete what is in the file. "by NAME", "file PATH", then "mint ID UNTIL" per line.
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
Result<> remove_archive_request(const std::string& outbox_path);

/// What is in an archive; refused if it is not of this outbox.
Result<std::vector<ArchivePart>> read_archive(const std::string& file, const Bytes32& outbox_store);

/// Copies rows accepted before `before_ms`, and their jobs, to a new file; beside a running pool or without
/// one. Empty, and no file: there is nothing to archive.
Result<std::vector<ArchivePart>> write_archive(const std::string& outbox_path, const std::string& file,
                                               UnixMs before_ms, const std::string& by, UnixMs now);

/// Inside a transaction: deletes up to `limit` rows, or jobs, that are in the archive. False: nothing was
/// left.
bool drop_archived(store::Database& outbox, const std::vector<ArchivePart>& parts, std::size_t limit,
                   UnixMs now);

/// Puts an archive's rows back, the newest archive first; the pool is stopped. One transaction.
Result<> restore_archive(store::Database& outbox, const std::string& file, const std::string& by, UnixMs now);

}  // namespace hp::pool
