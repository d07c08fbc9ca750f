// Where a tool's event records go. Never blocks the caller: what a slow or absent reader does not take is
// kept up to a limit; beyond it the oldest records are dropped and counted, and a record reports the loss.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/secp.hpp"
#include "net/loop.hpp"
#include "wire/records.hpp"

namespace hp::recordio {

class EventOutlet;
class RecordQueue;

struct EventOptions {
    /// "" nowhere, "-" stdout, "unix:PATH" a socket that hp-stats listens on, "tcp://HOST:PORT/KEY" likewise
    /// on another machine, else the path of a FIFO or of a file, which is appended to (created 0644).
    std::string to;
    wire::RecordLayout layout{wire::RecordLayout::lines};
    std::optional<crypto::SecretKey> key{};  ///< our key; needed for tcp://
};
/// Errors say what is wrong with the text.
Result<EventOptions> event_options(std::string to, std::string_view framing, std::string_view encoding);

/// Parses "tcp://HOST:PORT/KEY"; KEY is the collector's authority key.
struct NoiseTarget {
    net::Endpoint address;
    crypto::XOnlyKey32 authority{};
};
bool is_noise_target(std::string_view to);
Result<NoiseTarget> noise_target_from_text(std::string_view to);

class EventSink {
  public:
    /// `source` is the program's name.
    static Result<std::unique_ptr<EventSink>> open(net::Loop& loop, const EventOptions& options,
                                                   std::string source);
    ~EventSink();

    bool enabled() const;
    /// A record's JSON. Sent at the end of the loop's turn, together with the turn's other records.
    void write(std::string_view json);
    /// The program's name, for its records.
    const std::string& source() const { return source_; }
    std::uint64_t dropped() const;
    /// Writes what is queued, waiting up to `limit_ms` for a slow reader.
    void flush(std::int64_t limit_ms);

  private:
    EventSink(net::Loop& loop, const EventOptions& options, std::string source);
    net::Loop& loop_;
    const std::string source_;
    std::unique_ptr<RecordQueue> queue_;
    std::unique_ptr<EventOutlet> outlet_;
    bool scheduled_{false};
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
};

}  // namespace hp::recordio
