// The share hashes seen, for each of the last chain tips.
#pragma once
#include <vector>

#include "base/bytes.hpp"

namespace hp::mining {

enum class Seen : std::uint8_t {
    fresh,
    duplicate,
    unknown,  ///< the set is full and does not contain it
};

/// Share hashes by tip, in open addressing keyed by the hash's own bytes (the low 16: they are practically
/// random, the leading zeros are at the other end). One set serves a whole pool; it has no lock: give each
/// thread its own (prefixes are never shared between channels, so neither are hashes) or guard it.
///
/// Bounded: `shares_per_tip_max` x 16 bytes x 8/3 at most for each of `tips_kept` tips, taken as it fills.
/// When a tip's set is full the answer for a hash not in it is `unknown`: the share counts as new here, and
/// the unique index of the pool's outbox decides, as after a restart.
class DuplicateSet {
  public:
    explicit DuplicateSet(std::size_t shares_per_tip_max = std::size_t{1} << 20, std::size_t tips_kept = 3);

    /// Looks up and inserts. A new tip evicts the tip that was first seen longest ago.
    Seen insert(const Bytes32& prev_hash, const Bytes32& share_hash);
    /// Undoes an insert: the share was not accepted after all (storing it failed) and may be sent again.
    void forget(const Bytes32& prev_hash, const Bytes32& share_hash);
    bool contains(const Bytes32& prev_hash, const Bytes32& share_hash) const;
    std::size_t size() const;
    /// How often the answer was `unknown`.
    std::uint64_t overflow_count() const { return overflow_count_; }

  private:
    struct Key {
        std::uint64_t low, high;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct TipSet {
        Bytes32 prev_hash{};
        std::vector<Key> slots{};  ///< size is a power of two; an all-zero key marks a free slot
        std::size_t count{0};
        bool has_zero_key{false};
    };
    static Key key_of(const Bytes32& share_hash);
    static std::size_t find(const TipSet& set, const Key& key);
    static void grow(TipSet& set);
    TipSet& set_for(const Bytes32& prev_hash);

    std::size_t shares_per_tip_max_;
    std::size_t tips_kept_;
    std::vector<TipSet> tips_{};  ///< oldest first
    std::uint64_t overflow_count_{0};
};

}  // namespace hp::mining
