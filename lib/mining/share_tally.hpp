// Statistics of a channel's shares for display: totals, and the work of the last minutes. Not used by vardiff
// or for payment.
#pragma once
#include <array>
#include <optional>

#include "base/clock.hpp"
#include "bitcoin/target.hpp"
#include "records/any.hpp"

namespace hp::mining {

class ShareTally {
  public:
    explicit ShareTally(SteadyMs now) : begin_ms_{now} {}

    void on_accepted(double work_hashes, SteadyMs now);
    void on_rejected() { ++rejected_; }
    void on_block() { ++blocks_found_; }

    std::uint64_t accepted() const { return accepted_; }
    std::uint64_t rejected() const { return rejected_; }
    std::uint64_t blocks_found() const { return blocks_found_; }
    double work_hashes() const { return work_hashes_; }
    std::optional<SteadyMs> last_share_ms() const { return last_share_ms_; }

    /// Accepted shares of the last minutes: four whole ones and the current one, or since the beginning.
    struct Window {
        double seconds{};
        std::uint64_t shares{};
        double work_hashes{}, work_squared{}, work_max{};  ///< sum, sum of squares, maximum
    };
    Window window(SteadyMs now) const;

  private:
    static constexpr SteadyMs kSlotMs = 60'000;
    struct Slot {
        SteadyMs number{-1};
        Window sums{};
    };
    SteadyMs begin_ms_;
    std::array<Slot, 5> slots_{};
    std::uint64_t accepted_{0}, rejected_{0}, blocks_found_{0};
    double work_hashes_{0};
    std::optional<SteadyMs> last_share_ms_;
};

/// For status records, with times by the system clock.
records::Tally record_of(const ShareTally& tally, SteadyMs now, UnixMs unix_now);

}  // namespace hp::mining
