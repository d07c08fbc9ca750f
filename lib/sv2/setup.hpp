// SetupConnection as every server of ours judges it. Spec 3.6.1.
#pragma once
#include <optional>

#include "sv2/common.hpp"
#include "sv2/mining.hpp"

namespace hp::sv2 {

inline constexpr std::uint16_t kVersion = 2;

/// The error to send before closing, or nothing: the connection may go on with version 2. `supported_flags`
/// are the bits that this server can satisfy; the error's flags are exactly the others.
std::optional<common::SetupConnectionError> check_setup(const common::SetupConnection& setup,
                                                        std::uint8_t protocol, std::uint32_t supported_flags);

/// Bytes of prefix and extranonce together, at most.
inline constexpr std::size_t kFullExtranonceMax = 32;

/// Why a client cannot work with the extranonce that its channel got, or nothing: the server must grant at
/// least what was asked (spec 5.3.5), and a coinbase holds no more.
std::string unusable_extranonce(const mining::OpenExtendedMiningChannelSuccess& success,
                                std::uint16_t min_extranonce_size);

}  // namespace hp::sv2
