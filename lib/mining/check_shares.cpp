#include "mining/check_shares.hpp"

#include <nlohmann/json.hpp>

#include "bitcoin/merkle.hpp"
#include "mining/share.hpp"
#include "mining/template.hpp"

namespace hp::mining {
namespace {

using Json = nlohmann::json;

/// Reads members by path and remembers the first error: later reads are no-ops, one check at the end.
class Members {
  public:
    explicit Members(const Json& root) : root_{root} {}

    const Json* find(const char* path) const {
        const Json::json_pointer pointer{path};
        return root_.contains(pointer) ? &root_.at(pointer) : nullptr;
    }
    std::string text(const char* path) {
        const Json* value = need(path, "a string", &Json::is_string);
        return value ? value->get<std::string>() : std::string();
    }
    bool boolean(const char* path) {
        const Json* value = need(path, "true or false", &Json::is_boolean);
        return value && value->get<bool>();
    }
    std::uint32_t u32(const char* path) {
        const Json* value = need(path, "a whole number", &Json::is_number_unsigned);
        if (!value) return 0;
        const auto number = value->get<std::uint64_t>();
        if (number > 0xffff'ffff) fail_at(path, "expected at most 4294967295, got " + std::to_string(number));
        return static_cast<std::uint32_t>(number);
    }
    Bytes bytes(const char* path) { return decode(path, text(path)); }
    Bytes32 bytes32(const char* path) { return fixed(path, bytes(path)); }
    std::vector<Bytes32> hashes(const char* path) {
        std::vector<Bytes32> out;
        const Json* list = need(path, "a list", &Json::is_array);
        if (!list) return out;
        if (list->size() > kMerklePathMax)
            fail_at(path, "expected at most 32 entries, got " + std::to_string(list->size()));
        for (const Json& entry : *list) {
            if (!entry.is_string()) fail_at(path, "expected strings of hex");
            if (error_) break;
            out.push_back(fixed(path, decode(path, entry.get<std::string>())));
        }
        return out;
    }
    void fail_at(const char* path, const std::string& why) {
        if (error_) return;
        std::string name{path + 1};
        std::ranges::replace(name, '/', '.');
        error_ = Error{Errc::invalid, name + ": " + why, {}};
    }
    const std::optional<Error>& error() const { return error_; }

  private:
    const Json* need(const char* path, const char* kind, bool (Json::*is_kind)() const noexcept) {
        const Json* value = find(path);
        if (!value)
            fail_at(path, std::string("missing, expected ") + kind);
        else if (!(value->*is_kind)())
            fail_at(path, std::string("expected ") + kind);
        return error_ ? nullptr : value;
    }
    Bytes decode(const char* path, const std::string& hex) {
        if (error_) return {};
        auto out = from_hex(hex);
        if (!out) fail_at(path, out.error().what);
        return out.value_or(Bytes{});
    }
    Bytes32 fixed(const char* path, const Bytes& from) {
        if (!error_ && from.size() != 32)
            fail_at(path, "expected 32 bytes, got " + std::to_string(from.size()));
        return error_ ? Bytes32{} : to_array<32>(from);
    }

    const Json& root_;
    std::optional<Error> error_{};
};

struct Job {
    std::uint32_t version{};
    bool version_rolling_allowed{true};  // on a standard channel version bits are free within the mask
    Bytes coinbase_prefix{};
    Bytes coinbase_suffix{};
    std::vector<Bytes32> merkle_path{};
    Bytes32 merkle_root{};
};

Job read_job(Members& in, bool extended) {
    Job job;
    job.version = in.u32("/job/version");
    if (extended) {
        job.version_rolling_allowed = in.boolean("/job/version_rolling_allowed");
        job.coinbase_prefix = in.bytes("/job/coinbase_tx_prefix");
        job.coinbase_suffix = in.bytes("/job/coinbase_tx_suffix");
        job.merkle_path = in.hashes("/job/merkle_path");
    } else {
        job.merkle_root = in.bytes32("/job/merkle_root");
    }
    return job;
}

}  // namespace

Result<std::string> check_share_line(std::string_view json_line) {
    const Json root = Json::parse(json_line, nullptr, false);
    if (!root.is_object()) return fail(Errc::invalid, "expected one JSON object per line");
    Members in{root};
    const std::string channel = in.text("/channel");
    const bool extended = channel == "extended";
    if (!extended && channel != "standard")
        in.fail_at("/channel", "expected 'extended' or 'standard', got '" + printable(channel) + "'");
    nlohmann::ordered_json out;
    if (const Json* id = in.find("/id")) out["id"] = *id;
    // As stored by hp-pool, with the reason.
    if (const Json* refused = in.find("/refused/reason")) out["refused"] = *refused;
    if (const Json* job = in.find("/job"); job && job->is_null() && !in.error()) {
        out["outcome"] = outcome_text(Outcome::invalid_job_id);
        return out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
    }
    const Job job = read_job(in, extended);
    const Bytes extranonce_prefix = in.bytes("/extranonce_prefix");
    const std::uint32_t extranonce_size = in.u32("/extranonce_size");
    const Bytes32 prev_hash = in.bytes32("/chain_tip/prev_hash");
    const std::uint32_t nbits = in.u32("/chain_tip/nbits");
    const std::uint32_t min_ntime = in.u32("/chain_tip/min_ntime");
    const bitcoin::Target job_target = in.bytes32("/job_target");
    Share share{.nonce = in.u32("/share/nonce"),
                .ntime = in.u32("/share/ntime"),
                .version = in.u32("/share/version")};
    const Bytes extranonce = extended ? in.bytes("/share/extranonce") : Bytes{};
    share.extranonce = extranonce;
    const std::uint32_t ntime_max = in.find("/ntime_max") ? in.u32("/ntime_max") : 0xffff'ffff;
    if (in.error()) return fail(*in.error());
    auto tip = make_tip(prev_hash, min_ntime, nbits);
    if (!tip) return fail(Errc::invalid, "chain_tip." + tip.error().what);

    const ShareTerms terms{.version = job.version,
                           .version_rolling_allowed = job.version_rolling_allowed,
                           .extranonce_size = extranonce_size,
                           .ntime_min = tip->min_ntime,
                           .ntime_max = ntime_max};
    const auto refused = check_terms(terms, share);
    if (refused != Outcome::bad_extranonce_size) {
        Bytes32 merkle_root = job.merkle_root;
        if (extended) {
            const CoinbaseMidstate midstate{job.coinbase_prefix, extranonce_prefix};
            const Bytes32 txid = midstate.txid(share.extranonce, job.coinbase_suffix);
            merkle_root = bitcoin::merkle_root_from_path(txid, job.merkle_path);
            out["coinbase_txid_bytes"] = to_hex(txid);
        }
        const auto header = share_header(share, tip->prev_hash, merkle_root, tip->nbits);
        const Bytes32 hash = bitcoin::header_hash(header);
        out["merkle_root"] = to_hex(merkle_root);
        out["header"] = to_hex(header);
        out["hash_bytes"] = to_hex(hash);
        out["hash_displayed"] = to_hex_reversed(hash);
        out["outcome"] = outcome_text(refused.value_or(judge_hash(hash, tip->network_target, job_target)));
    } else {
        out["outcome"] = outcome_text(*refused);
    }
    return out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace hp::mining
