// Current clients and channels, in the format of the shared monitoring API. Pure.
#pragma once
#include <nlohmann/json.hpp>

#include "stats/reader.hpp"

namespace hp::stats {

/// A connection to the pool: an object of /clients.
nlohmann::ordered_json client_json(const LiveConnection& connection);
/// A channel to the pool: an object of /clients/{id}/channels.
nlohmann::ordered_json channel_json(const LiveRow& row);
/// A miner of the proxy: an object of /sv1/clients.
nlohmann::ordered_json miner_json(const LiveConnection& miner);
/// The proxy's channel to the pool for a miner: an object of /server/channels.
nlohmann::ordered_json upstream_channel_json(const LiveRow& row);

}  // namespace hp::stats
