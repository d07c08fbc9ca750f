#include <doctest/doctest.h>

#include "config/keys.hpp"
#include "pool/pool_services.hpp"

using namespace hp;

TEST_CASE("what the keys of pool.toml mean to a session: milliseconds, counts, a key") {
    config::Pool keys;
    keys.shares_per_minute = 12;
    keys.vardiff_interval_s = 30;
    keys.channels_per_connection = 7;
    keys.idle_channel_s = 90;
    keys.invalid_shares_max = 50;
    keys.stale_grace_ms = 700;
    keys.pay_stale_in_grace = false;
    pool::PoolTerms terms;
    REQUIRE(terms.take(keys));
    CHECK(terms.vardiff.shares_per_minute == 12);
    CHECK(terms.vardiff.period_ms == 30'000);
    CHECK(terms.channels_max == 7);
    CHECK(terms.idle_channel_ms == 90'000);
    CHECK(terms.invalid_shares_max == 50);
    CHECK(terms.late.grace_ms == 700);
    CHECK_FALSE(terms.late.is_paid);
    CHECK(!terms.default_locking_key);

    keys.default_locking_key = "02" + std::string(64, 'a');
    REQUIRE(terms.take(keys));
    REQUIRE(terms.default_locking_key);
    CHECK(to_hex(*terms.default_locking_key) == keys.default_locking_key);
    keys.default_locking_key = "02aa";
    CHECK(!terms.take(keys));
}
