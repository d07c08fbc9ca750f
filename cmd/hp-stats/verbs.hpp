// The verbs of hp-stats; each is one file.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace hp::hp_stats {

/// Reads records from `input` ("-" is stdin) into the database until the end of the input, SIGTERM or SIGINT.
Result<> ingest(const std::string& database, const std::string& input);

struct ShowOptions {
    std::string database;
    std::optional<std::int64_t> minutes{};
    bool json{false};
};
Result<> show(const ShowOptions& options);

}  // namespace hp::hp_stats
