#include "stats/metrics.hpp"

#include <algorithm>

#include "stats/estimate.hpp"
#include "stats/labels.hpp"
#include "stats/rules.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

/// The text format escapes three characters in a label's value; other control characters would still break a
/// line.
std::string label_text(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"')
            out += '\\', out += c;
        else if (c == '\n')
            out += "\\n";
        else
            out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
    return out;
}

class Page {
  public:
    /// Begins a family; its samples follow.
    void family(std::string_view name, const char* type, std::string_view help) {
        name_ = name;
        out_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " + type + "\n";
    }
    void sample(const std::string& value, std::string_view label = {}, std::string_view label_value = {},
                std::string_view suffix = {}) {
        out_ += name_ + std::string(suffix);
        if (!label.empty()) out_ += "{" + std::string(label) + "=\"" + label_text(label_value) + "\"}";
        out_ += " " + value + "\n";
    }
    void sample(std::uint64_t value, std::string_view label = {}, std::string_view label_value = {}) {
        sample(std::to_string(value), label, label_value);
    }
    void add(const std::string& line) { out_ += line; }
    std::string take() { return std::move(out_); }

  private:
    std::string out_, name_;
};

struct Counter {
    const char* metric;
    const char* series;
    const char* help;
    bool is_amount{false};
    const char* label{nullptr};  ///< of the metric, for the series' label; null: all together
};
constexpr Counter kCounters[] = {
    {"sv2_client_shares_accepted_total", "share_accepted", "Shares that the pool accepted."},
    {"sv2_client_shares_rejected_total", "share_rejected", "Shares that the pool rejected.", false, "reason"},
    {"sv2_client_blocks_found_total", "block_found", "Blocks that miners of the pool found."},
    {"hashpool_blocks_submitted_total", "block_submitted",
     "Blocks handed to the node, by whether they were in its chain then.", false, "accepted"},
    {"hashpool_blocks_moved_total", "block_moved",
     "Such blocks that came into the chain later (true), or left it (false).", false, "accepted"},
    {"hashpool_share_ehash_total", "share_accepted", "Ehash of the accepted shares, in its unit.", true},
    {"hashpool_quotes_total", "quote_created", "Quotes that the mint told the pool.", false, "replay"},
    {"hashpool_quotes_dead_total", "quote_dead", "Shares that the mint refused for good.", false, "code"},
    {"hashpool_mint_quotes_total", "mint_quotes_created", "Quotes that the mint made."},
    {"hashpool_mint_quotes_ehash_total", "mint_quotes_created", "Ehash of the quotes that the mint made.",
     true},
    {"hashpool_mint_quotes_refused_total", "mint_quotes_refused", "Quote requests that the mint refused."},
    {"hashpool_mint_ehash_issued_total", "ehash_issued", "Ehash that the mint signed for quotes.", true},
    {"hashpool_mint_ehash_swapped_total", "ehash_swapped", "Ehash that the mint signed for swaps.", true},
    {"hashpool_mint_requests_refused_total", "request_refused", "Requests that the mint refused.", false,
     "code"},
    {"hashpool_tokens_minted_total", "token_minted", "Quotes that the proxy's wallet minted."},
    {"hashpool_tokens_ehash_total", "token_minted", "Ehash that the proxy's wallet minted.", true},
    {"hashpool_quotes_parked_total", "quote_parked", "Quotes that the mint refused to issue to the proxy."},
    {"hashpool_connections_total", "connection_opened", "Connections to the pool."},
    {"hashpool_setups_refused_total", "setup_refused", "SV2 connections that the pool refused at setup.",
     false, "reason"},
    {"hashpool_channels_refused_total", "channel_refused", "Channels that the pool refused.", false,
     "reason"},
    {"hashpool_alarms_total", "alarm", "Alarms: things that a person should look at."},
    {"sv1_client_shares_accepted_total", "miner_share_accepted",
     "Shares of the proxy's miners that were accepted."},
    {"sv1_client_shares_rejected_total", "miner_share_rejected",
     "Shares of the proxy's miners that were rejected.", false, "reason"},
    {"hashpool_upstream_refused_total", "upstream_refused", "Connections that the pool refused to the proxy.",
     false, "reason"},
    {"hashpool_miner_channels_refused_total", "miner_channel_refused",
     "Miners of the proxy that got no channel.", false, "reason"},
};

void add_counters(Page& page, const Snapshot& ever) {
    for (const Counter& counter : kCounters) {
        page.family(counter.metric, "counter", counter.help);
        const auto value = [&](const Sums& sums) { return counter.is_amount ? sums.amount : sums.count; };
        if (!counter.label)
            page.sample(value(ever.sum(counter.series)));
        else {
            const auto& labels = ever.labels(counter.series);
            for (const std::string& known : known_labels(counter.series))
                if (!labels.contains(known)) page.sample(std::uint64_t{0}, counter.label, known);
            for (const auto& [label, sums] : labels) page.sample(value(sums), counter.label, label);
        }
    }
    page.family("hashpool_share_work_hashes_total", "counter",
                "Expected hashes of the accepted shares' targets.");
    page.sample(number_text(ever.sum("share_accepted").work_hashes));
}

