// Labels that counters have before their first event: an alarm looks for a rise, and a series that begins
// with its first event has none.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace hp::stats {

/// Those of a series (rules.hpp), from where the codes and reasons are declared; empty for one whose labels
/// are names.
std::span<const std::string> known_labels(std::string_view series);

}  // namespace hp::stats
