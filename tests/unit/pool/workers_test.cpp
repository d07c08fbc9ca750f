// Extension 0x0002: the workers of an aggregating translator, by the names that its shares give.
#include "pool/pool_core.hpp"

using namespace hp;
using namespace hp::test;

namespace {

sv2::Tlv tracked(std::string_view name) {
    return {sv2::extensions::kWorkerTracking, sv2::extensions::kUserIdentityField,
            Bytes(name.begin(), name.end())};
}

struct WorkersCore : PoolCore {
    std::shared_ptr<FakeFrames> translator(std::vector<std::uint16_t> extensions = {
                                               sv2::extensions::kWorkerTracking}) {
        start();
        give_work();
        auto miner = set_up();
        if (!extensions.empty()) negotiate(*miner, std::move(extensions));
        open(*miner);
        return miner;
    }
    void say(FakeFrames& miner, std::uint32_t sequence, const std::vector<sv2::Tlv>& tlvs) {
        miner.say(share(miner, 1, sequence), tlvs);
        run();
    }
};

}  // namespace

TEST_CASE_FIXTURE(WorkersCore, "extension 0x0002 is granted, alone or with ours; what is unknown is not") {
    auto miner = translator({0x0002, 0x4851, 0x0007});
    CHECK(miner->last<sv2::extensions::RequestExtensionsSuccess>().supported_extensions.items ==
          std::vector<std::uint16_t>{0x0002, 0x4851});
    auto other = set_up();
    sv2::extensions::RequestExtensions request;
    request.requested_extensions.items = {0x0007};
    other->say(request);
    CHECK(other->last<sv2::extensions::RequestExtensionsError>().unsupported_extensions.items ==
          std::vector<std::uint16_t>{0x0007});
}

TEST_CASE_FIXTURE(WorkersCore, "a share's worker is the one that it names, and the channel's owner owns it") {
    auto miner = translator();
    say(*miner, 0, {tracked("rig1")});
    say(*miner, 1, {tracked("rig2")});
    say(*miner, 2, {});
    say(*miner, 3,
        {tracked("a\x01"
                 "b")});
    say(*miner, 4, {tracked(std::string(32, 'x'))});
    REQUIRE(rows.size() == 5);
    CHECK(rows[0].worker == "rig1");
    CHECK(rows[1].worker == "rig2");
    CHECK(rows[2].worker == to_hex(key(7)) + ".rig");
    CHECK(rows[3].worker ==
          "a\xef\xbf\xbd"
          "b");
    CHECK(rows[4].worker == std::string(32, 'x'));
    for (const auto& row : rows) CHECK(row.intent.locking_key == key(7));
}

TEST_CASE_FIXTURE(WorkersCore,
                  "without negotiation the name is ignored, and so it is on a standard channel") {
    auto miner = translator({});
    say(*miner, 0, {tracked("rig1")});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].worker == to_hex(key(7)) + ".rig");
    negotiate(*miner, {sv2::extensions::kWorkerTracking});
    msg::OpenStandardMiningChannel open;
    open.user_identity.value = to_hex(key(8));
    open.max_target.bytes.fill(0xff);
    miner->say(open);
    const auto channel = miner->last<msg::OpenStandardMiningChannelSuccess>();
    msg::SubmitSharesStandard submit;
    submit.channel_id = channel.channel_id;
    submit.job_id = miner->last<msg::NewMiningJob>().job_id;
    submit.ntime = static_cast<std::uint32_t>(clock.unix_ms() / 1000);
    submit.version = 0x2000'0000;
    miner->say(submit, std::vector{tracked("rig1")});
    run();
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].worker == to_hex(key(8)));
}

TEST_CASE_FIXTURE(WorkersCore,
                  "a name that is too long is refused, and counts when it is sent again shorter") {
    auto miner = translator();
    const auto submit = share(*miner, 1, 0);
    miner->say(submit, std::vector{tracked(std::string(33, 'x'))});
    run();
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "invalid-user-identity");
    CHECK(rows.empty());
    miner->say(submit, std::vector{tracked("rig1")});
    run();
    CHECK(rows.size() == 1);
}

TEST_CASE_FIXTURE(WorkersCore,
                  "a miner whose key was cut to 32 bytes does not work for another owner unawares") {
    auto miner = translator({0x0002, 0x4851});
    const auto cut = [](const crypto::PublicKey33& of) { return to_hex(of).substr(0, 32); };
    say(*miner, 0, {tracked(cut(key(9)))});
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "invalid-locking-key");
    REQUIRE(refused.size() == 1);
    CHECK_FALSE(refused[0].locking_key);
    CHECK(refused[0].worker == cut(key(9)));
    // The channel's own key is meant, or the share names the whole key beside it.
    say(*miner, 1, {tracked(cut(key(7)))});
    say(*miner, 2, {tracked(cut(key(9))), owner_tlv(key(9))});
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].intent.locking_key == key(7));
    CHECK(rows[1].intent.locking_key == key(9));
    // Other names of 32 hex digits are names.
    say(*miner, 3, {tracked("9f" + std::string(30, '0'))});
    say(*miner, 4, {tracked(cut(key(9)).substr(0, 31))});
    CHECK(rows.size() == 4);
}

TEST_CASE_FIXTURE(WorkersCore, "ours wins: it has room for 255 bytes, and its key is an owner") {
    auto miner = translator({0x0002, 0x4851});
    const std::string name = to_hex(key(9)) + ".rig1";
    say(*miner, 0,
        {tracked("rig1"),
         {sv2::ehash::kExtensionType, sv2::ehash::kUserIdentityField, Bytes(name.begin(), name.end())}});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].worker == name);
    CHECK(rows[0].intent.locking_key == key(9));
}
