// The pool's core without sockets or disk: connections, a disk and a clock that do what the test says.
#pragma once
#include <deque>

#include "net/fake_frames.hpp"
#include "net/manual_clock.hpp"
#include "pool/pool.hpp"
#include "sv2/common.hpp"
#include "sv2/ehash.hpp"
#include "sv2/extensions.hpp"

namespace hp::test {

namespace msg = sv2::mining;

struct PoolCore {
    static constexpr std::uint32_t kRegtestBits = 0x207fffff;  // about every second hash is a block
    static constexpr std::uint32_t kHardBits = 0x1d00ffff;

    ManualClock clock;
    std::deque<std::function<void()>> turns;
    std::deque<std::function<void(pool::ShareQueue::Seqs)>> writes;  // under way
    std::vector<pool::NewIntent> rows;                               // on disk
    struct Quote {
        std::uint64_t seq{};
        pool::Hub::Owner owner;
    };
    std::vector<Quote> quotes;
    std::vector<sv2::templates::SubmitSolution> solutions;
    std::vector<mining::RefusedShare> refused;
    bool is_disk_full{false};
    bool writes_by_itself{true};
    pool::Events events;  // to nobody
    std::unique_ptr<pool::Pool> pool;
    std::vector<std::shared_ptr<FakeFrames>> miners;
    std::uint64_t next_template_id{1};
    std::uint32_t next_nonce{1};

    static crypto::PublicKey33 key(std::uint8_t n) {
        Bytes32 secret{};
        secret[31] = n;
        return crypto::SecretKey::from_bytes(secret)->public_key();
    }
    void start(pool::PoolTerms terms = {}) {
        // Every hash is a share, and is worth a unit.
        terms.valuation = {.rule = ehash::Valuation::Rule::target, .unit_bits = 0, .minimum_difficulty = 0};
        terms.vardiff.easiest_target.fill(0xff);
        terms.vardiff.shares_per_minute = 100'000;
        pool::Pool::Options options{.terms = std::move(terms),
                                    .work = {.payout_script = Bytes(22, 0x51), .coinbase_tag = "test"},
                                    .routes = {{"mint", 3}}};
        pool = std::make_unique<pool::Pool>(
            clock,
            pool::Pool::Ways{
                .post = [this](auto call) { turns.push_back(std::move(call)); },
                .store = [this](auto intents, auto done) { store(*intents, std::move(done)); },
                .quote =
                    [this](std::uint64_t seq, const ehash::Intent&, pool::Hub::Owner owner) {
                        quotes.push_back({seq, std::move(owner)});
                    },
                .submit_block =
                    [this](auto block, auto told) {
                        solutions.push_back(block.solution);
                        told({.file = "block", .why_not = {}, .solution_error = {}});
                    },
                .keep_refused = [this](mining::RefusedShare share) { refused.push_back(std::move(share)); }},
            events, std::move(options));
    }
    ~PoolCore() { pool.reset(); }

    void store(const std::vector<pool::NewIntent>& intents,
               std::function<void(pool::ShareQueue::Seqs)> done) {
        writes.push_back([this, intents, done = std::move(done)](pool::ShareQueue::Seqs seqs) {
            if (seqs)
                for (const auto& intent : intents) {
                    rows.push_back(intent);
                    seqs->push_back(rows.size());
                }
            done(std::move(seqs));
        });
        if (writes_by_itself) write();
    }
    void write() {
        auto call = std::move(writes.front());
        writes.pop_front();
        if (is_disk_full)
            call(fail(Errc::io, "database or disk is full"));
        else
            call(std::vector<std::uint64_t>{});
    }
    void run() {
        while (!turns.empty()) {
            auto call = std::move(turns.front());
            turns.pop_front();
            call();
        }
    }
    /// A template and, unless it is a future one that waits, its tip.
    std::uint64_t give_template(bool is_future = true) {
        sv2::templates::NewTemplate message;
        message.template_id = next_template_id++;
        message.future_template = is_future;
        message.version = 0x2000'0000;
        message.coinbase_tx_version = 2;
        message.coinbase_prefix.value = Bytes{1, 2};
        message.coinbase_tx_input_sequence = 0xffff'ffff;
        message.coinbase_tx_value_remaining = 5'000'000'000;
        pool->on_new_template(message);
        return message.template_id;
    }
    void give_tip(std::uint64_t template_id, std::uint32_t nbits = kHardBits) {
        sv2::templates::SetNewPrevHash message;
        message.template_id = template_id;
        message.prev_hash.bytes.fill(static_cast<std::uint8_t>(template_id));
        message.header_timestamp = static_cast<std::uint32_t>(clock.unix_ms() / 1000);
        message.nBits = nbits;
        pool->on_new_prev_hash(message);
    }
    void give_work(std::uint32_t nbits = kHardBits) { give_tip(give_template(), nbits); }

