// SQLite's checkpoints on the writer's connection, as wal_autocheckpoint makes them, between two groups: what
// `scripts/bench checkpoints` compares ours with. Not on a connection of their own: before 3.51.3 SQLite may
// lose commits where one connection checkpoints while another starts the log over
// (sqlite.org/wal.html#walresetbug).
#include "store/checkpointer.hpp"

#include <sqlite3.h>

#include "log/log.hpp"

namespace hp::store {
namespace {
/// SQLite's default.
constexpr int kCopyPages = 1000;
constexpr std::uint64_t kPageBytes = 4096;
}  // namespace

struct Checkpointer::Impl {
    Database& db;
    std::function<void(const DbError&)> on_error;
    std::atomic<int> log_pages{0};
};

Checkpointer::Checkpointer(Database& db, std::function<void(const DbError&)> on_error)
    : impl_{new Impl{db, std::move(on_error)}} {}
Checkpointer::~Checkpointer() = default;

void Checkpointer::after_commit(int wal_pages) {
    impl_->log_pages = wal_pages;
    if (wal_pages < kCopyPages) return;
    sqlite3* const db = impl_->db.handle();
    if (sqlite3_wal_checkpoint_v2(db, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) != SQLITE_OK)
        impl_->on_error(DbError{sqlite3_extended_errcode(db), sqlite3_errmsg(db)});
}

LogState Checkpointer::log_state() const {
    return {static_cast<std::uint64_t>(impl_->log_pages) * kPageBytes, 0};
}

}  // namespace hp::store
