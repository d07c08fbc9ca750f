// A narrow SQLite interface: one writer connection per file, `synchronous=FULL`, statements prepared once.
// Inside this room and in writer jobs a failing database throws DbError; the Writer and open() turn it into
// Error, so the rest of the program sees values. Constraint failures are returned (run_unless_exists), never
// thrown.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "store/file_lock.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace hp::store {

struct DbError : std::runtime_error {
    DbError(int code_, const std::string& what) : std::runtime_error(what), code{code_} {}
    /// The file itself is bad, not a temporary condition.
    bool is_damage() const;
    /// Nothing was written, and a retry may succeed: disk full, or the file is locked.
    bool is_passing() const;
    /// Then the disk's state is unknown: the connection must not report success any more.
    bool is_fsync_failure() const;
    int code;  ///< SQLite extended result code
};

class Database;

/// A prepared statement. Bind, then run() or step(); the next bind or run resets it.
class Statement {
  public:
    Statement() = default;
    Statement(Statement&&) noexcept;
    Statement& operator=(Statement&&) noexcept;
    ~Statement();

    /// Binds all parameters in order: integers (int64; unsigned above 2^63-1 is a bug), double (not NaN),
    /// text, ByteView as BLOB, std::optional and nullptr as NULL.
    template <class... Args>
    Statement& bind(const Args&... args) {
        reset();
        int index = 0;
        (bind_one(++index, args), ...);
        expect_parameters(index);
        return *this;
    }
    /// Likewise for parameters whose number and types are known only at run time.
    Statement& bind_list(
        std::span<const std::variant<std::nullptr_t, std::int64_t, double, std::string_view>> values) {
        reset();
        int index = 0;
        for (const auto& value : values) std::visit([&](const auto& of) { bind_one(++index, of); }, value);
        expect_parameters(index);
        return *this;
    }
    /// Runs to the end; returns the number of rows changed.
    int run();
    /// bind() and run() in one, without a copy of text and bytes.
    template <class... Args>
    int run_with(const Args&... args) {
        bind_views(args...);
        return run();
    }
    template <class... Args>
    bool run_with_unless_exists(const Args&... args) {
        bind_views(args...);
        return run_unless_exists();
    }
    /// Like run(), but returns false on a UNIQUE or PRIMARY KEY conflict instead of throwing.
    bool run_unless_exists();
    /// Next row; false at the end. A statement not stepped to the end keeps its snapshot open until reset(),
    /// the next bind or run, or the end of the Writer's group.
    bool step();
    void reset();

    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;
    Bytes blob(int column) const;
    template <std::size_t N>
    ByteArray<N> array(int column) const {
        return to_array<N>(view(column));
    }
    bool is_null(int column) const;
    /// The bytes of a BLOB or text in place, until the next step, bind or reset.
    ByteView view(int column) const;

  private:
    friend class Database;
    Statement(sqlite3_stmt* stmt, sqlite3* db) : stmt_{stmt}, db_{db} {}
    void expect_parameters(int count) const;
    template <class... Args>
    void bind_views(const Args&... args) {
        copies_ = false;
        try {
            bind(args...);
        } catch (...) {
            copies_ = true;
            throw;
        }
        copies_ = true;
    }
    void bind_one(int index, std::int64_t value);
    void bind_one(int index, int value) { bind_one(index, static_cast<std::int64_t>(value)); }
    void bind_one(int index, std::uint32_t value) { bind_one(index, static_cast<std::int64_t>(value)); }
    void bind_one(int index, std::uint64_t value);
    void bind_one(int index, double value);
    void bind_one(int index, bool value) { bind_one(index, static_cast<std::int64_t>(value)); }
    void bind_one(int index, std::string_view text);
    void bind_one(int index, const char* text) { bind_one(index, std::string_view{text}); }
    void bind_one(int index, const std::string& text) { bind_one(index, std::string_view{text}); }
    void bind_one(int index, ByteView blob);
    void bind_one(int index, const Bytes& blob) { bind_one(index, ByteView{blob}); }
    template <std::size_t N>
    void bind_one(int index, const ByteArray<N>& blob) {
        bind_one(index, ByteView{blob});
    }
    void bind_one(int index, std::nullptr_t);
    template <class T>
    void bind_one(int index, const std::optional<T>& value) {
        if (value)
            bind_one(index, *value);
        else
            bind_one(index, nullptr);
    }
    sqlite3_stmt* stmt_{nullptr};
    sqlite3* db_{nullptr};
    bool copies_{true};
};

enum class Mode {
    create,     ///< open or create read-write (the directory must exist)
    existing,   ///< read-write, must exist
    read_only,  ///< must exist; never checkpoints, never migrates
    frozen,     ///< read_only, without locks or extra files: only while nobody writes (reading.hpp)
};
enum class Journal {
    /// One writer process, which holds an exclusive flock on FILE.lock for its life ("already in use"), and
    /// one
    /// connection that checkpoints: Debian 12's SQLite 3.40.1 can corrupt a WAL file that two connections
    /// write or checkpoint at once.
    wal,
    /// Several processes take turns (the wallet); SQLite's own locks, busy timeout 10 s.
    rollback,
};

/// One thread at a time: SQLite takes no locks around it.
class Database {
  public:
    /// Opens, sets pragmas (foreign_keys, synchronous, busy_timeout), migrates to schema.size() by running
    /// the scripts above PRAGMA user_version, one transaction each, after a copy to FILE.backup-vN; a newer
    /// user_version is refused by name. `application_id` (not 0) identifies the owning program: another
    /// program's file is refused. A new file is completed under another name first (mode 0600), so what
    /// exists under `path` is a database or damage: an empty, foreign or damaged file is an error and left
    /// unchanged.
    static Result<Database> open(const std::string& path, Mode mode, Journal journal,
                                 std::int32_t application_id, std::span<const char* const> schema);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    Statement prepare(std::string_view sql);
    void exec(const char* sql);
    std::int64_t last_insert_id() const;
    const std::string& path() const { return path_; }
    /// Resets statements not stepped to the end: they block checkpoints.
    void reset_statements();
    /// For this room only.
    sqlite3* handle() const { return db_; }

  private:
    friend class Opening;
    Database() = default;
    sqlite3* db_{nullptr};
    FileLock lock_;
    std::string path_;
};

/// BEGIN IMMEDIATE; rolls back unless commit() was reached.
class Transaction {
  public:
    explicit Transaction(Database& db);
    ~Transaction();
    void commit();

  private:
    Database& db_;
    bool open_{true};
};

}  // namespace hp::store
