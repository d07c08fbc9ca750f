// SQLite, narrow: one writer connection a file, `synchronous=FULL`, statements that are prepared once.
// Inside this room and in writer jobs a failing database throws DbError; the Writer and open() turn it into
// Error, so the rest of the program sees values. Constraint failures are asked for (run_unless_exists), never
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
    /// The file itself is wrong, not the moment.
    bool is_damage() const;
    /// Nothing was written, and the same may succeed later: no room, or somebody has the file locked.
    bool is_passing() const;
    /// What the disk holds is unknown then: the connection must not call anything good any more.
    bool is_fsync_failure() const;
    int code;  ///< SQLite extended result code
};

class Database;

/// A prepared statement. Bind, then run() or step(); reset() happens by itself at the next bind or run.
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
    /// The same for parameters whose number and types are known at run time only.
    Statement& bind_list(
        std::span<const std::variant<std::nullptr_t, std::int64_t, double, std::string_view>> values) {
        reset();
        int index = 0;
        for (const auto& value : values) std::visit([&](const auto& of) { bind_one(++index, of); }, value);
        expect_parameters(index);
        return *this;
    }
    /// Runs to the end; the number of rows changed.
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
    /// Like run(), but a UNIQUE or PRIMARY KEY conflict gives false instead of throwing.
    bool run_unless_exists();
    /// Next row; false at the end. A statement left in the middle keeps its snapshot open until reset(), the
    /// next bind or run, or the end of the Writer's group.
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
    frozen,     ///< read_only, without locks or any file beside it: only while nobody writes (reading.hpp)
};
enum class Journal {
    /// One writer process, which holds an exclusive flock on FILE.lock for its life ("already in use").
    /// Debian
    /// 12's SQLite 3.40.1 can corrupt a WAL file that two connections write or checkpoint at once.
    wal,
    /// Several processes take turns (the wallet); SQLite's own locks, busy timeout 10 s.
    rollback,
};

/// One thread at a time: SQLite takes no locks around it.
class Database {
  public:
    /// Opens, sets pragmas (foreign_keys, synchronous, busy_timeout), migrates to schema.size() by running
    /// the scripts above PRAGMA user_version, one transaction each, after a copy to FILE.backup-vN; a newer
    /// user_version is refused by name. `application_id` (not 0) marks whose database it is: another
    /// program's file is refused. A new file is made whole under another name first (mode 0600), so what
    /// exists under `path` is a database or damage: an empty, foreign or damaged file is an error and stays
    /// as it is.
    static Result<Database> open(const std::string& path, Mode mode, Journal journal,
                                 std::int32_t application_id, std::span<const char* const> schema);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    Statement prepare(std::string_view sql);
    void exec(const char* sql);
    std::int64_t last_insert_id() const;
    const std::string& path() const { return path_; }
    /// Ends statements that were left in the middle of their rows: they hold back checkpoints.
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
