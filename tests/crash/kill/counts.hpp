// The file that a process with crash points shares with the one that breaks it: for each name the number of
// passes, and the pass at which to die. Mapped, so that it outlives SIGKILL.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hp::crash {

struct Slot {
    char name[8];
    std::atomic<std::uint64_t> passes;  ///< since the file was made
    std::atomic<std::uint64_t> kills;
    std::atomic<std::int64_t> passes_left;  ///< 1: the next one kills; 0 or less: none
};

inline constexpr std::size_t kSlots = 128;
struct Counts {
    Slot slots[kSlots];
};

}  // namespace hp::crash
