// What hp-stats answers over HTTP. Pure: a request and a database in, an answer out. Paths and names are
// those of the monitoring API shared by Stratum V2 applications (SRI), with additional members of ours.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "stats/reader.hpp"

namespace hp::stats {

/// What a caller may see. Each includes the previous one.
enum class Scope { none, metrics, pool, workers };
Result<Scope> scope_from_text(std::string_view text);

struct ApiRequest {
    std::string_view path;
    std::map<std::string, std::string> parameters{};  ///< of the query, decoded
    Scope scope{Scope::none};
};
struct ApiContext {
    UnixMs now{}, started{};
    /// See MetricsOptions.
    std::size_t metrics_workers_max{0};
    /// Older than this the figures are stale.
    std::int64_t stale_after_s{60};
    std::optional<std::uint64_t> wal_bytes{}, log_lines_dropped{};  ///< see MetricsOptions
};
struct ApiAnswer {
    int status{200};
    std::string body;
    std::string content_type{"application/json"};
};

/// Errors are {"error": text}: 400 for an invalid query, 401 without the scope, 404 for an unknown path,
/// client, series or label, 500 if the database cannot be read.
ApiAnswer api_answer(Reader& reader, const ApiRequest& request, const ApiContext& context);

}  // namespace hp::stats
