#include "config/rule.hpp"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <regex>

#include "base/bytes.hpp"
#include "base/host.hpp"
#include "base/ip_net.hpp"
#include "base/url.hpp"
#include "config/mint_key.hpp"
#include "crypto/base58.hpp"

namespace hp::config {
namespace {

bool all_of(std::string_view text, auto&& test) {
    for (const char c : text) {
        if (!test(c)) return false;
    }
    return true;
}
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Why the text is none; empty where it is one.

std::string endpoint_fault(std::string_view text) {
    const auto authority = authority_from_text(text);
    if (!authority) return authority.error().what;
    if (!authority->port) return "the port is missing";
    return *authority->port == 0 ? "the port is 0" : "";
}

std::string url_fault(std::string_view text) {
    const auto url = url_from_text(text);
    if (!url) return url.error().what;
    if (url->scheme != "http" && url->scheme != "https") return "the scheme is neither http nor https";
    return url->query ? "a query (?) does not belong here" : "";
}

std::string host_name_fault(std::string_view text) {
    const char* fault = host_fault(text);
    return fault ? fault : "";
}

bool are_log_levels(std::string_view text) {
    static constexpr std::string_view kLevels[] = {"trace", "debug", "info", "warn", "error"};
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        auto part = text.substr(begin, end - begin);
        begin = end + 1;
        if (const auto equals = part.find('='); equals != part.npos) {
            if (equals == 0 || !all_of(part.substr(0, equals), is_letter)) return false;
            part.remove_prefix(equals + 1);
        }
        if (std::find(std::begin(kLevels), std::end(kLevels), part) == std::end(kLevels)) return false;
    }
    return true;
}

/// If someone pastes the secret itself instead of its file's name, our error must not show it.
bool looks_like_secret(std::string_view text) {
    if (crypto::secret_key_from_text(text)) return true;
    if (text.size() == 64 && from_hex(text)) return true;
    return std::count(text.begin(), text.end(), ' ') >= 11 && text.find('/') == std::string_view::npos;
}

Result<> wrong(std::string_view value, const Rule& rule) {
    return fail(Errc::usage, "is '" + printable(value, 100) + "', allowed: " + allowed_text(rule));
}

Result<> check_address(std::string_view value, const Rule& rule, const std::string& fault) {
    if (fault.empty()) return {};
    return fail(Errc::usage,
                "is '" + printable_url(value) + "': " + fault + ", allowed: " + allowed_text(rule));
}

Result<> check_path(const Rule& rule, const std::string& text) {
    if (rule.kind == Rule::Kind::secret_file && looks_like_secret(text)) {
        return fail(Errc::usage, "holds a secret itself, allowed: " + allowed_text(rule));
    }
    if (text.starts_with("~")) {
        return fail(Errc::usage, "is '" + printable(text, 100) +
                                     "', and ~ is not expanded, allowed: " + allowed_text(rule));
    }
    return {};
}

Result<> check_text(const Rule& rule, const std::string& text) {
    if (text.size() > kTextSizeMax) {
        return fail(Errc::usage, "has " + std::to_string(text.size()) + " bytes, allowed: at most " +
                                     std::to_string(kTextSizeMax));
    }
    if (!all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; })) {
        return fail(Errc::usage, "holds a control character, allowed: " + allowed_text(rule));
    }
    if (text.empty()) return {};
    bool good = true;
    switch (rule.kind) {
        case Rule::Kind::any:
        case Rule::Kind::records:
        case Rule::Kind::range:
            break;
        case Rule::Kind::one_of:
            good = std::find(rule.choices.begin(), rule.choices.end(), text) != rule.choices.end();
            break;
        case Rule::Kind::pattern:
            // std::regex recurses once per character, so the size is checked first.
            good = text.size() <= 1000 && std::regex_match(text, std::regex(rule.regex));
            break;
        case Rule::Kind::endpoint:
            return check_address(text, rule, endpoint_fault(text));
        case Rule::Kind::url:
            return check_address(text, rule, url_fault(text));
        case Rule::Kind::path:
        case Rule::Kind::secret_file:
            return check_path(rule, text);
        case Rule::Kind::authority_key:
            if (crypto::secret_key_from_text(text)) {
                return fail(Errc::usage, "holds a secret key, allowed: " + allowed_text(rule));
            }
            good = crypto::authority_key_from_text(text).has_value();
            break;
        case Rule::Kind::mint_key:
            good = mint_key_from_text(text).has_value();
            break;
        case Rule::Kind::pubkey_hex: {
            const auto key = array_from_hex<33>(text);
            good = key && crypto::is_valid_public_key(*key);
            break;
        }
        case Rule::Kind::log_levels:
            good = are_log_levels(text);
            break;
        case Rule::Kind::net:
            good = IpNet::from_text(text).has_value();
            break;
        case Rule::Kind::host_name:
            return check_address(text, rule, host_name_fault(text));
    }
    return good ? Result<>{} : wrong(text, rule);
}

