// JSON from other programs for a browser: checked, on one line, in ASCII.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "net/http.hpp"

namespace hp::web {

/// The value as text. Whole numbers beyond 2^53 - 1, which JavaScript would round, become strings of their
/// digits (RFC 7493 section 2.2).
std::string page_text(nlohmann::ordered_json value);
/// The body of a 200 as page_text(); an error if it is not a JSON object, or nested more than 16 levels deep.
Result<std::string> page_object(const net::HttpResponse& response);

}  // namespace hp::web
