#include "wire/records.hpp"

#include "wire/record_content.hpp"

namespace hp::wire {
namespace {

constexpr std::size_t kLengthSize = 4;

std::uint32_t length_at(std::string_view bytes) { return get_le<std::uint32_t>(as_bytes(bytes).data()); }

/// Enough bytes to recognize a length and the start of a record.
constexpr std::size_t kHeadSize = kLengthSize + kLookSize;
bool starts_with_length(std::string_view bytes) {
    return bytes.size() >= kHeadSize && length_at(bytes) <= kRecordSizeMax &&
           starts_record(bytes.substr(kLengthSize));
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == line.npos; }

}  // namespace

Record::Record(std::string_view type, std::string_view source, UnixMs ts_ms) {
    json_.reserve(256);
    json_ += "{\"v\":";
    append_json_integer(json_, kRecordVersion);
    add("ts_ms", ts_ms).add("type", type).add("source", source);
}

Record& Record::add_hex(std::string_view key, ByteView bytes) {
    put_key(key);
    json_ += '"' + to_hex(bytes) + '"';
    return *this;
}

Record& Record::add_json(std::string_view key, std::string_view json) {
    put_key(key);
    for (char c : json) json_ += c == '\n' || c == '\r' ? ' ' : c;
    return *this;
}

Result<RecordLayout> record_layout(std::string_view framing, std::string_view encoding) {
    if (framing != "lines" && framing != "length")
        return fail(Errc::usage, "framing: expected 'lines' or 'length', got '" + printable(framing) + "'");
    if (encoding != "json" && encoding != "msgpack")
        return fail(Errc::usage, "encoding: expected 'json' or 'msgpack', got '" + printable(encoding) + "'");
    if (framing == "length")
        return encoding == "json" ? RecordLayout::length_json : RecordLayout::length_msgpack;
    if (encoding == "msgpack")
        return fail(Errc::usage, "encoding 'msgpack' does not work with framing 'lines'",
                    "use framing 'length'");
    return RecordLayout::lines;
}

void append_record(std::string& out, std::string_view json, RecordLayout layout) {
    if (layout == RecordLayout::lines) {
        out += json;
        out += '\n';
        return;
    }
    const std::string packed =
        layout == RecordLayout::length_msgpack ? msgpack_from_json(json) : std::string();
    const std::string_view content = layout == RecordLayout::length_msgpack ? packed : json;
    std::uint8_t length[kLengthSize];
    put_le(length, static_cast<std::uint32_t>(content.size()));
    out += as_text(length);
    out += content;
}

void RecordReader::feed(std::string_view bytes) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    buffer_ += bytes;
}

void RecordReader::drop(std::size_t size) {
    begin_ += size;
    offset_ += size;
    scanned_ = 0;
}

ReadRecord RecordReader::damaged(std::string why) {
    ++damaged_count_;
    return {.offset = offset_, .damage = std::move(why)};
}

ReadRecord RecordReader::taken(std::string_view content, std::size_t size) {
    ReadRecord record = read_record(content);
    record.offset = offset_;
    if (!record.ok()) ++damaged_count_;
    searching_ = !record.ok() && framing_ == Framing::length;
    // After a wrong length the next records may be within these bytes. JSON contains no zero bytes, unlike
    // every length, so the search cannot mistake its content for a record; in MessagePack it could,
    // repeatedly, so there the length is trusted.
    const bool look_inside = searching_ && content.starts_with('{');
    drop(look_inside ? kLengthSize + 1 : size);
    return record;
}

bool RecordReader::detect_framing() {
    const std::string_view bytes = rest();
    // Up to the first newline or the first length, whichever comes first. A length's highest byte is zero,
    // which is never in JSON, so lines do not look like this. If it comes late, the first record is damaged.
    for (; scanned_ < bytes.size(); ++scanned_) {
        if (bytes.size() - scanned_ < kHeadSize && !finished_) {
            // Too few bytes to recognize a length; but a whole line must not wait for the next.
            const bool whole_line = bytes[0] == '{' && bytes.find('\n', scanned_) != bytes.npos;
            if (!whole_line) return false;
            break;
        }
        if (starts_with_length(bytes.substr(scanned_))) {
            framing_ = Framing::length;
            return true;
        }
        if (bytes[scanned_] == '\n' || scanned_ == kRecordSizeMax) break;
    }
    if (scanned_ == bytes.size() && !finished_) return false;
    scanned_ = 0;
    framing_ = Framing::lines;
    return true;
}

std::optional<ReadRecord> RecordReader::next_line() {
    for (;;) {
        const std::string_view bytes = rest();
        const std::size_t newline = bytes.find('\n', scanned_);
        const bool has_newline = newline != bytes.npos;
        const std::string_view line = bytes.substr(0, newline);
        const std::size_t size = line.size() + has_newline;
        if (searching_) {
            // The rest of a line that was already reported.
            drop(size);
            searching_ = !has_newline;
            if (searching_) return {};
        } else if (line.size() > kRecordSizeMax) {
            searching_ = true;
            return damaged("line longer than " + std::to_string(kRecordSizeMax) + " bytes");
        } else if (!has_newline && !finished_) {
            scanned_ = bytes.size();
            return {};
        } else if (!is_blank(line)) {
            return taken(line, size);
        } else if (size == 0) {
            return {};
        } else {
            drop(size);
        }
    }
}

std::optional<ReadRecord> RecordReader::next_length() {
    if (searching_) {
        while (rest().size() >= kHeadSize && !starts_with_length(rest())) drop(1);
        if (rest().size() < kHeadSize) return {};
        searching_ = false;
    }
    const std::string_view bytes = rest();
    const bool at_end = finished_ && !bytes.empty();
    if (bytes.size() < kHeadSize && !at_end) return {};
    if (!starts_with_length(bytes)) {
        searching_ = true;
        return damaged("no length and start of a record");
    }
    const std::size_t size = kLengthSize + length_at(bytes);
    if (bytes.size() >= size) return taken(bytes.substr(kLengthSize, size - kLengthSize), size);
    if (!at_end) return {};
    ReadRecord record = damaged("needs " + std::to_string(size - bytes.size()) + " more bytes");
    searching_ = true;
    drop(1);
    return record;
}

std::optional<ReadRecord> RecordReader::next() {
    if (framing_ == Framing::unknown && !detect_framing()) return {};
    return framing_ == Framing::lines ? next_line() : next_length();
}

}  // namespace hp::wire
