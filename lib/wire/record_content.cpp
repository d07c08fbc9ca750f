#include "wire/record_content.hpp"

#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"

namespace hp::wire {
namespace {

using Json = nlohmann::ordered_json;

bool is_map(unsigned char first) { return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf; }

/// Parser callbacks: finds the envelope, limits the depth (the MessagePack parser recurses), and writes the
/// JSON text of records in another encoding.
class Listener {
  public:
    Listener(ReadRecord& record, bool write_json) : record_{record}, write_json_{write_json} {}

    using number_integer_t = Json::number_integer_t;
    using number_unsigned_t = Json::number_unsigned_t;
    using number_float_t = Json::number_float_t;
    using string_t = Json::string_t;
    using binary_t = Json::binary_t;

    bool null() { return scalar("null"); }
    bool boolean(bool value) { return scalar(value ? "true" : "false"); }
    bool number_integer(number_integer_t value) {
        if (at_top() && key_ == "ts_ms") has_ts_ = true, record_.ts_ms = value;
        return scalar(std::to_string(value));
    }
    bool number_unsigned(number_unsigned_t value) {
        if (at_top() && key_ == "v") version_ = value;
        if (at_top() && key_ == "ts_ms" && value <= INT64_MAX)
            has_ts_ = true, record_.ts_ms = static_cast<UnixMs>(value);
        return scalar(std::to_string(value));
    }
    bool number_float(number_float_t value, const string_t&) {
        std::string text;
        append_json_number(text, value);
        return scalar(text);
    }
    bool string(string_t& value) {
        if (at_top() && key_ == "type") record_.type = value;
        if (at_top() && key_ == "source") record_.source = value;
        if (!write_json_) return scalar({});
        if (!is_utf8(value)) return stop("contains text that is not UTF-8");
        std::string text;
        append_json_string(text, value);
        return scalar(text);
    }
    bool binary(binary_t&) { return stop("contains binary data, which JSON cannot represent"); }
    bool start_object(std::size_t) { return open('{', '}'); }
    bool start_array(std::size_t) {
        if (closers_.empty()) return stop("not an object");
        return open('[', ']');
    }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(string_t& name) {
        if (at_top()) {
            key_ = name;
            // Readers differ in which duplicate they use.
            const auto member = std::ranges::find(kEnvelope, name);
            if (member != kEnvelope.end() &&
                std::exchange(seen_[static_cast<std::size_t>(member - kEnvelope.begin())], true))
                return stop("'" + name + "' appears twice");
        }
        if (!write_json_) return true;
        if (!is_utf8(name)) return stop("contains text that is not UTF-8");
        separate();
        append_json_string(record_.json, name);
        record_.json += ':';
        after_key_ = true;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
        return stop("does not parse at byte " + std::to_string(position));
    }

    /// After the last byte: whether it is a record at all.
    std::string envelope_damage() const {
        if (!version_) return "no version 'v'";
        if (*version_ != kRecordVersion)
            return "version " + std::to_string(*version_) + ", expected " + std::to_string(kRecordVersion);
        if (!has_ts_) return "no 'ts_ms'";
        if (record_.type.empty()) return "no 'type'";
        if (record_.source.empty()) return "no 'source'";
        return {};
    }

  private:
    bool at_top() const { return closers_.size() == 1; }
    bool stop(std::string why) {
        if (record_.damage.empty()) record_.damage = std::move(why);
        return false;
    }
    void separate() {
        if (!after_key_ && need_comma_) record_.json += ',';
        after_key_ = false;
        need_comma_ = true;
    }
    bool scalar(std::string_view text) {
        if (closers_.empty()) return stop("not an object");
        if (!write_json_) return true;
        separate();
        record_.json += text;
        return true;
    }
    bool open(char opener, char closer) {
        if (closers_.size() == kRecordDepthMax) return stop("nested too deeply");
        closers_ += closer;
        if (!write_json_) return true;
        separate();
        record_.json += opener;
        need_comma_ = false;
        return true;
    }
    bool close() {
        if (write_json_) record_.json += closers_.back();
        need_comma_ = true;
        closers_.pop_back();
        return true;
    }

