// The parts shared by parse.cpp and parse_server.cpp; simdjson stays in this room.
#pragma once
#include "sv1/json.hpp"
#include "sv1/messages.hpp"

namespace hp::sv1 {

/// null, a number, or a string, of at most kIdBytesMax bytes, as raw JSON; false for anything else. A number
/// that is not a 64-bit integer comes out as in `line`, a string with our escapes, so equal as JSON.
bool read_id(json::element value, std::string_view line, std::string& out);
/// `line` is the source of `members`.
Result<ServerMessage> parse_server(json::object members, std::string_view line);

}  // namespace hp::sv1
