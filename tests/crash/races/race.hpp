// Common parts of the races: kinds of rounds, played on a stage, which is one store with everything that
// serves it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crew.hpp"

namespace hp::crash {

inline constexpr std::size_t kNobody = ~std::size_t{0};

/// A round's result: the winner, if there is one, and the first error.
struct Outcome {
    std::size_t winner{kNobody};  ///< index in the kind's sides
    std::string wrong{};
};
inline Outcome wrong(std::string what) { return {kNobody, std::move(what)}; }

/// A store on which rounds are played in turn.
class Stage {
  public:
    virtual ~Stage() = default;
    /// After a round: compares sums over the whole store with what was granted. Returns the first error.
    virtual std::string check() = 0;
    /// Closes the store, and runs lib/audit. Returns the first error.
    virtual std::string end() = 0;
};

struct Kind {
    const char* name;
    std::vector<const char*> sides;
    std::function<Outcome(Stage&, Rng&, Crew&)> play;
};
struct StageType {
    const char* name;
    /// `directory` exists and is empty.
    std::unique_ptr<Stage> (*open)(const std::string& directory, Rng& rng, std::size_t threads);
    std::vector<Kind> kinds;
};
StageType mint_stage();
StageType linked_stage();
StageType pool_stage();
StageType wallet_stage();

/// A kind whose play takes the stage by its own type.
template <class S>
Kind kind(const char* name, std::vector<const char*> sides, Outcome (*play)(S&, Rng&, Crew&)) {
    return {name, std::move(sides),
            [play](Stage& stage, Rng& rng, Crew& crew) { return play(static_cast<S&>(stage), rng, crew); }};
}

}  // namespace hp::crash
