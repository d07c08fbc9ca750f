#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/utf8.hpp"
#include "sv2/json_fields.hpp"
#include "sv2/messages.hpp"

namespace hp::sv2 {
namespace {

using Json = nlohmann::ordered_json;

/// Untrusted JSON in an error text. Arrays and objects are only named: printing them would recurse.
std::string got(const Json& json) {
    if (json.is_structured()) return std::string("got an ") + json.type_name();
    return "got " + printable(json.dump(-1, ' ', true, Json::error_handler_t::replace), 80);
}
}  // namespace

tl::unexpected<Error> wrong(const std::string& expected, const Json& json) {
    return fail(Errc::invalid, "expected " + expected + ", " + got(json));
}
tl::unexpected<Error> at(std::string_view place, Error error) {
    error.what = std::string(place) + ": " + error.what;
    return fail(std::move(error));
}

Result<std::uint64_t> read_number(const Json& json, std::uint64_t max) {
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() > max)
        return wrong("a whole number from 0 to " + std::to_string(max), json);
    return json.get<std::uint64_t>();
}
Result<bool> read_flag(const Json& json) {
    if (!json.is_boolean()) return wrong("true or false", json);
    return json.get<bool>();
}
Result<Bytes> read_hex(const Json& json, std::size_t size_max) {
    if (!json.is_string()) return wrong("a string of hex digits", json);
    HP_TRY(Bytes bytes, from_hex(json.get_ref<const std::string&>()));
    if (bytes.size() > size_max)
        return fail(Errc::invalid, "expected at most " + std::to_string(size_max) + " bytes, got " +
                                       std::to_string(bytes.size()));
    return bytes;
}

namespace {

/// Reads the output of json_show.cpp back strictly.
template <class T>
struct Reader;

template <class T>
struct NumberReader {
    static Result<T> read(const Json& json) {
        HP_TRY(auto value, read_number(json, std::numeric_limits<T>::max()));
        return static_cast<T>(value);
    }
};
template <>
struct Reader<std::uint8_t> : NumberReader<std::uint8_t> {};
template <>
struct Reader<std::uint16_t> : NumberReader<std::uint16_t> {};
template <>
struct Reader<std::uint32_t> : NumberReader<std::uint32_t> {};
template <>
struct Reader<std::uint64_t> : NumberReader<std::uint64_t> {};

template <>
struct Reader<bool> {
    static Result<bool> read(const Json& json) { return read_flag(json); }
};

template <>
struct Reader<F32> {
    static Result<F32> read(const Json& json) {
        if (json.is_object() && json.size() == 1 && json.contains("bits")) {
            auto bits = read_number(json["bits"], std::numeric_limits<std::uint32_t>::max());
            if (!bits) return at("bits", std::move(bits).error());
            return F32{static_cast<std::uint32_t>(*bits)};
        }
        if (!json.is_number()) return wrong("a number, or {\"bits\": N}", json);
        const double number = json.get<double>();
        const double max = std::numeric_limits<float>::max();
        if (number < -max || number > max) return wrong("a number within the range of an F32", json);
        return F32::from(static_cast<float>(number));
    }
};

template <class T>
struct FixedReader {
    static Result<T> read(const Json& json) {
        if (!json.is_string()) return wrong("a string of hex digits", json);
        T value;
        HP_DO(from_hex_into(json.get_ref<const std::string&>(), value.bytes));
        return value;
    }
};
template <>
struct Reader<U256> : FixedReader<U256> {};
template <>
struct Reader<PubKey> : FixedReader<PubKey> {};
template <>
struct Reader<Signature> : FixedReader<Signature> {};

template <>
struct Reader<Str0_255> {
    static Result<Str0_255> read(const Json& json) {
        if (json.is_object() && json.size() == 1 && json.contains("hex")) {
            auto bytes = read_hex(json["hex"], 255);
            if (!bytes) return at("hex", std::move(bytes).error());
            return Str0_255{std::string(as_text(*bytes))};
        }
        if (!json.is_string()) return wrong("a string, or {\"hex\": \"...\"}", json);
        const auto& text = json.get_ref<const std::string&>();
        if (text.size() > 255)
            return fail(Errc::invalid, "expected at most 255 bytes, got " + std::to_string(text.size()));
        return Str0_255{text};
    }
};

template <>
struct Reader<B0_32> {
    static Result<B0_32> read(const Json& json) {
        HP_TRY(Bytes bytes, read_hex(json, 32));
        return B0_32::from(bytes);
    }
};
template <std::size_t L, std::size_t Max>
struct Reader<Blob<L, Max>> {
    static Result<Blob<L, Max>> read(const Json& json) {
        HP_TRY(Bytes bytes, read_hex(json, Max));
        return Blob<L, Max>{std::move(bytes)};
    }
};

template <class T>
struct Reader<std::optional<T>> {
    static Result<std::optional<T>> read(const Json& json) {
        if (json.is_null()) return std::optional<T>{};
        HP_TRY(T value, Reader<T>::read(json));
        return std::optional<T>{std::move(value)};
    }
};
template <class T, std::size_t L, std::size_t Max>
struct Reader<Seq<T, L, Max>> {
    static Result<Seq<T, L, Max>> read(const Json& json) {
        if (!json.is_array()) return wrong("an array", json);
        if (json.size() > Max)
            return fail(Errc::invalid, "expected at most " + std::to_string(Max) + " elements, got " +
                                           std::to_string(json.size()));
        Seq<T, L, Max> value;
        for (const Json& item : json) {
            auto read_item = Reader<T>::read(item);
            if (!read_item)
                return at("[" + std::to_string(value.items.size()) + "]", std::move(read_item).error());
            value.items.push_back(*std::move(read_item));
        }
        return value;
    }
};

/// Does nothing if an earlier field has failed. One function per type of field, as in json_show.cpp.
template <class T>
[[gnu::noinline]] void read_field(const Json& fields, const char* name, T& into, Result<>& done) {
    if (!done) return;
    const auto found = fields.find(name);
    if (found == fields.end()) {
        done = fail(Errc::invalid, std::string(name) + ": missing");
        return;
    }
    auto value = Reader<T>::read(*found);
    if (value)
        into = *std::move(value);
    else
        done = at(name, std::move(value).error());
}
Result<> check_names(const Json& fields, const std::vector<std::string_view>& known) {
    for (const auto& [name, value] : fields.items())
        if (std::ranges::find(known, name) == known.end())
            return fail(Errc::invalid, "unknown field '" + printable(name) + "'");
    return {};
}

template <Message M>
Result<> read_fields_of(const Json& fields, Bytes& out) {
    M message;
    Result<> done;
    std::vector<std::string_view> known;
    each_field<M>([&](auto f) {
        known.push_back(f.name);
        read_field(fields, f.name, message.*f.pointer, done);
    });
    HP_DO(check_names(fields, known));
    HP_DO(done);
    Writer writer{out};
    encode_fields(writer, message);
    return {};
}

/// One per message, indexed as in AllMessages.
using ReadFields = Result<> (*)(const Json& fields, Bytes& out);

template <class... M>
constexpr std::array<ReadFields, sizeof...(M)> make_readers(boost::mp11::mp_list<M...>) {
    return {&read_fields_of<M>...};
}
constexpr auto kReadFields = make_readers(AllMessages{});

}  // namespace

Result<> read_fields(const MessageRow& message, const Json& fields, Bytes& payload) {
    return kReadFields[static_cast<std::size_t>(&message - message_rows().data())](fields, payload);
}

}  // namespace hp::sv2
