// Records: a newline is always a boundary, layouts are found out, damage stays local.
#include "wire/records.hpp"

#include <limits>

#include "vectors.hpp"

namespace hp::test {
namespace {

using namespace hp::wire;

std::string record(int number, std::string_view worker = "rig") {
    return Record("share_accepted", "hp-pool", 1'700'000'000'000 + number)
        .add("channel_id", number)
        .add("worker", worker)
        .json();
}

std::string stream(RecordLayout layout, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) append_record(out, record(i), layout);
    return out;
}

/// Everything that a reader says about a stream which comes in pieces of `step` bytes and then ends.
std::vector<ReadRecord> read_all(std::string_view bytes, std::size_t step = 4096) {
    RecordReader reader;
    std::vector<ReadRecord> out;
    const auto take = [&] {
        while (auto next = reader.next()) out.push_back(*std::move(next));
    };
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
        reader.feed(bytes.substr(0, step));
        take();
    }
    reader.finish();
    take();
    std::size_t damaged = 0;
    for (const ReadRecord& each : out) damaged += !each.ok();
    CHECK(reader.damaged_count() == damaged);
    return out;
}

std::vector<std::string> good_json(const std::vector<ReadRecord>& records) {
    std::vector<std::string> out;
    for (const ReadRecord& each : records)
        if (each.ok()) out.push_back(each.json);
    return out;
}
std::size_t damaged_count(const std::vector<ReadRecord>& records) {
    return records.size() - good_json(records).size();
}
std::vector<std::string> records_without(int count, std::initializer_list<int> lost) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i)
        if (std::find(lost.begin(), lost.end(), i) == lost.end()) out.push_back(record(i));
    return out;
}

constexpr RecordLayout kLayouts[] = {RecordLayout::lines, RecordLayout::length_json,
                                     RecordLayout::length_msgpack};

TEST_CASE("a record begins with its envelope, and its fields follow in order") {
    const std::string line = Record("share_accepted", "hp-pool", 1'700'000'000'123)
                                 .add("channel_id", 5)
                                 .add("worker", "a \"b\"\n")
                                 .add("amount", std::numeric_limits<std::uint64_t>::max())
                                 .add("delta", std::numeric_limits<std::int64_t>::min())
                                 .add("is_block", false)
                                 .add("difficulty", 0.1)
                                 .add("rate_hps", std::numeric_limits<double>::infinity())
                                 .add("small", std::uint8_t{7})
                                 .add_hex("share_hash", Bytes{0x00, 0xff})
                                 .add_json("workers", "[1,\n2]")
                                 .line();
    CHECK(line == R"({"v":1,"ts_ms":1700000000123,"type":"share_accepted","source":"hp-pool","channel_id":5,)"
                  R"("worker":"a \"b\"\n","amount":18446744073709551615,"delta":-9223372036854775808,)"
                  R"("is_block":false,"difficulty":0.1,"rate_hps":null,"small":7,"share_hash":"00ff",)"
                  R"("workers":[1, 2]})"
                  "\n");
}

TEST_CASE("whatever a peer sends, a record is one line of ASCII and valid JSON") {
    std::vector<std::string> texts;
    for (int byte = 0; byte < 256; ++byte) texts.push_back({'a', static_cast<char>(byte), 'b'});
    texts.insert(texts.end(), {"", "\u202e\u2028\u0085", "\U0001f600\U0010ffff", "\xed\xa0\x80",
                               "\xf4\x90\x80\x80", "\xc0\xaf", "\xe2\x82", std::string(300, '\n')});
    for (const std::string& text : texts) {
        CAPTURE(to_hex(as_bytes(text)));
        const std::string line = Record(text, text, -1).add(text, text).line();
        CHECK(line.back() == '\n');
        CHECK(std::all_of(line.begin(), line.end() - 1, [](char c) { return c >= 0x20 && c < 0x7f; }));
        const Json json = Json::parse(line, nullptr, false);
        REQUIRE_FALSE(json.is_discarded());
        // The same text comes out, with U+FFFD for what is not UTF-8.
        const Json replaced = Json::parse(Json(text).dump(-1, ' ', true, Json::error_handler_t::replace));
        CHECK(json["type"].get<std::string>().size() >= replaced.get<std::string>().size());
        if (std::string strict = json["type"]; strict.find("\ufffd") == strict.npos) CHECK(strict == text);
    }
}

