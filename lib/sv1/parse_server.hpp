// The two halves of parsing that parse.cpp and parse_server.cpp share; simdjson stays in this room.
#pragma once
#include "sv1/json.hpp"
#include "sv1/messages.hpp"

namespace hp::sv1 {

/// null, an integer, or a string of at most kIdBytesMax bytes, as raw JSON; false for anything else. A string
/// comes out with our escapes, so equal as JSON.
bool read_id(json::element value, std::string& out);
Result<ServerMessage> parse_server(json::object members);

}  // namespace hp::sv1
