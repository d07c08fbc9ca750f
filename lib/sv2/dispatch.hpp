// From a frame to the code that handles its message: the table is made from a message list and the overloads
// of a handler, instead of checks by hand.
#pragma once
#include <type_traits>

#include "sv2/frame.hpp"

namespace hp::sv2 {

/// Overloads from lambdas: On{[&](const Decoded<A>& a) -> Result<> {...}, [&](const Decoded<B>& b) ...}
template <class... Lambdas>
struct On : Lambdas... {
    using Lambdas::operator()...;
};
template <class... Lambdas>  // clang 14 has no guides of aggregates
On(Lambdas...)->On<Lambdas...>;

/// Decodes the frame as its message in `List`, and passes it to the handler. False, without decoding, if the
/// handler does not take it. Errors come from decoding or from the handler.
template <class List, class Handler>
Result<bool> dispatch(const FrameView& frame, Handler&& handler) {
    Result<bool> taken{false};
    const auto offer = [&]<class M>(boost::mp11::mp_identity<M>) {
        if constexpr (std::is_invocable_v<Handler&, const Decoded<M>&>) {
            if (!frame.is<M>()) return false;
            taken = [&]() -> Result<bool> {
                HP_TRY(const auto decoded, decode_with_rest<M>(frame.payload));
                HP_DO(handler(decoded));
                return true;
            }();
            return true;
        } else {
            return false;
        }
    };
    [&]<class... M>(boost::mp11::mp_list<M...>) { (offer(boost::mp11::mp_identity<M>{}) || ...); }(List{});
    return taken;
}

}  // namespace hp::sv2
