// A file that is there whole or not at all, also after a crash.
#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hp::pool {

/// So that a new or renamed file is there after a crash.
Result<> sync_folder_of(const std::string& path);
/// Replaces the file, mode 0600: under another name first, synced, renamed, and its folder synced.
Result<> write_whole_file(const std::string& path, std::string_view content);

}  // namespace hp::pool
