// Figures as text for people.
#pragma once
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "stats/estimate.hpp"

namespace hp::stats {

/// "2026-11-26T12:00:00Z"
std::string time_text(UnixMs ms);
/// RFC 3339, optionally with a zone or a fraction; also with a space for the T and without zone (UTC),
/// seconds, or time of day. Or seconds since 1970, of 9 to 11 digits or after an @. Resolution is
/// milliseconds.
Result<UnixMs> time_from_text(std::string_view text);
/// The shortest text that parses to the same number: "0.1", "1e+22".
std::string number_text(double number);
/// "26.88 MH/s"
std::string rate_text(double hps);
/// "26.88 MH/s (25.1 to 28.7)", or "0 H/s" if no share tells how much may have been missed.
std::string rate_text(const HashRate& rate);
/// UTF-8 cut to `size_max` bytes at the end of a character: a partial one is not valid text, and a database
/// may refuse it.
std::string whole_characters(std::string text, std::size_t size_max);
/// One of eight bars per value, from 0 to the maximum; a negative value is a gap.
std::string sparkline(std::span<const double> values);
/// A cell of a CSV file (RFC 4180). Spreadsheets run cells that begin with one of =+-@ as formulas: a text
/// that does gets a ' before it.
std::string csv_text(std::string_view text);

}  // namespace hp::stats
