// SetupConnection as every server of ours judges it. Spec 3.6.1.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include "sv2/common.hpp"
#include "sv2/frame.hpp"

namespace hp::sv2 {

inline constexpr std::uint16_t kVersion = 2;

/// The error to send before closing, or nothing: the connection may go on with version 2. `supported_flags`
/// are the bits that this server can satisfy. An error for flags has all others set, asked for or not, so
/// that a client may ask once for everything (spec 3.6.3).
std::optional<common::SetupConnectionError> check_setup(const common::SetupConnection& setup,
                                                        std::uint8_t protocol, std::uint32_t supported_flags);

/// What a server answers to our SetupConnection. Its refusal is an error of kind `refused` that names the
/// code.
Result<common::SetupConnectionSuccess> setup_answer(const FrameView& frame);

/// Bytes of prefix and extranonce together, at most.
inline constexpr std::size_t kFullExtranonceMax = 32;

/// Why a client cannot work with the extranonce of its channel, or nothing: the server must grant at least
/// what was asked (spec 5.3.5), and a coinbase holds no more. Sizes are bytes.
std::string unusable_extranonce(std::size_t prefix_size, std::size_t extranonce_size,
                                std::size_t min_extranonce_size);

}  // namespace hp::sv2
