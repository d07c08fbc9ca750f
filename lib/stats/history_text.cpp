#include "stats/history_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

using Json = nlohmann::ordered_json;

std::string json_line(const Json& json) {
    return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}
/// No data, or too short a time to tell.
std::optional<HashRate> rate_of(const HistoryRow& row) {
    return row.is_observed ? estimate(row.sums, row.seconds) : std::nullopt;
}

Json row_json(const HistoryQuery& query, const HistoryRow& row) {
    Json out = {{"from_ms", row.from_ms}, {"seconds", row.seconds}, {"observed", row.is_observed}};
    if (query.is_gauge) {
        out["low"] = row.gauge ? Json(row.gauge->low) : Json(nullptr);
        out["high"] = row.gauge ? Json(row.gauge->high) : Json(nullptr);
        out["last"] = row.gauge ? Json(row.gauge->last) : Json(nullptr);
        return out;
    }
    const auto rate = rate_of(row);
    const bool is_known = row.is_observed || row.sums.count > 0;
    const auto seen = [&](auto value) { return is_known ? Json(value) : Json(nullptr); };
    out["count"] = seen(row.sums.count);
    out["amount"] = seen(row.sums.amount);
    out["work_hashes"] = seen(row.sums.work_hashes);
    out["hashrate_hps"] = rate ? Json(rate->hps) : Json(nullptr);
    out["hashrate_low_hps"] = rate ? Json(rate->low_hps) : Json(nullptr);
    out["hashrate_high_hps"] = rate ? or_null(rate->high_hps) : Json(nullptr);
    return out;
}

/// The members of a JSON row as a line; null is empty.
std::string csv_line(const Json& row, bool is_head) {
    std::string out;
    for (const auto& [name, value] : row.items()) {
        if (!out.empty()) out += ',';
        if (is_head)
            out += name;
        else if (value.is_string())
            out += csv_text(value.get_ref<const std::string&>());
        else if (!value.is_null())
            out += value.dump();
    }
    return out + "\r\n";
}
std::string csv(const std::vector<Json>& rows) {
    std::string out;
    for (const Json& row : rows) {
        if (out.empty()) out = csv_line(row, true);
        out += csv_line(row, false);
    }
    return out;
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text + "  ";
}

std::string history_table(const HistoryQuery& query, std::span<const HistoryRow> rows, bool with_sparkline) {
    const bool has_work = std::ranges::any_of(rows, [](const auto& row) { return row.sums.work_hashes > 0; });
    std::string out;
    if (with_sparkline) {
        std::vector<double> values;
        for (const auto& row : rows) {
            const double value = query.is_gauge ? (row.gauge ? row.gauge->high : -1)
                                 : has_work     ? row.sums.work_hashes / std::max(row.seconds, 1.0)
                                                : static_cast<double>(row.sums.count);
            values.push_back(row.is_observed ? value : -1);
        }
        out += sparkline(values) + "\n";
    }
    out += padded("from", 20);
    if (query.is_gauge)
        out += padded("low", 16) + padded("high", 16) + "last\n";
    else
        out +=
            padded("count", 10) + padded("amount", 12) + (has_work ? "hashrate (95 % interval)" : "") + "\n";
    for (const auto& row : rows) {
        out += padded(time_text(row.from_ms), 20);
        const auto rate = rate_of(row);
        if (!row.is_observed)
            out += "- no records";
        else if (query.is_gauge)
            out += row.gauge ? padded(number_text(row.gauge->low), 16) +
                                   padded(number_text(row.gauge->high), 16) + number_text(row.gauge->last)
                             : std::string("-");
        else
            out += padded(std::to_string(row.sums.count), 10) + padded(std::to_string(row.sums.amount), 12) +
                   (has_work && rate ? rate_text(*rate) : std::string());
        while (out.ends_with(' ')) out.pop_back();
        out += '\n';
    }
    return out;
}