void add_rate(Page& page, const Snapshot& window, bool is_stale) {
    const auto rate = is_stale ? std::nullopt : estimate(window.sum("share_accepted"), window.seen_seconds());
    page.family("sv2_client_hashrate_total", "gauge",
                "Accepted work over time, hashes a second, last 5 minutes.");
    if (rate) page.sample(number_text(rate->hps));
    page.family("hashpool_hashrate_low_hps", "gauge", "Lower end of the hash rate's 95 % interval.");
    if (rate) page.sample(number_text(rate->low_hps));
    page.family("hashpool_hashrate_high_hps", "gauge",
                "Upper end of the hash rate's 95 % interval; none without shares.");
    if (rate && rate->high_hps) page.sample(number_text(*rate->high_hps));
}

/// Numbers and truths of the status records, by name and source.
void add_status(Page& page, const Snapshot& ever) {
    page.family("hashpool_status", "gauge", "Last value of each number of the status records.");
    for (const auto& [source, fields] : ever.gauges)
        for (const auto& [field, gauge] : fields) {
            const std::string& json = gauge.json;
            const bool is_truth = json == "true" || json == "false";
            if (!is_truth && (json.empty() || (json[0] != '-' && (json[0] < '0' || json[0] > '9')))) continue;
            page.add("hashpool_status{source=\"" + label_text(source) + "\",field=\"" + label_text(field) +
                     "\"} " + (is_truth ? (json == "true" ? "1" : "0") : json) + "\n");
        }
    const auto total = [&](const char* field, const char* metric, const char* help) {
        page.family(metric, "gauge", help);
        if (const auto gauge = ever.gauge(field)) page.sample(gauge->json);
    };
    total("connections", "sv2_clients_total", "Connections to the pool now.");
    total("miners", "sv1_clients_total", "Miners at the proxy now.");
    page.family("sv2_client_channels", "gauge", "Channels of the pool now.");
    if (const auto channels = ever.gauge("channels")) page.sample(channels->json, "channel_type", "extended");
    // 0 where there never was one: then its age is an alarm too.
    page.family("hashpool_last_record_timestamp_seconds", "gauge",
                "When the newest record was made; 0: there is none.");
    page.sample(number_text(static_cast<double>(ever.records > 0 ? ever.last_record_ms : 0) / 1000));
}

void add_latencies(Page& page, const Snapshot& ever) {
    constexpr std::uint64_t kBoundsMs[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
    auto latencies = ever.latencies;
    for (const Rule& rule : rules())
        if (!std::string_view(rule.latency_name).empty()) latencies[std::string(rule.latency_name)];
    for (const auto& [name, counts] : latencies) {
        // share_to_quote_ms is hashpool_share_to_quote_seconds.
        const std::string stem = name.ends_with("_ms") ? name.substr(0, name.size() - 3) : name;
        page.family("hashpool_" + stem + "_seconds", "histogram", "Latencies of " + stem + ".");
        std::uint64_t below = 0, all = 0;
        double sum_ms = 0;
        auto next = counts.begin();
        for (const std::uint64_t bound : kBoundsMs) {
            for (; next != counts.end() && bucket_middle_ms(next->first) <= bound; ++next)
                below += next->second;
            page.sample(std::to_string(below), "le", number_text(static_cast<double>(bound) / 1000),
                        "_bucket");
        }
        for (const auto& [bucket, count] : counts) {
            all += count;
            sum_ms += static_cast<double>(bucket_middle_ms(bucket)) * static_cast<double>(count);
        }
        page.sample(std::to_string(all), "le", "+Inf", "_bucket");
        page.sample(number_text(sum_ms / 1000), {}, {}, "_sum");
        page.sample(std::to_string(all), {}, {}, "_count");
    }
}

void add_workers(Page& page, const Snapshot& ever, std::size_t workers_max) {
    if (workers_max == 0) return;
    std::vector<std::pair<std::string, Sums>> workers;
    for (const auto& worker : ever.labels("share_accepted")) workers.push_back(worker);
    std::ranges::stable_sort(
        workers, [](const auto& a, const auto& b) { return a.second.work_hashes > b.second.work_hashes; });
    if (workers.size() > workers_max) {
        Sums other;
        for (std::size_t i = workers_max; i < workers.size(); ++i) other.add(workers[i].second);
        workers.resize(workers_max);
        workers.emplace_back("other", other);
    }
    page.family("hashpool_worker_shares_total", "counter", "Accepted shares by worker, the greatest ones.");
    for (const auto& [worker, sums] : workers) page.sample(sums.count, "worker", worker);
    page.family("hashpool_worker_work_hashes_total", "counter",
                "Expected hashes by worker, the greatest ones.");
    for (const auto& [worker, sums] : workers) page.sample(number_text(sums.work_hashes), "worker", worker);
}

}  // namespace

std::string metrics_text(const Snapshot& ever, const Snapshot& window, const MetricsOptions& options) {
    Page page;
    page.family("sv2_uptime_seconds", "gauge", "Seconds since hp-stats serve was started.");
    page.sample(number_text(options.uptime_s));
    add_counters(page, ever);
    add_rate(page, window, options.is_stale);
    add_status(page, ever);
    add_latencies(page, ever);
    add_workers(page, ever, options.workers_max);
    page.family("hashpool_stats_wal_bytes", "gauge", "Size of the write-ahead log of this database.");
    if (options.wal_bytes) page.sample(*options.wal_bytes);
    page.family("hashpool_records_total", "counter", "Event records that were read.");
    page.sample(ever.records);
    page.family("hashpool_records_damaged_total", "counter", "Event records that were damaged.");
    page.sample(ever.damaged);
    return page.take();
}

}  // namespace hp::stats
