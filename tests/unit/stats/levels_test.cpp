// Slots of several lengths: what was added up says the same as the records did.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "stats/estimate.hpp"
#include "stats/history_text.hpp"
#include "stats/reader.hpp"
#include "stats/series.hpp"
#include "stats/text.hpp"
#include "wire/records.hpp"

using namespace hp;
using namespace hp::stats;

namespace {

constexpr UnixMs kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr UnixMs kEnd = 1'800'014'400'000;  // a whole day and 12 hours

struct LevelsFolder {
    std::string path;
    LevelsFolder() {
        char name[] = "/tmp/hp-levels-test-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path = name;
    }
    ~LevelsFolder() { std::filesystem::remove_all(path); }
};

struct Given {
    UnixMs ts_ms;
    std::string worker;
    std::uint64_t amount;
};

void put(Batch& batch, const wire::Record& record) {
    wire::RecordReader reader;
    reader.feed(record.line());
    auto read = reader.next();
    REQUIRE(read);
    REQUIRE(batch.add(*read, kEnd));
}
void put(Batch& batch, const Given& given) {
    wire::Record record("share_accepted", "hp-pool", given.ts_ms);
    record.add("worker", given.worker).add("amount", given.amount).add("work_hashes", 1.0 * given.amount);
    put(batch, record);
}
/// A pool that tells its status each second from `from` on, and has a share of 1000 hashes every other.
void put_pool(Batch& batch, UnixMs from, UnixMs to) {
    for (UnixMs at = from; at < to; at += 1000) {
        put(batch, wire::Record("pool_status", "hp-pool", at).add("started_ms", from));
        if (at % 2000 == 0)
            put(batch, wire::Record("share_accepted", "hp-pool", at)
                           .add("worker", "a")
                           .add("amount", 1)
                           .add("work_hashes", 1000.0));
    }
}

std::uint64_t amount_between(const std::vector<Given>& all, UnixMs from, UnixMs to,
                             const char* worker = nullptr) {
    std::uint64_t out = 0;
    for (const auto& given : all)
        if (given.ts_ms >= from && given.ts_ms < to && (!worker || given.worker == worker))
            out += given.amount;
    return out;
}

}  // namespace

