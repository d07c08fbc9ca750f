#include "miner/tally.hpp"

#include "vectors.hpp"

using namespace hp::miner;

TEST_CASE("quantiles are within a sixteenth, at every size") {
    for (std::uint64_t latency_us : {0ull, 1ull, 15ull, 16ull, 17ull, 100ull, 999ull, 1000ull, 12'345ull,
                                     1'000'000ull, 3'600'000'000ull}) {
        CAPTURE(latency_us);
        Latencies latencies;
        latencies.add_us(latency_us);
        const double upper = latencies.quantile_ms(0.5) * 1000;
        CHECK(upper > static_cast<double>(latency_us));
        CHECK(upper <= static_cast<double>(latency_us) * 1.0625 + 1.001);
        CHECK(latencies.quantile_ms(1) == latencies.quantile_ms(0));
    }
    Latencies latencies;
    CHECK(latencies.quantile_ms(0.5) == 0);
    for (std::uint64_t i = 1; i <= 1000; ++i) latencies.add_us(i * 10);
    CHECK(latencies.count() == 1000);
    CHECK(latencies.quantile_ms(0.5) == doctest::Approx(5.0).epsilon(0.07));
    CHECK(latencies.quantile_ms(0.99) == doctest::Approx(9.9).epsilon(0.07));
    latencies.add_us(~std::uint64_t{0});
    CHECK(latencies.quantile_ms(1) > 1e9);
}

TEST_CASE("a server that invents reasons does not grow the map") {
    Tally tally;
    for (int i = 0; i < 1000; ++i) tally.reject("reason " + std::to_string(i));
    tally.reject("reason 0");
    CHECK(tally.rejected == 1001);
    CHECK(tally.rejected_by_reason.size() == Tally::kReasonsMax + 1);
    CHECK(tally.rejected_by_reason.at("reason 0") == 2);
    CHECK(tally.rejected_by_reason.at("other") == 1000 - Tally::kReasonsMax);
}

TEST_CASE("a record is one line of JSON with its type and its units") {
    Tally tally;
    tally.submitted = 3;
    tally.accepted = 1;
    tally.reject("bad\n\x1b[31m\"");
    tally.ehash = 1u << 20;
    const Report report{.is_summary = true,
                        .now_ms = 1234,
                        .elapsed_s = 2.5,
                        .hash_rate_hps = 1e6,
                        .hashes = 9,
                        .connections_open = 1,
                        .tally = tally};
    const std::string record = to_record(report);
    CHECK(record.find('\n') == std::string::npos);
    const auto json = hp::test::Json::parse(record);
    CHECK(json["v"] == 1);
    CHECK(json["type"] == "miner_summary");
    CHECK(json["source"] == "hp-miner");
    CHECK(json["ts_ms"] == 1234);
    CHECK(json["shares_submitted"] == 3);
    CHECK(json["shares_accepted"] == 1);
    CHECK(json["shares_rejected"] == 1);
    CHECK(json["ehash"] == 1u << 20);
    CHECK(json["rejected_by_reason"].size() == 1);
    CHECK(to_status_line(report).find('\n') == std::string::npos);
    CHECK(to_status_line(report).find("1.00 MH/s") == 0);
    CHECK(to_summary(report).find("3 submitted, 1 accepted, 1 rejected") != std::string::npos);
    CHECK(to_summary(report).find('\x1b') == std::string::npos);
}
