// Standard, extended and group channels as their peers see them. Spec 5.2, 5.3.
#include <set>

#include "crypto/sha256.hpp"
#include "mining/job.hpp"
#include "pool/pool_core.hpp"

using namespace hp;
using namespace hp::test;

namespace {

constexpr std::uint32_t kRequiresStandardJobs = 1;

struct ChannelsCore : PoolCore {
    msg::OpenStandardMiningChannelSuccess open_standard(FakeFrames& miner, std::uint8_t owner = 7) {
        const auto before = miner.count<msg::OpenStandardMiningChannelSuccess>();
        msg::OpenStandardMiningChannel open;
        open.request_id = 40 + static_cast<std::uint32_t>(before);
        open.user_identity.value = to_hex(key(owner)) + ".device";
        open.max_target.bytes.fill(0xff);
        miner.say(open);
        REQUIRE(miner.count<msg::OpenStandardMiningChannelSuccess>() == before + 1);
        return miner.last<msg::OpenStandardMiningChannelSuccess>();
    }
    msg::OpenExtendedMiningChannelSuccess open_extended(FakeFrames& miner, std::uint16_t size = 4) {
        auto opening_of_size = opening(to_hex(key(8)) + ".rig");
        opening_of_size.min_extranonce_size = size;
        const auto before = miner.count<msg::OpenExtendedMiningChannelSuccess>();
        miner.say(opening_of_size);
        REQUIRE(miner.count<msg::OpenExtendedMiningChannelSuccess>() == before + 1);
        return miner.last<msg::OpenExtendedMiningChannelSuccess>();
    }
    msg::SubmitSharesStandard standard_share(std::uint32_t channel_id, std::uint32_t job_id) {
        msg::SubmitSharesStandard out;
        out.channel_id = channel_id;
        out.job_id = job_id;
        out.nonce = next_nonce++;
        out.ntime = static_cast<std::uint32_t>(clock.unix_ms() / 1000);
        out.version = 0x2000'0000;
        return out;
    }
    /// What a share of a header-only miner hashes to, by the job and tip that it was sent.
    static Bytes32 hash_of(const msg::SubmitSharesStandard& share, const Bytes32& merkle_root,
                           const msg::SetNewPrevHash& tip) {
        const mining::Share header{share.job_id, share.nonce, share.ntime, share.version, {}};
        return bitcoin::header_hash(
            mining::share_header(header, tip.prev_hash.bytes, merkle_root, tip.nbits));
    }
    /// The merkle root that a proxy computes for a standard channel out of its group's job.
    static Bytes32 root_of(const msg::NewExtendedMiningJob& job, const sv2::B0_32& prefix) {
        const auto received = mining::job_from_message(job, prefix.size);
        return mining::standard_job_message(received, 0, prefix.view(), std::nullopt).merkle_root.bytes;
    }
    template <sv2::Message M>
    static std::vector<std::uint32_t> addressees(const FakeFrames& miner) {
        std::vector<std::uint32_t> out;
        for (const auto& message : miner.all<M>()) out.push_back(message.channel_id);
        return out;
    }
};

}  // namespace

TEST_CASE_FIXTURE(ChannelsCore, "a device that takes standard jobs only mines on them and is paid") {
    start();
    give_work();
    auto miner = set_up(kRequiresStandardJobs);
    CHECK(miner->last<sv2::common::SetupConnectionSuccess>().flags == 0);
    const auto channel = open_standard(*miner);
    CHECK(channel.request_id == 40);
    CHECK(channel.extranonce_prefix.size == 16);
    CHECK(channel.group_channel_id != channel.channel_id);

    // First a future job, then the tip that puts it in force. Spec 5.3.15.
    const auto job = miner->last<msg::NewMiningJob>();
    const auto tip = miner->last<msg::SetNewPrevHash>();
    CHECK(job.channel_id == channel.channel_id);
    CHECK_FALSE(job.min_ntime);
    CHECK(tip.job_id == job.job_id);
    const auto share = standard_share(channel.channel_id, job.job_id);
    miner->say(share);
    run();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].intent.share_hash == hash_of(share, job.merkle_root.bytes, tip));
    CHECK(rows[0].intent.locking_key == key(7));
    CHECK(rows[0].worker == to_hex(key(7)) + ".device");
    CHECK(miner->last<msg::SubmitSharesSuccess>().channel_id == channel.channel_id);
    miner->say(share);
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "duplicate-share");

    // More fees: a job that counts at once. A new tip: a future job, then the tip.
    give_template(false);
    CHECK(miner->last<msg::NewMiningJob>().min_ntime == tip.min_ntime);
    CHECK(miner->last<msg::NewMiningJob>().merkle_root.bytes == job.merkle_root.bytes);
    const auto next = give_template();
    const auto future = miner->last<msg::NewMiningJob>();
    CHECK_FALSE(future.min_ntime);
    give_tip(next);
    CHECK(miner->count<msg::NewMiningJob>() == 3);
    CHECK(miner->last<msg::SetNewPrevHash>().job_id == future.job_id);
    miner->say(standard_share(channel.channel_id, job.job_id));
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "stale-share");
    miner->say(standard_share(channel.channel_id, future.job_id));
    run();
    CHECK(rows.size() == 2);
    CHECK(miner->count<msg::NewExtendedMiningJob>() == 0);
}

