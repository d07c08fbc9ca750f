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

inline namespace literals {
// What is thrown here is read by a person, as the compiler's error.
consteval const char* operator""_series(const char* name, std::size_t size) {
    if (!is_series({name, size})) throw "no record declares this series";
    return name;
}
consteval const char* operator""_latency(const char* name, std::size_t size) {
    if (!is_latency({name, size})) throw "no record declares this latency";
    return name;
}
consteval const char* operator""_field(const char* name, std::size_t size) {
    if (!is_status_field({name, size})) throw "no status record has this field";
    return name;
}
}  // namespace literals

}  // namespace hp::records
