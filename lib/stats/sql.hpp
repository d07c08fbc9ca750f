// The database behind the series, SQLite or PostgreSQL: statements that both understand. Failures throw
// store::DbError; opening and committing turn it into Error.
//
// For both dialects: parameters are ? in order or ?1, ?2; those whose type is not implied need a CAST; in ON
// CONFLICT DO UPDATE a column of the table is written table.column.
#pragma once
#include <array>
#include <memory>
#include <span>
#include <string>
#include <variant>

#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace hp::stats {

using SqlValue = std::variant<std::nullptr_t, std::int64_t, double, std::string_view>;

class SqlStatement {
  public:
    class Impl {
      public:
        virtual ~Impl() = default;
        virtual void bind(std::span<const SqlValue> values) = 0;
        virtual void run() = 0;
        virtual bool step() = 0;
        virtual void reset() = 0;
        virtual std::int64_t integer(int column) const = 0;
        virtual double real(int column) const = 0;
        virtual std::string text(int column) const = 0;
        virtual bool is_null(int column) const = 0;
    };
    explicit SqlStatement(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

    template <class... Args>
    SqlStatement& bind(const Args&... args) {
        const std::array<SqlValue, sizeof...(Args)> values{value_of(args)...};
        impl_->bind(values);
        return *this;
    }
    void run() { impl_->run(); }
    /// Next row; false at the end.
    bool step() { return impl_->step(); }
    void reset() { impl_->reset(); }
    std::int64_t integer(int column) const { return impl_->integer(column); }
    double real(int column) const { return impl_->real(column); }
    std::string text(int column) const { return impl_->text(column); }
    bool is_null(int column) const { return impl_->is_null(column); }

  private:
    template <class T>
    static SqlValue value_of(const T& value) {
        if constexpr (std::is_same_v<T, std::nullptr_t>)
            return nullptr;
        else if constexpr (std::is_integral_v<T>)
            return static_cast<std::int64_t>(value);
        else if constexpr (std::is_floating_point_v<T>)
            return static_cast<double>(value);
        else if constexpr (requires { value.has_value(); })
            return value ? value_of(*value) : SqlValue{nullptr};
        else
            return std::string_view(value);
    }
    std::unique_ptr<Impl> impl_;
};

class SqlDatabase {
  public:
    enum class Mode { write, read };
    virtual ~SqlDatabase() = default;
    virtual SqlStatement prepare(const std::string& sql) = 0;
    /// A writer's transaction, or a reader's consistent view.
    virtual void begin() = 0;
    virtual void commit() = 0;
    virtual void rollback() = 0;
    /// For messages: never contains a password.
    virtual const std::string& name() const = 0;
};

/// "postgresql://…" and "postgres://…" are PostgreSQL's connection URIs; anything else is the path of an
/// SQLite file.
/// Bytes of the write-ahead log's file of an SQLite database; nothing for PostgreSQL, or if there is none.
std::optional<std::uint64_t> log_bytes_of(const std::string& database);

bool is_postgres_url(std::string_view database);
/// Write creates what is missing: the file, or our tables in an empty PostgreSQL database. A database with
/// other tables, a newer one, or one that another process writes is an error.
Result<std::unique_ptr<SqlDatabase>> open_sql(const std::string& database, SqlDatabase::Mode mode);
/// For sql.cpp.
Result<std::unique_ptr<SqlDatabase>> open_postgres(const std::string& url, SqlDatabase::Mode mode);

/// begin() on construction; rollback() unless commit() was reached.
class SqlTransaction {
  public:
    explicit SqlTransaction(SqlDatabase& db) : db_{db} { db_.begin(); }
    ~SqlTransaction();
    SqlTransaction(const SqlTransaction&) = delete;
    SqlTransaction& operator=(const SqlTransaction&) = delete;
    void commit() {
        db_.commit();
        is_open_ = false;
    }

  private:
    SqlDatabase& db_;
    bool is_open_{true};
};

}  // namespace hp::stats
