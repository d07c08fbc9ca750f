#include "sv2/dispatch.hpp"

#include <doctest/doctest.h>

#include "sv2/common.hpp"
#include "sv2/mining.hpp"

using namespace hp;
using namespace hp::sv2;

TEST_CASE("a frame goes to the overload of its message, to no other, and out of the list to none") {
    std::string heard;
    const auto handler =
        On{[&](const Decoded<mining::SetTarget>& m) -> Result<> {
               heard += "target of " + std::to_string(m.message.channel_id);
               return {};
           },
           [&](const Decoded<mining::CloseChannel>&) -> Result<> { return fail(Errc::refused, "no"); },
           [&](const Decoded<common::SetupConnectionSuccess>&) -> Result<> {
               heard += "setup";
               return {};
           }};
    const auto say = [&](const Bytes& bytes) {
        auto frame = split_frame(bytes);
        REQUIRE(frame);
        return dispatch<mining::Messages>(*frame, handler);
    };
    CHECK(say(encode_frame(mining::SetTarget{7, {}})).value());
    CHECK(heard == "target of 7");
    // Taken by nobody: no overload, or not of the list.
    CHECK_FALSE(say(encode_frame(mining::UpdateChannelError{})).value());
    CHECK_FALSE(say(encode_frame(common::SetupConnectionSuccess{})).value());
    CHECK(heard == "target of 7");
    const auto refused = say(encode_frame(mining::CloseChannel{}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what == "no");
    auto cut = encode_frame(mining::SetTarget{});
    cut.resize(cut.size() - 1);
    cut[3] = static_cast<std::uint8_t>(cut.size() - kHeaderSize);
    const auto broken = say(cut);
    REQUIRE_FALSE(broken);
    CHECK(broken.error().what.find("SetTarget") != std::string::npos);
    CHECK(heard == "target of 7");
}

TEST_CASE("where one message may come, another is named by what was expected") {
    const auto frame_bytes = encode_frame(mining::CloseChannel{});
    const auto frame = split_frame(frame_bytes);
    const auto setup = expect<common::SetupConnectionSuccess>(*frame);
    REQUIRE_FALSE(setup);
    CHECK(setup.error().what == "expected SetupConnection.Success, got CloseChannel");
    CHECK(expect<mining::CloseChannel>(*frame));
}
