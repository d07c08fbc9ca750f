// The extensions of a mining.configure, BIP 310; simdjson stays in this room.
#pragma once
#include "sv1/json.hpp"
#include "sv1/messages.hpp"

namespace hp::sv1 {

/// `options` is the request's second parameter, if it is an object. Parameters of extensions that were not
/// requested are ignored, as are names that are not strings.
Configure read_configure(json::array extensions, std::optional<json::object> options);

}  // namespace hp::sv1
