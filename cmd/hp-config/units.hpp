// Which systemd units read a configuration directory (systemd/).
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace hp::hp_config {

/// "" for /etc/hashpool, "@NAME" for /etc/hashpool/NAME; nothing: no unit reads it.
std::optional<std::string> unit_suffix(const std::string& dir);
/// The units of a service; none without a suffix.
std::vector<std::string> units_of(const std::string& program, const std::optional<std::string>& suffix);

}  // namespace hp::hp_config
