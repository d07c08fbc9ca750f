// The files of web/ and the chart library, compiled in: a page needs nothing from elsewhere, and nothing can
// be missing.
#pragma once
#include <span>
#include <string_view>

namespace hp::web {

struct Asset {
    std::string_view path;  ///< "/app.js"
    std::string_view content_type;
    std::string_view body;
};
/// Made by cmake/Assets.cmake.
std::span<const Asset> assets();

}  // namespace hp::web
