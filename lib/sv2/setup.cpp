#include "sv2/setup.hpp"

namespace hp::sv2 {

std::optional<common::SetupConnectionError> check_setup(const common::SetupConnection& setup,
                                                        std::uint8_t protocol,
                                                        std::uint32_t supported_flags) {
    if (setup.protocol != protocol) return common::SetupConnectionError{0, {"unsupported-protocol"}};
    if (setup.min_version > setup.max_version || setup.min_version > kVersion || setup.max_version < kVersion)
        return common::SetupConnectionError{0, {"protocol-version-mismatch"}};
    if (std::uint32_t unsupported = setup.flags & ~supported_flags)
        return common::SetupConnectionError{unsupported, {"unsupported-feature-flags"}};
    return {};
}

}  // namespace hp::sv2
