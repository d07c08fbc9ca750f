// A record as JSON text, appended to one string: this runs on the event loops that handle shares.
#pragma once
#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "records/record.hpp"

namespace hp::records {

void append_hex(std::string& out, ByteView bytes);
void append_reversed_hex(std::string& out, ByteView bytes);
void append_mask(std::string& out, std::uint32_t bits);
void append_real(std::string& out, double number);
void append_counts(std::string& out, const Counts& counts);
/// `{"v":1,"ts_ms":…,"type":…,"source":…`, not closed.
void append_envelope(std::string& out, std::string_view type, std::string_view source, UnixMs ts_ms);

/// Enough for most records; the text grows beyond it.
inline constexpr std::size_t kUsualSize = 512;

template <class R>
void append_fields(std::string& out, const R& record, bool is_first = false);

template <class T>
void append_value(std::string& out, const T& value) {
    if constexpr (std::is_same_v<T, bool>)
        out += value ? "true" : "false";
    else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
        append_json_integer(out, std::int64_t{value});
    else if constexpr (std::is_integral_v<T>)
        append_json_integer(out, std::uint64_t{value});
    else if constexpr (std::is_floating_point_v<T>)
        append_json_number(out, value);
    else if constexpr (std::is_convertible_v<T, std::string_view>)
        append_json_string(out, value);
    else if constexpr (requires { value.text; })
        append_json_string(out, value.text);
    else if constexpr (std::is_same_v<T, Real>)
        append_real(out, value.number);
    else if constexpr (requires { value.number; })
        append_value(out, value.number);
    else if constexpr (std::is_same_v<T, Reversed>)
        append_reversed_hex(out, value.bytes);
    else if constexpr (requires { value.bytes; })
        append_hex(out, value.bytes);
    else if constexpr (std::is_same_v<T, Mask>)
        append_mask(out, value.bits);
    else
        append_counts(out, value);
}
template <class T, std::size_t bytes_max>
void append_value(std::string& out, const List<T, bytes_max>& list) {
    const std::size_t begin = out.size();
    out += '[';
    for (const T& item : list.items) {
        if (out.size() - begin > bytes_max) break;
        out += out.size() - begin > 1 ? ",{" : "{";
        append_fields(out, item, true);
        out += '}';
    }
    out += ']';
}

template <class T>
void append_field(std::string& out, std::string_view name, const T& value, bool& is_first) {
    if (!std::exchange(is_first, false)) out += ',';
    out += '"';
    out += name;  // an identifier: needs no escaping
    out += "\":";
    append_value(out, value);
}
template <class T>
void append_field(std::string& out, std::string_view name, const std::optional<T>& value, bool& is_first) {
    if (value) append_field(out, name, *value, is_first);
}

template <class R>
void append_fields(std::string& out, const R& record, bool is_first) {
    boost::mp11::mp_for_each<Members<R>>([&](auto member) {
        const auto& value = record.*member.pointer;
        if constexpr (Inline<std::remove_cvref_t<decltype(value)>>)
            append_fields(out, value);
        else
            append_field(out, member.name, value, is_first);
    });
}

/// One line, printable ASCII whatever the texts hold (append_json_string).
template <class R>
std::string json_of(const R& record, std::string_view source, UnixMs ts_ms) {
    std::string out;
    out.reserve(kUsualSize);
    append_envelope(out, R::info.type, source, ts_ms);
    append_fields(out, record);
    out += '}';
    return out;
}

}  // namespace hp::records
