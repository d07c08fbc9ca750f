// Message declarations. Encode, decode, JSON, dispatch, the table test and fuzzing derive from them.
#pragma once
#include <boost/describe/class.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <cstdint>
#include <string_view>

#include "wire/types.hpp"

namespace hp::sv2 {

using namespace wire;

enum class ChannelMsg : bool { no, yes };

/// The numbers of a message. `name` is the specification's. `extension_type` without the channel bit.
struct Info {
    std::string_view name;
    std::uint8_t msg_type;
    ChannelMsg channel_msg;
    std::uint16_t extension_type{0};
};

}  // namespace hp::sv2