TEST_CASE("layouts are found out, however the bytes come") {
    for (RecordLayout layout : kLayouts)
        for (std::size_t step : {1, 2, 3, 7, 64, 100'000}) {
            CAPTURE(static_cast<int>(layout));
            CAPTURE(step);
            const std::string bytes = stream(layout, 20);
            const auto records = read_all(bytes, step);
            CHECK(good_json(records) == records_without(20, {}));
            CHECK(records.size() == 20);
            std::uint64_t offset = 0;
            for (int i = 0; const ReadRecord& each : records) {
                CHECK(each.offset == offset);
                CHECK(each.type == "share_accepted");
                CHECK(each.source == "hp-pool");
                CHECK(each.ts_ms == 1'700'000'000'000 + i);
                std::string one;
                append_record(one, record(i++), layout);
                offset += one.size();
            }
            CHECK(offset == bytes.size());
        }
}

TEST_CASE("a record is handed on as soon as its last byte is there") {
    for (RecordLayout layout : kLayouts) {
        RecordReader reader;
        const std::string bytes = stream(layout, 1);
        reader.feed(std::string_view(bytes).substr(0, bytes.size() - 1));
        CHECK_FALSE(reader.next());
        reader.feed(std::string_view(bytes).substr(bytes.size() - 1));
        const auto only = reader.next();
        REQUIRE(only);
        CHECK(only->json == record(0));
        CHECK_FALSE(reader.next());
    }
}

TEST_CASE("every length is found out, whatever byte it begins with") {
    for (RecordLayout layout : {RecordLayout::length_json, RecordLayout::length_msgpack})
        for (std::size_t padding = 0; padding < 300; ++padding) {
            std::string bytes;
            for (int i = 0; i < 3; ++i) append_record(bytes, record(i, std::string(padding, 'x')), layout);
            CHECK(good_json(read_all(bytes)).size() == 3);
        }
}

TEST_CASE("one changed byte loses one record, and the next one is read") {
    for (RecordLayout layout : kLayouts) {
        const std::string bytes = stream(layout, 5);
        std::string before;
        for (int i = 0; i < 2; ++i) append_record(before, record(i), layout);
        std::string one = before;
        append_record(one, record(2), layout);
        for (std::size_t at = before.size(); at < one.size(); ++at)
            for (char value : {'\0', '\n', '{', '"', '\xff', static_cast<char>(bytes[at] ^ 1)}) {
                CAPTURE(static_cast<int>(layout));
                CAPTURE(at - before.size());
                CAPTURE(static_cast<int>(value));
                std::string changed = bytes;
                changed[at] = value;
                const auto records = read_all(changed);
                const auto good = good_json(records);
                // A false line end or a lost one joins two lines.
                REQUIRE(good.size() >= (layout == RecordLayout::lines ? 3u : 2u));
                CHECK(good[0] == record(0));
                CHECK(good[1] == record(1));
                if (layout != RecordLayout::length_msgpack) CHECK(good.back() == record(4));
                for (const ReadRecord& each : records)
                    if (!each.ok()) CHECK(each.offset >= before.size());
            }
    }
}

TEST_CASE("behind a false length in JSON no other record is lost") {
    const std::string bytes = stream(RecordLayout::length_json, 50);
    for (int bit = 0; bit < 32; ++bit) {
        CAPTURE(bit);
        std::string changed = bytes;
        const std::size_t at = record(0).size() + 4;
        changed[at + static_cast<std::size_t>(bit) / 8] ^= static_cast<char>(1 << bit % 8);
        const auto records = read_all(changed, 50);
        CHECK(good_json(records) == records_without(50, {1}));
        CHECK(damaged_count(records) == 1);
        CHECK(records[1].offset == at);
    }
}

TEST_CASE("damage at the start does not hide the layout") {
    for (RecordLayout layout : {RecordLayout::lines, RecordLayout::length_json}) {
        const std::string whole = stream(layout, 10);
        // As when the reading begins in the middle of a record.
        for (std::size_t cut = 1; cut < whole.size() / 10; ++cut) {
            CAPTURE(cut);
            const auto records = read_all(whole.substr(cut), 100);
            CHECK(good_json(records) == records_without(10, {0}));
            REQUIRE(damaged_count(records) ==
                    (layout == RecordLayout::lines && cut == record(0).size() ? 0 : 1));
        }
    }
    const std::string zeros(5000, '\0');
    CHECK(good_json(read_all(zeros + "\n" + stream(RecordLayout::lines, 3))).size() == 3);
    CHECK(good_json(read_all(zeros + stream(RecordLayout::length_json, 3))).size() == 3);
    CHECK(good_json(read_all(zeros + stream(RecordLayout::length_msgpack, 3))).size() == 3);
}

TEST_CASE("half a record at the end is damaged, a whole line without its end is not") {
    for (RecordLayout layout : kLayouts) {
        const std::string whole = stream(layout, 2);
        const std::size_t first = whole.size() / 2;
        for (std::size_t size = first + 1; size < whole.size(); ++size) {
            CAPTURE(size);
            const auto records = read_all(whole.substr(0, size));
            const bool only_end_lost = layout == RecordLayout::lines && size == whole.size() - 1;
            REQUIRE(records.size() == 2);
            CHECK(records[0].ok());
            CHECK(records[1].ok() == only_end_lost);
            CHECK(records[1].offset == first);
        }
    }
    // A writer that continues after that begins a new line.
    const std::string half = stream(RecordLayout::lines, 2).substr(0, 150);
    const auto records = read_all(half + "\n" + stream(RecordLayout::lines, 2));
    CHECK(damaged_count(records) == 1);
    CHECK(good_json(records).size() == 3);
}

TEST_CASE("blanks around a record are no part of it") {
    RecordReader reader;
    reader.feed(std::string_view(" \t{\"v\":1,\"ts_ms\":1,\"type\":\"a\",\"source\":\"b\"} \r\n"));
    reader.finish();
    const auto record = reader.next();
    REQUIRE(record);
    CHECK(record->json == R"({"v":1,"ts_ms":1,"type":"a","source":"b"})");
}

TEST_CASE("empty lines and carriage returns are no damage") {
    const auto records = read_all("\n\r\n  \n" + record(1) + "\r\n\n\n" + record(2) + "\n");
    CHECK(damaged_count(records) == 0);
    CHECK(records.size() == 2);
    CHECK(records[0].offset == 6);
    CHECK(read_all("").empty());
    CHECK(read_all("\n\n").empty());
}

TEST_CASE("a record has a limit, exact to the byte, and memory stays bounded") {
    const std::size_t around = record(1, "").size();
    for (RecordLayout layout : {RecordLayout::lines, RecordLayout::length_json}) {
        std::string fits, too_long;
        append_record(fits, record(1, std::string(kRecordSizeMax - around, 'x')), layout);
        append_record(too_long, record(1, std::string(kRecordSizeMax - around + 1, 'x')), layout);
        CHECK(damaged_count(read_all(fits + stream(layout, 3))) == 0);
        const auto records = read_all(stream(layout, 1) + too_long + stream(layout, 3));
        CHECK(damaged_count(records) == 1);
        CHECK(good_json(records).size() == 4);
    }
    const auto records = read_all(std::string(10'000'000, 'x') + "\n" + stream(RecordLayout::lines, 1));
    CHECK(damaged_count(records) == 1);
    CHECK(good_json(records).size() == 1);
}

TEST_CASE("what is no record is damaged, and told why") {
    const auto why = [](const std::string& line) {
        const auto records = read_all(record(0) + "\n" + line + "\n" + record(1) + "\n");
        REQUIRE(records.size() == 3);
        CHECK(records[2].ok());
        CHECK(records[1].json.empty());
        CHECK(records[1].type.empty());
        return records[1].damage;
    };
    CHECK(why("[]") == "not an object");
    CHECK(why("5") == "not an object");
    CHECK(why("{}") == "no version 'v'");
    CHECK(why(R"({"v":1,"ts_ms":1,"type":"a","source":"b","type":"c"})") == "'type' appears twice");
    CHECK(why(R"({"v":1,"ts_ms":1,"type":"a","source":"b","v":[]})") == "'v' appears twice");
    CHECK(why(R"({"v":"1","ts_ms":1,"type":"a","source":"b"})") == "no version 'v'");
    CHECK(why(R"({"v":2,"ts_ms":1,"type":"a","source":"b"})") == "version 2, expected 1");
    CHECK(why(R"({"v":1,"ts_ms":1.5,"type":"a","source":"b"})") == "no 'ts_ms'");
    CHECK(why(R"({"v":1,"ts_ms":9223372036854775808,"type":"a","source":"b"})") == "no 'ts_ms'");
    CHECK(why(R"({"v":1,"ts_ms":1,"source":"b"})") == "no 'type'");
    CHECK(why(R"({"v":1,"ts_ms":1,"type":"a"})") == "no 'source'");
    CHECK(why(R"({"x":{"v":1,"ts_ms":1,"type":"a","source":"b"}})") == "no version 'v'");
    CHECK(why(R"({"v":1)").starts_with("does not parse at byte "));
    CHECK(why(R"({"v":1}x)").starts_with("does not parse at byte "));
    CHECK(why("{\"v\":\"\xff\"}").starts_with("does not parse at byte "));
    // nlohmann's reader takes a zero byte for the end.
    CHECK(why(std::string(R"({"v":1,"ts_ms":1,"type":"a","source":"b"})") + '\0' + "{}") ==
          "does not parse at byte 42");
    CHECK(why(R"({"a":)" + std::string(500'000, '[')) == "nested too deeply");
}

TEST_CASE("unknown types and fields pass, and so does what we would not write ourselves") {
    const std::string odd =
        R"({"source":"x","type":"not known yet","new":[{"a":[1.5,null,true]}],"ts_ms":-5,"v":1})";
    const auto records = read_all(odd + "\n");
    REQUIRE(records.size() == 1);
    CHECK(records[0].json == odd);
    CHECK(records[0].ts_ms == -5);
    std::string pretty;
    append_record(pretty, "{\n \"v\":1,\r\n\"ts_ms\":1,\"type\":\"a\",\"source\":\"b\"}\n",
                  RecordLayout::length_json);
    const auto spread = read_all(pretty);
    REQUIRE(spread.size() == 1);
    CHECK(spread[0].json.find('\n') == std::string::npos);
    CHECK(Json::parse(spread[0].json)["type"] == "a");
}

TEST_CASE("MessagePack says the same as JSON") {
    const std::string json =
        R"({"v":1,"ts_ms":1700000000000,"type":"a","source":"b","n":null,"t":true,"f":false,)"
        R"("big":18446744073709551615,"low":-9223372036854775808,"x":0.1,"s":"\u00e9\n",)"
        R"("list":[1,[],{},{"k":[2,3]},"z"],"end":0})";
    std::string bytes;
    append_record(bytes, json, RecordLayout::length_msgpack);
    CHECK(bytes.size() < json.size());
    const auto records = read_all(bytes);
    REQUIRE(records.size() == 1);
    CHECK(records[0].json == json);

    const auto damage = [](std::string content) {
        std::string framed(4, '\0');
        put_le(reinterpret_cast<std::uint8_t*>(framed.data()), static_cast<std::uint32_t>(content.size()));
        const auto found = read_all(framed + content + stream(RecordLayout::length_msgpack, 1));
        REQUIRE(found.size() == 2);
        CHECK(found[1].ok());
        return found[0].damage;
    };
    // The parser recurses: a megabyte of nested arrays must not.
    CHECK(damage("\x81\xa1v" + std::string(1'000'000, '\x91')) == "nested too deeply");
    CHECK(damage("\x81\xa1v\xc4\x01x") == "contains binary data, which JSON cannot represent");
    CHECK(damage("\x81\xa1v\xa2x\xff") == "contains text that is not UTF-8");
    CHECK(damage("\x81\xa1v\xdb\xff\xff\xff\xff").starts_with("does not parse at byte "));
    CHECK(damage(std::string("\x81\xa1v\x01\x00", 5) + "xx").starts_with("does not parse at byte "));
}

TEST_CASE("the two options make a layout, or an error that names the option") {
    CHECK(record_layout("lines", "json") == RecordLayout::lines);
    CHECK(record_layout("length", "json") == RecordLayout::length_json);
    CHECK(record_layout("length", "msgpack") == RecordLayout::length_msgpack);
    CHECK(record_layout("lines", "msgpack").error().what ==
          "encoding 'msgpack' does not work with framing 'lines'");
    CHECK(record_layout("line", "json").error().what == "framing: expected 'lines' or 'length', got 'line'");
    CHECK(record_layout("lines", "xml").error().what == "encoding: expected 'json' or 'msgpack', got 'xml'");
}

}  // namespace
}  // namespace hp::test

TEST_CASE("members of the envelope that come twice are damage, and others between them are none") {
    const auto read = [](const char* text) {
        hp::wire::RecordReader reader;
        reader.feed(std::string_view(text));
        reader.feed(std::string_view("\n"));
        return *reader.next();
    };
    // Readers differ in which duplicate they use.
    CHECK(read(R"({"v":1,"ts_ms":1,"type":"a","type":"b","source":"s"})").damage == "'type' appears twice");
    CHECK_FALSE(read(R"({"v":1,"type":"a","type":"b","source":"s"})").ok());
    CHECK_FALSE(read(R"({"v":2,"ts_ms":1,"type":"a","source":"s","v":1,"v":2})").ok());
    CHECK(read(R"({"v":1,"ts_ms":1,"type":"a","source":"s","x":[{"type":"b"}]})").type == "a");
    CHECK(read(R"({"v":1,"ts_ms":-5,"type":"a","source":"s"})").ts_ms == -5);
}
