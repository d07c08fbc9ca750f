// How hp-quote asks a running pool to try dead letters again: the outbox has one writer, so the request lies
// beside it as FILE.requeue until the pool has done it. Repeating a request is harmless; a kill on the way
// leaves it there.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hp::pool {

struct RequeueRequest {
    std::vector<std::uint64_t> seqs;  ///< empty: all dead letters
    std::string by;                   ///< who asks, for the journal; one line
};

/// "by NAME", then "all" or one number a line.
std::string to_text(const RequeueRequest& request);
Result<RequeueRequest> requeue_request_from_text(std::string_view text);

std::string requeue_path(const std::string& outbox_path);
/// Whole or not at all; an error where another request still lies there.
Result<> leave_request(const std::string& outbox_path, const RequeueRequest& request);
/// What lies there: nothing, a request, or an error about a file that is none.
Result<std::optional<RequeueRequest>> find_request(const std::string& outbox_path);
Result<> remove_request(const std::string& outbox_path);

}  // namespace hp::pool
