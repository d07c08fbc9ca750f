// The declarations as data.
#include "records/declared.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "records/manual.hpp"
#include "records/pool.hpp"
#include "records/schema.hpp"

namespace {

using namespace hp::records;
using Tree = nlohmann::json;

const Field& field_of(std::string_view type, std::string_view name) {
    const auto& fields = find(type)->fields;
    return *std::ranges::find(fields, name, &Field::name);
}

}  // namespace

TEST_CASE("each type stands once, and each field has a meaning and a name of its own in its record") {
    std::set<std::string_view> types, metrics;
    for (const Program& program : programs())
        for (const Declared& record : program.records) {
            CAPTURE(record.info.type);
            CHECK(types.insert(record.info.type).second);
            CHECK_FALSE(record.info.doc.empty());
            std::set<std::string_view> names{"v", "ts_ms", "type", "source"};
            for (const Field& field : record.fields) {
                CAPTURE(field.name);
                CHECK(names.insert(field.name).second);
                CHECK_FALSE(field.doc.empty());
            }
            for (const Metric& metric : record.metrics) CHECK(metrics.insert(metric.name).second);
            for (const Gauge& gauge : record.gauges) CHECK(metrics.insert(gauge.name).second);
            // What is added up must be a number.
            for (const Series& series : record.series)
                for (const auto name : {series.count, series.amount})
                    if (!name.empty()) CHECK(field_of(record.info.type, name).max >= UINT32_MAX);
        }
    CHECK(types.size() >= 50);
    CHECK(find("moon_phase") == nullptr);
}

TEST_CASE("a field's type says what it may be") {
    CHECK(field_of("share_accepted", "channel_id").max == UINT32_MAX);
    CHECK(field_of("share_accepted", "share_hash").hex_digits == 64);
    CHECK(field_of("share_rejected", "locking_key").hex_digits == 66);
    CHECK(field_of("share_rejected", "locking_key").is_optional);
    CHECK(field_of("downstream_status", "workers").items.size() == 4);
    CHECK(field_of("downstream_status", "version_mask").hex_digits == 8);
    CHECK(field_of("pool_status", "clock_off_ms").min == INT64_MIN);
    CHECK(name_of<&ChannelStatus::opened_ms>() == "opened_ms");
    CHECK(name_of<&Tally::window_s>() == "window_s");
}

TEST_CASE("each long-running program tells of its lost log lines") {
    for (const char* type :
         {"pool_status", "proxy_status", "ledger_status", "template_status", "stats_status"}) {
        CAPTURE(type);
        CHECK(find(type)->info.is_status);
        CHECK(field_of(type, "log_lines_dropped").json == Json::integer);
    }
}

TEST_CASE("the schema has each type, and the manual too") {
    const auto schema = Tree::parse(schema_of_all());
    const std::string manual = manual_of_records();
    for (const Program& program : programs())
        for (const Declared& record : program.records) {
            const std::string type{record.info.type};
            CHECK(schema["$defs"].contains(type));
            CHECK(Tree::parse(schema_of(record))["properties"]["type"]["const"] == type);
        }
    CHECK(manual.find("\n## share\\_accepted\n") != std::string::npos);
    const auto share = schema["$defs"]["share_rejected"];
    CHECK_FALSE(share["properties"].contains("seq"));
    CHECK(share["properties"]["share_hash"]["pattern"] == "^[0-9a-f]{64}$");
    const auto required = share["required"].get<std::vector<std::string>>();
    CHECK(std::ranges::find(required, "reason") != required.end());
    CHECK(std::ranges::find(required, "share_hash") == required.end());
}