TEST_CASE_FIXTURE(ChannelsCore, "each standard channel of a device has its own job and search space") {
    start();
    give_work();
    auto miner = set_up(kRequiresStandardJobs);
    const auto a = open_standard(*miner), b = open_standard(*miner);
    CHECK(a.group_channel_id == b.group_channel_id);
    CHECK(to_hex(a.extranonce_prefix.view()) != to_hex(b.extranonce_prefix.view()));
    const auto jobs = miner->all<msg::NewMiningJob>();
    REQUIRE(jobs.size() == 2);
    CHECK(jobs[0].merkle_root.bytes != jobs[1].merkle_root.bytes);
    give_work();
    CHECK(miner->count<msg::NewMiningJob>() == 4);
    auto told = addressees<msg::SetNewPrevHash>(*miner);
    std::ranges::sort(told);
    CHECK(told == std::vector{a.channel_id, a.channel_id, b.channel_id, b.channel_id});
}

TEST_CASE_FIXTURE(ChannelsCore,
                  "a new tip is two messages for a group of any size, and all its channels mine on it") {
    start();
    give_work();
    auto miner = set_up();
    const auto standard = open_standard(*miner);
    std::vector<msg::OpenExtendedMiningChannelSuccess> extended;
    for (int i = 0; i < 20; ++i) extended.push_back(open_extended(*miner));
    for (const auto& channel : extended) CHECK(channel.group_channel_id == standard.group_channel_id);
    const auto before = miner->frames.size();
    give_work();
    CHECK(miner->frames.size() == before + 2);
    const auto job = miner->last<msg::NewExtendedMiningJob>();
    const auto tip = miner->last<msg::SetNewPrevHash>();
    CHECK(job.channel_id == standard.group_channel_id);
    CHECK(tip.channel_id == standard.group_channel_id);
    CHECK(tip.job_id == job.job_id);
    give_template(false);
    CHECK(miner->frames.size() == before + 3);

    const auto share = standard_share(standard.channel_id, job.job_id);
    miner->say(share);
    run();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].intent.share_hash == hash_of(share, root_of(job, standard.extranonce_prefix), tip));
    for (std::uint32_t i = 0; i < extended.size(); ++i)
        miner->say(PoolCore::share(*miner, extended[i].channel_id, i));
    run();
    CHECK(rows.size() == 1 + extended.size());
}

TEST_CASE_FIXTURE(ChannelsCore, "channels of another extranonce size are another group") {
    start();
    give_work();
    auto miner = set_up();
    const auto a = open_extended(*miner, 4), b = open_extended(*miner, 8);
    const auto c = open_extended(*miner, 12), d = open_extended(*miner, 24);
    CHECK(a.group_channel_id == b.group_channel_id);
    CHECK(c.group_channel_id == d.group_channel_id);
    CHECK(a.group_channel_id != c.group_channel_id);
    const auto before = miner->frames.size();
    give_work();
    CHECK(miner->frames.size() == before + 4);
    for (const auto& channel : {a, b, c, d}) miner->say(share(*miner, channel.channel_id, 0));
    run();
    CHECK(rows.size() == 4);
    // No id is a channel's and a group's.
    const std::set<std::uint32_t> ids{a.channel_id, b.channel_id,       c.channel_id,
                                      d.channel_id, a.group_channel_id, c.group_channel_id};
    CHECK(ids.size() == 6);
}

TEST_CASE_FIXTURE(ChannelsCore, "a channel that opens between a future job and its tip has the job") {
    start();
    give_work();
    auto miner = set_up();
    open_extended(*miner);
    open_extended(*miner);
    const auto next = give_template();
    const auto late = open_standard(*miner);
    std::set<std::uint32_t> future_ids;
    for (const auto& job : miner->all<msg::NewMiningJob>())
        if (!job.min_ntime) future_ids.insert(job.job_id);
    give_tip(next);
    const auto tip = miner->last<msg::SetNewPrevHash>();
    CHECK(tip.channel_id == late.group_channel_id);
    CHECK(future_ids.contains(tip.job_id));
}

