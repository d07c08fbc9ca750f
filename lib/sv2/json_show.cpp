#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "sv2/json_fields.hpp"
#include "sv2/messages.hpp"

namespace hp::sv2 {
namespace {

using Json = nlohmann::ordered_json;

/// Writes a wire type as JSON; json_read.cpp is the reverse.
template <class T>
struct Form;

template <class T>
struct NumberForm {
    static Json show(T value) { return value; }
};
template <>
struct Form<std::uint8_t> : NumberForm<std::uint8_t> {};
template <>
struct Form<std::uint16_t> : NumberForm<std::uint16_t> {};
template <>
struct Form<std::uint32_t> : NumberForm<std::uint32_t> {};
template <>
struct Form<std::uint64_t> : NumberForm<std::uint64_t> {};

template <>
struct Form<bool> {
    static Json show(bool value) { return value; }
};

template <>
struct Form<F32> {
    static Json show(F32 value) {
        const float number = value.get();
        if (!std::isfinite(number)) return Json::object({{"bits", value.bits}});
        const double exact = number;
        if (number == std::trunc(number)) return exact;
        char text[32];
        const auto end = std::to_chars(text, text + sizeof text, number).ptr;
        double shortest = 0;
        std::from_chars(text, end, shortest);
        // The reader rounds twice, to double and then to float; if that would miss, write the exact value.
        return F32::from(static_cast<float>(shortest)) == value ? shortest : exact;
    }
};

template <class T>
struct FixedForm {
    static Json show(const T& value) { return to_hex(value.bytes); }
};
template <>
struct Form<U256> : FixedForm<U256> {};
template <>
struct Form<PubKey> : FixedForm<PubKey> {};
template <>
struct Form<Signature> : FixedForm<Signature> {};

template <>
struct Form<Str0_255> {
    static Json show(const Str0_255& value) {
        if (is_utf8(value.value)) return value.value;
        return Json::object({{"hex", to_hex(as_bytes(value.value))}});
    }
};

template <>
struct Form<B0_32> {
    static Json show(const B0_32& value) { return to_hex(value.view()); }
};
template <std::size_t L, std::size_t Max>
struct Form<Blob<L, Max>> {
    static Json show(const Blob<L, Max>& value) { return to_hex(value.value); }
};

template <class T>
struct Form<std::optional<T>> {
    static Json show(const std::optional<T>& value) { return value ? Form<T>::show(*value) : Json(nullptr); }
};
template <class T, std::size_t L, std::size_t Max>
struct Form<Seq<T, L, Max>> {
    static Json show(const Seq<T, L, Max>& value) {
        Json array = Json::array();
        for (const T& item : value.items) array.push_back(Form<T>::show(item));
        return array;
    }
};

// One function per type of field, not per field: it makes a difference when compiling this file.
template <class T>
[[gnu::noinline]] void show_field(Json& fields, const char* name, const T& value) {
    fields[name] = Form<T>::show(value);
}

template <Message M>
Result<ByteView> show_fields_of(ByteView payload, Json& fields) {
    HP_TRY(auto decoded, decode_with_rest<M>(payload));
    each_field<M>([&](auto f) { show_field(fields, f.name, decoded.message.*f.pointer); });
    return decoded.rest;
}

/// One per message, indexed as in AllMessages.
using ShowFields = Result<ByteView> (*)(ByteView payload, Json& fields);

template <class... M>
constexpr std::array<ShowFields, sizeof...(M)> make_table(boost::mp11::mp_list<M...>) {
    return {&show_fields_of<M>...};
}
constexpr auto kShowFields = make_table(AllMessages{});

}  // namespace

Result<ByteView> show_fields(const MessageRow& message, ByteView payload, Json& fields) {
    return kShowFields[static_cast<std::size_t>(&message - message_rows().data())](payload, fields);
}

}  // namespace hp::sv2
