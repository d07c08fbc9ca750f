// What a configuration value may be, and the check of a value against it.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace hp::config {

/// A value of one of the five types of keys, whether from a file, a variable or a flag.
using Setting = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>>;

struct Rule {
    enum class Kind {
        any,
        one_of,
        range,
        pattern,
        endpoint,
        url,
        path,
        secret_file,
        records,
        authority_key,
        mint_key,
        pubkey_hex,
        log_levels,
        net,
        host_name
    };
    Kind kind{Kind::any};
    bool required{false};
    /// Empty text, or an empty list, is allowed. Otherwise it is an error, since it often comes from an unset
    /// variable in a script; also for a key whose default is empty, which can be left out instead.
    bool may_be_empty{false};
    std::vector<std::string> choices{};
    double min{-std::numeric_limits<double>::infinity()}, max{std::numeric_limits<double>::infinity()};
    std::string regex{};
    /// The programs affected by a change; empty: all that read the file.
    std::vector<std::string> users{};
    /// Where HP_ and the key's name would stand for another file's key too; empty: that.
    std::string variable{};
    Rule and_required() const {
        Rule out = *this;
        out.required = true;
        return out;
    }
    Rule or_empty() const {
        Rule out = *this;
        out.may_be_empty = true;
        return out;
    }
    Rule in_variable(std::string name) const {
        Rule out = *this;
        out.variable = std::move(name);
        return out;
    }
    Rule used_by(std::vector<std::string> programs) const {
        Rule out = *this;
        out.users = std::move(programs);
        return out;
    }
};
inline Rule any() { return {}; }
inline Rule one_of(std::vector<std::string> choices) {
    return {.kind = Rule::Kind::one_of, .choices = std::move(choices)};
}
inline Rule range(double min, double max) { return {.kind = Rule::Kind::range, .min = min, .max = max}; }
/// ECMAScript regular expression that the whole value must match.
inline Rule pattern(std::string regex) { return {.kind = Rule::Kind::pattern, .regex = std::move(regex)}; }
/// HOST:PORT, port 1 to 65535; an IPv6 address is in brackets.
inline Rule endpoint() { return {.kind = Rule::Kind::endpoint}; }
/// http:// or https://.
inline Rule url() { return {.kind = Rule::Kind::url}; }
/// Relative ones: see anchored() below. At most 4095 bytes; "~" is not expanded.
inline Rule path() { return {.kind = Rule::Kind::path}; }
/// A path whose file must have no permissions for group and others. The rule looks at the path alone.
inline Rule secret_file() { return {.kind = Rule::Kind::secret_file}; }
/// Where records go: a path, unix:PATH, a URL, "-", or empty.
inline Rule records() { return {.kind = Rule::Kind::records}; }
/// base58check(01 00 || x-only key), SV2 spec 4.7.1.
inline Rule authority_key() { return {.kind = Rule::Kind::authority_key}; }
/// [NAME:]KEY, the key x-only in 64 hex digits (config/mint_key.hpp).
inline Rule mint_key() { return {.kind = Rule::Kind::mint_key}; }
/// 66 hex digits, a compressed point on secp256k1.
inline Rule pubkey_hex() { return {.kind = Rule::Kind::pubkey_hex}; }
/// LEVEL and MODULE=LEVEL separated by commas. Modules are checked by the log (log/levels.hpp).
inline Rule log_levels() { return {.kind = Rule::Kind::log_levels}; }

/// An IP address, or ADDRESS/BITS (base/ip_net.hpp).
inline Rule net() { return {.kind = Rule::Kind::net}; }
/// A host name or address, without a port.
inline Rule host_name() { return {.kind = Rule::Kind::host_name}; }

/// The longest text that a value may have, in bytes.
inline constexpr std::size_t kTextSizeMax = 4095;
/// The most elements that a list may have.
inline constexpr std::size_t kListSizeMax = 64;

/// Checks only the value, without looking at the machine. The error says what it is and what is allowed.
/// Empty text passes: the loader decides whether a key may be empty.
Result<> check(const Rule& rule, const Setting& value);
/// A text of one of the path kinds (path, secret_file, records) with its relative path resolved against
/// `base`; anything else, and what is not a path ("", "-", a URL), unchanged. The one rule for all programs:
/// a path in a flag or variable is relative to the working directory, one in a file to the configuration
/// directory of that file.
std::string anchored(const Rule& rule, const std::string& text, const std::string& base);

/// "a number from 0 to 200"; for errors and man pages.
std::string allowed_text(const Rule& rule);
/// The value in TOML.
std::string toml_text(const Setting& value);
/// A number as a person would write it: "20", "0.1", "1e+12".
std::string number_text(double value);

}  // namespace hp::config