struct Worker {
    std::string name;
    Sums sums;
    std::optional<HashRate> rate;
};
/// Most work first, then most shares.
std::vector<Worker> top_workers(const Snapshot& snapshot, const std::string& series, std::size_t count) {
    using Entry = std::pair<const std::string, Sums>;
    std::vector<const Entry*> all;
    for (const Entry& entry : snapshot.labels(series)) all.push_back(&entry);
    const auto rank = [](const Entry* entry) {
        const auto& [name, sums] = *entry;
        return std::tuple(-sums.work_hashes, ~sums.count, std::string_view(name));
    };
    count = std::min(count, all.size());
    std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(count), {}, rank);
    std::vector<Worker> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back({all[i]->first, all[i]->second, estimate(all[i]->second, snapshot.seen_seconds())});
    return out;
}
Json worker_json(const Worker& worker) {
    return {{"worker", worker.name},
            {"shares_accepted", worker.sums.count},
            {"amount", worker.sums.amount},
            {"work_hashes", worker.sums.work_hashes},
            {"hashrate_hps", worker.rate ? Json(worker.rate->hps) : Json(nullptr)},
            {"hashrate_low_hps", worker.rate ? Json(worker.rate->low_hps) : Json(nullptr)},
            {"hashrate_high_hps", worker.rate ? or_null(worker.rate->high_hps) : Json(nullptr)},
            {"last_share_ms", worker.sums.last_ms}};
}

}  // namespace

std::string history_text(const HistoryQuery& query, std::span<const HistoryRow> rows, Format format,
                         bool with_sparkline) {
    if (format == Format::table) return history_table(query, rows, with_sparkline);
    std::vector<Json> out;
    for (const auto& row : rows) out.push_back(row_json(query, row));
    if (format == Format::csv) return csv(out);
    return json_line({{query.is_gauge ? "gauge" : "series", query.name},
                      {"label", or_null(query.label)},
                      {"step_s", kLevels[query.level].seconds},
                      {"rows", out}});
}

std::string top_text(const Snapshot& snapshot, const std::string& series, std::size_t count, Format format) {
    const auto workers = top_workers(snapshot, series, count);
    std::vector<Json> rows;
    for (const auto& worker : workers) rows.push_back(worker_json(worker));
    if (format == Format::csv) return csv(rows);
    if (format == Format::json)
        return json_line({{"from_ms", snapshot.from_ms}, {"to_ms", snapshot.to_ms}, {"workers", rows}});
    std::string out = padded("shares", 10) + padded("amount", 12) + padded("hashrate (95 % interval)", 32) +
                      padded("last share", 20) + "worker\n";
    for (const auto& worker : workers)
        out += padded(std::to_string(worker.sums.count), 10) +
               padded(std::to_string(worker.sums.amount), 12) +
               padded(worker.rate ? rate_text(*worker.rate) : "-", 32) +
               padded(time_text(worker.sums.last_ms), 20) + printable(worker.name) + "\n";
    return out;
}

std::string latency_text(const Snapshot& snapshot, Format format) {
    std::vector<Json> rows;
    std::string table =
        padded("latency", 20) + padded("count", 10) + padded("p50 ms", 8) + padded("p99 ms", 8) + "max ms\n";
    for (const auto& [name, counts] : snapshot.latencies) {
        const Percentiles p = percentiles(counts);
        rows.push_back({{"name", name},
                        {"count", p.count},
                        {"p50_ms", p.p50_ms},
                        {"p99_ms", p.p99_ms},
                        {"max_ms", p.max_ms}});
        table += padded(printable(name), 20) + padded(std::to_string(p.count), 10) +
                 padded(std::to_string(p.p50_ms), 8) + padded(std::to_string(p.p99_ms), 8) +
                 std::to_string(p.max_ms) + "\n";
    }
    if (format == Format::csv) return csv(rows);
    if (format == Format::json)
        return json_line({{"from_ms", snapshot.from_ms}, {"to_ms", snapshot.to_ms}, {"latencies", rows}});
    return table;
}

}  // namespace hp::stats
