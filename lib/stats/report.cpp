#include "stats/report.hpp"

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "records/names.hpp"
#include "stats/estimate.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

using namespace records::literals;

using Json = nlohmann::ordered_json;

/// Adds the measured rate and its 95 % interval; null while the window is too short.
void add_rate(Json& out, const Sums& shares, const Snapshot& s) {
    const auto rate = estimate(shares, s.seen_seconds());
    out["hashrate_hps"] = rate ? Json(rate->hps) : Json(nullptr);
    out["hashrate_low_hps"] = rate ? Json(rate->low_hps) : Json(nullptr);
    out["hashrate_high_hps"] = rate && rate->high_hps ? Json(*rate->high_hps) : Json(nullptr);
}

Json latency_json(const Percentiles& p) {
    Json out = {{"count", p.count}, {"p50", nullptr}, {"p99", nullptr}, {"max", nullptr}};
    if (p.count > 0) out = {{"count", p.count}, {"p50", p.p50_ms}, {"p99", p.p99_ms}, {"max", p.max_ms}};
    return out;
}

Json counts_json(const std::map<std::string, Sums>& labels) {
    Json out = Json::object();
    for (const auto& [label, sums] : labels) out[label] = sums.count;
    return out;
}

Json time_json(const Snapshot& s, UnixMs ms) { return s.records > 0 ? Json(ms) : Json(nullptr); }

Json window_json(const Snapshot& s) {
    return {{"minutes", s.minutes ? Json(*s.minutes) : Json(nullptr)},
            {"from_ms", time_json(s, s.from_ms)},
            {"to_ms", time_json(s, s.to_ms)},
            {"seconds", s.seconds()},
            {"seen_seconds", s.seen_seconds()}};
}

Json workers_json(const Snapshot& s) {
    Json out = Json::array();
    for (const auto& [worker, sums] : s.labels("share_accepted"_series)) {
        Json row = {{"worker", worker},
                    {"shares_accepted", sums.count},
                    {"amount", sums.amount},
                    {"work_hashes", sums.work_hashes}};
        add_rate(row, sums, s);
        row["last_share_ms"] = sums.last_ms;
        out.push_back(std::move(row));
    }
    return out;
}

Json miner_workers_json(const Snapshot& s) {
    Json out = Json::array();
    for (const auto& [worker, sums] : s.labels("miner_share_accepted"_series))
        out.push_back({{"worker", worker}, {"shares_accepted", sums.count}, {"last_share_ms", sums.last_ms}});
    return out;
}

Json gauge_json(const std::optional<Gauge>& gauge) {
    return gauge ? Json::parse(gauge->json, nullptr, false) : Json(nullptr);
}

Json status_json(const Snapshot& s) {
    Json out = Json::object();
    for (const auto& [source, fields] : s.gauges) {
        for (const auto& [field, gauge] : fields)
            out[source][field] = {{"value", gauge_json(gauge)}, {"ts_ms", gauge.ts_ms}};
    }
    return out;
}

Sums labelled(const Snapshot& s, const char* name, const char* label) {
    const auto& labels = s.labels(name);
    const auto found = labels.find(label);
    return found == labels.end() ? Sums{} : found->second;
}

std::string rate_text(const Sums& shares, const Snapshot& s) {
    const auto rate = estimate(shares, s.seen_seconds());
    return rate ? rate_text(*rate) : "-";
}

/// Name, padded, then its value.
void line(std::string& out, std::string_view name, const std::string& value) {
    out += name;
    out.append(name.size() < 20 ? 20 - name.size() : 1, ' ');
    out += value + '\n';
}

void latency_line(std::string& out, std::string_view name, const Percentiles& p) {
    if (p.count == 0) return line(out, name, "-");
    line(out, name,
         "p50 " + std::to_string(p.p50_ms) + " ms  p99 " + std::to_string(p.p99_ms) + " ms  max " +
             std::to_string(p.max_ms) + " ms  of " + std::to_string(p.count));
}

std::string count_and_amount(const Sums& sums) {
    return std::to_string(sums.count) + "  amount " + std::to_string(sums.amount);
}

}  // namespace

