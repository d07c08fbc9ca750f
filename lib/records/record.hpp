// The declaration of an event record: a struct with `info`, its BOOST_DESCRIBE_STRUCT line, and an entry in
// its header's list. Optionally `docs` (what its fields mean), `series` (what hp-stats adds up), `metrics`
// and `gauges` (what /metrics shows of that). The writer, hp-stats, hp-records(5) and the JSON Schema derive
// from it.
#pragma once
#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <optional>

#include "records/field.hpp"

namespace hp::records {

struct Info {
    std::string_view type;
    std::string_view doc;  ///< sentences for hp-records(5)
    /// A status: hp-stats keeps the last value of each of its numbers, booleans and texts.
    bool is_status{false};
    /// The field that tells several such records of one program apart, e.g. a pool's mints; or empty.
    std::string_view qualifier{};
};

/// A field's meaning, where it differs from that in other records (manual.cpp).
struct Doc {
    std::string_view field, text;
};

/// What hp-stats adds up from a record, by minute. A member that is not used is empty. A record that is not a
/// status and declares no series is counted under its type.
struct Series {
    std::string_view name{};          ///< empty: the record's type
    std::string_view label{};         ///< field that the series is divided by
    std::string_view count{};         ///< field to add up; empty: each record counts as 1
    std::string_view amount{};        ///< ehash
    std::string_view work{};          ///< expected hashes
    std::string_view latency{};       ///< milliseconds; a record may lack it
    std::string_view latency_name{};  ///< name under which `latency` is kept
    std::string_view
        writer{};  ///< program whose silence is a gap in the series; empty: any program's record will do
};

/// A counter in /metrics, from a series of this record: its total.
struct Metric {
    enum class Of : std::uint8_t { count, amount, work };
    std::string_view name, help;
    Of of{Of::count};
    bool is_by_label{false};    ///< one sample per label, the known ones from the start; else one in total
    std::string_view series{};  ///< empty: the record's first
};

/// A gauge in /metrics under its own name: the newest value of a field of status records. (All their numbers
/// are in hashpool_status{source,field} too.)
struct Gauge {
    std::string_view field, name, help;
    std::string_view label{}, label_value{};
};

template <class R>
using Members = boost::describe::describe_members<R, boost::describe::mod_public>;

template <class T>
concept Inline = T::is_inline;

/// Calls f with the descriptor of each field; an inline struct is replaced by its fields.
template <class R, class F>
constexpr void each_field(F&& f) {
    boost::mp11::mp_for_each<Members<R>>([&](auto member) {
        using T = std::remove_cvref_t<decltype(std::declval<const R&>().*member.pointer)>;
        if constexpr (Inline<T>)
            each_field<T>(f);
        else
            f(member);
    });
}

template <class R>
constexpr bool has_field(std::string_view name) {
    bool found = name.empty();
    each_field<R>([&](auto member) { found = found || member.name == name; });
    return found;
}

/// The name of a field in records: name_of<&ChannelStatus::opened_ms>().
template <auto pointer>
consteval std::string_view name_of() {
    constexpr auto search = []<class R, class T>(T R::*) {
        std::string_view name;
        boost::mp11::mp_for_each<Members<R>>([&](auto member) {
            if constexpr (std::is_same_v<std::remove_const_t<decltype(member.pointer)>, T R::*>)
                if (member.pointer == pointer) name = member.name;
        });
        return name;
    };
    constexpr std::string_view name = search(pointer);
    static_assert(!name.empty(), "the member is not described");
    return name;
}

/// Whether everything that the declaration names exists.
template <class R>
consteval bool is_consistent() {
    bool ok = has_field<R>(R::info.qualifier);
    if constexpr (requires { R::docs; })
        for (const Doc& doc : R::docs) ok = ok && has_field<R>(doc.field);
    if constexpr (requires { R::series; })
        for (const Series& s : R::series)
            ok = ok && has_field<R>(s.label) && has_field<R>(s.count) && has_field<R>(s.amount) &&
                 has_field<R>(s.work) && has_field<R>(s.latency) &&
                 s.latency.empty() == s.latency_name.empty();
    if constexpr (requires { R::metrics; })
        for (const Metric& metric : R::metrics) {
            bool is_known = metric.series.empty();
            if constexpr (requires { R::series; })
                for (const Series& s : R::series) is_known = is_known || s.name == metric.series;
            ok = ok && is_known;
        }
    if constexpr (requires { R::gauges; })
        for (const Gauge& gauge : R::gauges) ok = ok && has_field<R>(gauge.field);
    return ok;
}

}  // namespace hp::records
