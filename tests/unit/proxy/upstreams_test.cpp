// Miners spread over as many connections as their channels need.
#include "proxy/upstreams.hpp"

#include "fake_pool.hpp"

using namespace hp;
using namespace hp::test;

namespace {

struct UpstreamsFixture {
    net::Loop loop;
    FakePool pool{loop};
    crypto::SecretKey miner_key = crypto::SecretKey::generate();
    std::unique_ptr<proxy::Upstreams> upstreams;
    int ready{0}, further_ready{0};
    std::vector<std::string> lost;
    std::vector<std::shared_ptr<Owner>> owners;

    void connect(std::size_t channels_max = 4096, std::int64_t idle_ms = 30'000,
                 std::size_t connections_max = 64) {
        upstreams = std::make_unique<proxy::Upstreams>(
            loop, proxy::Upstreams::Options{.pool = {pool.listener->bound(), pool.authority.xonly()},
                                            .channels_max = channels_max,
                                            .connections_max = connections_max,
                                            .idle_ms = idle_ms});
        upstreams->on_ready = [this] { ++ready; };
        upstreams->on_further_ready = [this] { ++further_ready; };
        upstreams->on_lost = [this](const std::string& reason) { lost.push_back(reason); };
        upstreams->start();
        REQUIRE(run_until(loop, [&] { return ready == 1; }));
    }
    std::shared_ptr<Owner> open() {
        auto owner = owners.emplace_back(std::make_shared<Owner>());
        proxy::ChannelOpening opening;
        opening.max_target.fill(0xff);
        opening.min_extranonce_size = 8;
        opening.locking_key = miner_key.public_key();
        upstreams->open_channel(opening, owner);
        return owner;
    }
    /// The pool answers all opens that it was asked, at most `room` a connection, with ids 1, 2, ... on each.
    void answer_opens(std::size_t room) {
        for (auto& peer : pool.peers) {
            for (; peer->answered < peer->frames.size(); ++peer->answered) {
                auto frame = sv2::split_frame(peer->frames[peer->answered]);
                REQUIRE(frame);
                if (frame->is<msg::CloseChannel>()) --peer->open;
                if (!frame->is<msg::OpenExtendedMiningChannel>()) continue;
                auto open = sv2::decode<msg::OpenExtendedMiningChannel>(frame->payload);
                REQUIRE(open);
                if (peer->open >= room) {
                    peer->send(msg::OpenMiningChannelError{open->request_id, {"too-many-channels"}});
                    continue;
                }
                ++peer->open;
                msg::OpenExtendedMiningChannelSuccess success;
                success.request_id = open->request_id;
                success.channel_id = ++peer->last_channel_id;
                success.extranonce_size = 8;
                peer->send(success);
            }
        }
    }
    static bool is_open(const Owner& owner) {
        return !owner.heard.empty() && owner.heard.back().starts_with("opened ");
    }
    bool all_open(std::size_t room) {
        return run_until(loop, [&] {
            answer_opens(room);
            return std::ranges::all_of(owners, [](const auto& owner) { return is_open(*owner); });
        });
    }
    static std::uint32_t id_of(const Owner& owner) {
        return static_cast<std::uint32_t>(std::stoul(owner.heard.back().substr(7)));
    }
};

}  // namespace

TEST_CASE_FIXTURE(UpstreamsFixture,
                  "beyond the limit of one connection miners come on others, each with its own answers") {
    std::size_t channels_max = 4096;
    SUBCASE("the pool says how many") {}
    SUBCASE("the key says so") { channels_max = 3; }
    connect(channels_max);
    for (int i = 0; i < 8; ++i) open();
    REQUIRE(all_open(3));
    CHECK(pool.peers.size() == 3);
    CHECK(ready == 1);
    const auto status = upstreams->status();
    CHECK(status.connections == 3);
    CHECK(status.channels == 8);
    CHECK(status.channels_max == 6 + (channels_max == 3 ? 3 : 4096));
    // The pool's ids repeat from connection to connection; ours do not, and all go where they belong.
    std::vector<std::uint32_t> ids;
    for (const auto& owner : owners) ids.push_back(id_of(*owner));
    std::ranges::sort(ids);
    CHECK(std::ranges::adjacent_find(ids) == ids.end());
    for (std::size_t i = 0; i < owners.size(); ++i) {
        sv2::mining::SubmitSharesExtended share;
        share.channel_id = id_of(*owners[i]);
        share.sequence_number = static_cast<std::uint32_t>(100 + i);
        upstreams->submit(share, {});
    }
    REQUIRE(run_until(loop, [&] {
        std::size_t shares = 0;
        for (auto& peer : pool.peers)
            for (; peer->answered < peer->frames.size(); ++peer->answered) {
                auto frame = sv2::split_frame(peer->frames[peer->answered]);
                auto share = sv2::decode<msg::SubmitSharesExtended>(frame->payload);
                REQUIRE(share);
                peer->send(msg::SubmitSharesSuccess{share->channel_id, share->sequence_number, 1, 1});
            }
        for (const auto& owner : owners) shares += owner->heard.size() > 1;
        return shares == owners.size();
    }));
    for (std::size_t i = 0; i < owners.size(); ++i)
        CHECK(owners[i]->heard.back() == "accepted " + std::to_string(100 + i));
}

