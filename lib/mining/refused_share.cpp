#include "mining/refused_share.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace hp::mining {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson job_of(const RefusedShare& share) {
    const ExtendedJob& job = *share.job;
    OrderedJson path = OrderedJson::array();
    for (const Bytes32& node : job.merkle_path) path.push_back(to_hex(node));
    return {{"version", job.version},
            {"version_rolling_allowed", job.version_rolling_allowed},
            {"coinbase_tx_prefix", to_hex(job.coinbase.prefix)},
            {"coinbase_tx_suffix", to_hex(job.coinbase.suffix)},
            {"merkle_path", path}};
}

}  // namespace

std::string detail_of(const RefusedShare& share) {
    using wire::ShareRefusal;
    switch (share.reason) {
        case ShareRefusal::stale_share:
        case ShareRefusal::invalid_job_id:
            return fmt::format("job {}", share.job_id);
        case ShareRefusal::bad_extranonce_size:
            return fmt::format("{} bytes, expected {}", share.extranonce.size, share.extranonce_size);
        case ShareRefusal::invalid_share:
            if (!share.tip) return {};
            return fmt::format("ntime {}, expected {} to {}", share.ntime, share.tip->min_ntime,
                               share.ntime_max);
        case ShareRefusal::version_rolling_not_allowed:
        case ShareRefusal::invalid_non_rollable_version_bit:
            if (!share.job) return {};
            return fmt::format("version {:08x} for {:08x}", share.version, share.job->version);
        case ShareRefusal::difficulty_too_low:
            if (!share.is_hashed()) return {};
            return fmt::format("difficulty {:.6g}, expected {:.6g}",
                               bitcoin::difficulty_from_target(share.hash),
                               bitcoin::difficulty_from_target(share.target));
        case ShareRefusal::invalid_channel_id:
            return fmt::format("channel {}", share.channel_id);
        default:
            return {};
    }
}

std::string line_of(const RefusedShare& share) {
    OrderedJson refused = {
        {"at_ms", share.at_ms},
        {"reason", wire::word_of(share.reason)},
        {"detail", detail_of(share)},
        {"share_hash", share.is_hashed() ? OrderedJson(to_hex(share.hash)) : OrderedJson(nullptr)},
        {"peer", share.peer},
        {"worker", share.worker},
        {"locking_key", share.locking_key ? OrderedJson(to_hex(*share.locking_key)) : OrderedJson(nullptr)},
        {"connection_id", share.connection_id},
        {"channel_id", share.channel_id},
        {"sequence_number", share.sequence_number},
        {"job_id", share.job_id}};
    OrderedJson out = {{"id", std::to_string(share.connection_id) + "/" + std::to_string(share.channel_id) +
                                  "/" + std::to_string(share.sequence_number)},
                       {"refused", std::move(refused)},
                       {"channel", "extended"},
                       {"job", share.job ? job_of(share) : OrderedJson(nullptr)},
                       {"extranonce_prefix", to_hex(share.extranonce_prefix.view())},
                       {"extranonce_size", share.extranonce_size},
                       {"chain_tip", nullptr},
                       {"job_target", to_hex(share.target)},
                       {"ntime_max", share.ntime_max},
                       {"share",
                        {{"nonce", share.nonce},
                         {"ntime", share.ntime},
                         {"version", share.version},
                         {"extranonce", to_hex(share.extranonce.view())}}}};
    if (share.tip)
        out["chain_tip"] = {{"prev_hash", to_hex(share.tip->prev_hash)},
                            {"nbits", share.tip->nbits},
                            {"min_ntime", share.tip->min_ntime}};
    return out.dump(-1, ' ', true, OrderedJson::error_handler_t::replace);
}

}  // namespace hp::mining
