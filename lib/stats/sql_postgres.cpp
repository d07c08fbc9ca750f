#include <pqxx/pqxx>

#include "base/bytes.hpp"
#include "stats/schema.hpp"
#include "stats/sql.hpp"

namespace hp::stats {
namespace {

/// Key of the single writer's advisory lock, which is per database.
constexpr std::int64_t kWriterLock = 0x4850'5354'5752'4954;

/// libpq's messages have several lines, and do not contain passwords.
std::string one_line(std::string_view text) {
    std::string out(text);
    while (!out.empty() && out.back() == '\n') out.pop_back();
    std::ranges::replace(out, '\n', ' ');
    return printable(out, 1000);
}

template <class Call>
auto with_db_errors(Call call) {
    try {
        return call();
    } catch (const pqxx::failure& error) {
        throw store::DbError(0, one_line(error.what()));
    }
}

/// "?" and "?1" become "$1".
std::string numbered(const std::string& sql) {
    std::string out;
    int next = 0;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        if (sql[i] != '?') {
            out += sql[i];
            continue;
        }
        out += '$';
        if (i + 1 >= sql.size() || sql[i + 1] < '0' || sql[i + 1] > '9') out += std::to_string(++next);
    }
    return out;
}

/// PostgreSQL's texts cannot contain NUL.
std::string storable(std::string_view text) {
    std::string out;
    for (const char c : text) c == '\0' ? out += "\xef\xbf\xbd" : out += c;
    return out;
}

/// How long to wait for a host that does not answer, unless the URL says otherwise.
std::string with_time_limit(const std::string& url) {
    if (url.find("connect_timeout=") != std::string::npos) return url;
    return url + (url.find('?') == std::string::npos ? "?" : "&") + "connect_timeout=5";
}

struct PostgresSession {
    explicit PostgresSession(const std::string& url) : connection{url} {
        // A second connection would not hold the lock or be in the transaction. (libpqxx 7 never makes one,
        // and no longer has the call.)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
    }
    pqxx::connection connection;
    std::unique_ptr<pqxx::nontransaction> transaction;
    int statements{0};
    pqxx::result exec(const std::string& sql) {
        return with_db_errors([&] { return transaction->exec(sql); });
    }
};

class PostgresStatement : public SqlStatement::Impl {
  public:
    PostgresStatement(PostgresSession& session, std::string name)
        : session_{session}, name_{std::move(name)} {}
    void bind(std::span<const SqlValue> values) override {
        reset();
        for (const SqlValue& value : values) {
            if (const auto* integer = std::get_if<std::int64_t>(&value))
                values_.emplace_back(std::to_string(*integer));
            else if (const auto* real = std::get_if<double>(&value))
                values_.emplace_back(pqxx::to_string(*real));
            else if (const auto* text = std::get_if<std::string_view>(&value))
                values_.emplace_back(storable(*text));
            else
                values_.emplace_back();
        }
    }
    void run() override {
        with_db_errors([&] {
            std::vector<const char*> texts;
            for (const auto& value : values_) texts.push_back(value ? value->c_str() : nullptr);
            rows_ = session_.transaction->exec_prepared(name_, pqxx::prepare::make_dynamic_params(texts));
        });
        next_ = 0;
        is_run_ = true;
    }
    bool step() override {
        if (!is_run_) run();
        return next_++ < rows_.size();
    }
    void reset() override {
        values_.clear();
        rows_.clear();
        is_run_ = false;
    }
    std::int64_t integer(int column) const override {
        return is_null(column) ? 0 : field(column).as<std::int64_t>();
    }
    double real(int column) const override { return is_null(column) ? 0 : field(column).as<double>(); }
    std::string text(int column) const override {
        return is_null(column) ? "" : std::string(field(column).c_str(), field(column).size());
    }
    bool is_null(int column) const override { return field(column).is_null(); }