TEST_CASE("cover: every second once, the coarsest whole slots in the middle") {
    Holdings holdings;
    holdings.kept = {100'000, 19'000, 1'500, 0};
    holdings.complete = {0, 24'000, 1'999, 83};  // slots of 5 min, 1 h, 1 d
    std::mt19937_64 random{7};
    for (int i = 0; i < 2'000; ++i) {
        const UnixMs from = static_cast<UnixMs>(random() % 7'300'000) * 1000;
        const UnixMs to = from + 1 + static_cast<UnixMs>(random() % 3'000'000) * 1000;
        const std::size_t level_max = random() % kLevels.size();
        const auto pieces = cover(holdings, from, to, level_max);
        REQUIRE_FALSE(pieces.empty());
        CHECK(begin_of(pieces.front().from, pieces.front().level) <= from);
        CHECK(begin_of(pieces.back().to, pieces.back().level) >= to);
        for (std::size_t p = 0; p < pieces.size(); ++p) {
            const auto& piece = pieces[p];
            CHECK(piece.from < piece.to);
            CHECK(piece.from >= holdings.kept[piece.level]);
            if (p > 0)
                CHECK(begin_of(piece.from, piece.level) == begin_of(pieces[p - 1].to, pieces[p - 1].level));
            // Coarser than asked for only where the next finer level has gone.
            if (piece.level > level_max)
                CHECK(begin_of(piece.from, piece.level) <
                      begin_of(holdings.kept[piece.level - 1], piece.level - 1));
        }
        CHECK(pieces.size() <= 16);
    }
}

TEST_CASE(
    "windows and histories are exact at every level, with late records and gaps, and again after a restart") {
    LevelsFolder folder;
    const std::string path = folder.path + "/s.db";
    const Retention retention{{6 * 3600, 2 * 86400, 20 * 86400, 400LL * 86400}};
    std::vector<Given> all;
    std::mt19937_64 random{11};
    UnixMs at = kEnd - 30 * kDay;
    {
        std::optional<Series> series{*Series::open(path, retention)};
        Batch batch;
        for (int i = 0; at < kEnd; ++i) {
            // Mostly in order; one in twenty comes up to two days late; now and then nobody mines for hours.
            const UnixMs late = random() % 20 == 0 ? static_cast<UnixMs>(random() % (2 * kDay)) : 0;
            Given given{std::max(at - late, kEnd - 30 * kDay), random() % 3 ? "a" : "b", 1 + random() % 1000};
            put(batch, given);
            all.push_back(given);
            at += static_cast<UnixMs>(random() % (4 * kMinute));
            if (random() % 500 == 0) at += static_cast<UnixMs>(random() % (9 * kHour));
            if (i % 7 == 0) {
                REQUIRE(series->commit(batch, kEnd));
                batch.clear();
            }
            if (i % 5'000 == 4'999) {
                REQUIRE(series->commit(batch, kEnd));
                batch.clear();
                series.reset();
                series.emplace(*Series::open(path, retention));
            }
        }
        REQUIRE(series->commit(batch, kEnd));
    }
    auto reader = *Reader::open(path);
    const UnixMs first = all.front().ts_ms;
    for (std::size_t level = 0; level < kLevels.size(); ++level) {
        // All of it, at this step and at what is left of finer times.
        const auto rows =
            reader.history({.name = "share_accepted", .from_ms = 0, .to_ms = kEnd + kDay, .level = level});
        REQUIRE(rows);
        CAPTURE(level);
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < rows->size(); ++i) {
            const auto& row = (*rows)[i];
            const UnixMs end = i + 1 < rows->size() ? (*rows)[i + 1].from_ms : kEnd + kDay;
            CHECK(row.sums.amount == amount_between(all, row.from_ms, end));
            CHECK(row.is_observed == (row.sums.count > 0));
            sum += row.sums.amount;
        }
        CHECK(sum == amount_between(all, 0, kEnd + kDay));
        const auto of_b = reader.history({.name = "share_accepted",
                                          .label = "b",
                                          .from_ms = kEnd - 5 * kDay,
                                          .to_ms = kEnd,
                                          .level = level});
        REQUIRE(of_b);
        CHECK(of_b->front().sums.amount ==
              amount_between(all, of_b->front().from_ms, (*of_b)[1].from_ms, "b"));
    }
    for (std::int64_t minutes : {1, 7, 61, 300, 1'000, 5'000, 20'000, 40'000}) {
        const auto s = *reader.snapshot(minutes);
        CAPTURE(minutes);
        CHECK(s.sum("share_accepted").amount == amount_between(all, s.from_ms, kEnd + 1));
        CHECK(s.labels("share_accepted").at("a").amount == amount_between(all, s.from_ms, kEnd + 1, "a"));
        // No further back than to the begin of the slot that still holds its first minute.
        const UnixMs asked = std::max(first, (s.last_record_ms / kMinute - minutes) * kMinute);
        CHECK(s.from_ms <= asked);
        CHECK(asked - s.from_ms < kDay);
        const auto then = *reader.snapshot(minutes, kEnd - 3 * kHour);
        CHECK(then.to_ms == kEnd - 3 * kHour);
        CHECK(then.sum("share_accepted").amount == amount_between(all, then.from_ms, then.to_ms));
    }
    // The finest went: the file holds no minute that is older than it should be (and what one commit leaves).
    const auto minutes = *reader.history({.name = "share_accepted", .from_ms = 0, .to_ms = kEnd, .level = 0});
    std::size_t fine = 0;
    for (std::size_t i = 1; i < minutes.size(); ++i)
        fine += minutes[i].from_ms - minutes[i - 1].from_ms == kMinute;
    CHECK(fine <= 6 * 60 + 64);
}

