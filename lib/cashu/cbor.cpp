#include "cashu/cbor.hpp"

#include <simdjson.h>

namespace hp::cashu::cbor {
namespace {

constexpr unsigned kDepthMax = 16;

const char* name_of(Major major) {
    switch (major) {
        case Major::unsigned_int:
            return "an unsigned integer";
        case Major::negative_int:
            return "a negative integer";
        case Major::bytes:
            return "a byte string";
        case Major::text:
            return "a text string";
        case Major::array:
            return "an array";
        case Major::map:
            return "a map";
        case Major::tag:
            return "a tag";
        case Major::simple:
            return "a simple value";
    }
    return "nothing";
}

}  // namespace

void Reader::fail(std::string why) {
    if (ok()) error_ = "byte " + std::to_string(at_) + ": " + std::move(why);
}

ByteView Reader::take(std::uint64_t size) {
    if (!ok()) return {};
    if (size > all_.size() - at_) {
        fail("truncated: needs " + std::to_string(size) + " bytes, " + std::to_string(all_.size() - at_) +
             " are left");
        return {};
    }
    auto out = all_.subspan(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return out;
}

Reader::Head Reader::head() {
    auto first = take(1);
    if (!ok()) return {};
    auto major = static_cast<Major>(first[0] >> 5);
    unsigned info = first[0] & 31;
    if (info < 24) return {major, info};
    const bool may_be_indefinite =
        major == Major::bytes || major == Major::text || major == Major::array || major == Major::map;
    if (info == 31 && may_be_indefinite) return {major, 0, true};
    if (info > 27) {
        --at_;
        fail(info == 31 ? "a break without an open item" : "a reserved length");
        return {};
    }
    std::uint64_t value = 0;
    for (std::uint8_t byte : take(std::uint64_t{1} << (info - 24))) value = value << 8 | byte;
    return {major, value};
}

Reader::Head Reader::expect(Major major) {
    std::size_t start = at_;
    Head got = head();
    if (!ok()) return {};
    if (got.major == major) return got;
    at_ = start;
    fail(std::string("expected ") + name_of(major) + ", got " + name_of(got.major));
    return {};
}

std::uint64_t Reader::unsigned_int() { return expect(Major::unsigned_int).value; }

template <class OnChunk>
void Reader::string(Major major, OnChunk&& on_chunk) {
    Head outer = expect(major);
    if (!outer.is_indefinite) return on_chunk(take(outer.value));
    while (ok() && !at_break()) {
        Head chunk = expect(major);
        if (chunk.is_indefinite) return fail("a chunk of a string is of indefinite length");
        on_chunk(take(chunk.value));
    }
    take(1);
}

Bytes Reader::bytes() {
    Bytes out;
    string(Major::bytes, [&](ByteView chunk) { append(out, chunk); });
    return ok() ? out : Bytes{};
}

std::string Reader::text() {
    std::string out;
    string(Major::text, [&](ByteView chunk) {
        auto text = as_text(chunk);
        if (!simdjson::validate_utf8(text.data(), text.size())) return fail("a text string is not UTF-8");
        out += text;
    });
    return ok() ? out : std::string{};
}

Reader::Run Reader::count(Major major, std::uint64_t bytes_each) {
    Head got = expect(major);
    // An item has at least one byte: an impossible count must not make us reserve memory.
    if (got.value <= (all_.size() - at_) / bytes_each) return {got.value, got.is_indefinite};
    fail("truncated: " + std::to_string(got.value) + " entries cannot be in " +
         std::to_string(all_.size() - at_) + " bytes");
    return {};
}
Reader::Run Reader::array() { return count(Major::array, 1); }
Reader::Run Reader::map() { return count(Major::map, 2); }

bool Reader::next(Run& run) {
    if (!ok()) return false;
    if (!run.is_indefinite) return run.left > 0 && run.left--;
    if (!at_break()) return true;  // truncated if at the end: reading reports it
    take(1);
    return false;
}

bool Reader::null() {
    if (!ok() || at_ == all_.size() || (all_[at_] != 0xf6 && all_[at_] != 0xf7)) return false;
    ++at_;
    return true;
}

void Reader::skip() { skip(0); }

void Reader::skip(unsigned depth) {
    if (depth > kDepthMax) fail("nested more than " + std::to_string(kDepthMax) + " deep");
    std::size_t start = at_;
    Head item = head();
    if (!ok()) return;
    switch (item.major) {
        case Major::bytes:
        case Major::text:
            at_ = start;
            string(item.major, [](ByteView) {});
            break;
        case Major::tag:
            skip(depth + 1);
            break;
        case Major::array:
        case Major::map: {
            at_ = start;
            Run run = item.major == Major::array ? array() : map();
            while (next(run)) {
                skip(depth + 1);
                if (item.major == Major::map) skip(depth + 1);
            }
            break;
        }
        case Major::unsigned_int:
        case Major::negative_int:
        case Major::simple:
            break;
    }
}

void put_head(Bytes& out, Major major, std::uint64_t value) {
    auto high = static_cast<std::uint8_t>(static_cast<unsigned>(major) << 5);
    if (value < 24) {
        out.push_back(static_cast<std::uint8_t>(high | value));
        return;
    }
    unsigned size_log2 = value <= 0xff ? 0 : value <= 0xffff ? 1 : value <= 0xffff'ffff ? 2 : 3;
    out.push_back(static_cast<std::uint8_t>(high | (24 + size_log2)));
    for (unsigned left = 1u << size_log2; left-- > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * left)));
}

void put_text(Bytes& out, std::string_view text) {
    put_head(out, Major::text, text.size());
    append(out, as_bytes(text));
}

void put_bytes(Bytes& out, ByteView bytes) {
    put_head(out, Major::bytes, bytes.size());
    append(out, bytes);
}

}  // namespace hp::cashu::cbor
