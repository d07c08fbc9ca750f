// What `scripts/bench stats` measures, one thing per call. Usage:
//   stats_bench records COUNT WORKERS      shares' records as JSON lines, a thousand per second
//   stats_bench feed RATE WORKERS          likewise, RATE a second, until the reader ends
//   stats_bench floor FILE DB              a row per line of FILE by bare SQLite: the group commit alone
//   stats_bench generate DB DAYS WORKERS   a database as left by ingest after DAYS with WORKERS
//   stats_bench queries DB SECONDS         each query of the pages and of Prometheus, repeatedly
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/failure.hpp"
#include "log/log.hpp"
#include "stats/api.hpp"
#include "stats/schema.hpp"
#include "stats/series.hpp"
#include "store/sqlite.hpp"
#include "wire/records.hpp"

using namespace hp;
using namespace hp::bench;

namespace {

constexpr std::int64_t kSecondsAtOnce = 1'000;  // records of one second, of those that are made at once
constexpr std::int64_t kGroupMs = 200;          // as hp-stats ingest commits
constexpr double kWorkHashes = 4.3e9;

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string worker_name(std::int64_t number) { return "worker-" + std::to_string(number); }

std::string record(std::int64_t number, std::int64_t workers, UnixMs ts_ms) {
    return wire::Record("share_accepted", "hp-pool", ts_ms)
        .add("connection_id", number % workers)
        .add("channel_id", 1)
        .add("worker", worker_name(number * 7919 % workers))
        .add("sequence_number", number)
        .add("seq", number)
        .add("share_hash", "000000000000000000000000000000000000000000000000000000006f1c8d2a")
        .add("amount", 16)
        .add("work_hashes", kWorkHashes)
        .line();
}

void put(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) throw Failure("cannot write");
}

void records(std::int64_t count, std::int64_t workers) {
    const UnixMs begin = unix_ms_now() - count / kSecondsAtOnce * 1000 - 1000;
    for (std::int64_t i = 0; i < count; ++i) put(record(i, workers, begin + i * 1000 / kSecondsAtOnce));
}

void feed(std::int64_t rate, std::int64_t workers) {
    const std::int64_t begin = now_ns();
    for (std::int64_t i = 0;; ++i) {
        const std::int64_t due = begin + i * 1'000'000'000 / rate;
        if (const auto ahead = due - now_ns(); ahead > 0) {
            std::fflush(stdout);
            std::this_thread::sleep_for(std::chrono::nanoseconds{ahead});
        }
        put(record(i, workers, unix_ms_now()));
    }
}

/// The same pragmas and the same groups as hp-stats ingest.
void floor(const std::string& file, const std::string& path) {
    std::ifstream in{file};
    if (!in) throw Failure("cannot read " + file);
    static constexpr const char* kFloorSchema[] = {"CREATE TABLE record(json TEXT NOT NULL) STRICT"};
    auto db = expect(
        store::Database::open(path, store::Mode::create, store::Journal::wal, 0x464c4f52, kFloorSchema));
    auto insert = db.prepare("INSERT INTO record VALUES(?)");
    const std::int64_t begin = now_ns();
    std::int64_t count = 0, commits = 0;
    for (std::string line; in;) {
        store::Transaction transaction{db};
        const std::int64_t until = now_ns() + kGroupMs * 1'000'000;
        for (; now_ns() < until && std::getline(in, line); ++count) insert.run_with(line);
        transaction.commit();
        ++commits;
    }
    const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
    std::printf("{\"records\":%lld,\"records_per_s\":%.0f,\"commits\":%lld}\n", static_cast<long long>(count),
                static_cast<double>(count) / seconds, static_cast<long long>(commits));
}

/// Rows of one table in one level, for a range of slots; `sql` is an INSERT ... SELECT with ?1 level, ?2
/// slot, ?3 the slot's end in ms, ?4 shares that a worker found in it.
void fill(store::Database& db, const stats::Holdings& holdings, UnixMs newest, const std::string& sql) {
    for (std::size_t level = 0; level < stats::kLevels.size(); ++level) {
        auto insert = db.prepare(sql);
        const stats::Slot end = level == 0 ? stats::slot_of(newest, 0) + 1 : holdings.complete[level];
        for (stats::Slot slot = holdings.kept[level]; slot < end; ++slot)
            insert.bind(level, slot, stats::begin_of(slot + 1, level) - 1, stats::kLevels[level].seconds / 3)
                .run();
    }
}

