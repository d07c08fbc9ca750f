// Reads required fields of a record with their types. Errors name the field.
#pragma once
#include <simdjson.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/result.hpp"

namespace hp::stats {

/// The database's maximum.
inline constexpr std::uint64_t kSumMax = std::numeric_limits<std::int64_t>::max();

inline tl::unexpected<Error> wrong(std::string_view field, const char* expected) {
    return fail(Errc::invalid, "'" + std::string(field) + "' is missing or no " + expected);
}

inline Result<std::uint64_t> integer_of(const simdjson::dom::element& record, std::string_view field) {
    std::uint64_t value{};
    if (record[field].get(value) != simdjson::SUCCESS || value > kSumMax)
        return wrong(field, "integer from 0 to 2^63 - 1");
    return value;
}

inline Result<double> number_of(const simdjson::dom::element& record, std::string_view field) {
    double value{};
    if (record[field].get(value) != simdjson::SUCCESS || !std::isfinite(value) || value < 0)
        return wrong(field, "number from 0");
    return value;
}

/// Expected hashes, to the power given.
inline Result<double> work_of(const simdjson::dom::element& record, std::string_view field, int power) {
    HP_TRY(const double value, number_of(record, field));
    if (value > std::pow(0x1p256, power)) return wrong(field, "number from 0 to 2^256, or its square");
    return value;
}

}  // namespace hp::stats