  private:
    pqxx::field field(int column) const { return rows_[next_ - 1][column]; }
    PostgresSession& session_;
    std::string name_;
    std::vector<std::optional<std::string>> values_;
    pqxx::result rows_;
    pqxx::result::size_type next_{0};
    bool is_run_{false};
};

class PostgresDatabase : public SqlDatabase {
  public:
    PostgresDatabase(std::unique_ptr<PostgresSession> session, Mode mode, std::string name)
        : session_{std::move(session)}, mode_{mode}, name_{std::move(name)} {}
    SqlStatement prepare(const std::string& sql) override {
        std::string name = "s" + std::to_string(session_->statements++);
        with_db_errors([&] { session_->connection.prepare(name, numbered(sql)); });
        return SqlStatement{std::make_unique<PostgresStatement>(*session_, std::move(name))};
    }
    void begin() override {
        session_->exec(mode_ == Mode::write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }
    void commit() override { session_->exec("COMMIT"); }
    void rollback() override { session_->exec("ROLLBACK"); }
    const std::string& name() const override { return name_; }

  private:
    std::unique_ptr<PostgresSession> session_;
    Mode mode_;
    std::string name_;
};

/// Creates our tables if the database has none; an error if it has other or newer ones.
Result<> check_tables(PostgresSession& session, SqlDatabase::Mode mode) {
    const auto count = [&](const char* more) {
        return session
            .exec(std::string("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()") +
                  more)[0][0]
            .as<std::int64_t>();
    };
    if (count(" AND tablename = 'hashpool_stats'") == 0) {
        if (mode == SqlDatabase::Mode::read)
            return fail(Errc::invalid, "has no statistics", "'hp-stats ingest' creates its tables");
        if (count("") > 0)
            return fail(Errc::invalid, "holds tables that are not hp-stats'",
                        "use a separate database or schema");
        session.exec(std::string("BEGIN;") + kPostgresSchema + "COMMIT;");
    }
    const auto version_now = [&] {
        return session.exec("SELECT version FROM hashpool_stats")[0][0].as<std::int64_t>();
    };
    if (mode == SqlDatabase::Mode::write && version_now() == kPostgresVersion - 1)
        session.exec(std::string("BEGIN;") + kPostgresUpgrade + kHeardOfRecords + "COMMIT;");
    const auto version = version_now();
    if (version != kPostgresVersion)
        return fail(Errc::invalid,
                    "has schema " + std::to_string(version) + ", this program knows " +
                        std::to_string(kPostgresVersion),
                    version < kPostgresVersion ? "'hp-stats ingest' upgrades it" : "");
    return {};
}

}  // namespace

Result<std::unique_ptr<SqlDatabase>> open_postgres(const std::string& url, SqlDatabase::Mode mode) {
    // "//user:password@host": the URL goes into configurations, command lines and messages.
    const auto authority = url.substr(url.find("//") + 2);
    const auto at = authority.substr(0, authority.find('/')).rfind('@');
    if ((at != std::string::npos && authority.substr(0, at).find(':') != std::string::npos) ||
        url.find("password=") != std::string::npos)
        return fail(Errc::usage, "the URL of a PostgreSQL database has a password in it",
                    "put it into a file that PGPASSFILE names, or ~/.pgpass");
    const std::string name = "database '" + printable(url, 4096) + "'";
    try {
        auto session = std::make_unique<PostgresSession>(with_time_limit(url));
        session->transaction = std::make_unique<pqxx::nontransaction>(session->connection);
        session->exec("SET client_min_messages = warning; SET synchronous_commit = on");
        if (mode == SqlDatabase::Mode::write &&
            !session->exec("SELECT pg_try_advisory_lock(" + std::to_string(kWriterLock) + ")")[0][0]
                 .as<bool>())
            return fail(Errc::io, name + " is already in use by another process");
        if (auto checked = check_tables(*session, mode); !checked)
            return fail(checked.error().code, name + " " + checked.error().what, checked.error().hint);
        return std::make_unique<PostgresDatabase>(std::move(session), mode, name);
    } catch (const pqxx::failure& error) {
        return fail(Errc::io, name + ": " + one_line(error.what()));
    } catch (const store::DbError& error) {
        return fail(Errc::io, name + ": " + one_line(error.what()));
    }
}

}  // namespace hp::stats
