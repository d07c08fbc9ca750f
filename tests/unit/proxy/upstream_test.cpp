// The proxy's connection to a pool, against a pool made of nothing but frames.
#include "fake_pool.hpp"

using namespace hp;
using namespace hp::test;
namespace {

struct UpstreamFixture {
    net::Loop loop;
    FakePool pool{loop};
    proxy::Upstream upstream{loop, {pool.listener->bound(), pool.authority.xonly()}};
    crypto::SecretKey miner_key = crypto::SecretKey::generate();
    int ready{0};
    std::vector<std::string> lost;

    UpstreamFixture() {
        upstream.on_ready = [this] { ++ready; };
        upstream.on_lost = [this](const std::string& reason) { lost.push_back(reason); };
    }
    void connect() {
        upstream.start();
        REQUIRE(run_until(loop, [&] { return ready == 1; }));
    }
    proxy::ChannelOpening opening() const {
        proxy::ChannelOpening opening;
        opening.user_identity = "alice";
        opening.nominal_hash_rate = 1e12f;
        opening.max_target.fill(0xff);
        opening.min_extranonce_size = 8;
        opening.locking_key = miner_key.public_key();
        return opening;
    }
    bool wait_sent(std::size_t count) {
        return run_until(loop, [&] { return pool.peer().frames.size() >= count; });
    }
    static bool heard(const Owner& owner, const std::string& what) {
        return std::ranges::find(owner.heard, what) != owner.heard.end();
    }
    void open(const std::shared_ptr<Owner>& owner, std::uint32_t channel_id) {
        auto before = pool.peer().frames.size();
        upstream.open_channel(opening(), owner);
        REQUIRE(wait_sent(before + 1));
        msg::OpenExtendedMiningChannelSuccess success;
        success.request_id = pool.peer().frame<msg::OpenExtendedMiningChannel>(before).message.request_id;
        success.channel_id = channel_id;
        success.extranonce_size = 8;
        pool.peer().send(success);
        REQUIRE(run_until(loop, [&] { return heard(*owner, "opened " + std::to_string(channel_id)); }));
        owner->heard.clear();
    }
};

}  // namespace

TEST_CASE_FIXTURE(UpstreamFixture, "a channel carries its owner's key where the pool knows the extension") {
    pool.setup_flags = 1;
    connect();
    CHECK(upstream.pays_ehash());
    CHECK(upstream.fixed_version());
    auto setup = pool.peer().frame<sv2::common::SetupConnection>(0).message;
    CHECK(setup.protocol == 0);
    CHECK(setup.min_version == 2);
    CHECK(setup.max_version == 2);
    auto request = pool.peer().frame<sv2::extensions::RequestExtensions>(1).message;
    CHECK(request.requested_extensions.items == std::vector<std::uint16_t>{sv2::ehash::kExtensionType});

    auto owner = std::make_shared<Owner>();
    upstream.open_channel(opening(), owner);
    REQUIRE(wait_sent(3));
    auto open = pool.peer().frame<msg::OpenExtendedMiningChannel>(2);
    CHECK(open.message.user_identity.value == "alice");
    CHECK(open.message.min_extranonce_size == 8);
    auto key = sv2::find_tlv(open.rest, sv2::ehash::kExtensionType, sv2::ehash::kLockingPubkeyField);
    REQUIRE(key);
    REQUIRE(*key);
    CHECK(to_hex(**key) == to_hex(miner_key.public_key()));
}

TEST_CASE_FIXTURE(UpstreamFixture, "a pool without the extension is mined on without keys and quotes") {
    std::int64_t least_ms = 0;
    SUBCASE("it refuses the extension") { pool.on_extensions = FakePool::refuse; }
    SUBCASE("it grants another one only") {
        pool.on_extensions = [](FakePool::Peer& peer) {
            sv2::extensions::RequestExtensionsSuccess success;
            success.supported_extensions.items = {0x0002};
            peer.send(success);
        };
    }
    SUBCASE("it says nothing for two seconds") {
        pool.on_extensions = FakePool::say_nothing;
        least_ms = 1900;
    }
    auto began_ms = steady_ms_now();
    connect();
    CHECK(steady_ms_now() - began_ms >= least_ms);
    CHECK_FALSE(upstream.pays_ehash());
    auto owner = std::make_shared<Owner>();
    upstream.open_channel(opening(), owner);
    REQUIRE(wait_sent(3));
    auto open = pool.peer().frame<msg::OpenExtendedMiningChannel>(2);
    CHECK(open.rest.empty());
    CHECK(open.message.user_identity.value == to_hex(miner_key.public_key()) + ".alice");
    const auto key = opening().locking_key;
    upstream.update_channel(7, 1e12f, opening().max_target, {&key, "alice"});
    REQUIRE(wait_sent(4));
    CHECK(pool.peer().frame<msg::UpdateChannel>(3).rest.empty());

    msg::OpenExtendedMiningChannelSuccess success;
    success.request_id = pool.peer().frame<msg::OpenExtendedMiningChannel>(2).message.request_id;
    success.channel_id = 7;
    success.extranonce_size = 8;
    pool.peer().send(success);
    pool.peer().send(sv2::ehash::QuoteNotification{7, 1, {"id"}, 5});  // was never agreed on
    pool.peer().send(msg::SubmitSharesSuccess{7, 1, 1, 1});
    REQUIRE(run_until(loop, [&] { return owner->heard.size() >= 2; }));
    CHECK(owner->heard == Heard{"opened 7", "accepted 1"});
}