void generate(const std::string& path, std::int64_t days, std::int64_t workers) {
    const UnixMs newest = unix_ms_now();
    const stats::Retention retention;
    { expect(stats::Series::open(path, retention)); }
    auto db = expect(store::Database::open(path, store::Mode::existing, store::Journal::wal,
                                           stats::kApplicationId, stats::kSchema));
    stats::Holdings holdings;
    for (std::size_t level = 0; level < stats::kLevels.size(); ++level) {
        const std::int64_t keep_s = std::min(retention.keep_s[level], days * 86'400);
        holdings.kept[level] = stats::slot_of(newest - keep_s * 1000, level);
        holdings.complete[level] = level == 0 ? 0 : stats::slot_of(newest - 120'000, level);
    }
    // No durability needed: after a crash the measurement is void anyway.
    db.exec("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF");
    const std::string sums = ",?4,?4*16,?4*4.3e9,?4*4.3e9*4.3e9,4.3e9,?3";
    const std::string seq = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i+1<" +
                            std::to_string(workers) + ") ";
    db.exec("BEGIN");
    // Found three at a time on a day, each worker once in three seconds.
    db.exec(("CREATE TEMP TABLE w AS " + seq + "SELECT printf('worker-%d', i) AS name FROM n ORDER BY 1")
                .c_str());
    fill(db, holdings, newest,
         "INSERT INTO slot_label SELECT ?1,?2,'share_accepted',name" + sums + " FROM w");
    const std::string w = std::to_string(workers);
    fill(db, holdings, newest,
         "INSERT INTO slot_total VALUES(?1,?2,'share_accepted',?4*" + w + ",?4*16*" + w + ",?4*4.3e9*" + w +
             ",?4*4.3e9*4.3e9*" + w + ",4.3e9,?3),(?1,?2,'record',?4*2*" + w + ",0,0.0,0.0,0.0,?3)");
    for (const char* reason : {"stale-share", "difficulty-too-low", "duplicate-share"})
        fill(db, holdings, newest,
             std::string("INSERT INTO slot_label VALUES(?1,?2,'share_rejected','") + reason + "'" + sums +
                 ")");
    fill(db, holdings, newest, "INSERT INTO slot_total VALUES(?1,?2,'share_rejected'" + sums + ")");
    fill(db, holdings, newest, "INSERT INTO slot_label VALUES(?1,?2,'quote_created','false'" + sums + ")");
    fill(db, holdings, newest, "INSERT INTO slot_total VALUES(?1,?2,'quote_created'" + sums + ")");
    for (int bucket = 1; bucket <= 60; ++bucket)
        fill(db, holdings, newest,
             "INSERT INTO slot_latency SELECT ?1,?2,'share_to_quote_ms'," + std::to_string(bucket) +
                 ",?4 WHERE ?3>0");
    for (const char* field : {"connections", "channels", "outbox_pending", "outbox_dead"})
        fill(db, holdings, newest,
             std::string("INSERT INTO slot_gauge SELECT ?1,?2,'hp-pool','") + field +
                 "',1.0,9.0,5.0,?3 WHERE ?4>0");
    const std::string newest_text = std::to_string(newest), days_text = std::to_string(days);
    db.exec(("INSERT INTO total SELECT 'share_accepted',name," + days_text + "*28800," + days_text +
             "*28800*16," + days_text + "*28800*4.3e9," + newest_text + "," + days_text +
             "*28800*4.3e9*4.3e9,4.3e9 FROM w")
                .c_str());
    db.exec(("INSERT INTO live SELECT 'hp-pool',1+rowid/4,1+rowid%4," + newest_text + "-3600000," +
             newest_text +
             ",0,60,4.3e9/3,4.3e9*4.3e9/600,4.3e9/"
             "300,'{\"peer\":\"192.0.2.1:4000\",\"program\":\"hp-proxy\",\"worker\":\"'||name||"
             "'\",\"channel_id\":1,\"extranonce_prefix\":\"0011223344556677\",\"extranonce_size\":8}' FROM w")
                .c_str());
    for (std::size_t level = 0; level < stats::kLevels.size(); ++level) {
        auto save = db.prepare("UPDATE level SET kept=?,complete=? WHERE level=?");
        save.bind(holdings.kept[level], holdings.complete[level], level).run();
    }
    auto intake = db.prepare("UPDATE intake SET records=?,first_ms=?,last_ms=?");
    intake.bind(days * 28'800 * workers * 2, newest - days * 86'400'000, newest).run();
    db.exec("COMMIT");
    db.exec("PRAGMA journal_mode=WAL");
    auto rows = db.prepare("SELECT count(*) FROM slot_label");
    rows.step();
    std::printf("{\"days\":%lld,\"workers\":%lld,\"rows\":%lld}\n", static_cast<long long>(days),
                static_cast<long long>(workers), static_cast<long long>(rows.integer(0)));
}

double quantile_ms(std::vector<std::int64_t> latencies_ns, std::size_t per_cent) {
    std::ranges::sort(latencies_ns);
    return static_cast<double>(latencies_ns[(latencies_ns.size() - 1) * per_cent / 100]) / 1e6;
}

void queries(const std::string& path, std::int64_t seconds) {
    auto reader = expect(stats::Reader::open(path));
    const UnixMs now = unix_ms_now();
    const auto ago = [&](std::int64_t ms) { return std::to_string(now - ms); };
    struct Query {
        const char* who;
        const char* path;
        std::map<std::string, std::string> parameters{};
    };
    const Query all[] = {
        {"page, each second", "/api/v1/global"},
        {"page, each second", "/api/v1/figures", {{"minutes", "60"}, {"names", "0"}}},
        {"page, as often as it is quick", "/api/v1/clients", {{"limit", "100"}, {"order", "hashrate"}}},
        {"page, as often as it is quick", "/api/v1/workers", {{"minutes", "60"}, {"limit", "100"}}},
        {"chart of 1 h", "/api/v1/history", {{"step", "1m"}, {"from_ms", ago(3'600'000)}}},
        {"chart of 24 h", "/api/v1/history", {{"step", "5m"}, {"from_ms", ago(86'400'000)}}},
        {"chart of 7 days", "/api/v1/history", {{"step", "1h"}, {"from_ms", ago(7 * 86'400'000LL)}}},
        {"one worker, 7 days",
         "/api/v1/history",
         {{"step", "1h"}, {"from_ms", ago(7 * 86'400'000LL)}, {"label", "worker-77"}}},
        {"Prometheus", "/metrics"},
        {"channels of a proxy", "/api/v1/clients/7/channels"},
        {"all workers, hp-stats show --minutes 60", "/api/v1/figures", {{"minutes", "60"}}},
    };
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const Query& query : all) {
        std::vector<std::int64_t> latencies_ns;
        std::size_t bytes = 0;
        for (const std::int64_t begin = now_ns();
             latencies_ns.size() < 5 || now_ns() - begin < seconds * 1'000'000'000;) {
            const std::int64_t asked = now_ns();
            const auto answer =
                stats::api_answer(reader, {query.path, query.parameters, stats::Scope::workers},
                                  {.now = unix_ms_now(), .started = now, .stale_after_s = 3600});
            latencies_ns.push_back(now_ns() - asked);
            if (answer.status != 200) throw Failure(std::string(query.path) + ": " + answer.body);
            bytes = answer.body.size();
        }
        std::string name = query.path;
        for (const auto& [key, value] : query.parameters)
            if (key != "from_ms")
                name += (name.find('?') == std::string::npos ? "?" : "&") + key + "=" + value;
        out.push_back({{"who", query.who},
                       {"query", name},
                       {"samples", latencies_ns.size()},
                       {"p50_ms", quantile_ms(latencies_ns, 50)},
                       {"p99_ms", quantile_ms(latencies_ns, 99)},
                       {"max_ms", quantile_ms(latencies_ns, 100)},
                       {"bytes", bytes}});
    }
    std::puts(out.dump().c_str());
}

std::int64_t number(const char* text) {
    std::int64_t out{};
    const char* end = text + std::string_view(text).size();
    const auto parsed = std::from_chars(text, end, out);
    if (parsed.ec != std::errc{} || parsed.ptr != end || out <= 0)
        throw Failure(std::string("expected a whole number above 0, got '") + text + "'");
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    try {
        if (what == "records" && argc == 4)
            records(number(argv[2]), number(argv[3]));
        else if (what == "feed" && argc == 4)
            feed(number(argv[2]), number(argv[3]));
        else if (what == "floor" && argc == 4)
            floor(argv[2], argv[3]);
        else if (what == "generate" && argc == 5)
            generate(argv[2], number(argv[3]), number(argv[4]));
        else if (what == "queries" && argc == 4)
            queries(argv[2], number(argv[3]));
        else
            throw Failure(
                "usage: records, feed, floor, generate or queries with their arguments: see the source");
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "stats_bench: error: %s\n", error.what());
        return 1;
    }
}
