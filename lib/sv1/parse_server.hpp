// The two halves of parsing that parse.cpp and parse_server.cpp share; simdjson stays in this room.
#pragma once
#include "sv1/json.hpp"
#include "sv1/messages.hpp"

namespace hp::sv1 {

/// null, a number, or a string, of at most kIdBytesMax bytes, as raw JSON; false for anything else. A number
/// that is no 64-bit integer comes out as `line` has it, a string with our escapes, so equal as JSON.
bool read_id(json::element value, std::string_view line, std::string& out);
/// `line` is what `members` were read from.
Result<ServerMessage> parse_server(json::object members, std::string_view line);

}  // namespace hp::sv1
