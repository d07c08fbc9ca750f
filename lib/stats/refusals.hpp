// Who was refused, and why: from the records setup_refused, channel_refused and so on. Pure;
// refusals_table.hpp stores it.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.hpp"

namespace simdjson::dom {
class element;
}

namespace hp::stats {

struct RefusedKey {
    std::string source;  ///< the refusing program
    std::string type;    ///< of the record
    std::string who;     ///< the peer's address without its port; a pool's name; or empty
    std::string worker;  ///< as given by the miner, or empty
    std::string reason;
    friend auto operator<=>(const RefusedKey&, const RefusedKey&) = default;
};
struct Refused {
    std::uint64_t count{};
    UnixMs first_ms{}, last_ms{};
};

/// A refusal is remembered for this long after its last occurrence.
inline constexpr UnixMs kRefusedMs = 3'600'000;
/// Maximum number kept, the latest: refused peers choose their names, and must not choose the size of the
/// database too.
inline constexpr std::int64_t kRefusedMax = 1'000;

/// Maximum bytes of each text.
inline constexpr std::size_t kRefusedTextMax = 255;

class Refusals {
  public:
    /// Takes each record of a type "…_refused" that has a reason.
    void add(const std::string& type, const std::string& source, UnixMs ts_ms,
             const simdjson::dom::element& record);
    void clear() { all_.clear(); }
    const std::map<RefusedKey, Refused>& all() const { return all_; }

  private:
    std::map<RefusedKey, Refused> all_;
};

}  // namespace hp::stats
