#include "store/sqlite.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <utility>

namespace hp::store {

namespace {

[[noreturn]] void throw_db(sqlite3* db, int code) {
    int extended = db ? sqlite3_extended_errcode(db) : code;
    throw DbError(extended, db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}
void check(sqlite3* db, int code) {
    if (code != SQLITE_OK) throw_db(db, code);
}

}  // namespace

bool DbError::is_damage() const {
    int primary = code & 0xff;
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

bool DbError::is_passing() const {
    const int primary = code & 0xff;
    // The WAL's index is a file that has to grow as well.
    return primary == SQLITE_FULL || primary == SQLITE_BUSY || primary == SQLITE_LOCKED ||
           code == SQLITE_IOERR_SHMSIZE;
}

bool DbError::is_fsync_failure() const {
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

Statement::Statement(Statement&& other) noexcept
    : stmt_{std::exchange(other.stmt_, nullptr)}, db_{std::exchange(other.db_, nullptr)} {}

Statement& Statement::operator=(Statement&& other) noexcept {
    if (this != &other) {
        sqlite3_finalize(stmt_);
        stmt_ = std::exchange(other.stmt_, nullptr);
        db_ = std::exchange(other.db_, nullptr);
    }
    return *this;
}

Statement::~Statement() { sqlite3_finalize(stmt_); }

void Statement::reset() {
    // The code is that of the last step, which was already reported.
    (void)sqlite3_reset(stmt_);
}

bool Statement::step() {
    int code = sqlite3_step(stmt_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        // A finished statement must not hold its read transaction open.
        reset();
        return false;
    }
    std::string what = sqlite3_errmsg(db_);
    int extended = sqlite3_extended_errcode(db_);
    reset();
    throw DbError(extended, what);
}

int Statement::run() {
    reset();
    while (step()) continue;
    return sqlite3_changes(db_);
}

bool Statement::run_unless_exists() {
    try {
        run();
        return true;
    } catch (const DbError& error) {
        if (error.code == SQLITE_CONSTRAINT_UNIQUE || error.code == SQLITE_CONSTRAINT_PRIMARYKEY ||
            error.code == SQLITE_CONSTRAINT_ROWID)
            return false;
        throw;
    }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(stmt_, column); }

double Statement::real(int column) const { return sqlite3_column_double(stmt_, column); }

std::string Statement::text(int column) const {
    auto* data = sqlite3_column_text(stmt_, column);
    return {reinterpret_cast<const char*>(data),
            static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
}

ByteView Statement::view(int column) const {
    auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(stmt_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
}

Bytes Statement::blob(int column) const {
    auto bytes = view(column);
    return {bytes.begin(), bytes.end()};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(stmt_, column) == SQLITE_NULL; }

void Statement::expect_parameters(int count) const {
    HP_ASSERT(sqlite3_bind_parameter_count(stmt_) == count);
}

// Bound bytes are copied (SQLITE_TRANSIENT) unless the statement runs to its end at once: it may outlive
// them.
void Statement::bind_one(int index, std::int64_t value) {
    check(db_, sqlite3_bind_int64(stmt_, index, value));
}
void Statement::bind_one(int index, double value) {
    HP_ASSERT(value == value);  // SQLite would make NULL of a NaN
    check(db_, sqlite3_bind_double(stmt_, index, value));
}
void Statement::bind_one(int index, std::uint64_t value) {
    HP_ASSERT(value <= INT64_MAX);
    bind_one(index, static_cast<std::int64_t>(value));
}
void Statement::bind_one(int index, std::string_view text) {
    check(db_, sqlite3_bind_text64(stmt_, index, text.data() ? text.data() : "", text.size(),
                                   copies_ ? SQLITE_TRANSIENT : SQLITE_STATIC, SQLITE_UTF8));
}
void Statement::bind_one(int index, ByteView blob) {
    // A null pointer would bind NULL, which is not an empty BLOB.
    const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
    check(db_,
          sqlite3_bind_blob64(stmt_, index, data, blob.size(), copies_ ? SQLITE_TRANSIENT : SQLITE_STATIC));
}
void Statement::bind_one(int index, std::nullptr_t) { check(db_, sqlite3_bind_null(stmt_, index)); }

Database::Database(Database&& other) noexcept
    : db_{std::exchange(other.db_, nullptr)}, lock_{std::move(other.lock_)}, path_{std::move(other.path_)} {}

Database& Database::operator=(Database&& other) noexcept {
    std::swap(db_, other.db_);
    lock_ = std::move(other.lock_);
    std::swap(path_, other.path_);
    return *this;
}

Database::~Database() {
    // _v2: statements still held keep the handle until the last of them is destroyed.
    sqlite3_close_v2(db_);
    // Release the lock afterwards: then another process may open the file at once.
}

Statement Database::prepare(std::string_view sql) {
    sqlite3_stmt* stmt = nullptr;
    const char* rest = nullptr;
    check(db_, sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                  &stmt, &rest));
    HP_ASSERT(stmt);  // an empty statement is a bug
    return {stmt, db_};
}

void Database::exec(const char* sql) { check(db_, sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(db_); }

void Database::reset_statements() {
    for (sqlite3_stmt* stmt = sqlite3_next_stmt(db_, nullptr); stmt; stmt = sqlite3_next_stmt(db_, stmt))
        if (sqlite3_stmt_busy(stmt)) sqlite3_reset(stmt);
}

Transaction::Transaction(Database& db) : db_{db} { db_.exec("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
    if (!open_) return;
    try {
        db_.exec("ROLLBACK");
    } catch (const DbError&) {
        // Some failures (disk full, I/O) have already rolled back; there is nothing left to undo.
    }
}

void Transaction::commit() {
    // A COMMIT that fails leaves the transaction open; then the destructor rolls it back.
    db_.exec("COMMIT");
    open_ = false;
}

}  // namespace hp::store
