// All records as data, made from their declarations: for hp-stats, hp-records(5) and the JSON Schema.
#pragma once
#include "records/record.hpp"

namespace hp::records {

enum class Json : std::uint8_t { boolean, integer, number, text, object, list };

struct Field {
    std::string_view name, doc;
    Json json{};
    bool is_optional{false};
    std::int64_t min{};                       ///< of an integer
    std::uint64_t max{};                      ///< of an integer, or of the counts in an object
    std::optional<std::size_t> hex_digits{};  ///< of hex text; 0: any even number
    KnownLabels known{nullptr};               ///< words or codes; null: names, or numbers that count
    std::vector<Field> items{};               ///< of a list: the fields of its objects
};

struct Declared {
    Info info;
    std::vector<Field> fields;    ///< in order, without the envelope
    std::vector<Series> series;   ///< with their names
    std::vector<Metric> metrics;  ///< with their series
    std::vector<Gauge> gauges;
};

/// The records of one program, in the order of the manual.
struct Program {
    std::string_view name;  ///< empty: every program
    std::vector<Declared> records;
};
const std::vector<Program>& programs();
/// Null for an undeclared type.
const Declared* find(std::string_view type);
/// Of the field that a series is divided by.
Labels known_labels(const Declared& record, const Series& series);

}  // namespace hp::records
