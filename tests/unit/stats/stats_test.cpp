#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "stats/report.hpp"
#include "stats/rules.hpp"
#include "stats/series.hpp"
#include "wire/records.hpp"

using namespace hp;
using namespace hp::stats;
using Json = nlohmann::json;

namespace {

constexpr UnixMs kNow = 1'800'000'000'000;  // a whole minute

/// A directory of its own, gone at the end.
struct Folder {
    std::string path;
    Folder() {
        char name[] = "/tmp/hp-stats-test-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
};

wire::ReadRecord read(const std::string& line) {
    wire::RecordReader reader;
    reader.feed(line);
    reader.finish();
    auto record = reader.next();
    REQUIRE(record);
    REQUIRE(record->ok());
    return *record;
}

Result<> add(Batch& batch, const wire::Record& record) { return batch.add(read(record.line()), kNow); }

wire::Record share(std::string_view worker, std::uint64_t amount, double work, UnixMs at = kNow) {
    return wire::Record("share_accepted", "hp-pool", at)
        .add("worker", worker)
        .add("amount", amount)
        .add("work_hashes", work);
}

wire::Record quote(std::uint64_t amount, std::int64_t latency_ms, UnixMs at = kNow, bool replay = false) {
    wire::Record record("quote_created", "hp-pool", at);
    record.add("amount", amount).add("replay", replay);
    if (latency_ms >= 0) record.add("latency_ms", latency_ms);
    return record;
}

Result<Snapshot> read_snapshot(const std::string& path, std::optional<std::int64_t> minutes) {
    HP_TRY(auto reader, Reader::open(path));
    return reader.snapshot(minutes);
}

Snapshot snapshot_of(const std::vector<wire::Record>& records,
                     std::optional<std::int64_t> minutes = std::nullopt) {
    Folder folder;
    const std::string path = folder.path + "/s.db";
    auto series = Series::open(path);
    REQUIRE(series);
    Batch batch;
    for (const auto& record : records) {
        REQUIRE(add(batch, record));
        REQUIRE(series->commit(batch, kNow));  // each alone, so that adding up in the database counts
        batch.clear();
    }
    auto snapshot = read_snapshot(path, minutes);
    REQUIRE(snapshot);
    return *snapshot;
}

}  // namespace

TEST_CASE("a latency's bucket stands for it within 0.8 percent, and below 128 ms exactly") {
    std::uint32_t last = 0;
    for (std::uint64_t ms = 0; ms < 3'000'000; ms += 1 + ms / 1000) {
        const auto bucket = latency_bucket(ms);
        const auto middle = static_cast<double>(bucket_middle_ms(bucket));
        CHECK(std::abs(middle - static_cast<double>(ms)) <= 0.008 * static_cast<double>(ms));
        if (ms < 128) CHECK(bucket_middle_ms(bucket) == ms);
        CHECK(bucket >= last);
        CHECK(bucket <= last + 1);
        last = bucket;
    }
    CHECK(latency_bucket(~std::uint64_t{0}) == latency_bucket(std::uint64_t{1} << 40));
}

TEST_CASE("percentiles are the nearest rank") {
    LatencyCounts counts;
    CHECK(percentiles(counts) == Percentiles{});
    for (std::uint64_t ms = 1; ms <= 100; ++ms) ++counts[latency_bucket(ms)];
    CHECK(percentiles(counts) == Percentiles{100, 50, 99, 100});
    CHECK(percentiles({{latency_bucket(7), 1}}) == Percentiles{1, 7, 7, 7});
    CHECK(percentiles({{3, 99}, {90, 1}}) == Percentiles{100, 3, 3, 90});
    CHECK(percentiles({{3, 98}, {90, 2}}) == Percentiles{100, 3, 90, 90});
}

TEST_CASE("a known type without its fields is damage, and nothing of it counts") {
    Batch batch;
    for (const auto& record :
         {wire::Record("share_accepted", "hp-pool", kNow).add("worker", "a").add("amount", 1),
          wire::Record("share_accepted", "hp-pool", kNow)
              .add("worker", "a")
              .add("amount", -1)
              .add("work_hashes", 1.0),
          wire::Record("share_accepted", "hp-pool", kNow)
              .add("worker", "a")
              .add("amount", std::uint64_t{1} << 63)
              .add("work_hashes", 1.0),
          wire::Record("share_accepted", "hp-pool", kNow)
              .add("worker", "a")
              .add("amount", 1)
              .add("work_hashes", "many"),
          wire::Record("share_rejected", "hp-pool", kNow).add_json("reason", "[]"),
          wire::Record("share_rejected", "hp-pool", -1).add("reason", "stale"),
          wire::Record("share_rejected", "hp-pool", kNow + kAheadMsMax + 1).add("reason", "stale"),
          wire::Record("quotes_created", "hp-mint", kNow)
              .add("created", 1)
              .add("amount", 1)
              .add("replayed", 0),
          wire::Record("quote_created", "hp-pool", kNow)
              .add("amount", 1)
              .add("replay", false)
              .add("latency_ms", -4)}) {
        const auto before = batch.damaged();
        const auto result = add(batch, record);
        CAPTURE(record.json());
        CHECK_FALSE(result);
        CHECK(batch.damaged() == before + 1);
    }
    CHECK(batch.sums().empty());
    CHECK(batch.records() == 0);
}

TEST_CASE("unknown types and fields are skipped") {
    Batch batch;
    REQUIRE(add(batch, wire::Record("moon_phase", "hp-sky", kNow).add("phase", 0.5)));
    REQUIRE(add(batch, share("a", 2, 3.5).add("colour", "blue").add_json("deep", "{\"x\":[1]}")));
    CHECK(batch.records() == 2);
    CHECK(batch.unknown() == 1);
    CHECK(batch.sums().size() == 3);  // with the records of two sources
}

TEST_CASE("labels are bounded: miners choose the names of workers") {
    Batch batch;
    for (std::size_t i = 0; i < kLabelsMax + 5; ++i)
        REQUIRE(batch.add(read(share("w" + std::to_string(i), 1, 1).line()), kNow));
    REQUIRE(add(batch, share("w3", 1, 1)));
    const Batch::Minute minute = kNow / 60'000;
    CHECK(batch.sums().size() == kLabelsMax + 2);  // and the records
    CHECK(batch.sums().at({minute, {"share_accepted", std::string(kOtherLabel)}}).count == 5);
    CHECK(batch.sums().at({minute, {"share_accepted", "w3"}}).count == 2);
    batch.clear();
    REQUIRE(add(batch, share("one more", 1, 1)));
    CHECK(batch.sums().contains({minute, {"share_accepted", std::string(kOtherLabel)}}));
}

TEST_CASE("a label that is too long ends with a whole character") {
    Batch batch;
    std::string name;
    for (int i = 0; i < 200; ++i) name += "\xc3\xa9";
    REQUIRE(add(batch, share(name, 1, 1)));
    const Batch::Minute minute = kNow / 60'000;
    CHECK(batch.sums().contains({minute, {"share_accepted", name.substr(0, 254)}}));
}

TEST_CASE("who was refused, why, how often, and for an hour") {
    Folder folder;
    const std::string path = folder.path + "/s.db";
    auto series = *Series::open(path);
    const auto commit = [&](const std::vector<wire::Record>& records) {
        Batch batch;
        for (const auto& record : records) REQUIRE(add(batch, record));
        REQUIRE(series.commit(batch, kNow));
    };
    const auto channel = [](const char* peer, const char* worker, UnixMs at) {
        return wire::Record("channel_refused", "hp-pool", at)
            .add("connection_id", 1)
            .add("peer", peer)
            .add("worker", worker)
            .add("reason", "invalid-locking-key");
    };
    constexpr UnixMs kThen = kNow - 7'200'000;
    commit({channel("192.0.2.1:4000", "rig1", kThen), channel("192.0.2.1:4001", "rig1", kThen + 1000),
            channel("[2001:db8::1]:4001", "<b>", kThen + 500),
            wire::Record("upstream_refused", "hp-proxy", kThen + 100)
                .add("pool", "pool.example:34254")
                .add("reason", "unsupported-protocol"),
            // A mint's answer to a wallet has a code, and no reason.
            wire::Record("request_refused", "hp-mint", kThen)
                .add("route", "/v1/swap")
                .add("status", 400)
                .add("code", 11001)});
    commit({channel("192.0.2.1:4002", "rig1", kThen + 2000)});
    auto reader = *Reader::open(path);
    auto page = *reader.refused(0, 10);
    REQUIRE(page.total == 3);
    CHECK(page.items[0].key ==
          RefusedKey{"hp-pool", "channel_refused", "192.0.2.1", "rig1", "invalid-locking-key"});
    CHECK(page.items[0].what.count == 3);
    CHECK(page.items[0].what.first_ms == kThen);
    CHECK(page.items[0].what.last_ms == kThen + 2000);
    CHECK(page.items[1].key.who == "[2001:db8::1]");
    CHECK(page.items[2].key.who == "pool.example:34254");
    CHECK((*reader.refused(1, 1)).items.size() == 1);
    // As many names as a hostile miner likes: bounded, the last stay.
    std::vector<wire::Record> many;
    for (int i = 0; i < 3'000; ++i) {
        if (i % 1'000 == 0) commit(std::exchange(many, {}));
        many.push_back(channel("192.0.2.2:1", std::to_string(i).c_str(), kThen + 10'000 + i));
    }
    commit(many);
    page = *reader.refused(0, 1);
    CHECK(page.total == kRefusedMax);
    CHECK(page.items[0].key.worker == "2999");
    commit({share("a", 1, 1, kThen + kRefusedMs + 13'000)});
    CHECK((*reader.refused(0, 1)).total == 0);
}

TEST_CASE("what was committed comes back, by label and in sum") {
    const auto s = snapshot_of({share("a", 5, 1000.5), share("b", 7, 2000), share("a", 1, 500, kNow + 61'000),
                                quote(5, 12), quote(7, 40), quote(7, -1, kNow, true)});
    CHECK(s.sum("share_accepted").count == 3);
    CHECK(s.sum("share_accepted").amount == 13);
    CHECK(s.sum("share_accepted").work_hashes == doctest::Approx(3500.5));
    CHECK(s.labels("share_accepted").at("a").count == 2);
    CHECK(s.labels("share_accepted").at("a").last_ms == kNow + 61'000);
    CHECK(s.latency("share_to_quote_ms") == Percentiles{2, 12, 40, 40});
    CHECK(s.labels("quote_created").at("true").count == 1);
    CHECK(s.records == 6);
    CHECK(s.first_record_ms == kNow);
    CHECK(s.last_record_ms == kNow + 61'000);
    CHECK(s.seconds() == 61);
}

TEST_CASE("a window ends with the newest record and holds whole minutes before it") {
    const std::vector<wire::Record> records = {
        share("a", 1, 60), quote(1, 9), share("a", 2, 60, kNow + 120'000), share("a", 4, 60, kNow + 180'500)};
    const auto last = snapshot_of(records, 1);
    CHECK(last.sum("share_accepted").amount == 6);
    CHECK(last.latency("share_to_quote_ms").count == 0);
    CHECK(last.from_ms == kNow + 120'000);
    CHECK(last.to_ms == kNow + 180'500);
    const auto all = snapshot_of(records, 1000);
    CHECK(all.sum("share_accepted").amount == 7);
    CHECK(all.from_ms == kNow);
    const auto json = Json::parse(report_json(last));
    CHECK(json["hashrate_hps"].get<double>() == doctest::Approx(120 / 60.5));
    CHECK(json["window"]["minutes"] == 1);
}

TEST_CASE("sums stop at 2^63 - 1, in memory and in the database") {
    const std::uint64_t huge = (std::uint64_t{1} << 63) - 1;
    CHECK(snapshot_of({share("a", huge, 1), share("a", huge, 1)}).sum("share_accepted").amount == huge);
    Batch batch;
    REQUIRE(add(batch, share("a", huge, 1)));
    REQUIRE(add(batch, share("a", 1, 1)));
    CHECK(batch.sums().at({kNow / 60'000, {"share_accepted", "a"}}).amount == huge);
}

TEST_CASE("the newest value of a status field is kept, by source") {
    const auto status = [](std::string_view source, std::uint64_t pending, UnixMs at) {
        return wire::Record("pool_status", source, at)
            .add("outbox_pending", pending)
            .add("mint_connected", true);
    };
    const auto s = snapshot_of(
        {status("hp-pool", 5, kNow + 2), status("hp-pool", 9, kNow + 1), status("hp-pool-2", 3, kNow + 1),
         wire::Record("alarm", "hp-pool", kNow).add("what", "mint \"x\"\nrolled back")});
    CHECK(s.gauge("outbox_pending")->json == "5");
    CHECK(s.gauges.at("hp-pool-2").at("outbox_pending").json == "3");
    const auto json = Json::parse(report_json(s));
    CHECK(json["outbox_pending"] == 5);
    CHECK(json["status"]["hp-pool"]["mint_connected"]["value"] == true);
    CHECK(json["status"]["hp-pool"]["last_alarm"]["value"] == "mint \"x\"\nrolled back");
    CHECK(json["alarms"] == 1);
    CHECK(json["wallet_balance"].is_null());
}

TEST_CASE("what ingest says of itself is kept, and is no record that came") {
    Folder folder;
    auto series = Series::open(folder.path + "/s.db");
    REQUIRE(series);
    Batch batch;
    REQUIRE(add(batch, share("a", 1, 1)));
    REQUIRE(series->commit(batch, kNow));
    batch.clear();
    batch.add_own(
        read(wire::Record("stats_status", "hp-stats", kNow + 60'000).add("log_lines_dropped", 7).line()));
    CHECK_FALSE(batch.is_empty());
    REQUIRE(series->commit(batch, kNow));
    const auto s = read_snapshot(folder.path + "/s.db", std::nullopt);
    REQUIRE(s);
    CHECK(s->gauges.at("hp-stats").at("log_lines_dropped").json == "7");
    CHECK(s->last_record_ms == kNow);
    CHECK(s->records == 1);
    CHECK_FALSE(s->has_heard("hp-stats"));
}

TEST_CASE("a report is printable ASCII on one line, whatever a worker is called") {
    const auto s = snapshot_of({share("\x1b[2J\xc3\xa9\nx", 1, 1)});
    for (const std::string& text : {report_json(s), report_table(s)})
        for (const char c : text) CHECK((c == '\n' || (c >= 0x20 && c < 0x7f)));
    CHECK(report_json(s).find('\n') == std::string::npos);
    CHECK(Json::parse(report_json(s))["workers"][0]["worker"] == "\x1b[2J\xc3\xa9\nx");
}

TEST_CASE("an empty database has a report") {
    Folder folder;
    REQUIRE(Series::open(folder.path + "/s.db"));
    const auto s = read_snapshot(folder.path + "/s.db", 10);
    REQUIRE(s);
    const auto json = Json::parse(report_json(*s));
    CHECK(json["shares_accepted"].is_null());
    CHECK(json["hashrate_hps"].is_null());
    CHECK(json["first_record_ms"].is_null());
    CHECK(json["share_to_token_ms"]["p50"].is_null());
}

TEST_CASE("each series, and each latency, is declared once") {
    std::set<std::string_view> names, latencies;
    for (const auto& series : all_series()) {
        CAPTURE(series.name);
        CHECK(names.insert(series.name).second);
        if (!series.latency_name.empty()) CHECK(latencies.insert(series.latency_name).second);
    }
    CHECK(names.size() >= 45);
}

TEST_CASE("a missing directory, a missing file and a foreign file are errors") {
    Folder folder;
    CHECK_FALSE(Series::open(folder.path + "/none/s.db"));
    CHECK_FALSE(read_snapshot(folder.path + "/s.db", std::nullopt));
    CHECK_FALSE(std::filesystem::exists(folder.path + "/s.db"));
}

TEST_CASE("channels that close are gone from a batch, others stay; ten thousand at once are no work") {
    const auto status = [](std::int64_t connection, std::int64_t channel, UnixMs at) {
        return wire::Record("channel_status", "hp-pool", at)
            .add("connection_id", connection)
            .add("channel_id", channel)
            .add("opened_ms", kNow)
            .add("window_s", 60.0)
            .add("window_shares", 1)
            .add("window_work_hashes", 60.0)
            .add("window_work_squared", 3600.0)
            .add("window_work_max", 60.0);
    };
    const auto closed = [](std::int64_t connection, std::int64_t channel) {
        return wire::Record("channel_closed", "hp-pool", kNow)
            .add("connection_id", connection)
            .add("channel_id", channel);
    };
    Batch batch;
    for (const std::int64_t connection : {1, 2, 3})
        for (const std::int64_t channel : {1, 2}) REQUIRE(add(batch, status(connection, channel, kNow)));
    REQUIRE(add(batch, status(3, 3, kNow + 5)));
    REQUIRE(add(batch, closed(1, 2)));
    REQUIRE(add(batch, wire::Record("connection_closed", "hp-pool", kNow).add("connection_id", 2)));
    REQUIRE(add(batch, closed(3, 3)));  // it spoke after that
    std::vector<std::pair<std::int64_t, std::int64_t>> left;
    for (const auto& [key, row] : batch.live().rows()) left.emplace_back(key.connection, key.channel);
    CHECK(left == std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {3, 1}, {3, 2}, {3, 3}});
    for (std::int64_t i = 0; i < 10'000; ++i) REQUIRE(add(batch, status(10 + i, 1, kNow)));
    for (std::int64_t i = 0; i < 10'000; ++i) REQUIRE(add(batch, closed(10 + i, 1)));
    CHECK(batch.live().rows().size() == 4);
}