TEST_CASE_FIXTURE(UpstreamsFixture,
                  "a lost connection concerns its miners only, and they come back elsewhere") {
    connect(2);
    for (int i = 0; i < 4; ++i) open();
    REQUIRE(all_open(2));
    REQUIRE(pool.peers.size() == 2);
    pool.peers[1]->connection->close("restart");
    REQUIRE(run_until(loop, [&] { return upstreams->status().connections == 1; }));
    CHECK(lost.empty());
    CHECK(upstreams->is_ready());
    std::size_t told = 0;
    for (const auto& owner : owners) told += owner->heard.back() == "lost";
    CHECK(told == 2);
    for (const auto& owner : std::vector(owners))
        if (owner->heard.back() == "lost") open();
    std::erase_if(owners,
                  [](const auto& owner) { return !owner->heard.empty() && owner->heard.back() == "lost"; });
    REQUIRE(all_open(2));
    CHECK(pool.peers.size() == 3);
    CHECK(ready == 1);
    CHECK(further_ready == 2);  // opened, and opened again
    // All of them gone is another matter.
    for (auto& peer : pool.peers) peer->connection->close("restart");
    REQUIRE(run_until(loop, [&] { return lost.size() == 1; }));
    REQUIRE(run_until(loop, [&] { return ready == 2; }));
}

TEST_CASE_FIXTURE(UpstreamsFixture, "a connection without miners goes, save for the first") {
    connect(1, 20);
    for (int i = 0; i < 3; ++i) open();
    REQUIRE(all_open(1));
    CHECK(upstreams->status().connections == 3);
    for (const auto& owner : owners) upstreams->close_channel(id_of(*owner));
    owners.clear();
    REQUIRE(run_until(loop, [&] { return upstreams->status().connections == 1; }));
    CHECK(upstreams->status().channels == 0);
    open();
    REQUIRE(all_open(1));
    CHECK(pool.peers.size() == 3);
}

TEST_CASE_FIXTURE(UpstreamsFixture, "who cannot be placed at all is refused with the reason") {
    SUBCASE("a pool that has no room for a single channel") {
        connect();
        auto owner = open();
        REQUIRE(run_until(loop, [&] {
            answer_opens(0);
            return !owner->heard.empty();
        }));
        CHECK(owner->heard == Heard{"refused too-many-channels"});
    }
    SUBCASE("more miners than all connections take") {
        connect(1, 30'000, 2);
        open();
        open();
        REQUIRE(all_open(1));
        auto owner = open();
        CHECK(owner->heard == Heard{"refused all 2 connections are full"});
    }
}

TEST_CASE_FIXTURE(UpstreamsFixture,
                  "a miner that goes while it waits for a connection leaves nothing behind") {
    connect(1);
    open();
    REQUIRE(all_open(1));
    open();
    owners.pop_back();
    open();
    REQUIRE(all_open(1));
    CHECK(pool.peers.size() == 2);
    CHECK(upstreams->status().channels == 2);
}

TEST_CASE_FIXTURE(
    UpstreamsFixture,
    "a prefix that leaves no room for the extranonce is refused, and its miner alone hears of it") {
    connect();
    auto first = open(), second = open();
    REQUIRE(all_open(4096));
    auto& peer = pool.peer();
    peer.send(msg::SetExtranoncePrefix{1, sv2::B0_32::from(Bytes(24, 1))});
    peer.send(msg::SetExtranoncePrefix{2, sv2::B0_32::from(Bytes(25, 1))});
    REQUIRE(run_until(loop, [&] { return second->heard.size() == 2; }));
    CHECK(first->heard.back() == "prefix " + to_hex(Bytes(24, 1)));
    CHECK(second->heard.back() ==
          "refused unusable extranonce: extranonce_size 8 and a prefix of 25 bytes are more than 32");
}
