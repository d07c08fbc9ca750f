#include "stats/sql.hpp"

#include <filesystem>

#include "stats/schema.hpp"

namespace hp::stats {
namespace {

class SqliteStatement : public SqlStatement::Impl {
  public:
    explicit SqliteStatement(store::Statement statement) : statement_{std::move(statement)} {}
    void bind(std::span<const SqlValue> values) override { statement_.bind_list(values); }
    void run() override { statement_.run(); }
    bool step() override { return statement_.step(); }
    void reset() override { statement_.reset(); }
    std::int64_t integer(int column) const override { return statement_.integer(column); }
    double real(int column) const override { return statement_.real(column); }
    std::string text(int column) const override { return statement_.text(column); }
    bool is_null(int column) const override { return statement_.is_null(column); }

  private:
    store::Statement statement_;
};

class SqliteDatabase : public SqlDatabase {
  public:
    SqliteDatabase(store::Database db, Mode mode)
        : db_{std::move(db)},
          begin_{mode == Mode::write ? "BEGIN IMMEDIATE" : "BEGIN"},
          name_{"database '" + printable(db_.path(), 4096) + "'"} {}
    SqlStatement prepare(const std::string& sql) override {
        return SqlStatement{std::make_unique<SqliteStatement>(db_.prepare(sql))};
    }
    void begin() override { db_.exec(begin_); }
    void commit() override {
        db_.reset_statements();
        db_.exec("COMMIT");
    }
    void rollback() override {
        db_.reset_statements();
        db_.exec("ROLLBACK");
    }
    const std::string& name() const override { return name_; }

  private:
    store::Database db_;
    const char* begin_;
    std::string name_;
};

}  // namespace

SqlTransaction::~SqlTransaction() {
    if (!is_open_) return;
    try {
        db_.rollback();
    } catch (const store::DbError&) {
        // The transaction is already gone, and the first error is the one to report.
    }
}

bool is_postgres_url(std::string_view database) {
    return database.starts_with("postgresql://") || database.starts_with("postgres://");
}

std::optional<std::uint64_t> log_bytes_of(const std::string& database) {
    if (is_postgres_url(database)) return std::nullopt;
    std::error_code none;
    const auto size = std::filesystem::file_size(database + "-wal", none);
    return none ? std::nullopt : std::optional<std::uint64_t>{size};
}

Result<std::unique_ptr<SqlDatabase>> open_sql(const std::string& database, SqlDatabase::Mode mode) {
    if (is_postgres_url(database)) return open_postgres(database, mode);
    const auto as = mode == SqlDatabase::Mode::write ? store::Mode::create : store::Mode::read_only;
    HP_TRY(auto db, store::Database::open(database, as, store::Journal::wal, kApplicationId, kSchema));
    // A WAL that has grown because of a reader shrinks when it restarts.
    if (mode == SqlDatabase::Mode::write) db.exec("PRAGMA journal_size_limit=16777216");
    return std::make_unique<SqliteDatabase>(std::move(db), mode);
}

}  // namespace hp::stats
