// Records waiting for their reader, up to a limit. Beyond it the oldest are dropped, and replaced by a record
// of how many. Internal to this room.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "wire/records.hpp"

namespace hp::recordio {

class RecordQueue {
  public:
    /// `source` is the program's name, for the record of a loss.
    RecordQueue(std::string source, wire::RecordLayout layout, std::size_t bytes_max)
        : source_{std::move(source)}, layout_{layout}, bytes_max_{bytes_max} {}

    void push(std::string_view json);
    bool is_empty() const { return begun_.empty() && sizes_.empty() && lost_ == 0; }
    /// What to write next: the rest of a started record, or as many whole ones as fit into `size_max` (at
    /// least one). Valid until the next call.
    std::string_view front(std::size_t size_max, UnixMs now);
    /// This many bytes of it were written.
    void taken(std::size_t size);
    /// The reader that got the beginning of a record is gone: the next one gets all of it.
    void rewind() { begun_taken_ = 0; }
    /// Total records dropped.
    std::uint64_t dropped() const { return dropped_; }

  private:
    std::size_t bytes_waiting() const { return bytes_.size() - begin_; }
    void drop_oldest();
    void remove_front(std::size_t size);

    std::string source_;
    wire::RecordLayout layout_;
    std::size_t bytes_max_;
    std::string bytes_;  // from begin_: whole records, of these sizes
    std::size_t begin_{0};
    std::deque<std::size_t> sizes_;
    std::string begun_;  // a record partly written
    std::size_t begun_taken_{0};
    std::uint64_t lost_{0};           // since the last record of a loss
    std::uint64_t told_in_front_{0};  // the count in the first record, if it is one of a loss
    std::uint64_t dropped_{0};
};

}  // namespace hp::recordio
