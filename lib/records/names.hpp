// Names of series, latencies and status fields that a program asks for: "share_accepted"_series. A name that
// no record declares does not compile, instead of being 0 for ever.
#pragma once
#include <algorithm>

#include "records/miner.hpp"
#include "records/mint.hpp"
#include "records/pool.hpp"
#include "records/proxy.hpp"
#include "records/stats.hpp"
#include "records/template.hpp"

namespace hp::records {

using AllRecords = boost::mp11::mp_append<PoolRecords, TemplateRecords, MintRecords, ProxyRecords,
                                          StatsRecords, MinerRecords, AnyRecords>;

/// Calls f with a type_identity of each record until f returns true; returns whether it did.
template <class F>
constexpr bool any_record(F f) {
    return [&]<class... R>(boost::mp11::mp_list<R...>) {
        return (f(std::type_identity<R>{}) || ...);
    }(AllRecords{});
}

constexpr bool is_series(std::string_view name) {
    return any_record([&]<class R>(std::type_identity<R>) {
        if constexpr (requires { R::series; })
            return std::ranges::any_of(
                R::series, [&](const Series& s) { return (s.name.empty() ? R::info.type : s.name) == name; });
        else
            return !R::info.is_status && R::info.type == name;
    });
}
constexpr bool is_latency(std::string_view name) {
    return any_record([&]<class R>(std::type_identity<R>) {
        if constexpr (requires { R::series; })
            return std::ranges::any_of(R::series, [&](const Series& s) { return s.latency_name == name; });
        else
            return false;
    });
}
constexpr bool is_status_field(std::string_view name) {
    return any_record([&]<class R>(std::type_identity<R>) {
        if constexpr (R::info.is_status)
            return has_field<R>(name);
        else
            return false;
    });
}

/// A literal's text as a template argument.
template <std::size_t size>
struct Literal {
    char text[size]{};
    consteval Literal(const char (&from)[size]) { std::ranges::copy(from, text); }  // NOLINT: as a literal is
};

inline namespace literals {
template <Literal name>
consteval const char* operator""_series() {
    static_assert(is_series(name.text), "no record declares this series");
    return name.text;
}
template <Literal name>
consteval const char* operator""_latency() {
    static_assert(is_latency(name.text), "no record declares this latency");
    return name.text;
}
template <Literal name>
consteval const char* operator""_field() {
    static_assert(is_status_field(name.text), "no status record has this field");
    return name.text;
}
}  // namespace literals

}  // namespace hp::records
