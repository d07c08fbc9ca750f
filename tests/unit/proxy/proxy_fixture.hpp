// The proxy's core without sockets: a pool and a wallet that do what the test says, lines, a clock by hand.
#pragma once
#include <map>

#include "bitcoin/target.hpp"
#include "net/fake_line.hpp"
#include "net/manual_clock.hpp"
#include "proxy/proxy.hpp"

namespace hp::test {

namespace msg = sv2::mining;

struct FakeChannels : proxy::Channels {
    bool ready{true}, ehash{true}, fixed{false};
    struct Opening {
        proxy::ChannelOpening asked;
        std::weak_ptr<proxy::ChannelOwner> owner;
    };
    struct Update {
        std::uint32_t channel_id{};
        Bytes32 max_target{};
        std::string user_identity;
    };
    struct Share {
        msg::SubmitSharesExtended message;
        std::string owner;  ///< hex; empty: the channel's
        std::string user_identity;
    };
    std::vector<Opening> openings;
    std::vector<Update> updates;
    std::vector<Share> shares;
    std::vector<std::uint32_t> closed;
    std::map<std::uint32_t, std::weak_ptr<proxy::ChannelOwner>> open;

    bool is_ready() const override { return ready; }
    bool pays_ehash() const override { return ehash; }
    bool fixed_version() const override { return fixed; }
    void open_channel(const proxy::ChannelOpening& opening,
                      std::weak_ptr<proxy::ChannelOwner> owner) override {
        REQUIRE(ready);
        openings.push_back({opening, std::move(owner)});
    }
    void update_channel(std::uint32_t channel_id, float, const Bytes32& max_target,
                        const proxy::Naming& naming) override {
        updates.push_back({channel_id, max_target, std::string(naming.user_identity)});
    }
    void submit(const msg::SubmitSharesExtended& share, const proxy::Naming& naming) override {
        shares.push_back({share, naming.locking_key ? to_hex(*naming.locking_key) : "",
                          std::string(naming.user_identity)});
    }
    void close_channel(std::uint32_t channel_id) override { closed.push_back(channel_id); }

    proxy::ChannelOwner& owner(std::uint32_t channel_id) {
        auto owner = open.at(channel_id).lock();
        REQUIRE(owner);
        return *owner;
    }
};

struct FakeWallet : wallet::QuoteWallet {
    bool connected{true};
    std::size_t lookups{0};
    std::vector<std::string> quotes;
    std::vector<std::function<void(Result<>)>> connecting;
    std::function<void(Result<>)> idle;
    bool stopped{false};

    void connect(std::function<void(Result<>)> done) override { connecting.push_back(std::move(done)); }
    bool is_connected() const override { return connected; }
    void add_quote(const std::string& quote_id, std::uint64_t amount) override {
        quotes.push_back(quote_id + " " + std::to_string(amount));
    }
    void find_quotes(std::function<void(Result<std::size_t>)> done) override {
        ++lookups;
        done(std::size_t{0});
    }
    void balance(std::function<void(Result<wallet::Balance>)> done) override { done(wallet::Balance{7}); }
    void when_idle(std::int64_t, std::function<void(Result<>)> done) override { idle = std::move(done); }
    void stop() override { stopped = true; }
};

struct ProxyCore {
    ManualClock clock;
    FakeChannels pool;
    FakeWallet wallet;
    proxy::Events events;  // to nobody
    std::unique_ptr<proxy::Proxy> proxy;
    std::vector<std::shared_ptr<FakeLine>> miners;
    int next_id{100};
    /// What the pool gives to the channels that it opens.
    std::uint8_t prefix{0xaa};
    std::size_t granted{0};

    void start(SteadyMs patience_ms = 0) {
        proxy::Proxy::Options options;
        options.terms.min_extranonce_size = 4;
        options.terms.invalid_shares_max = 20;
        options.outage_patience_ms = patience_ms;
        options.mint_url = "http://mint";
        proxy = std::make_unique<proxy::Proxy>(proxy::Proxy::Parts{clock, pool, wallet, events},
                                               std::move(options));
        proxy->start();
        if (pool.ready) proxy->on_pool_ready();
    }
    ~ProxyCore() { proxy.reset(); }
    std::shared_ptr<FakeLine> connect() {
        miners.push_back(std::make_shared<FakeLine>("198.51.100." + std::to_string(miners.size()) + ":4"));
        proxy->add_miner(miners.back());
        return miners.back();
    }
    /// Opens the channel that was asked for as the `index`-th, and gives it work.
    std::uint32_t grant(std::size_t index = 0, std::uint32_t nbits = 0x1d00ffff) {
        REQUIRE(pool.openings.size() > index);
        const auto channel_id = static_cast<std::uint32_t>(++granted);
        pool.open[channel_id] = pool.openings[index].owner;
        msg::OpenExtendedMiningChannelSuccess success;
        success.channel_id = channel_id;
        success.target.bytes = bitcoin::target_from_difficulty(0.5);
        success.extranonce_size = 4;
        success.extranonce_prefix = sv2::B0_32::from(Bytes(4, prefix));
        pool.owner(channel_id).on_opened(success);
        if (pool.open[channel_id].lock()) give_work(channel_id, 1, nbits);
        return channel_id;
    }
    void give_work(std::uint32_t channel_id, std::uint32_t job_id, std::uint32_t nbits) {
        msg::NewExtendedMiningJob job;
        job.channel_id = channel_id;
        job.job_id = job_id;
        job.version_rolling_allowed = true;
        pool.owner(channel_id).on_job(job);
        msg::SetNewPrevHash tip;
        tip.channel_id = channel_id;
        tip.job_id = job_id;
        tip.nbits = nbits;
        pool.owner(channel_id).on_prev_hash(tip);
    }
    /// A miner that works, on the channel that is asked for as the `index`-th.
    std::shared_ptr<FakeLine> working_miner() {
        auto miner = connect();
        miner->say(1, "mining.subscribe", {"test"});
        miner->say(2, "mining.authorize", {"rig", "x"});
        grant(pool.openings.size() - 1);
        REQUIRE(miner->count("mining.notify") == 1);
        miner->heard.clear();
        return miner;
    }
    FakeLine::Json call(FakeLine& miner, const std::string& method, const FakeLine::Json& params) {
        const int id = next_id++;
        miner.say(id, method, params);
        REQUIRE(miner.answer(id));
        return *miner.answer(id);
    }
    /// A share, whose answer may be the pool's.
    int submit(FakeLine& miner, const FakeLine::Json& more = FakeLine::Json::array()) {
        const int id = next_id++;
        FakeLine::Json params = {"rig", "1", "00000000", "00000001", "00000002"};
        for (const auto& one : more) params.push_back(one);
        miner.say(id, "mining.submit", params);
        return id;
    }
    std::string refusal(FakeLine& miner) {
        const int id = submit(miner);
        REQUIRE(miner.answer(id));
        return miner.answer(id)->at("error")[1];
    }
    /// All connections to the pool are gone; each owner hears it.
    void go_away() {
        pool.ready = false;
        proxy->on_pool_lost();
        for (auto& [channel_id, weak] : std::exchange(pool.open, {}))
            if (auto owner = weak.lock()) owner->on_channel_lost({});
    }
    void come_back() {
        pool.ready = true;
        proxy->on_pool_ready();
    }
};

}  // namespace hp::test
