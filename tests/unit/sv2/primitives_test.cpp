// The wire types, against the file's primitives; also whole messages, field by field.
#include "frames_file.hpp"
#include "samples.hpp"
#include "sv2/frame.hpp"

namespace hp::test {
namespace {

template <class T>
requires std::is_arithmetic_v<T>
bool same(T value, const Json& json) { return json == value; }
bool same(U24 value, const Json& json) { return json == value.value; }
bool same(F32 value, const Json& json) {
    return json.is_number() && F32::from(static_cast<float>(json.get<double>())) == value;
}
bool same(const U256& value, const Json& json) { return json == to_hex(value.bytes); }
bool same(const PubKey& value, const Json& json) { return json == to_hex(value.bytes); }
bool same(const Signature& value, const Json& json) { return json == to_hex(value.bytes); }
bool same(const Str0_255& value, const Json& json) { return json == value.value; }
bool same(const B0_32& value, const Json& json) { return json == to_hex(value.view()); }
template <std::size_t L, std::size_t Max>
bool same(const Blob<L, Max>& value, const Json& json) {
    return json == to_hex(value.value);
}
template <class T>
bool same(const std::optional<T>& value, const Json& json) {
    return value ? same(*value, json) : json.is_null();
}
template <class T, std::size_t L, std::size_t Max>
bool same(const Seq<T, L, Max>& value, const Json& json) {
    if (!json.is_array() || json.size() != value.items.size()) return false;
    for (std::size_t i = 0; i < json.size(); ++i)
        if (!same(static_cast<T>(value.items[i]), json[i])) return false;
    return true;
}
bool same(const Tlv& tlv, const Json& json) {
    return json == Json{{"extension_type", tlv.extension_type},
                        {"field_type", tlv.field_type},
                        {"value", to_hex(tlv.value)}};
}

template <class T>
bool visit_if_named(const std::string& name, auto& visit) {
    if (Codec<T>::type_name() != name) return false;
    visit(std::type_identity<T>{});
    return true;
}
template <class T>
bool visit_if_of(const std::string& name, auto& visit) {
    return visit_if_named<T>(name, visit) || visit_if_named<std::optional<T>>(name, visit) ||
           visit_if_named<Seq0_255<T>>(name, visit) || visit_if_named<Seq0_64K<T>>(name, visit);
}
template <class... T>
bool visit_any(const std::string& name, auto visit) {
    return (visit_if_of<T>(name, visit) || ...);
}
/// Calls `visit` with the type of that name, OPTION and SEQ included; false when there is none.
bool visit_type(const std::string& name, auto visit) {
    return visit_any<std::uint8_t, std::uint16_t, U24, std::uint32_t, std::uint64_t, bool, F32, U256, PubKey,
                     Signature, Str0_255, B0_32, B0_255, B0_64K, B0_16M>(name, visit);
}

/// What is not as it should be with these bytes as a T. No CHECK in here, for each of sixty types.
template <class T>
std::string wrong_with(const Bytes& bytes, const Json& expected, bool decode_only) {
    Reader in{bytes};
    const T value = Codec<T>::get(in);
    if (!in.ok()) return "does not decode";
    if (!in.rest().empty()) return "bytes left over";
    if (!same(value, expected)) return "another value";
    if (bytes.size() > Codec<T>::size_max) return "above size_max";
    Bytes again;
    Writer out{again};
    Codec<T>::put(out, value);
    if ((again == bytes) == decode_only) return "encodes to " + to_hex(again);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        Reader shorter{ByteView(bytes).first(size)};
        Codec<T>::get(shorter);
        if (shorter.ok()) return "decodes when cut to " + std::to_string(size) + " bytes";
    }
    return "";
}

TEST_CASE("primitive types") {
    for_each_vector(frames_file()["primitives"], [](const Json& entry) {
        const Bytes bytes = bytes_of(entry["bytes"]);
        const bool decode_only = entry.value("decode_only", false);
        if (entry["type"] == "TLV") {
            const auto tlvs = parse_tlvs(bytes);
            REQUIRE(tlvs);
            REQUIRE(tlvs->size() == 1);
            CHECK(same(tlvs->front(), entry["value"]));
            Bytes again;
            append_tlv(again, tlvs->front());
            CHECK(again == bytes);
            return;
        }
        std::string wrong = "no such type";
        visit_type(entry["type"], [&]<class T>(std::type_identity<T>) {
            wrong = wrong_with<T>(bytes, entry["value"], decode_only);
        });
        CHECK(wrong == "");
    });
}

TEST_CASE("bytes to reject") {
    for_each_vector(frames_file()["must_reject"], [](const Json& entry) {
        const Bytes bytes = bytes_of(entry["bytes"]);
        if (entry["type"] == "TLV") {
            CHECK_FALSE(parse_tlvs(bytes));
            return;
        }
        std::optional<bool> is_accepted;
        visit_type(entry["type"], [&]<class T>(std::type_identity<T>) {
            Reader in{bytes};
            Codec<T>::get(in);
            is_accepted = in.ok() && in.rest().empty();
        });
        CHECK(is_accepted == false);
    });
}

TEST_CASE("BOOL: only bit 0 counts, and 0 or 1 is written") {
    for (unsigned byte = 0; byte < 256; ++byte) {
        const std::uint8_t one[] = {static_cast<std::uint8_t>(byte)};
        Reader in{one};
        const bool value = Codec<bool>::get(in);
        CHECK(in.ok());
        CHECK(value == (byte % 2 == 1));
        Bytes out;
        Writer writer{out};
        Codec<bool>::put(writer, value);
        CHECK(out == Bytes{static_cast<std::uint8_t>(byte & 1)});
    }
}

template <Message M>
std::string wrong_with_message() {
    const M message = Sampler(false).message<M>();
    const Bytes frame = encode_frame(message);
    const auto view = split_frame(frame);
    if (!view || !view->template is<M>()) return "not its own frame";
    if (view->header.channel_msg != (M::info.channel_msg == ChannelMsg::yes)) return "channel_msg";
    const auto decoded = decode<M>(view->payload);
    if (!decoded) return decoded.error().what;
    if (*decoded != message) return "another message";
    for (std::size_t size = 0; size < view->payload.size(); ++size) {
        const auto shorter = decode<M>(view->payload.first(size));
        if (shorter) return "decodes when cut to " + std::to_string(size) + " bytes";
        // The error names the message and one of its fields.
        bool names_field = false;
        each_field<M>([&](auto f) {
            const std::string start = std::string(M::info.name) + ": " + f.name + ": needs ";
            names_field |= shorter.error().what.starts_with(start);
        });
        if (!names_field) return "names no field: " + shorter.error().what;
    }
    Bytes longer(view->payload.begin(), view->payload.end());
    longer.push_back(0);
    if (decode<M>(longer)) return "decodes with a byte behind it";
    longer.pop_back();
    append_tlv(longer, Tlv{0x7ffe, 1, {}});
    const auto with_rest = decode_with_rest<M>(longer);
    if (!with_rest || with_rest->rest.size() != 5) return "the rest is not what follows";
    return "";
}

TEST_CASE("every message survives encoding, and none decodes when cut short or followed by a byte") {
    std::vector<std::pair<std::string, std::string>> wrong;
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, AllMessages>>(
        [&]<class M>(std::type_identity<M>) { wrong.emplace_back(M::info.name, wrong_with_message<M>()); });
    CHECK(wrong.size() > 50);
    for (const auto& [name, what] : wrong) CHECK_MESSAGE(what == "", name, ": ", what);
}

TEST_CASE("a text that is too long is cut between characters") {
    const auto written = [](const std::string& text) {
        Bytes bytes;
        Writer out{bytes};
        Codec<Str0_255>::put(out, {text});
        CHECK(bytes.at(0) == bytes.size() - 1);
        return std::string(as_text(ByteView(bytes).subspan(1)));
    };
    CHECK(written(std::string(255, 'x')).size() == 255);
    CHECK(written(std::string(256, 'x')).size() == 255);
    CHECK(written(std::string(254, 'x') + "\u00e9").size() == 254);
    CHECK(written(std::string(252, 'x') + "\U0001f600").size() == 252);
    CHECK(written(std::string(300, '\x80')).size() == 252);
}

TEST_CASE("TLVs: found without copying, and all of them must parse") {
    const Tlv tlvs[] = {{2, 1, {'a', 'b'}}, {0x4851, 1, Bytes(33, 7)}, {2, 1, {'c'}}};
    Bytes bytes;
    for (const Tlv& tlv : tlvs) append_tlv(bytes, tlv);
    const auto name = find_tlv(bytes, 2, 1);
    REQUIRE(name);
    REQUIRE(*name);
    CHECK(as_text(**name) == "ab");
    CHECK((*find_tlv(bytes, 0x4851, 1))->size() == 33);
    CHECK_FALSE(*find_tlv(bytes, 0x4851, 2));
    CHECK_FALSE(*find_tlv(bytes, 3, 1));
    CHECK_FALSE(*find_tlv({}, 2, 1));
    // The one that was wanted comes first, but the rest is broken.
    CHECK_FALSE(find_tlv(ByteView(bytes).first(bytes.size() - 1), 2, 1));
    CHECK(parse_tlvs(bytes)->size() == 3);
}

}  // namespace
}  // namespace hp::test
