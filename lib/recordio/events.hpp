// A program's events: records to its sink, or nothing if there is none.
#pragma once
#include "recordio/event_sink.hpp"
#include "records/any.hpp"
#include "records/write.hpp"

namespace hp::recordio {

class Events {
  public:
    void to(EventSink* sink) { sink_ = sink; }
    /// False: tell() does nothing, so there is no need to compute a record's contents.
    bool is_on() const { return sink_ && sink_->enabled(); }
    /// `R`: one of lib/records. The record gets the current time.
    template <class R>
    void tell(const R& record) const {
        if (is_on()) sink_->write(hp::records::json_of(record, sink_->source(), unix_ms_now()));
    }
    void alarm(std::string_view what) const { tell(hp::records::Alarm{what}); }

  private:
    EventSink* sink_{nullptr};
};

}  // namespace hp::recordio
