#include "recordio/record_queue.hpp"

#include "records/any.hpp"
#include "records/write.hpp"

namespace hp::recordio {

void RecordQueue::push(std::string_view json) {
    const std::size_t before = bytes_.size();
    wire::append_record(bytes_, json, layout_);
    sizes_.push_back(bytes_.size() - before);
    while (bytes_waiting() > bytes_max_) drop_oldest();
}

void RecordQueue::drop_oldest() {
    // A record of a loss stands for the dropped ones, and is not itself counted as one of ours.
    const std::uint64_t records = told_in_front_ > 0 ? 0 : 1;
    lost_ += records + std::exchange(told_in_front_, 0);
    dropped_ += records;
    remove_front(sizes_.front());
}

void RecordQueue::remove_front(std::size_t size) {
    begin_ += size;
    sizes_.pop_front();
    // Each byte is moved at most once, however long the queue stays full.
    if (begin_ < bytes_.size() / 2 && !sizes_.empty()) return;
    bytes_.erase(0, begin_);
    begin_ = 0;
}

std::string_view RecordQueue::front(std::size_t size_max, UnixMs now) {
    if (!begun_.empty()) return std::string_view(begun_).substr(begun_taken_);
    if (lost_ > 0 && told_in_front_ == 0) {
        std::string told;
        wire::append_record(told, hp::records::json_of(hp::records::EventsDropped{lost_}, source_, now),
                            layout_);
        bytes_.insert(begin_, told);
        sizes_.push_front(told.size());
        told_in_front_ = std::exchange(lost_, 0);
    }
    if (bytes_waiting() <= size_max) return std::string_view(bytes_).substr(begin_);
    std::size_t size = 0;
    for (const std::size_t next : sizes_) {
        if (size > 0 && size + next > size_max) break;
        size += next;
    }
    return std::string_view(bytes_).substr(begin_, size);
}

void RecordQueue::taken(std::size_t size) {
    if (!begun_.empty()) {
        begun_taken_ += size;
        if (begun_taken_ < begun_.size()) return;
        begun_.clear();
        begun_taken_ = 0;
        return;
    }
    while (size > 0) {
        const std::size_t first = sizes_.front();
        if (size < first) {
            begun_ = bytes_.substr(begin_, first);
            begun_taken_ = size;
        }
        size -= std::min(size, first);
        told_in_front_ = 0;
        remove_front(first);
    }
}

}  // namespace hp::recordio
