#include "stats/batch.hpp"

#include <vector>

#include "base/bytes.hpp"
#include "base/json_text.hpp"
#include "records/any.hpp"
#include "records/declared.hpp"
#include "stats/fields.hpp"
#include "stats/text.hpp"
#include "wire/records.hpp"

namespace hp::stats {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kGaugeNameSizeMax = 64;
constexpr std::size_t kGaugeTextSizeMax = 1024;

std::uint64_t add_up(std::uint64_t a, std::uint64_t b) {
    return a > kSumMax || b > kSumMax - a ? kSumMax : a + b;
}

/// A text unchanged; booleans and integers as in JSON.
Result<std::string> label_of(const element& record, std::string_view field) {
    element value;
    std::string_view text;
    if (record[field].get(value) != simdjson::SUCCESS) return wrong(field, "text");
    if (value.get(text) == simdjson::SUCCESS) return std::string(text);
    if (value.is_bool() || value.is_uint64() || value.is_int64()) return simdjson::minify(value);
    return wrong(field, "text");
}

/// The value as JSON, or nothing for lists, objects and anything too long.
std::optional<std::string> gauge_of(const element& value) {
    std::string out;
    switch (value.type()) {
        case element_type::STRING: {
            const std::string_view text = value.get_string().value_unsafe();
            if (text.size() > kGaugeTextSizeMax) return {};
            append_json_string(out, text);
            return out;
        }
        case element_type::DOUBLE:
            append_json_number(out, value.get_double().value_unsafe());
            return out;
        case element_type::INT64:
        case element_type::UINT64:
        case element_type::BOOL:
            return simdjson::minify(value);
        default:
            return {};
    }
}

std::optional<double> range_number(const element& value) {
    double number{};
    bool truth{};
    if (value.get(number) == simdjson::SUCCESS) return number;
    if (value.get(truth) == simdjson::SUCCESS) return truth ? 1 : 0;
    return {};
}
void add_to_range(Range& range, double number, UnixMs ts_ms) {
    if (range.last_ms == 0) range = {number, number, number, ts_ms};
    range.low = std::min(range.low, number);
    range.high = std::max(range.high, number);
    if (ts_ms >= range.last_ms) range.last = number, range.last_ms = ts_ms;
}

/// The stored form of a status record's field, or nothing.
std::optional<std::string> gauge_name(std::string_view type, std::string_view field) {
    if (type == records::Alarm::info.type)
        return field == records::name_of<&records::Alarm::what>() ? std::optional<std::string>("last_alarm")
                                                                  : std::nullopt;
    if (field == "v" || field == "ts_ms" || field == "type" || field == "source") return {};
    if (field.size() > kGaugeNameSizeMax) return {};
    return std::string(field);
}

struct Part {
    const records::Series* series;
    std::string label;
    Sums sums;
    std::optional<double> latency_ms;
};

Result<Part> part_of(const records::Series& series, const element& record, UnixMs ts_ms) {
    Part part{&series, {}, {.count = 1, .last_ms = ts_ms}, {}};
    if (!series.label.empty()) {
        HP_TRY(part.label, label_of(record, series.label));
    }
    if (!series.count.empty()) {
        HP_TRY(part.sums.count, integer_of(record, series.count));
    }
    if (!series.amount.empty()) {
        HP_TRY(part.sums.amount, integer_of(record, series.amount));
    }
    if (!series.work.empty()) {
        HP_TRY(part.sums.work_hashes, work_of(record, series.work, 1));
        part.sums.work_squared = part.sums.work_hashes * part.sums.work_hashes;
        part.sums.work_max = part.sums.work_hashes;
    }
    // A restarted pool does not know when the share came: then there is no latency.
    element latency;
    if (!series.latency.empty() && record[series.latency].get(latency) == simdjson::SUCCESS) {
        HP_TRY(part.latency_ms, number_of(record, series.latency));
    }
    return part;
}

}  // namespace

struct Batch::Value {
    const simdjson::dom::element& element;
};

struct Batch::Parser {
    simdjson::dom::parser parser;
};

void Sums::add(const Sums& more) {
    count = add_up(count, more.count);
    amount = add_up(amount, more.amount);
    work_hashes += more.work_hashes;
    work_squared += more.work_squared;
    work_max = std::max(work_max, more.work_max);
    last_ms = std::max(last_ms, more.last_ms);
}

Batch::Batch() : parser_{std::make_unique<Parser>()} {}
Batch::~Batch() = default;

void Batch::clear() {
    sums_.clear();
    latencies_.clear();
    gauges_.clear();
    ranges_.clear();
    heard_.clear();
    live_.clear();
    refusals_.clear();
    records_ = unknown_ = damaged_ = 0;
    first_ms_.reset();
    last_ms_ = 0;
}

