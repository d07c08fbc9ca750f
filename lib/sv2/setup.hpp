// SetupConnection as every server of ours judges it. Spec 3.6.1.
#pragma once
#include <optional>

#include "sv2/common.hpp"

namespace hp::sv2 {

inline constexpr std::uint16_t kVersion = 2;

/// The error to send before closing, or nothing: the connection may go on with version 2. `supported_flags`
/// are the bits that this server can satisfy; the error's flags are exactly the others.
std::optional<common::SetupConnectionError> check_setup(const common::SetupConnection& setup,
                                                        std::uint8_t protocol, std::uint32_t supported_flags);

}  // namespace hp::sv2
