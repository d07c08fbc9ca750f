// How all our servers check SetupConnection. Spec 3.6.1.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "sv2/common.hpp"
#include "sv2/extensions.hpp"
#include "sv2/frame.hpp"

namespace hp::sv2 {

inline constexpr std::uint16_t kVersion = 2;

struct SetupRefusal {
    /// To send before closing; nothing if the peer sent another message.
    std::optional<common::SetupConnectionError> answer;
    Error why;
};
/// A connection's first frame: its SetupConnection, and the connection may continue with version 2; or why
/// not. A SetupConnection is always answered, also one that cannot be decoded (spec 3.6.1).
/// `supported_flags` are the bits that this server supports. An error for flags has all others set, requested
/// or not, so that a client need ask only once (spec 3.6.3).
std::variant<common::SetupConnection, SetupRefusal> read_setup(const FrameView& frame, std::uint8_t protocol,
                                                               std::uint32_t supported_flags);

/// An error ends the connection: the request is one of too many (`number` counts from 1), or lists too much.
Result<> check_extension_request(const extensions::RequestExtensions& request, unsigned number);

/// A server's answer to our SetupConnection. A refusal is an error of kind `refused` with the code.
Result<common::SetupConnectionSuccess> setup_answer(const FrameView& frame);

/// Maximum bytes of prefix and extranonce together.
inline constexpr std::size_t kFullExtranonceMax = 32;

/// Why a client cannot use the extranonce of its channel, or nothing: the server must grant at least what was
/// requested (spec 5.3.5), within the maximum. Sizes are bytes.
std::string unusable_extranonce(std::size_t prefix_size, std::size_t extranonce_size,
                                std::size_t min_extranonce_size);

}  // namespace hp::sv2
