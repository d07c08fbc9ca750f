// A text as a QR code.
#pragma once
#include <optional>
#include <string>

namespace hp::web {

/// Rows of the code from the top, separated by '/'; '1' is dark. Nothing for a text that is too long (over
/// 2,953 bytes) or empty.
std::optional<std::string> qr_rows(const std::string& text);

}  // namespace hp::web
