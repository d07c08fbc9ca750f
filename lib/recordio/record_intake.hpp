// One writer's stream of records, independent of the transport. Internal to this room.
#pragma once
#include "recordio/record_listener.hpp"

namespace hp::recordio {

class RecordIntake {
  public:
    /// `on_stall` is called when a record that has begun is incomplete after the limit.
    RecordIntake(net::Loop& loop, const RecordLimits& limits, std::string writer,
                 RecordListener::OnRecord on_record, std::function<void()> on_stall)
        : writer_{std::move(writer)},
          on_record_{std::move(on_record)},
          record_ms_{limits.record_ms},
          on_stall_{std::move(on_stall)},
          stall_{loop} {}

    void feed(ByteView bytes) {
        reader_.feed(bytes);
        const bool any = take();
        if (reader_.is_between_records()) {
            stall_.cancel();
            is_begun_ = false;
        } else if (any || !is_begun_) {
            is_begun_ = true;
            stall_.after(record_ms_, on_stall_);
        }
    }
    /// The writer is gone: a partial record counts as damaged.
    void finish() {
        reader_.finish();
        take();
    }
    const std::string& writer() const { return writer_; }
    /// Whether it has ever sent a valid record.
    bool is_proven() const { return is_proven_; }

  private:
    bool take() {
        bool any = false;
        while (const auto record = reader_.next()) {
            is_proven_ = is_proven_ || record->ok();
            on_record_(writer_, *record);
            any = true;
        }
        return any;
    }

    std::string writer_;
    RecordListener::OnRecord on_record_;
    std::int64_t record_ms_;
    std::function<void()> on_stall_;
    net::Timer stall_;
    wire::RecordReader reader_;
    bool is_begun_{false};
    bool is_proven_{false};
};

}  // namespace hp::recordio