std::string report_json(const Snapshot& s) {
    // If a program wrote nothing, nothing was counted: 0 would be wrong.
    const auto of = [&](const char* source, auto value) {
        return value != 0 || s.has_heard(source) ? Json(value) : Json(nullptr);
    };
    const auto reasons_of = [&](const char* source, const char* name) {
        const auto& counts = s.labels(name);
        return !counts.empty() || s.has_heard(source) ? counts_json(counts) : Json(nullptr);
    };
    const Sums shares = s.sum("share_accepted"_series);
    const Sums quotes = labelled(s, "quote_created"_series, "false");
    const Sums tokens = s.sum("token_minted"_series);
    Json out = {
        {"window", window_json(s)},
        {"first_record_ms", time_json(s, s.first_record_ms)},
        {"last_record_ms", time_json(s, s.last_record_ms)},
        {"records", s.records},
        {"records_unknown", s.unknown},
        {"records_damaged", s.damaged},
        {"shares_accepted", of("hp-pool", shares.count)},
        {"shares_rejected", reasons_of("hp-pool", "share_rejected"_series)},
        {"share_amount", of("hp-pool", shares.amount)},
        {"work_hashes", of("hp-pool", shares.work_hashes)},
    };
    add_rate(out, shares, s);
    out.update({
        {"workers", workers_json(s)},
        {"miner_shares_accepted", of("hp-proxy", s.sum("miner_share_accepted"_series).count)},
        {"miner_workers", miner_workers_json(s)},
        {"miner_shares_rejected", reasons_of("hp-proxy", "miner_share_rejected"_series)},
        {"miner_answer_ms", latency_json(s.latency("miner_answer_ms"_latency))},
        {"quotes_created", of("hp-pool", quotes.count)},
        {"quote_amount", of("hp-pool", quotes.amount)},
        {"quotes_replayed", of("hp-pool", labelled(s, "quote_created"_series, "true").count)},
        {"quotes_dead", of("hp-pool", s.sum("quote_dead"_series).count)},
        {"share_to_quote_ms", latency_json(s.latency("share_to_quote_ms"_latency))},
        {"mint_quotes_created", of("hp-mint", s.sum("mint_quotes_created"_series).count)},
        {"mint_quote_amount", of("hp-mint", s.sum("mint_quotes_created"_series).amount)},
        {"mint_quotes_refused", of("hp-mint", s.sum("mint_quotes_refused"_series).count)},
        {"mint_requests_refused", reasons_of("hp-mint", "request_refused"_series)},
        {"ehash_issued", of("hp-mint", s.sum("ehash_issued"_series).amount)},
        {"ehash_swapped", of("hp-mint", s.sum("ehash_swapped"_series).amount)},
        {"tokens_minted", of("hp-proxy", tokens.count)},
        {"token_amount", of("hp-proxy", tokens.amount)},
        {"share_to_token_ms", latency_json(s.latency("share_to_token_ms"_latency))},
        {"quotes_parked", of("hp-proxy", s.sum("quote_parked"_series).count)},
        {"blocks_found", of("hp-pool", s.sum("block_found"_series).count)},
        {"blocks_accepted", s.blocks_accepted() ? Json(*s.blocks_accepted()) : Json(nullptr)},
        {"alarms", s.sum("alarm"_series).count},
        {"outbox_pending", gauge_json(s.gauge("outbox_pending"_field))},
        {"connections", gauge_json(s.gauge("connections"_field))},
        {"channels", gauge_json(s.gauge("channels"_field))},
        {"wallet_balance", gauge_json(s.gauge("wallet_balance"_field))},
        {"status", status_json(s)},
    });
    return out.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string report_table(const Snapshot& s) {
    std::string out;
    if (s.records == 0) {
        line(out, "records", "0  damaged " + std::to_string(s.damaged));
        return out;
    }
    const Sums shares = s.sum("share_accepted"_series);
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f s", s.seconds());
    line(out, "window",
         (s.minutes ? "last " + std::to_string(*s.minutes) + " min" : std::string("all")) + ": " +
             time_text(s.from_ms) + " to " + time_text(s.to_ms) + ", " + seconds);
    line(out, "records",
         std::to_string(s.records) + "  unknown " + std::to_string(s.unknown) + "  damaged " +
             std::to_string(s.damaged));
    const Sums miners = s.sum("miner_share_accepted"_series);
    // The proxy's side knows nothing about the pool's, so 0 would be wrong.
    const bool has_pool = shares.count > 0 || miners.count == 0;
    if (has_pool) line(out, "shares accepted", count_and_amount(shares));
    for (const auto& [reason, sums] : s.labels("share_rejected"_series))
        line(out, "shares rejected", std::to_string(sums.count) + "  " + printable(reason));
    if (miners.count > 0) {
        line(out, "miners' shares", std::to_string(miners.count));
        latency_line(out, "answer to miners", s.latency("miner_answer_ms"_latency));
    }
    if (has_pool) {
        line(out, "hashrate", rate_text(shares, s));
        line(out, "quotes created", count_and_amount(labelled(s, "quote_created"_series, "false")));
        latency_line(out, "share to quote", s.latency("share_to_quote_ms"_latency));
        const auto issued = s.sum("ehash_issued"_series);
        line(out, "ehash issued",
             issued.count > 0 || s.has_heard("hp-mint") ? std::to_string(issued.amount) : std::string("-"));
    }
    const auto tokens = s.sum("token_minted"_series);
    line(out, "tokens minted",
         tokens.count > 0 || s.has_heard("hp-proxy") ? count_and_amount(tokens) : std::string("-"));
    latency_line(out, "share to token", s.latency("share_to_token_ms"_latency));
    if (has_pool)
        line(out, "blocks found",
             std::to_string(s.sum("block_found"_series).count) + "  in the chain " +
                 (s.blocks_accepted() ? std::to_string(*s.blocks_accepted()) : "-"));
    line(out, "alarms", std::to_string(s.sum("alarm"_series).count));
    for (const auto& [source, fields] : s.gauges)
        for (const auto& [field, gauge] : fields)
            line(out, printable(source), printable(field) + " " + gauge.json);
    if (!s.labels("share_accepted"_series).empty())
        out += "\nshares      amount  hashrate (95 % interval)      worker\n";
    for (const auto& [worker, sums] : s.labels("share_accepted"_series)) {
        char row[128];
        std::snprintf(row, sizeof row, "%-10llu  %6llu  %-28s  ", static_cast<unsigned long long>(sums.count),
                      static_cast<unsigned long long>(sums.amount), rate_text(sums, s).c_str());
        out += row + printable(worker) + '\n';
    }
    return out;
}

}  // namespace hp::stats