Result<> check_number(const Rule& rule, double number, const std::string& text) {
    if (rule.kind != Rule::Kind::range) return {};
    // In this form nan fails.
    if (number >= rule.min && number <= rule.max) return {};
    return fail(Errc::usage, "is " + text + ", allowed: " + allowed_text(rule));
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    static constexpr char digits[] = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace

Result<> check(const Rule& rule, const Setting& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return check_text(rule, *text);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        return check_number(rule, static_cast<double>(*integer), std::to_string(*integer));
    }
    if (const auto* real = std::get_if<double>(&value)) {
        return check_number(rule, *real, number_text(*real));
    }
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        if (list->size() > kListSizeMax) {
            return fail(Errc::usage, "has " + std::to_string(list->size()) + " elements, allowed: at most " +
                                         std::to_string(kListSizeMax));
        }
        for (const auto& element : *list) {
            if (element.empty()) return wrong(element, rule);
            HP_DO(check_text(rule, element));
        }
    }
    return {};
}

std::string anchored(const Rule& rule, const std::string& text, const std::string& base) {
    constexpr std::string_view kUnix = "unix:";
    const bool is_records = rule.kind == Rule::Kind::records;
    if (!is_records && rule.kind != Rule::Kind::path && rule.kind != Rule::Kind::secret_file) return text;
    const bool is_socket = is_records && text.starts_with(kUnix);
    const std::string path = is_socket ? text.substr(kUnix.size()) : text;
    // A database may be a URL; "~" must be left for the check that refuses it.
    if (path.empty() || path == "-" || path[0] == '/' || path[0] == '~' ||
        path.find("://") != std::string::npos)
        return text;
    const auto absolute = (std::filesystem::path(base) / path).lexically_normal().string();
    return is_socket ? std::string(kUnix) + absolute : absolute;
}

std::string number_text(double value) {
    if (std::isnan(value)) return "nan";
    char buffer[64];
    // The shortest form of 4000000 would be 4e+06.
    const bool plain = std::abs(value) < 1e9;
    const auto [end, error] =
        plain ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed)
              : std::to_chars(buffer, buffer + sizeof buffer, value);
    return error == std::errc{} ? std::string(buffer, end) : "?";
}

std::string allowed_text(const Rule& rule) {
    switch (rule.kind) {
        case Rule::Kind::any:
        case Rule::Kind::records:
            return "anything on one line";
        case Rule::Kind::one_of: {
            std::string out;
            for (std::size_t i = 0; i < rule.choices.size(); ++i) {
                if (i > 0) out += i + 1 == rule.choices.size() ? " or " : ", ";
                out += rule.choices[i];
            }
            return out;
        }
        case Rule::Kind::range:
            return "a number from " + number_text(rule.min) + " to " + number_text(rule.max);
        case Rule::Kind::pattern:
            return "text matching " + rule.regex;
        case Rule::Kind::endpoint:
            return "HOST:PORT with a port from 1 to 65535";
        case Rule::Kind::url:
            return "http://HOST:PORT or https://HOST:PORT";
        case Rule::Kind::path:
            return "a path, absolute or relative to the configuration directory";
        case Rule::Kind::secret_file:
            return "the path of a file of mode 0600";
        case Rule::Kind::authority_key:
            return "an authority public key in base58check";
        case Rule::Kind::mint_key:
            return "[NAME:]KEY, an x-only public key of 64 hex digits";
        case Rule::Kind::pubkey_hex:
            return "a compressed public key of 66 hex digits";
        case Rule::Kind::log_levels:
            return "trace, debug, info, warn or error, and MODULE=LEVEL, separated by commas";
        case Rule::Kind::net:
            return "an IP address, or ADDRESS/BITS with no bits set after the prefix, such as 10.0.0.0/8";
        case Rule::Kind::host_name:
            return "a host name without scheme and port";
    }
    return {};
}

std::string toml_text(const Setting& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return in_quotes(*text);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
    if (const auto* real = std::get_if<double>(&value)) return number_text(*real);
    if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
    std::string out = "[";
    for (const auto& element : std::get<std::vector<std::string>>(value)) {
        if (out.size() > 1) out += ", ";
        out += in_quotes(element);
    }
    return out + "]";
}

}  // namespace hp::config
