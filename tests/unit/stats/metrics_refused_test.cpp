// Who was refused, for Prometheus: an unused reason is 0, so that its first occurrence is an increase.
#include <doctest/doctest.h>

#include "stats/metrics.hpp"

using namespace hp::stats;

TEST_CASE("the reasons that the pool has stand at 0 before their first record, and count from there") {
    Snapshot ever;
    const auto has = [&](const std::string& line) {
        return metrics_text(ever, {}, {}).find("\n" + line + "\n") != std::string::npos;
    };
    CHECK(has("hashpool_channels_refused_total{reason=\"too-many-channels\"} 0"));
    CHECK(has("hashpool_setups_refused_total{reason=\"unsupported-protocol\"} 0"));
    CHECK(has("hashpool_upstream_refused_total{reason=\"protocol-version-mismatch\"} 0"));
    CHECK(has("hashpool_miner_channels_refused_total{reason=\"invalid-locking-key\"} 0"));
    ever.series["channel_refused"]["too-many-channels"].count = 3;
    ever.series["channel_refused"]["of another pool"].count = 1;
    CHECK(has("hashpool_channels_refused_total{reason=\"too-many-channels\"} 3"));
    CHECK(has("hashpool_channels_refused_total{reason=\"of another pool\"} 1"));
    CHECK_FALSE(has("hashpool_channels_refused_total{reason=\"too-many-channels\"} 0"));
}
