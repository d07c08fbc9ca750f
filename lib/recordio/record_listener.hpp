// Receives event records from many programs at once. Each connection is its own stream: its layout is
// detected, and its damage does not affect others.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "net/frames.hpp"
#include "wire/records.hpp"

namespace hp::recordio {

struct RecordLimits {
    std::size_t connections_max{64};
    /// From a record's first byte to its last.
    std::int64_t record_ms{30'000};
    /// Over Noise: for the handshake, and again for WriterAuth.
    std::int64_t auth_ms{10'000};
};

struct NoiseRecordOptions {
    net::Endpoint listen;
    net::FrameListener::IdentityNow identity;
    crypto::XOnlyKey32 authority{};           ///< pinned by writers
    std::vector<crypto::XOnlyKey32> allowed;  ///< keys of the writers
};

class RecordListener {
  public:
    /// `writer` names the connection: "pid 4711, uid 0", or "address:port".
    using OnRecord = std::function<void(const std::string& writer, const wire::ReadRecord& record)>;
    /// On a Unix socket of mode 0660; see net::Acceptor::listen_unix.
    static Result<std::unique_ptr<RecordListener>> listen_unix(net::Loop& loop, const std::string& path,
                                                               RecordLimits limits, OnRecord on_record);
    /// Inside Noise, from writers whose key is allowed.
    static Result<std::unique_ptr<RecordListener>> listen_noise(net::Loop& loop, NoiseRecordOptions options,
                                                                RecordLimits limits, OnRecord on_record);
    /// From a FIFO, or with "-" from a stdin that is a pipe; `writer` is empty, since there may be many.
    static Result<std::unique_ptr<RecordListener>> read_pipe(net::Loop& loop, const std::string& path,
                                                             RecordLimits limits, OnRecord on_record);
    virtual ~RecordListener() = default;
    /// Where it listens for Noise.
    virtual net::Endpoint bound() const { return {}; }
    /// Pauses or resumes reading. Over Noise records still come.
    virtual void pause(bool) {}
    /// Reads what has arrived, then closes; the listener is unusable afterwards.
    virtual void stop() = 0;
};

}  // namespace hp::recordio
