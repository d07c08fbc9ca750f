// Validators with plain errors ("expected 1 to 24, got 0"): CLI11's own print C++ bounds and type names.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace CLI {
class Validator;
}

namespace hp::cli {

/// The error omits the upper bound if `max` is the type's own.
CLI::Validator whole_number(std::int64_t min, std::int64_t max = std::numeric_limits<std::int64_t>::max());
/// With or without a fraction, in plain or scientific notation; never nan.
CLI::Validator number(double min, double max = std::numeric_limits<double>::infinity());
CLI::Validator number_above_0();
/// Exactly one of the words, which the option's text lists.
CLI::Validator one_of(std::vector<std::string> words);

}  // namespace hp::cli