TEST_CASE_FIXTURE(UpstreamFixture, "a share names owner and worker where it is told to, and else nobody") {
    connect();
    const auto key = miner_key.public_key();
    msg::SubmitSharesExtended share;
    share.channel_id = 7;
    upstream.submit(share, {});
    upstream.submit(share, {&key, {}});
    upstream.submit(share, {&key, "bob"});
    upstream.submit(share, {nullptr, "bob"});
    REQUIRE(wait_sent(6));
    const auto tlvs = [&](std::size_t at) {
        return *sv2::parse_tlvs(pool.peer().frame<msg::SubmitSharesExtended>(at).rest);
    };
    const sv2::Tlv owner{
        sv2::ehash::kExtensionType, sv2::ehash::kLockingPubkeyField, {key.begin(), key.end()}};
    const sv2::Tlv bob{sv2::ehash::kExtensionType, sv2::ehash::kUserIdentityField, {'b', 'o', 'b'}};
    CHECK(tlvs(2).empty());
    CHECK(tlvs(3) == std::vector{owner});
    CHECK(tlvs(4) == std::vector{owner, bob});
    CHECK(tlvs(5) == std::vector{bob});
}

TEST_CASE_FIXTURE(UpstreamFixture, "a pool without the extension is told the owner by name alone") {
    pool.on_extensions = FakePool::refuse;
    connect();
    const std::string key = to_hex(miner_key.public_key());
    std::string name, told;
    SUBCASE("an ordinary name comes behind the key") {
        name = "alice";
        told = key + ".alice";
    }
    SUBCASE("a name that is the key stays as it is") { name = told = key + "_rig"; }
    SUBCASE("no name") { told = key; }
    SUBCASE("a long name loses its end") {
        name = std::string(255, 'n');
        told = key + "." + std::string(255 - 67, 'n');
    }
    auto opened = opening();
    opened.user_identity = name;
    upstream.open_channel(opened, std::make_shared<Owner>());
    REQUIRE(wait_sent(3));
    CHECK(pool.peer().frame<msg::OpenExtendedMiningChannel>(2).message.user_identity.value == told);
}

TEST_CASE_FIXTURE(UpstreamFixture, "each channel's owner hears what is his, in order") {
    connect();
    auto alice = std::make_shared<Owner>(), bob = std::make_shared<Owner>();
    open(alice, 11);
    open(bob, 12);
    auto& peer = pool.peer();
    msg::NewExtendedMiningJob job;
    job.channel_id = 11;
    job.job_id = 3;
    peer.send(job);
    msg::SetNewPrevHash tip;
    tip.channel_id = 11;
    tip.job_id = 3;
    peer.send(tip);
    msg::SetTarget target;
    target.channel_id = 12;
    target.maximum_target.bytes.fill(0xab);
    peer.send(target);
    peer.send(msg::SubmitSharesSuccess{11, 4, 5, 5});
    peer.send(msg::SubmitSharesError{12, 9, {"stale-share"}});
    peer.send(sv2::ehash::QuoteNotification{11, 4, {"019e"}, 64});
    peer.send(sv2::ehash::QuoteFailure{12, 9, 6, {"line\nbreak"}});
    peer.send(msg::SubmitSharesSuccess{99, 1, 1, 1});  // nobody's
    peer.send(msg::SetExtranoncePrefix{12, sv2::B0_32::from(Bytes{0xaa, 0xbb})});
    REQUIRE(run_until(loop, [&] { return heard(*bob, "prefix aabb"); }));
    CHECK(alice->heard == Heard{"job 3", "tip 3", "accepted 4", "quote 4 019e 64"});
    REQUIRE(bob->heard.size() == 4);
    CHECK(bob->heard[0] == "target abab");
    CHECK(bob->heard[1] == "rejected 9 stale-share");
    CHECK(bob->heard[2].find('\n') == std::string::npos);

    peer.send(msg::CloseChannel{11, {"why"}});
    REQUIRE(run_until(loop, [&] { return heard(*alice, "closed: why"); }));
    peer.send(msg::SubmitSharesSuccess{11, 5, 1, 1});
    peer.send(msg::SubmitSharesSuccess{12, 5, 1, 1});
    REQUIRE(run_until(loop, [&] { return heard(*bob, "accepted 5"); }));
    CHECK(alice->heard.back() == "closed: why");
    CHECK(lost.empty());
}

