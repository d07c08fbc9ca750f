#include "stats/metrics.hpp"

#include <algorithm>

#include "records/declared.hpp"
#include "records/names.hpp"
#include "stats/estimate.hpp"
#include "stats/rules.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

using namespace records::literals;

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

std::string value_of(const records::Metric& metric, const Sums& sums) {
    using Of = records::Metric::Of;
    return metric.of == Of::count    ? std::to_string(sums.count)
           : metric.of == Of::amount ? std::to_string(sums.amount)
                                     : number_text(sums.work_hashes);
}

void add_counter(Page& page, const records::Declared& record, const records::Metric& metric,
                 const Snapshot& ever) {
    page.family(metric.name, "counter", metric.help);
    const std::string name{metric.series};
    if (!metric.is_by_label) return page.sample(value_of(metric, ever.sum(name)));
    // Alarms look for an increase, and a series that begins with its first event has none.
    const auto& series = *std::ranges::find(record.series, metric.series, &records::Series::name);
    const auto& labels = ever.labels(name);
    for (const std::string& known : records::known_labels(record, series))
        if (!labels.contains(known)) page.sample(std::uint64_t{0}, series.label, known);
    for (const auto& [label, sums] : labels) page.sample(value_of(metric, sums), series.label, label);
}

/// What records declare: their counters, and their named gauges.
void add_declared(Page& page, const Snapshot& ever) {
    for (const auto& program : records::programs())
        for (const auto& record : program.records) {
            for (const auto& metric : record.metrics) add_counter(page, record, metric, ever);
            for (const auto& gauge : record.gauges) {
                page.family(gauge.name, "gauge", gauge.help);
                if (const auto newest = ever.gauge(std::string(gauge.field)))
                    page.sample(newest->json, gauge.label, gauge.label_value);
            }
        }
}

void add_rate(Page& page, const Snapshot& window, bool is_stale) {
    const auto rate =
        is_stale ? std::nullopt : estimate(window.sum("share_accepted"_series), window.seen_seconds());
    page.family("sv2_client_hashrate_total", "gauge",
                "Accepted work over time, hashes per second, last 5 minutes.");
    if (rate) page.sample(number_text(rate->hps));
    page.family("hashpool_hashrate_low_hps", "gauge", "Lower end of the hash rate's 95 % interval.");
    if (rate) page.sample(number_text(rate->low_hps));
    page.family("hashpool_hashrate_high_hps", "gauge",
                "Upper end of the hash rate's 95 % interval; none without shares.");
    if (rate && rate->high_hps) page.sample(number_text(*rate->high_hps));
}

/// Numbers and booleans of the status records, by name and source.
void add_status(Page& page, const Snapshot& ever, std::optional<std::uint64_t> log_lines_dropped) {
    page.family("hashpool_status", "gauge", "Last value of each number of the status records.");
    for (const auto& [source, fields] : ever.gauges)
        for (const auto& [field, gauge] : fields) {
            const std::string& json = gauge.json;
            const bool is_truth = json == "true" || json == "false";
            if (!is_truth && (json.empty() || (json[0] != '-' && (json[0] < '0' || json[0] > '9')))) continue;
            page.add("hashpool_status{source=\"" + label_text(source) + "\",field=\"" + label_text(field) +
                     "\"} " + (is_truth ? (json == "true" ? "1" : "0") : json) + "\n");
        }
    if (log_lines_dropped)
        page.add("hashpool_status{source=\"hp-stats serve\",field=\"log_lines_dropped\"} " +
                 std::to_string(*log_lines_dropped) + "\n");
    // 0 if there never was one: then its age raises an alarm too.
    page.family("hashpool_last_record_timestamp_seconds", "gauge", "Time of the newest record; 0: none.");
    page.sample(number_text(static_cast<double>(ever.records > 0 ? ever.last_record_ms : 0) / 1000));
}

void add_latencies(Page& page, const Snapshot& ever) {
    constexpr std::uint64_t kBoundsMs[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
    auto latencies = ever.latencies;
    for (const auto& series : all_series())
        if (!series.latency_name.empty()) latencies[std::string(series.latency_name)];
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
    for (const auto& worker : ever.labels("share_accepted"_series)) workers.push_back(worker);
    std::ranges::stable_sort(
        workers, [](const auto& a, const auto& b) { return a.second.work_hashes > b.second.work_hashes; });
    if (workers.size() > workers_max) {
        Sums other;
        for (std::size_t i = workers_max; i < workers.size(); ++i) other.add(workers[i].second);
        workers.resize(workers_max);
        workers.emplace_back("other", other);
    }
    page.family("hashpool_worker_shares_total", "counter", "Accepted shares by worker, the largest ones.");
    for (const auto& [worker, sums] : workers) page.sample(sums.count, "worker", worker);
    page.family("hashpool_worker_work_hashes_total", "counter",
                "Expected hashes by worker, the largest ones.");
    for (const auto& [worker, sums] : workers) page.sample(number_text(sums.work_hashes), "worker", worker);
}

}  // namespace

std::string metrics_text(const Snapshot& ever, const Snapshot& window, const MetricsOptions& options) {
    Page page;
    page.family("sv2_uptime_seconds", "gauge", "Seconds since hp-stats serve started.");
    page.sample(number_text(options.uptime_s));
    add_declared(page, ever);
    add_rate(page, window, options.is_stale);
    add_status(page, ever, options.log_lines_dropped);
    add_latencies(page, ever);
    add_workers(page, ever, options.workers_max);
    page.family("hashpool_stats_wal_bytes", "gauge", "Size of the write-ahead log of this database.");
    if (options.wal_bytes) page.sample(*options.wal_bytes);
    page.family("hashpool_records_total", "counter", "Event records read.");
    page.sample(ever.records);
    page.family("hashpool_records_damaged_total", "counter", "Damaged event records.");
    page.sample(ever.damaged);
    return page.take();
}

}  // namespace hp::stats
