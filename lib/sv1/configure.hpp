// The extensions of a mining.configure, BIP 310; simdjson stays in this room.
#pragma once
#include "sv1/json.hpp"
#include "sv1/messages.hpp"

namespace hp::sv1 {

/// `options` is the request's second parameter, where it is an object. Parameters of extensions that were not
/// asked for say nothing, nor do names that are no text.
Configure read_configure(json::array extensions, std::optional<json::object> options);

}  // namespace hp::sv1