TEST_CASE_FIXTURE(UpstreamFixture, "a refused channel is its miner's matter alone") {
    connect();
    auto refused = std::make_shared<Owner>(), other = std::make_shared<Owner>();
    open(other, 5);
    upstream.open_channel(opening(), refused);
    REQUIRE(wait_sent(4));
    auto id = pool.peer().frame<msg::OpenExtendedMiningChannel>(3).message.request_id;
    pool.peer().send(msg::OpenMiningChannelError{id, {"max-target-out-of-range"}});
    pool.peer().send(msg::OpenMiningChannelError{id, {"once-more"}});
    pool.peer().send(msg::SubmitSharesSuccess{5, 1, 1, 1});
    REQUIRE(run_until(loop, [&] { return heard(*other, "accepted 1"); }));
    CHECK(refused->heard == Heard{"refused max-target-out-of-range"});
    CHECK(upstream.is_ready());
}

TEST_CASE_FIXTURE(UpstreamFixture,
                  "an extranonce that no miner can work with is refused; other miners work on") {
    connect();
    auto refused = std::make_shared<Owner>(), other = std::make_shared<Owner>();
    open(other, 5);
    upstream.open_channel(opening(), refused);
    REQUIRE(wait_sent(4));
    msg::OpenExtendedMiningChannelSuccess success;
    success.request_id = pool.peer().frame<msg::OpenExtendedMiningChannel>(3).message.request_id;
    success.channel_id = 6;
    std::string why = "requested at least 8";
    SUBCASE("none") { success.extranonce_size = 0; }
    SUBCASE("less than asked") { success.extranonce_size = 7; }
    SUBCASE("with the prefix more than fits") {
        success.extranonce_size = 8;
        success.extranonce_prefix = sv2::B0_32::from(Bytes(25, 1));
        why = "a prefix of 25 bytes are more than 32";
    }
    SUBCASE("the largest number") {
        success.extranonce_size = 65535;
        why = "are more than 32";
    }
    pool.peer().send(success);
    pool.peer().send(msg::SubmitSharesSuccess{5, 1, 1, 1});
    REQUIRE(run_until(loop, [&] { return heard(*other, "accepted 1"); }));
    REQUIRE(refused->heard.size() == 1);
    CHECK(refused->heard[0].starts_with("refused unusable extranonce: extranonce_size "));
    CHECK(refused->heard[0].ends_with(why));
    REQUIRE(wait_sent(5));
    CHECK(pool.peer().frame<msg::CloseChannel>(4).message.channel_id == 6);
    CHECK(lost.empty());
}

TEST_CASE_FIXTURE(UpstreamFixture, "what nobody knows, or nobody needs, is ignored and counted") {
    connect();
    auto owner = std::make_shared<Owner>();
    open(owner, 5);
    for (const Bytes& frame : {Bytes{0x77, 0x77, 0x05, 0x01, 0x00, 0x00, 0xff},  // an extension
                               Bytes{0x00, 0x80, 0x7f, 0x01, 0x00, 0x00, 0xff},  // a type
                               Bytes{0x51, 0x48, 0x7f, 0x00, 0x00, 0x00}})       // a type of our extension
        pool.peer().connection->send(frame);
    pool.peer().send(msg::SubmitSharesStandard{});     // a client's
    pool.peer().send(msg::SetGroupChannel{1, {{5}}});  // of no use here
    pool.peer().send(msg::SubmitSharesSuccess{5, 1, 1, 1});
    REQUIRE(run_until(loop, [&] { return heard(*owner, "accepted 1"); }));
    CHECK(upstream.messages_ignored() == 5);
    CHECK(lost.empty());
}

