#include <doctest/doctest.h>

#include "config/keys.hpp"
#include "proxy/proxy_services.hpp"

using namespace hp;

TEST_CASE("what the keys of proxy.toml mean to a session") {
    config::Proxy keys;
    keys.min_extranonce_size = 6;
    keys.initial_hash_rate_hps = 5e9;
    keys.invalid_shares_max = 40;
    proxy::MinerTerms terms;
    terms.take(keys);
    CHECK(terms.min_extranonce_size == 6);
    CHECK(terms.initial_hash_rate_hps == 5e9);
    CHECK(terms.invalid_shares_max == 40);
}