TEST_CASE_FIXTURE(ChannelsCore,
                  "a new target is one channel's alone, with a job of its own; the group goes on") {
    start();
    give_work();
    auto miner = set_up();
    const auto a = open_extended(*miner);
    const auto b = open_standard(*miner);
    const auto before = miner->frames.size();
    msg::UpdateChannel update{b.channel_id, sv2::F32::from(0), {}};
    update.maximum_target.bytes.fill(0xff);
    update.maximum_target.bytes[31] = 0x0f;
    miner->say(update);
    REQUIRE(miner->frames.size() == before + 2);
    CHECK(miner->last<msg::SetTarget>().channel_id == b.channel_id);
    const auto job = miner->last<msg::NewMiningJob>();
    CHECK(job.channel_id == b.channel_id);
    CHECK(job.min_ntime);
    give_work();
    CHECK(miner->frames.size() == before + 4);
    CHECK(miner->last<msg::SetNewPrevHash>().channel_id == a.group_channel_id);
}

TEST_CASE_FIXTURE(ChannelsCore,
                  "who reads slowly gets its channels' newest work one by one, and the group's again later") {
    start();
    give_work();
    auto miner = set_up();
    const auto a = open_extended(*miner), b = open_extended(*miner);
    miner->queued = 1 << 20;
    give_work();
    give_work();
    const auto before = miner->frames.size();
    // Opened meanwhile: its work comes behind the others'.
    const auto c = open_standard(*miner);
    CHECK(miner->count<msg::NewMiningJob>() == 0);
    miner->queued = 0;
    clock.advance(5);
    for (const auto& [id, prefix_size] : {std::pair{a.channel_id, 8}, {b.channel_id, 8}})
        CHECK(std::ranges::count(addressees<msg::SetNewPrevHash>(*miner), id) == 2);
    CHECK(std::ranges::count(addressees<msg::SetNewPrevHash>(*miner), c.channel_id) == 1);
    CHECK(std::ranges::count(addressees<msg::SetNewPrevHash>(*miner), a.group_channel_id) == 0);
    CHECK(miner->frames.size() == before + 1 + 6);
    give_work();
    CHECK(miner->last<msg::SetNewPrevHash>().channel_id == a.group_channel_id);
    CHECK(miner->frames.size() == before + 1 + 6 + 2);
}

TEST_CASE_FIXTURE(ChannelsCore, "CloseChannel of a group closes its channels and no others") {
    start();
    give_work();
    auto miner = set_up();
    const auto a = open_extended(*miner), c = open_extended(*miner, 24);
    open_standard(*miner);
    CHECK(pool->counts().channels == 3);
    miner->say(msg::CloseChannel{0, {"bye"}});
    CHECK(pool->counts().channels == 3);
    miner->say(msg::CloseChannel{a.group_channel_id, {"bye"}});
    CHECK(pool->counts().channels == 1);
    miner->say(share(*miner, c.channel_id, 0));
    run();
    CHECK(rows.size() == 1);
    const auto before = miner->frames.size();
    give_work();
    CHECK(addressees<msg::SetNewPrevHash>(*miner).back() == c.channel_id);
    CHECK(miner->frames.size() == before + 2);
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(ChannelsCore,
                  "a block of a standard channel carries the coinbase that its header commits to") {
    start();
    give_work(kRegtestBits);
    auto miner = set_up(kRequiresStandardJobs);
    const auto channel = open_standard(*miner);
    const auto job = miner->last<msg::NewMiningJob>();
    while (solutions.empty()) miner->say(standard_share(channel.channel_id, job.job_id));
    // No other transactions: the root is the coinbase's txid.
    CHECK(crypto::sha256d(solutions[0].coinbase_tx.value) == job.merkle_root.bytes);
}

TEST_CASE_FIXTURE(ChannelsCore, "a share in the other kind's message is refused by its extranonce") {
    start();
    give_work();
    auto miner = set_up();
    const auto a = open_extended(*miner);
    const auto b = open_standard(*miner);
    auto extended = share(*miner, a.channel_id, 0);
    miner->say(standard_share(a.channel_id, extended.job_id));
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "bad-extranonce-size");
    extended.channel_id = b.channel_id;
    miner->say(extended);
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "bad-extranonce-size");
    CHECK(miner->count<msg::SubmitSharesError>() == 2);
    run();
    CHECK(rows.empty());
}

TEST_CASE_FIXTURE(ChannelsCore, "what a client requires is served, or every flag that is not is named") {
    start();
    for (std::uint32_t flags = 0; flags < 8; ++flags) CHECK_FALSE(set_up(flags)->closed);
    auto miner = connect();
    sv2::common::SetupConnection setup;
    setup.min_version = setup.max_version = 2;
    setup.flags = 1u << 9 | 1;
    miner->say(setup);
    const auto error = miner->last<sv2::common::SetupConnectionError>();
    CHECK(error.error_code.value == "unsupported-feature-flags");
    CHECK(error.flags == ~7u);
}
