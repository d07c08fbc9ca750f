// Encodes and decodes a message's fields by its declaration. The codecs of the wire types are in lib/wire.
#pragma once
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/pfr/core.hpp>
#include <type_traits>

#include "sv2/message.hpp"
#include "wire/codec.hpp"

namespace hp::sv2 {

template <class M>
using Fields = boost::describe::describe_members<M, boost::describe::mod_public>;
template <class M, class D>
using FieldType = std::remove_cvref_t<decltype(std::declval<M&>().*D::pointer)>;

/// The list must name every member in declaration order (types compared one by one; names by the table test).
template <class M>
consteval bool well_described() {
    if constexpr (boost::mp11::mp_size<Fields<M>>::value != boost::pfr::tuple_size_v<M>)
        return false;
    else
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (std::is_same_v<FieldType<M, boost::mp11::mp_at_c<Fields<M>, I>>,
                                   boost::pfr::tuple_element_t<I, M>> &&
                    ...);
        }
    (std::make_index_sequence<boost::pfr::tuple_size_v<M>>{});
}
template <class M>
concept Message = requires {
    M::info;
}
&&well_described<M>();

template <class M, class Visit>
constexpr void each_field(Visit&& visit) {
    boost::mp11::mp_for_each<Fields<M>>(visit);
}

template <Message M>
void encode_fields(Writer& out, const M& message) {
    each_field<M>([&](auto f) { Codec<FieldType<M, decltype(f)>>::put(out, message.*f.pointer); });
}
template <Message M>
void decode_fields(Reader& in, M& message) {
    each_field<M>([&](auto f) {
        if (!in.ok()) return;
        in.enter(f.name);
        message.*f.pointer = Codec<FieldType<M, decltype(f)>>::get(in);
    });
}
/// "SubmitShares.Error: error_code: needs 3 more bytes"
template <Message M>
std::string decode_error_text(const Reader& in) {
    return std::string(M::info.name) + ": " + in.error_text();
}

}  // namespace hp::sv2
