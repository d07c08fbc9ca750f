// A queue that serves its sources in turn: a source that asks often delays only itself. Pure. Internal to
// this room.
#pragma once
#include <deque>
#include <map>
#include <utility>

namespace hp::net {

template <class Source, class T>
class FairQueue {
  public:
    void push(const Source& source, T item) {
        auto& waiting = by_source_[source];
        if (waiting.empty()) turns_.push_back(source);
        waiting.push_back(std::move(item));
    }
    bool empty() const { return turns_.empty(); }
    /// REQUIRES: not empty.
    T pop() {
        const Source source = turns_.front();
        turns_.pop_front();
        const auto waiting = by_source_.find(source);
        T out = std::move(waiting->second.front());
        waiting->second.pop_front();
        if (waiting->second.empty())
            by_source_.erase(waiting);
        else
            turns_.push_back(source);
        return out;
    }

  private:
    std::map<Source, std::deque<T>> by_source_;
    std::deque<Source> turns_;
};

}  // namespace hp::net