    std::shared_ptr<FakeFrames> connect(std::string peer = {}) {
        if (peer.empty()) peer = "198.51.100." + std::to_string(miners.size()) + ":4";
        miners.push_back(std::make_shared<FakeFrames>(peer));
        pool->add_connection(miners.back());
        return miners.back();
    }
    std::shared_ptr<FakeFrames> set_up(std::uint32_t flags = 0) {
        auto miner = connect();
        sv2::common::SetupConnection setup;
        setup.min_version = setup.max_version = 2;
        setup.flags = flags;
        miner->say(setup);
        REQUIRE(miner->count<sv2::common::SetupConnectionSuccess>() == 1);
        return miner;
    }
    static void negotiate(FakeFrames& miner,
                          std::vector<std::uint16_t> extensions = {sv2::ehash::kExtensionType}) {
        sv2::extensions::RequestExtensions request;
        request.request_id = 1;
        request.requested_extensions.items = std::move(extensions);
        miner.say(request);
        REQUIRE(miner.count<sv2::extensions::RequestExtensionsSuccess>() == 1);
    }
    static sv2::Tlv owner_tlv(const crypto::PublicKey33& owner) {
        return {sv2::ehash::kExtensionType, sv2::ehash::kLockingPubkeyField,
                Bytes(owner.begin(), owner.end())};
    }
    /// Opens a channel for the owner of the key; its id.
    std::uint32_t open(FakeFrames& miner, std::uint8_t owner = 7, std::uint32_t request_id = 1) {
        const auto before = miner.count<msg::OpenExtendedMiningChannelSuccess>();
        miner.say(opening(to_hex(key(owner)) + ".rig", request_id));
        REQUIRE(miner.count<msg::OpenExtendedMiningChannelSuccess>() == before + 1);
        return miner.last<msg::OpenExtendedMiningChannelSuccess>().channel_id;
    }
    static msg::OpenExtendedMiningChannel opening(const std::string& name, std::uint32_t request_id = 1) {
        msg::OpenExtendedMiningChannel open;
        open.request_id = request_id;
        open.user_identity.value = name;
        open.max_target.bytes.fill(0xff);
        open.min_extranonce_size = 4;
        return open;
    }
    std::shared_ptr<FakeFrames> working_miner() {
        auto miner = set_up();
        open(*miner);
        return miner;
    }
    /// A share of the channel's newest job that is in force; each one another hash.
    msg::SubmitSharesExtended share(const FakeFrames& miner, std::uint32_t channel_id,
                                    std::uint32_t sequence_number) {
        msg::SubmitSharesExtended out;
        out.channel_id = channel_id;
        out.sequence_number = sequence_number;
        std::uint32_t group_id = 0;
        for (const auto& one : miner.all<msg::OpenExtendedMiningChannelSuccess>())
            if (one.channel_id == channel_id) {
                out.extranonce = sv2::B0_32::from(Bytes(one.extranonce_size, 0));
                group_id = one.group_channel_id;
            }
        const auto is_for = [&](std::uint32_t id) { return id == channel_id || id == group_id; };
        for (const auto& tip : miner.all<msg::SetNewPrevHash>())
            if (is_for(tip.channel_id)) out.job_id = tip.job_id;
        for (const auto& job : miner.all<msg::NewExtendedMiningJob>())
            if (is_for(job.channel_id) && job.min_ntime) out.job_id = job.job_id;
        out.nonce = next_nonce++;
        out.ntime = static_cast<std::uint32_t>(clock.unix_ms() / 1000);
        out.version = 0x2000'0000;
        return out;
    }
};

}  // namespace hp::test
