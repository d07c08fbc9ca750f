// The shares of a channel's workers, by the names that its shares give. Bounded: the names are the peer's.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace hp::mining {

class WorkerTallies {
  public:
    /// Beyond it the worker whose last share is the longest ago is forgotten.
    static constexpr std::size_t kMax = 256;
    struct Worker {
        std::string name;
        std::uint64_t accepted{}, rejected{};
        double work_hashes{};  ///< expected hashes of the accepted ones
        SteadyMs last_ms{};
    };

    /// A share; its expected hashes if it was accepted.
    void count(std::string_view name, std::optional<double> accepted_work, SteadyMs now) {
        auto at = std::ranges::lower_bound(by_name_, name, {}, &Worker::name);
        if (at == by_name_.end() || at->name != name) {
            if (by_name_.size() >= kMax) {
                by_name_.erase(std::ranges::min_element(by_name_, {}, &Worker::last_ms));
                at = std::ranges::lower_bound(by_name_, name, {}, &Worker::name);
            }
            at = by_name_.insert(at, Worker{.name = std::string(name)});
            ++named_;
        }
        at->last_ms = now;
        if (!accepted_work) {
            ++at->rejected;
            return;
        }
        ++at->accepted;
        at->work_hashes += *accepted_work;
    }
    /// In the order of their names.
    const std::vector<Worker>& all() const { return by_name_; }
    /// How often a new name came: more than all().size() means that some were forgotten.
    std::uint64_t named() const { return named_; }

  private:
    std::vector<Worker> by_name_;
    std::uint64_t named_{0};
};

}  // namespace hp::mining