std::string Batch::admit(std::string_view series, std::string label) {
    label = whole_characters(std::move(label), kLabelSizeMax);
    auto& known = labels_[std::string(series)];
    if (known.contains(label)) return label;
    if (known.size() >= kLabelsMax) return std::string(kOtherLabel);
    known.insert(label);
    return label;
}

void Batch::hear(const std::string& source, UnixMs ts_ms) {
    const auto [last, is_new] = heard_last_ms_.try_emplace(source, ts_ms);
    const UnixMs pause_ms = ts_ms - last->second;
    std::int64_t second = ts_ms / 1000;
    // Most records are of a second that is already marked.
    if (!is_new && pause_ms >= 0 && second == last->second / 1000) return void(last->second = ts_ms);
    if (!is_new && pause_ms > 0 && pause_ms <= kHeardGapMs) second = last->second / 1000 + 1;
    for (; second <= ts_ms / 1000; ++second) heard_[{second / 60, source}] |= SecondsMask{1} << (second % 60);
    // Records of two connections may come out of order; an old file starts over.
    if (pause_ms > 0 || pause_ms < -kHeardGapMs) last->second = ts_ms;
}

void Batch::add_status(const wire::ReadRecord& record, Minute minute, const std::string& source,
                       std::string_view field, const Value& value) {
    const auto name = gauge_name(record.type, field);
    auto json = gauge_of(value.element);
    if (!name || !json) return;
    if (const auto number = range_number(value.element))
        add_to_range(ranges_[{minute, source, *name}], *number, record.ts_ms);
    Gauge& gauge = gauges_[{source, *name}];
    if (record.ts_ms >= gauge.ts_ms) gauge = {*std::move(json), record.ts_ms};
}

void Batch::add_own(const wire::ReadRecord& status) {
    element root;
    if (parser_->parser.parse(status.json).get(root) != simdjson::SUCCESS || !root.is_object()) return;
    for (const auto& [field, value] : simdjson::dom::object(root))
        add_status(status, status.ts_ms / kMinuteMs, status.source, field, Value{value});
}

Result<> Batch::add(const wire::ReadRecord& record, UnixMs now) {
    const auto damaged = [this](auto error) {
        ++damaged_;
        return error;
    };
    if (record.ts_ms < 0) return damaged(fail(Errc::invalid, "'ts_ms' is negative"));
    if (record.ts_ms > now + kAheadMsMax)
        return damaged(fail(Errc::invalid, "'ts_ms' is more than a day in the future"));

    element root;
    if (parser_->parser.parse(record.json).get(root) != simdjson::SUCCESS || !root.is_object())
        return damaged(fail(Errc::invalid, "does not parse"));

    // A record counts as a whole or not at all: first read, then add.
    std::vector<Part> parts;
    const records::Declared* declared = records::find(record.type);
    if (declared)
        for (const records::Series& series : declared->series) {
            auto part = part_of(series, root, record.ts_ms);
            if (!part) return damaged(fail(std::move(part).error()));
            parts.push_back(*std::move(part));
        }
    if (auto live = live_.add(record.type, record.source, record.ts_ms, record.json, root); !live)
        return damaged(fail(std::move(live).error()));

    const Minute minute = record.ts_ms / kMinuteMs;
    for (Part& part : parts) {
        SeriesKey key{std::string(part.series->name), admit(part.series->name, std::move(part.label))};
        sums_[{minute, std::move(key)}].add(part.sums);
        if (part.latency_ms) {
            const auto rounded = static_cast<std::uint64_t>(std::min(*part.latency_ms + 0.5, 1e15));
            ++latencies_[{minute, std::string(part.series->latency_name)}][latency_bucket(rounded)];
        }
    }
    if (declared && declared->info.is_status) {
        std::string name = record.source;
        std::string_view which;
        if (const auto field = declared->info.qualifier;
            !field.empty() && root[field].get(which) == simdjson::SUCCESS)
            name += " " + std::string(field) + " " + std::string(which);
        const std::string teller = admit("source", std::move(name));
        for (const auto& [field, value] : simdjson::dom::object(root))
            add_status(record, minute, teller, field, Value{value});
    } else if (parts.empty()) {
        ++unknown_;
    }
    const std::string source = admit(kRecordSeries, record.source);
    refusals_.add(record.type, source, record.ts_ms, root);
    hear(source, record.ts_ms);
    sums_[{minute, {std::string(kRecordSeries), source}}].add({.count = 1, .last_ms = record.ts_ms});
    ++records_;
    first_ms_ = first_ms_ ? std::min(*first_ms_, record.ts_ms) : record.ts_ms;
    last_ms_ = std::max(last_ms_, record.ts_ms);
    return {};
}

}  // namespace hp::stats