TEST_CASE_FIXTURE(UpstreamFixture,
                  "bytes after a message that are no TLV end the connection; a TLV of whom ever does not") {
    connect();
    auto owner = std::make_shared<Owner>();
    open(owner, 5);
    auto frame = sv2::encode_frame(msg::SubmitSharesSuccess{5, 1, 1, 1});
    const Bytes tlv{0xfe, 0x7f, 1, 2, 0, 'o', 'k'};
    auto with_tlv = frame, with_junk = frame;
    append(with_tlv, tlv);
    with_tlv[3] += 7;
    append(with_junk, Bytes{1, 2, 3});
    with_junk[3] += 3;
    pool.peer().connection->send(with_tlv);
    REQUIRE(run_until(loop, [&] { return heard(*owner, "accepted 1"); }));
    pool.peer().connection->send(with_junk);
    REQUIRE(run_until(loop, [&] { return !lost.empty(); }));
    CHECK(lost[0].find("SubmitShares.Success: after the last field") != std::string::npos);
}

TEST_CASE_FIXTURE(UpstreamFixture, "a channel whose miner has gone meanwhile is closed at the pool") {
    connect();
    auto owner = std::make_shared<Owner>();
    upstream.open_channel(opening(), owner);
    REQUIRE(wait_sent(3));
    owner.reset();
    msg::OpenExtendedMiningChannelSuccess success;
    success.request_id = pool.peer().frame<msg::OpenExtendedMiningChannel>(2).message.request_id;
    success.channel_id = 8;
    pool.peer().send(success);
    REQUIRE(wait_sent(4));
    CHECK(pool.peer().frame<msg::CloseChannel>(3).message.channel_id == 8);
}

TEST_CASE_FIXTURE(UpstreamFixture, "a lost connection is told once to everybody, and comes back by itself") {
    connect();
    auto opened = std::make_shared<Owner>(), waiting = std::make_shared<Owner>();
    open(opened, 1);
    upstream.open_channel(opening(), waiting);
    REQUIRE(wait_sent(4));
    SUBCASE("the pool closes") { pool.peer().connection->close("restart"); }
    SUBCASE("the pool opens a channel that nobody asked for") {
        msg::OpenExtendedMiningChannelSuccess success;
        success.request_id = 0xffff;
        pool.peer().send(success);
    }
    SUBCASE("the pool sends half a message") {
        auto frame = sv2::encode_frame(msg::SubmitSharesSuccess{1, 1, 1, 1});
        frame.resize(frame.size() - 1);
        --frame[3];
        pool.peer().connection->send(frame);
    }
    REQUIRE(run_until(loop, [&] { return !lost.empty(); }));
    CHECK_FALSE(upstream.is_ready());
    // Nothing of this reaches a pool that is away, and nothing of it breaks.
    upstream.submit({}, {});
    upstream.close_channel(1);
    upstream.update_channel(1, 1, {}, {});
    REQUIRE(run_until(loop, [&] { return ready == 2; }));
    CHECK(lost.size() == 1);
    CHECK(opened->heard == Heard{"lost"});
    CHECK(waiting->heard == Heard{"lost"});
    CHECK(pool.peers.size() == 2);
    CHECK(pool.peer().frames.size() == 2);
    auto again = std::make_shared<Owner>();
    open(again, 1);
    pool.peer().send(msg::SubmitSharesSuccess{1, 1, 1, 1});
    REQUIRE(run_until(loop, [&] { return heard(*again, "accepted 1"); }));
    CHECK(opened->heard == Heard{"lost"});
}

TEST_CASE_FIXTURE(UpstreamFixture, "a pool that refuses the connection, or is another one, is tried again") {
    SUBCASE("refused") {
        pool.answers_setup = false;
        upstream.start();
        REQUIRE(run_until(loop, [&] { return !pool.peers.empty() && !pool.peer().frames.empty(); }));
        pool.answers_setup = true;
        pool.peer().send(sv2::common::SetupConnectionError{0, {"unsupported-protocol"}});
    }
    SUBCASE("another answer than the expected one") {
        pool.on_extensions = [&](FakePool::Peer& peer) {
            peer.send(msg::SubmitSharesSuccess{1, 1, 1, 1});
            pool.on_extensions = FakePool::grant;
        };
        upstream.start();
    }
    REQUIRE(run_until(loop, [&] { return ready == 1; }));
    CHECK(pool.peers.size() == 2);
    CHECK(lost.empty());  // it was never there
}

TEST_CASE_FIXTURE(UpstreamFixture, "a pool with another authority key gets nothing") {
    proxy::Upstream pinned{loop, {pool.listener->bound(), crypto::SecretKey::generate().xonly()}};
    pinned.on_ready = [&] { ++ready; };
    pinned.start();
    REQUIRE(run_until(loop, [&] { return pool.peers.size() >= 2; }));  // tried, and tried again
    CHECK(ready == 0);
    for (const auto& peer : pool.peers) CHECK(peer->frames.empty());
}
