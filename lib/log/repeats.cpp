#include "log/repeats.hpp"

#include <utility>

namespace hp::log {

std::vector<Repeats::Said> Repeats::take(Module module, Level level, std::string_view text, SteadyMs now_ms) {
    Last& last = last_[static_cast<std::size_t>(module)];
    const bool is_same = last.is_set && last.level == level && last.text == text;
    if (is_same && now_ms - last.since_ms < kRepeatsMs) {
        ++last.repeated;
        return {};
    }
    std::vector<Said> out;
    if (last.repeated > 0) out.push_back({module, last.level, last.text, last.repeated});
    out.push_back({module, level, std::string(text), 0});
    last = {level, std::string(text), 0, now_ms, true};
    return out;
}

template <class Which>
std::vector<Repeats::Said> Repeats::counts(Which&& which) {
    std::vector<Said> out;
    for (std::size_t i = 0; i < last_.size(); ++i) {
        if (last_[i].repeated > 0 && which(last_[i]))
            out.push_back(
                {static_cast<Module>(i), last_[i].level, last_[i].text, std::exchange(last_[i].repeated, 0)});
    }
    return out;
}

std::vector<Repeats::Said> Repeats::due(SteadyMs now_ms) {
    return counts([&](const Last& last) { return now_ms - last.since_ms >= kRepeatsMs; });
}

std::vector<Repeats::Said> Repeats::rest() {
    return counts([](const Last&) { return true; });
}

}  // namespace hp::log