    static constexpr std::array<std::string_view, 4> kEnvelope{"v", "ts_ms", "type", "source"};

    ReadRecord& record_;
    const bool write_json_;
    std::array<bool, kEnvelope.size()> seen_{};
    std::string closers_;  // of the open objects and arrays
    std::string key_;      // in the outermost object
    std::optional<std::uint64_t> version_;
    bool has_ts_{false};
    bool after_key_{false};
    bool need_comma_{false};
};

/// The fast path for a record as written by our programs: JSON, each member of the envelope once, with its
/// type. Nothing for anything else, which the Listener checks.
std::optional<ReadRecord> read_plain(std::string_view content) {
    namespace dom = simdjson::dom;
    thread_local dom::parser parser{kRecordSizeMax};
    dom::object object;
    if (parser.parse(content.data(), content.size()).get(object) != simdjson::SUCCESS) return {};
    ReadRecord record;
    unsigned seen = 0;  // a bit for each member of the envelope
    for (const auto& [key, value] : object) {
        if (value.is_object() || value.is_array()) return {};  // its depth is to be bounded
        std::string_view text;
        std::uint64_t number{};
        unsigned member = 0;
        if (key == "v") {
            member = 1;
            if (value.get(number) != simdjson::SUCCESS || number != kRecordVersion) return {};
        } else if (key == "ts_ms") {
            member = 2;
            if (value.get(number) != simdjson::SUCCESS || number > INT64_MAX) return {};
            record.ts_ms = static_cast<UnixMs>(number);
        } else if (key == "type" || key == "source") {
            member = key == "type" ? 4 : 8;
            if (value.get(text) != simdjson::SUCCESS || text.empty()) return {};
            (key == "type" ? record.type : record.source) = text;
        }
        if (seen & member) return {};
        seen |= member;
    }
    if (seen != 15) return {};
    record.json = content;
    return record;
}

std::string_view without_blanks(std::string_view json) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = std::min(json.find_first_not_of(kBlank), json.size());
    return json.substr(first, json.find_last_not_of(kBlank) + 1 - first);
}

/// Valid JSON has line breaks only between its tokens.
void join_lines(std::string& json) {
    std::ranges::replace_if(
        json, [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

}  // namespace

bool starts_record(std::string_view content) {
    if (content.size() < kLookSize) return false;
    if (content[0] == '{') return content[1] == '"' || content[1] == ' ' || content[1] == '\n';
    // A map whose first key is a short string.
    const auto first = static_cast<unsigned char>(content[0]);
    const std::size_t key = first == 0xde ? 3 : first == 0xdf ? 5 : 1;
    return is_map(first) && (content[key] & 0xe0) == 0xa0;
}

ReadRecord read_record(std::string_view content) {
    const bool is_msgpack = !content.empty() && is_map(static_cast<unsigned char>(content[0]));
    // Surrounding white space is not part of it: another layout has no room for that.
    if (!is_msgpack) content = without_blanks(content);
    if (!is_msgpack)
        if (auto plain = read_plain(content)) {
            join_lines(plain->json);
            return *std::move(plain);
        }
    // JSON cannot contain one; nlohmann's parser would stop there as at the end, and ignore the rest.
    if (const auto zero = content.find('\0'); !is_msgpack && zero != content.npos)
        return {.damage = "does not parse at byte " + std::to_string(zero + 1)};
    ReadRecord record;
    Listener listener{record, is_msgpack};
    const auto format = is_msgpack ? Json::input_format_t::msgpack : Json::input_format_t::json;
    const bool parsed = Json::sax_parse(content.begin(), content.end(), &listener, format, true);
    if (!parsed && record.damage.empty()) record.damage = "does not parse";
    if (record.damage.empty()) record.damage = listener.envelope_damage();
    if (!record.ok()) return {.damage = std::move(record.damage)};
    if (!is_msgpack) {
        record.json = content;
        join_lines(record.json);
    }
    return record;
}

std::string msgpack_from_json(std::string_view json) {
    const Json tree = Json::parse(json, nullptr, false);
    HP_ASSERT(!tree.is_discarded());
    std::string out;
    Json::to_msgpack(tree, out);
    return out;
}

}  // namespace hp::wire
