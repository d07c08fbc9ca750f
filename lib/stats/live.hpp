// Who is there now: the last status of each channel and each miner of a proxy. Pure; series.hpp keeps it.
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
    /// Work of the record's window, each share's divided by the window's length: so they add up over channels
    /// to a hash rate (estimate() over one second).
    Sums rate{};
    std::string json;  ///< the record
};

/// Without a word for so long a channel is gone: its writer is, or its end was lost.
inline constexpr UnixMs kLiveMs = 150'000;
/// Rows kept at most; further channels are not shown.
inline constexpr std::int64_t kLiveMax = 100'000;
/// Longer records are damage.
inline constexpr std::size_t kLiveJsonMax = 4'096;

/// What a run of records changes. To be applied in this order: `begun`, `closed`, `rows`.
class LiveChanges {
  public:
    /// Looks at a record of any type. An error says what is wrong with one that should count here.
    Result<> add(const std::string& type, const std::string& source, UnixMs ts_ms, const std::string& json,
                 const simdjson::dom::element& record);
    void clear();

    /// Sources that began anew: rows that were opened before are of an earlier life.
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
