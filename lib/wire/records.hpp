// Event records: one JSON object each, with `v` (schema version), `ts_ms`, `type` and `source` first, then
// fields with units in their names. Their layout in a stream: `lines`, or `length`, with JSON or MessagePack
// inside. man/hp-records.5.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/result.hpp"

namespace hp::wire {

inline constexpr std::uint64_t kRecordVersion = 1;
/// Maximum size of a record's JSON or MessagePack, without newline or length. To a reader longer ones are
/// damaged.
inline constexpr std::size_t kRecordSizeMax = 1u << 20;
inline constexpr std::size_t kRecordDepthMax = 16;

/// Builds one record by appending to one string.
/// `Record("share_accepted", "hp-pool", now_ms).add("channel_id", 5).add("worker", name).line()` The text is
/// printable ASCII whatever is added (see append_json_string), so a newline is always a boundary.
class Record {
  public:
    Record(std::string_view type, std::string_view source, UnixMs ts_ms);

    template <std::integral T>
    Record& add(std::string_view key, T value) {
        put_key(key);
        if constexpr (std::same_as<T, bool>)
            json_ += value ? "true" : "false";
        else if constexpr (std::signed_integral<T>)
            append_json_integer(json_, std::int64_t{value});
        else
            append_json_integer(json_, std::uint64_t{value});
        return *this;
    }
    template <std::floating_point T>
    Record& add(std::string_view key, T value) {
        put_key(key);
        append_json_number(json_, static_cast<double>(value));
        return *this;
    }
    Record& add(std::string_view key, std::string_view text) {
        put_key(key);
        append_json_string(json_, text);
        return *this;
    }
    /// Bytes as lower-case hex.
    Record& add_hex(std::string_view key, ByteView bytes);
    /// An array or object. REQUIRES: `json` is valid JSON; its line breaks, if any, become spaces.
    Record& add_json(std::string_view key, std::string_view json);

    std::string json() const { return json_ + '}'; }
    std::string line() const { return json_ + "}\n"; }

  private:
    void put_key(std::string_view key) {
        json_ += ',';
        append_json_string(json_, key);
        json_ += ':';
    }
    std::string json_;
};

/// How records follow each other: `--framing` and `--encoding`.
enum class RecordLayout {
    lines,        ///< JSON, then '\n'. A writer that appends to an old file writes '\n' first: the file may
                  ///< end in a partial line, and readers skip empty lines.
    length_json,  ///< size as U32 little-endian, then JSON
    length_msgpack,  ///< size as U32 little-endian, then MessagePack
};
/// From the two options: "lines" with "json", "length" with "json" or "msgpack".
Result<RecordLayout> record_layout(std::string_view framing, std::string_view encoding);
/// Appends one record. REQUIRES: `json` comes from Record::json().
void append_record(std::string& out, std::string_view json, RecordLayout layout);

/// A record, or what is wrong with it.
struct ReadRecord {
    std::uint64_t offset{};  ///< of its first byte (of the length, if there is one) in the stream
    std::string json{};      ///< the object on one line; empty for a damaged record
    std::string damage{};    ///< why it is damaged, or empty; never quotes the record
    std::string type{};
    std::string source{};
    UnixMs ts_ms{};
    bool ok() const { return damage.empty(); }
};

/// Records from a byte stream, detecting its layout. A damaged record is reported and reading continues with
/// the next line, or with the next bytes that look like a length and the start of a record. Holds at most one
/// record, besides what was fed and not yet taken.
class RecordReader {
  public:
    void feed(std::string_view bytes);
    void feed(ByteView bytes) { feed(as_text(bytes)); }
    /// The stream has ended: the rest is a record or damaged.
    void finish() { finished_ = true; }
    /// The next record, or nothing until more is fed.
    std::optional<ReadRecord> next();
    /// Whether everything fed is taken. REQUIRES: next() has just returned nothing.
    bool is_between_records() const { return rest().empty(); }
    std::uint64_t damaged_count() const { return damaged_count_; }

  private:
    enum class Framing { unknown, lines, length };

    bool detect_framing();
    std::optional<ReadRecord> next_line();
    std::optional<ReadRecord> next_length();
    /// Takes a record of `size` bytes in the stream, with this content.
    ReadRecord taken(std::string_view content, std::size_t size);
    ReadRecord damaged(std::string why);
    std::string_view rest() const { return std::string_view(buffer_).substr(begin_); }
    void drop(std::size_t size);

    std::string buffer_;  // from begin_: not yet taken
    std::size_t begin_{0};
    std::size_t scanned_{0};   // from begin_: known to hold no boundary
    std::uint64_t offset_{0};  // of begin_ in the stream
    std::uint64_t damaged_count_{0};
    Framing framing_{Framing::unknown};
    bool searching_{false};  // after damage: searching for the next boundary
    bool finished_{false};
};

}  // namespace hp::wire
