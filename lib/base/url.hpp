// URLs and their parts by RFC 3986, read by Boost.URL: one reading for keys, sockets, HTTP and tokens. Errors
// say why, in words for the end of a line ("the port is missing"), and never quote what they were given.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hp {

/// HOST[:PORT].
struct Authority {
    std::string host;  ///< lower case; an IPv6 address in its one short form, without brackets
    std::optional<std::uint16_t> port;  ///< nothing for "HOST:", too
    /// As it is written: "[::1]:80".
    std::string text() const;
    bool operator==(const Authority&) const = default;
};
Result<Authority> authority_from_text(std::string_view text);

struct Url {
    std::string scheme;  ///< lower case
    Authority authority;
    std::string path;                  ///< still percent-encoded; empty, or from its first slash
    std::optional<std::string> query;  ///< likewise, without the '?'
    /// SCHEME://HOST[:PORT], which is no secret.
    std::string origin() const { return scheme + "://" + authority.text(); }
};
/// SCHEME://HOST[:PORT][PATH][?QUERY]. Errors: a user or password, a fragment, port 0, and what is no URL.
Result<Url> url_from_text(std::string_view text);

/// For messages: printable, and without what stands before an '@', which may be a password.
std::string printable_url(std::string_view text);

/// What a client asks of an HTTP server: the origin form "/a?b", or the absolute form "http://host/a?b".
struct RequestTarget {
    std::string path;       ///< percent-decoded, without a NUL, which would end a C string below
    std::string query;      ///< still percent-encoded
    std::string authority;  ///< of the absolute form; takes precedence over Host (RFC 9112 3.2.2)
};
/// Letters outside ASCII and others that should have been escaped are taken as if they were: clients send
/// them.
std::optional<RequestTarget> request_target_from_text(std::string_view text);

/// The parameters of a query, decoded ("a=1&b=x%20y", + is a space); an error for a broken escape, one
/// without a name, or one that comes twice.
Result<std::map<std::string, std::string>> query_parameters(std::string_view query);

}  // namespace hp
