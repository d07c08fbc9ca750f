#include "records/declared.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "records/common_docs.hpp"
#include "records/miner.hpp"
#include "records/mint.hpp"
#include "records/pool.hpp"
#include "records/proxy.hpp"
#include "records/stats.hpp"
#include "records/template.hpp"

namespace hp::records {
namespace {

template <class Pointer>
struct Pointed;
template <class S, class T>
struct Pointed<T S::*> {
    using Type = T;
};
template <class Pointer>
using FieldType = typename Pointed<std::remove_const_t<Pointer>>::Type;

template <class R>
std::vector<Field> fields_of();

template <class T>
void set_type(Field& field, std::type_identity<T>) {
    if constexpr (std::is_same_v<T, bool>) {
        field.json = Json::boolean;
        field.known = &truth_labels;
    } else if constexpr (std::is_integral_v<T>) {
        field.json = Json::integer;
        field.min = static_cast<std::int64_t>(std::numeric_limits<T>::min());
        field.max = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    } else if constexpr (std::is_same_v<T, double> || std::is_same_v<T, Real>) {
        field.json = Json::number;
    } else if constexpr (std::is_same_v<T, Counts>) {
        field.json = Json::object;
        field.max = std::numeric_limits<std::uint64_t>::max();
    } else {
        field.json = Json::text;
        if constexpr (std::is_same_v<T, Mask>) field.hex_digits = 8;
        if constexpr (std::is_same_v<T, HexText>) field.hex_digits = 0;
        if constexpr (std::is_same_v<T, Reversed>) field.hex_digits = 64;
    }
}
template <std::size_t N>
void set_type(Field& field, std::type_identity<Hex<N>>) {
    field.json = Json::text;
    field.hex_digits = 2 * N;
}
template <KnownLabels known>
void set_type(Field& field, std::type_identity<Word<known>>) {
    field.json = Json::text;
    field.known = known;
}
template <KnownLabels known, class Number>
void set_type(Field& field, std::type_identity<Code<known, Number>>) {
    set_type(field, std::type_identity<Number>{});
    field.known = known;
}
template <class T, std::size_t bytes_max>
void set_type(Field& field, std::type_identity<List<T, bytes_max>>) {
    field.json = Json::list;
    field.items = fields_of<T>();
}
template <class T>
void set_type(Field& field, std::type_identity<std::optional<T>>) {
    field.is_optional = true;
    set_type(field, std::type_identity<T>{});
}

template <class R>
std::string_view doc_of(std::string_view field) {
    if constexpr (requires { R::docs; })
        for (const Doc& doc : R::docs)
            if (doc.field == field) return doc.text;
    return common_doc(field);
}

template <class R>
std::vector<Field> fields_of() {
    std::vector<Field> out;
    each_field<R>([&](auto member) {
        using T = FieldType<decltype(member.pointer)>;
        Field field{.name = member.name, .doc = doc_of<R>(member.name)};
        set_type(field, std::type_identity<T>{});
        out.push_back(std::move(field));
    });
    return out;
}

template <class R>
Declared declare() {
    static_assert(is_consistent<R>(),
                  "a doc, series, metric or gauge names a field or series that does not exist");
    Declared out{.info = R::info, .fields = fields_of<R>(), .series = {}, .metrics = {}, .gauges = {}};
    if constexpr (requires { R::series; })
        out.series.assign(std::begin(R::series), std::end(R::series));
    else if constexpr (!R::info.is_status)
        out.series.resize(1);
    for (Series& series : out.series)
        if (series.name.empty()) series.name = R::info.type;
    if constexpr (requires { R::metrics; }) out.metrics.assign(std::begin(R::metrics), std::end(R::metrics));
    HP_ASSERT(out.metrics.empty() || !out.series.empty());
    for (Metric& metric : out.metrics)
        if (metric.series.empty()) metric.series = out.series.front().name;
    if constexpr (requires { R::gauges; }) out.gauges.assign(std::begin(R::gauges), std::end(R::gauges));
    return out;
}

template <class Records>
Program program(std::string_view name) {
    Program out{name, {}};
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, Records>>(
        [&]<class R>(std::type_identity<R>) { out.records.push_back(declare<R>()); });
    return out;
}

}  // namespace

const std::vector<Program>& programs() {
    static const std::vector<Program> all{program<PoolRecords>("hp-pool"),
                                          program<TemplateRecords>("hp-template"),
                                          program<MintRecords>("hp-mint"),
                                          program<ProxyRecords>("hp-proxy"),
                                          program<StatsRecords>("hp-stats"),
                                          program<MinerRecords>("hp-miner"),
                                          program<AnyRecords>({})};
    return all;
}

const Declared* find(std::string_view type) {
    static const auto by_type = [] {
        std::unordered_map<std::string_view, const Declared*> out;
        for (const Program& one : programs())
            for (const Declared& record : one.records) out.emplace(record.info.type, &record);
        return out;
    }();
    const auto found = by_type.find(type);
    return found == by_type.end() ? nullptr : found->second;
}

Labels known_labels(const Declared& record, const Series& series) {
    const auto field = std::ranges::find(record.fields, series.label, &Field::name);
    return field == record.fields.end() || !field->known ? Labels{} : field->known();
}

}  // namespace hp::records
