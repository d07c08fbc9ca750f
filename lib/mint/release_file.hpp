// How hp-quote asks a running mint to release held quotes: the request lies beside the database as
// FILE.release until the mint has done it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hp::mint {

struct ReleaseRequest {
    std::vector<std::string> ids;  ///< quote ids; empty: all held quotes
    std::string by;                ///< who asks; one line
};

/// "by NAME", then "all" or one quote id a line.
std::string to_text(const ReleaseRequest& request);
Result<ReleaseRequest> release_request_from_text(std::string_view text);

std::string release_path(const std::string& database);
Result<> leave_request(const std::string& database, const ReleaseRequest& request);
Result<std::optional<ReleaseRequest>> find_request(const std::string& database);
Result<> remove_request(const std::string& database);

}  // namespace hp::mint
