// Current channels and miners of a proxy: the last status of each. Pure; series.hpp stores it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "stats/sums.hpp"

namespace simdjson::dom {
class element;
}

namespace hp::stats {

/// A connection to the pool and its channel, or a miner of the proxy (channel 0).
struct LiveKey {
    std::string source;
    std::int64_t connection{}, channel{};
    friend auto operator<=>(const LiveKey&, const LiveKey&) = default;
};

struct LiveRow {
    UnixMs opened_ms{}, seen_ms{};
    bool is_standard{};  ///< channel
    /// Work of the record's window, divided by the window's length: summed over channels this gives a hash
    /// rate (estimate() over one second).
    Sums rate{};
    std::string json;  ///< the record
};

/// A channel without a record for this long is gone: its writer is, or the record of its end was lost.
inline constexpr UnixMs kLiveMs = 150'000;
/// Maximum number of rows; further channels are not shown.
inline constexpr std::int64_t kLiveMax = 100'000;
/// Longer records count as damaged.
inline constexpr std::size_t kLiveJsonMax = 4'096;

/// The changes made by a batch of records. Apply in this order: `begun`, `closed`, `rows`.
class LiveChanges {
  public:
    /// Handles a record of any type. An error says what is wrong with one that matters here.
    Result<> add(const std::string& type, const std::string& source, UnixMs ts_ms, const std::string& json,
                 const simdjson::dom::element& record);
    void clear();

    /// Sources that restarted: rows opened before are stale.
    const std::map<std::string, UnixMs>& begun() const { return begun_; }
    struct Closed {
        LiveKey key;
        bool is_whole_connection{};
        UnixMs ts_ms{};
    };
    const std::vector<Closed>& closed() const { return closed_; }
    const std::map<LiveKey, LiveRow>& rows() const { return rows_; }

  private:
    void close(Closed closed);
    std::map<std::string, UnixMs> begun_;
    std::vector<Closed> closed_;
    std::map<LiveKey, LiveRow> rows_;
};

}  // namespace hp::stats
