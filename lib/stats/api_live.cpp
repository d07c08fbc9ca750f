#include "stats/api_live.hpp"

#include "records/pool.hpp"
#include "records/proxy.hpp"
#include "stats/estimate.hpp"

namespace hp::stats {
namespace {

using Json = nlohmann::ordered_json;

/// The name of a field of R. A name that R does not declare does not compile, instead of being null for ever.
template <class R>
class FieldOf {
  public:
    consteval FieldOf(const char* name) : name_{name} {
        if (!records::has_field<R>(name)) throw "the record has no such field";
    }
    const char* name() const { return name_; }

  private:
    const char* name_;
};

/// Fields of a record as received; missing ones, and those of another type, are null.
template <class R>
class Fields {
  public:
    explicit Fields(const std::string& json) : record_(Json::parse(json, nullptr, false)) {}
    Json number(FieldOf<R> field) const { return find(field, &Json::is_number); }
    Json text(FieldOf<R> field) const { return find(field, &Json::is_string); }
    Json list(FieldOf<R> field) const { return find(field, &Json::is_array); }
    double value(FieldOf<R> field) const {
        const Json found = number(field);
        return found.is_number() ? found.template get<double>() : 0;
    }

  private:
    Json find(FieldOf<R> field, bool (Json::*is_kind)() const noexcept) const {
        if (!record_.is_object()) return nullptr;
        const auto found = record_.find(field.name());
        return found != record_.end() && ((*found).*is_kind)() ? *found : Json(nullptr);
    }
    Json record_;
};

void add_rate(Json& out, const char* name, const Sums& rate) {
    const auto hash_rate = *estimate(rate, 1);
    out[name] = hash_rate.hps;
    out["hashrate_low_hps"] = hash_rate.low_hps;
    out["hashrate_high_hps"] = hash_rate.high_hps ? Json(*hash_rate.high_hps) : Json(nullptr);
}

template <class R>
void add_shares(Json& out, const Fields<R>& record) {
    out["shares_accepted"] = record.number("shares_accepted");
    out["shares_rejected"] = record.number("shares_rejected");
    out["share_work_sum"] = record.value("work_hashes") / kHashesOfDifficulty;
    out["work_hashes"] = record.number("work_hashes");
    out["last_share_ms"] = record.number("last_share_ms");
}

void add_extranonce(Json& out, const Json& prefix_hex, const Json& rollable_size) {
    out["extranonce_prefix_hex"] = prefix_hex;
    out["rollable_extranonce_size"] = rollable_size;
    out["full_extranonce_size"] = nullptr;
    if (prefix_hex.is_string() && rollable_size.is_number())
        out["full_extranonce_size"] =
            prefix_hex.get_ref<const std::string&>().size() / 2 + rollable_size.get<std::uint64_t>();
}

}  // namespace

Json client_json(const LiveConnection& connection) {
    const Fields<records::ChannelStatus> record{connection.json};
    Json out = {{"client_id", connection.connection},
                {"extended_channels_count", connection.extended},
                {"standard_channels_count", connection.standard}};
    add_rate(out, "total_hashrate", connection.rate);
    out["peer"] = record.text("peer");
    out["program"] = record.text("program");
    out["user_identity"] = record.text("worker");
    out["opened_ms"] = connection.opened_ms;
    return out;
}

Json channel_json(const LiveRow& row) {
    const Fields<records::ChannelStatus> record{row.json};
    Json out = {{"channel_id", record.number("channel_id")},
                {"user_identity", record.text("worker")},
                {"nominal_hashrate", record.number("nominal_hash_rate_hps")},
                {"target_hex", record.text("target")},
                {"difficulty", record.number("difficulty")}};
    add_rate(out, "hashrate", row.rate);
    add_extranonce(out, record.text("extranonce_prefix"), record.number("extranonce_size"));
    add_shares(out, record);
    out["blocks_found"] = record.number("blocks_found");
    out["opened_ms"] = row.opened_ms;
    return out;
}

Json miner_json(const LiveConnection& miner) {
    const Fields<records::DownstreamStatus> record{miner.json};
    Json out = {{"client_id", miner.connection},
                {"channel_id", record.number("channel_id")},
                {"sv1_username", record.text("worker")},
                {"sv1_worker_name", record.text("worker")},
                {"authorized_worker_name", record.text("worker")},
                {"user_identity", record.text("worker")},
                {"user_agent", record.text("user_agent")},
                {"peer_address", record.text("peer")},
                {"target_hex", record.text("target")},
                {"difficulty", record.number("difficulty")}};
    add_rate(out, "hashrate", miner.rate);
    out["extranonce1_hex"] = record.text("extranonce1");
    out["extranonce2_len"] = record.number("extranonce2_size");
    out["version_rolling_mask"] = record.text("version_mask");
    add_shares(out, record);
    // Several workers on one connection: each one's counts.
    if (const Json workers = record.list("workers"); workers.is_array()) {
        out["worker_count"] = record.number("worker_count");
        out["workers"] = workers;
    }
    out["connected_at_secs"] = miner.opened_ms / 1000;
    return out;
}

Json upstream_channel_json(const LiveRow& row) {
    const Fields<records::DownstreamStatus> record{row.json};
    Json out = {{"channel_id", record.number("channel_id")},
                {"user_identity", record.text("worker")},
                {"target_hex", record.text("target")},
                {"difficulty", record.number("difficulty")}};
    add_rate(out, "hashrate", row.rate);
    add_extranonce(out, record.text("extranonce1"), record.number("extranonce2_size"));
    add_shares(out, record);
    out["shares_acknowledged"] = record.number("shares_accepted");
    out["client_id"] = record.number("miner_id");
    return out;
}

}  // namespace hp::stats
