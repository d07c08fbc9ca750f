// How hp-quote asks a running mint to release held quotes: the request is a file beside the database,
// FILE.release, until the mint has done it. It does not cover quotes held after it was made.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hp::mint {

struct ReleaseRequest {
    std::vector<std::string> ids;  ///< quote ids; empty: all held ones up to `last`
    std::string by;                ///< the requester; one line
    std::string last{};            ///< the newest held quote; ids are in order of creation
};

/// "by NAME", then "until LAST" or one quote id per line.
std::string to_text(const ReleaseRequest& request);
Result<ReleaseRequest> release_request_from_text(std::string_view text);

std::string release_path(const std::string& database);
Result<> leave_request(const std::string& database, const ReleaseRequest& request);
Result<std::optional<ReleaseRequest>> find_request(const std::string& database);
Result<> remove_request(const std::string& database);

}  // namespace hp::mint
