// When the growth of a database's WAL needs an operator.
#pragma once
#include <string>

#include "store/checkpointer.hpp"

namespace hp::store {

/// Reported once per episode, which ends when the WAL is back to half of the limit.
class LogWatch {
  public:
    /// `limit_bytes` 0: never.
    LogWatch(std::string database, std::uint64_t limit_bytes)
        : database_{std::move(database)}, limit_bytes_{limit_bytes} {}

    /// What to report; empty: nothing new.
    std::string look(const LogState& log) {
        if (is_high_ && log.bytes <= limit_bytes_ / 2) {
            is_high_ = false;
            return {};
        }
        if (is_high_ || limit_bytes_ == 0 || log.bytes < limit_bytes_) return {};
        is_high_ = true;
        std::string what = "database '" + database_ + "': its write-ahead log has " +
                           std::to_string(log.bytes >> 20) + " MiB";
        return log.held_ms > 0 ? what + ", held by a reader for " + std::to_string(log.held_ms / 1000) +
                                     " s: find it with 'fuser -v " + database_ + "'"
                               : what;
    }

  private:
    std::string database_;
    std::uint64_t limit_bytes_;
    bool is_high_{false};
};

}  // namespace hp::store
