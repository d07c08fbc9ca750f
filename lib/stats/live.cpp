#include "stats/live.hpp"

#include <algorithm>

#include "records/pool.hpp"
#include "records/proxy.hpp"
#include "stats/fields.hpp"

namespace hp::stats {
namespace {

using records::ChannelClosed, records::ChannelStatus, records::ConnectionClosed, records::DownstreamStatus,
    records::MinerDisconnected, records::PoolStatus, records::ProxyStatus, records::Tally;
using records::name_of;
using simdjson::dom::element;

Result<std::int64_t> id_of(const element& record, std::string_view field) {
    HP_TRY(const auto id, integer_of(record, field));
    return static_cast<std::int64_t>(id);
}

Result<LiveRow> live_row(const element& record, std::string_view opened_field, UnixMs ts_ms,
                         const std::string& json) {
    if (json.size() > kLiveJsonMax)
        return fail(Errc::invalid, "is longer than " + std::to_string(kLiveJsonMax) + " bytes");
    LiveRow row{.seen_ms = ts_ms, .json = json};
    HP_TRY(row.opened_ms, id_of(record, opened_field));
    std::string_view kind;
    row.is_standard =
        record[name_of<&ChannelStatus::kind>()].get(kind) == simdjson::SUCCESS && kind == "standard";
    HP_TRY(const double seconds, number_of(record, name_of<&Tally::window_s>()));
    HP_TRY(row.rate.count, integer_of(record, name_of<&Tally::window_shares>()));
    HP_TRY(const double work, work_of(record, name_of<&Tally::window_work_hashes>(), 1));
    HP_TRY(const double squared, work_of(record, name_of<&Tally::window_work_squared>(), 2));
    HP_TRY(const double most, work_of(record, name_of<&Tally::window_work_max>(), 1));
    // A channel younger than a second has no meaningful rate.
    const double per = std::max(seconds, 1.0);
    row.rate.work_hashes = work / per;
    row.rate.work_squared = squared / per / per;
    row.rate.work_max = most / per;
    return row;
}

}  // namespace

Result<> LiveChanges::add(const std::string& type, const std::string& source, UnixMs ts_ms,
                          const std::string& json, const element& record) {
    const bool is_status = type == ChannelStatus::info.type || type == DownstreamStatus::info.type;
    const bool is_channel = type == ChannelStatus::info.type || type == ChannelClosed::info.type;
    const bool is_miner = type == DownstreamStatus::info.type || type == MinerDisconnected::info.type;
    const bool is_connection_end = type == ConnectionClosed::info.type;
    LiveKey key{source, 0, 0};
    if (is_channel || is_connection_end) {
        HP_TRY(key.connection, id_of(record, name_of<&ChannelStatus::connection_id>()));
    }
    if (is_channel) {
        HP_TRY(key.channel, id_of(record, name_of<&ChannelStatus::channel_id>()));
    }
    if (is_miner) {
        HP_TRY(key.connection, id_of(record, name_of<&DownstreamStatus::miner_id>()));
    }
    if (is_status) {
        HP_TRY(auto row, live_row(record,
                                  is_miner ? name_of<&DownstreamStatus::connected_ms>()
                                           : name_of<&ChannelStatus::opened_ms>(),
                                  ts_ms, json));
        LiveRow& known = rows_[std::move(key)];
        if (row.seen_ms >= known.seen_ms) known = std::move(row);
    } else if (is_channel || is_miner || is_connection_end) {
        close({std::move(key), !is_channel, ts_ms});
    } else if (type == PoolStatus::info.type || type == ProxyStatus::info.type) {
        std::uint64_t started{};
        if (record[name_of<&PoolStatus::started_ms>()].get(started) == simdjson::SUCCESS)
            begun_[source] =
                std::max(begun_[source], static_cast<UnixMs>(std::min<std::uint64_t>(started, ts_ms)));
    }
    return {};
}

void LiveChanges::close(Closed closed) {
    // A thousand may close in one batch: look only at the connection's own rows.
    const auto end = rows_.upper_bound({closed.key.source, closed.key.connection, INT64_MAX});
    for (auto row = rows_.lower_bound({closed.key.source, closed.key.connection, 0}); row != end;) {
        const bool is_meant = closed.is_whole_connection || row->first.channel == closed.key.channel;
        row = is_meant && row->second.seen_ms <= closed.ts_ms ? rows_.erase(row) : std::next(row);
    }
    closed_.push_back(std::move(closed));
}

void LiveChanges::clear() {
    begun_.clear();
    closed_.clear();
    rows_.clear();
}

}  // namespace hp::stats
