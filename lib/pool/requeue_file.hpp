// How hp-quote asks a running pool to requeue dead letters: the outbox has one writer, so the request is a
// file beside it, FILE.requeue, until the pool has done it. Repeating a request is harmless; if the pool is
// killed, the request stays.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hp::pool {

struct RequeueRequest {
    std::vector<std::uint64_t> seqs;  ///< empty: all dead letters
    std::string by;                   ///< the requester, for the journal; one line
};

/// "by NAME", then "all" or one row number per line.
std::string to_text(const RequeueRequest& request);
Result<RequeueRequest> requeue_request_from_text(std::string_view text);

std::string requeue_path(const std::string& outbox_path);
/// Writes whole or not at all; an error if another request is still there.
Result<> leave_request(const std::string& outbox_path, const RequeueRequest& request);
/// Nothing, a request, or an error about a file that is not a request.
Result<std::optional<RequeueRequest>> find_request(const std::string& outbox_path);
Result<> remove_request(const std::string& outbox_path);

}  // namespace hp::pool
