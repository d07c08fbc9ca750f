#include "mining/worker_tallies.hpp"

#include <doctest/doctest.h>

#include <string>

using hp::mining::WorkerTallies;

TEST_CASE("each worker's shares are counted by its name") {
    WorkerTallies tallies;
    tallies.count("b", 10.0, 1);
    tallies.count("a", 20.0, 2);
    tallies.count("b", std::nullopt, 3);
    tallies.count("b", 5.0, 4);
    REQUIRE(tallies.all().size() == 2);
    CHECK(tallies.all()[0].name == "a");
    CHECK(tallies.all()[1].accepted == 2);
    CHECK(tallies.all()[1].rejected == 1);
    CHECK(tallies.all()[1].work_hashes == 15);
    CHECK(tallies.named() == 2);
}

TEST_CASE("a peer that invents names does not grow it; who works is not forgotten for them") {
    WorkerTallies tallies;
    for (int i = 0; i < 10'000; ++i) {
        tallies.count("worker", 1.0, i);
        tallies.count(std::to_string(i), 1.0, i);
    }
    CHECK(tallies.all().size() == WorkerTallies::kMax);
    CHECK(tallies.named() == 10'001);
    const auto worker = std::ranges::find(tallies.all(), "worker", &WorkerTallies::Worker::name);
    REQUIRE(worker != tallies.all().end());
    CHECK(worker->accepted == 10'000);
}