TEST_CASE("a gap in the pool's records is a gap at every step: what was not seen does not lower the rate") {
    constexpr UnixMs kBegin = kEnd - 4 * kHour, kGapFrom = kEnd - 3 * kHour + 20 * kMinute + 15'000,
                     kGapTo = kGapFrom + 27 * kMinute;
    for (const bool is_kept : {true, false}) {
        CAPTURE(is_kept);
        LevelsFolder folder;
        const std::string path = folder.path + "/s.db";
        Retention retention;
        if (!is_kept) retention.keep_s = {3600, 7200, 20 * 86400, 400LL * 86400};
        auto series = *Series::open(path, retention);
        Batch batch;
        const auto commit = [&] {
            REQUIRE(series.commit(batch, kEnd));
            batch.clear();
        };
        for (UnixMs at = kBegin; at < kEnd; at += 10 * kMinute + 3'000) {
            const UnixMs end = std::min(at + 10 * kMinute + 3'000, kEnd);
            if (at < kGapFrom) put_pool(batch, at, std::min(end, kGapFrom));
            if (end > kGapTo) put_pool(batch, std::max(at, kGapTo), end);
            // The mint continues: its records say nothing about the pool's shares.
            put(batch, wire::Record("link_down", "hp-mint", at).add("reason", "x"));
            commit();
        }
        while (*series.catch_up(kEnd)) {
        }
        auto reader = *Reader::open(path);
        for (std::size_t level = 0; level < kLevels.size(); ++level) {
            CAPTURE(level);
            const auto rows = *reader.history(
                {.name = "share_accepted", .from_ms = 0, .to_ms = kEnd + kDay, .level = level});
            int gaps = 0;
            double seen = 0;
            for (const auto& row : rows) {
                CAPTURE((row.from_ms - kBegin) / kMinute);
                const auto rate = estimate(row.sums, row.seconds);
                if (!row.is_observed) CHECK(row.sums.count == 0);
                gaps += !row.is_observed;
                seen += row.seconds;
                if (!row.is_observed || row.seconds < 10) continue;
                REQUIRE(rate);
                CHECK(rate->hps == doctest::Approx(500).epsilon(0.12));
                CHECK(rate->low_hps <= 500);
                CHECK(*rate->high_hps >= 500);
            }
            // Minutes and five minutes that lie in the gap, as far as they are kept; the last second is open.
            const int of_level[] = {26, 4, 0, 0};
            if (is_kept) CHECK(gaps == of_level[level]);
            CHECK(seen == doctest::Approx((4 * kHour - 27 * kMinute) / 1000 - 1).epsilon(0.001));
        }
        for (const std::int64_t minutes : {60, 200, 230, 10'000}) {
            CAPTURE(minutes);
            const auto s = *reader.snapshot(minutes);
            CHECK(s.sum("share_accepted").work_hashes / s.seen_seconds() ==
                  doctest::Approx(500).epsilon(0.01));
        }
        // What comes late fills its part of the gap, once however often it comes.
        for (int i = 0; i < 2; ++i) {
            put_pool(batch, kGapFrom + 5 * kMinute, kGapFrom + 7 * kMinute);
            commit();
        }
        const auto hours =
            *reader.history({.name = "share_accepted", .from_ms = 0, .to_ms = kEnd, .level = 2});
        REQUIRE(hours.size() == 4);
        if (is_kept) CHECK(hours[1].seconds == 3600 - 25 * 60);
    }
}

TEST_CASE("a source that tells no status: a minute with a record of it was seen") {
    LevelsFolder folder;
    auto series = *Series::open(folder.path + "/s.db");
    Batch batch;
    // The newest on a boundary: it is the next slot's.
    for (UnixMs at = kEnd - kHour; at <= kEnd; at += 40'000) put(batch, Given{at, "a", 1});
    REQUIRE(series.commit(batch, kEnd));
    auto reader = *Reader::open(folder.path + "/s.db");
    CHECK((*reader.snapshot(50)).unheard_s == 0);
    const auto rows =
        *reader.history({.name = "share_accepted", .from_ms = 0, .to_ms = kEnd + 1, .level = 1});
    REQUIRE(rows.size() == 13);
    for (const auto& row : rows) CHECK(row.is_observed);
    for (int i = 0; i < 12; ++i) CHECK(rows[i].seconds == 300);
    CHECK(rows[12].seconds == 0);
}

TEST_CASE("error bars hold the true rate in 95 of 100 cases, also with few shares and mixed targets") {
    std::mt19937_64 random{3};
    for (const double mean : {0.5, 3.0, 60.0, 300.0})
        for (const double ratio : {1.0, 4.0}) {  // half of the time shares are worth more
            int held = 0, known = 0;
            for (int i = 0; i < 4'000; ++i) {
                std::poisson_distribution<int> easy{mean / 2}, hard{mean / 2 / ratio};
                const int e = easy(random), h = hard(random);
                const Sums sums{.count = static_cast<std::uint64_t>(e + h),
                                .work_hashes = e + h * ratio,
                                .work_squared = e + h * ratio * ratio,
                                .work_max = h > 0 ? ratio : 1};
                const auto rate = estimate(sums, 60);
                REQUIRE(rate);
                if (!rate->high_hps) continue;
                ++known;
                held += rate->low_hps <= mean / 60 && mean / 60 <= *rate->high_hps;
            }
            CAPTURE(mean);
            CAPTURE(ratio);
            // Of a target without any share nothing is known; so few are the lucky ones only.
            if (mean / 2 / ratio >= 1.5) CHECK(held >= known * 0.945);
        }
    CHECK_FALSE(estimate({.count = 1, .work_hashes = 1, .work_squared = 1, .work_max = 1}, 0.5));
    CHECK(estimate({}, 60)->hps == 0);
    CHECK_FALSE(estimate({}, 60)->high_hps);
    const auto one = *estimate({.count = 1, .work_hashes = 60, .work_squared = 3600, .work_max = 60}, 60);
    CHECK(one.hps == doctest::Approx(1));
    CHECK(one.low_hps == doctest::Approx(0.0253).epsilon(0.001));  // Garwood's for one event
    CHECK(*one.high_hps == doctest::Approx(5.5716).epsilon(0.001));
}

TEST_CASE("times are read as RFC 3339 has them, as people write them and as seconds since 1970") {
    constexpr UnixMs kThree = 1'785'553'200'000;
    for (const char* text :
         {"2026-08-01T03:00:00+00:00", "2026-08-01T05:00:00+02:00", "2026-07-31T20:30:00-06:30",
          "2026-08-01t03:00:00z", "2026-08-01 03:00:00Z", "2026-08-01T03:00Z", "2026-08-01T02:59:60Z",
          "2026-08-01T03:00:00.000000Z", "1785553200", "@1785553200", "1785553200.0"}) {
        CAPTURE(text);
        const auto at = time_from_text(text);
        REQUIRE(at);
        CHECK(*at == kThree);
    }
    CHECK(*time_from_text("2026-08-01T03:00:00.25+00:00") == kThree + 250);
    CHECK(*time_from_text("2026-08-01T03:00:00.1239Z") == kThree + 123);
    CHECK(*time_from_text("1785553200.5") == kThree + 500);
    CHECK(*time_from_text("@0") == 0);
    CHECK(*time_from_text("2024-02-29") == 1'709'164'800'000);
    for (const char* text :
         {"2026-08-01T03:00:00+2", "2026-08-01T03:00:00+0200", "2026-08-01T03:00:00+24:00",
          "2026-08-01T03:00:00.", "2026-08-01T03:00:00.5.5", "2026-08-01T03:00:00ZZ", "2026-08-01T24:00",
          "2026-08-01T03:60", "2026-08-01T03:00:61Z", "2026-8-1", "2026", "-1785553200", "1785553200000",
          "17855532001234", "0x6a6e2f70", "2025-02-29", "+2026-08-01", "2026-08-01T-3:00", " 1785553200"}) {
        CAPTURE(text);
        CHECK_FALSE(time_from_text(text));
    }
}

TEST_CASE("times are UTC, whole, and come out as they went in") {
    CHECK(*time_from_text("2026-08-01T03:00:00Z") == 1'785'553'200'000);
    CHECK(*time_from_text("2026-08-01 03:00") == 1'785'553'200'000);
    CHECK(*time_from_text("2026-08-01") == 1'785'542'400'000);
    CHECK(time_text(1'785'553'200'000) == "2026-08-01T03:00:00Z");
    for (const char* text : {"", "now", "2026-02-31", "2026-08-01 03", "2026-13-01"}) {
        CAPTURE(text);
        CHECK_FALSE(time_from_text(text));
    }
}

TEST_CASE("cells of CSV are safe for spreadsheets, and exact") {
    CHECK(csv_text("rig1") == "rig1");
    CHECK(csv_text("a,b") == "\"a,b\"");
    CHECK(csv_text("say \"hi\"\n") == "\"say \"\"hi\"\"\n\"");
    for (const char* text : {"=1+1", "+1", "-1", "@x", "\tx"}) CHECK(csv_text(text).find('\'') <= 1);
    Snapshot snapshot;
    snapshot.to_ms = 60'000;
    snapshot.series["share_accepted"]["=cmd|' /C calc'!A0"] = {.count = 3,
                                                               .amount = 9'223'372'036'854'775'807,
                                                               .work_hashes = 2,
                                                               .work_squared = 2,
                                                               .work_max = 1,
                                                               .last_ms = 1};
    const auto text = top_text(snapshot, "share_accepted", 5, Format::csv);
    CHECK(text.find("\r\n'=cmd|' /C calc'!A0,3,9223372036854775807,") != std::string::npos);
    CHECK(top_text(snapshot, "share_accepted", 5, Format::json).find("9223372036854775807") !=
          std::string::npos);
}

TEST_CASE("sparklines: from nothing to the greatest, gaps stay gaps") {
    const std::vector<double> values{0, 4, 8, -1};
    CHECK(sparkline(values) == "▁▅█ ");
    CHECK(sparkline(std::vector<double>{}) == "");
    CHECK(sparkline(std::vector<double>{0, 0}) == "▁▁");
}
