// Takes event records from many programs at once. Each connection is a stream of its own, whose layout is
// found out and whose damage is nobody else's.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "net/loop.hpp"
#include "wire/records.hpp"

namespace hp::net {

struct RecordLimits {
    std::size_t connections_max{64};
    /// From a record's first byte to its last.
    std::int64_t record_ms{30'000};
};

class RecordListener {
  public:
    /// `writer` names the connection: "pid 4711, uid 0".
    using OnRecord = std::function<void(const std::string& writer, const wire::ReadRecord& record)>;
    /// On a Unix socket of mode 0660; see Acceptor::listen_unix.
    static Result<std::unique_ptr<RecordListener>> listen_unix(Loop& loop, const std::string& path,
                                                               RecordLimits limits, OnRecord on_record);
    virtual ~RecordListener() = default;
    /// Reads what has arrived, then closes; the listener is of no further use.
    virtual void stop() = 0;
};

}  // namespace hp::net
