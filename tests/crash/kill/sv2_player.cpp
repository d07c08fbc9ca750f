#include "crash/kill/sv2_player.hpp"

#include "sv2/common.hpp"
#include "sv2/ehash.hpp"
#include "sv2/extensions.hpp"
#include "sv2/setup.hpp"

namespace hp::crash {
namespace {

using namespace sv2::mining;

constexpr std::int64_t kRedialMs = 20;
constexpr std::uint16_t kMinExtranonceSize = 8;  // like the proxy: one form of each job
/// In the future: a share stays valid for a pool that starts later, and whose jobs begin then.
constexpr std::uint32_t kNtimeAhead = 1800;

std::size_t payload_limit(std::uint16_t, std::uint8_t) { return 1u << 20; }

}  // namespace

class Sv2Player::Client : public net::FrameHandler {
  public:
    Client(Sv2Player& player, std::shared_ptr<net::FrameConnection> connection)
        : player_{&player}, connection_{std::move(connection)} {}
    void begin() {
        sv2::common::SetupConnection setup;
        setup.min_version = setup.max_version = sv2::kVersion;
        setup.vendor.value = "crash_run";
        send(setup);
    }
    void leave() {
        player_ = nullptr;
        if (auto connection = std::exchange(connection_, nullptr)) connection->close("done");
    }

    struct Channel {
        std::uint32_t id{}, group_id{};
        Bytes prefix;
        bitcoin::Target target{};
        std::uint8_t extranonce_size{};
        std::map<std::uint32_t, NewExtendedMiningJob> future;
        std::optional<SetNewPrevHash> tip;
        std::shared_ptr<miner::Work> work;
        std::uint32_t next_sequence{0};
        std::map<std::uint32_t, Bytes32> unanswered;  // by sequence number
        std::map<std::uint32_t, Bytes32> unquoted;
    };
    std::vector<Channel> channels;

    void submit(Channel& channel, const miner::Share& share, std::uint32_t job_number) {
        player_->oracle_.sending(Path::sv2, share, channel.prefix);
        SubmitSharesExtended submit;
        submit.channel_id = channel.id;
        submit.sequence_number = channel.next_sequence++;
        submit.job_id = job_number;
        submit.nonce = share.nonce;
        submit.ntime = share.ntime;
        submit.version = share.work->version;
        submit.extranonce = share.extranonce2;
        channel.unanswered.emplace(submit.sequence_number, share.hash);
        send(submit);
    }

    void on_frame(ByteView bytes) override {
        if (!player_) return;
        auto handled = handle(bytes);
        if (!player_) return;
        if (!handled) player_->oracle_.complain("the pool's message: " + handled.error().what);
        player_->events_.on_change();
    }
    void on_close(const Error& reason) override {
        if (auto* player = std::exchange(player_, nullptr)) player->lost(reason);
    }

  private:
    template <sv2::Message M>
    void send(const M& message, std::span<const sv2::Tlv> tlvs = {}) {
        Bytes out;
        sv2::append_frame(out, message, tlvs);
        connection_->send(out);
    }
    template <sv2::Message M, class Handle>
    Result<> if_ours(const sv2::FrameView& frame, Handle&& handle_it) {
        HP_TRY(auto decoded, sv2::decode_with_rest<M>(frame.payload));
        for (Channel& channel : channels)
            if (const auto id = decoded.message.channel_id; id == channel.id || id == channel.group_id)
                handle_it(channel, decoded.message);
        return {};
    }

    Result<> handle(ByteView bytes) {
        HP_TRY(auto frame, sv2::split_frame(bytes));
        if (frame.is<sv2::common::SetupConnectionSuccess>()) {
            sv2::extensions::RequestExtensions request;
            request.request_id = 1;
            request.requested_extensions.items = {sv2::ehash::kExtensionType};
            send(request);
        } else if (frame.is<sv2::extensions::RequestExtensionsSuccess>()) {
            for (std::uint32_t i = 0; i < kChannels; ++i) open_channel(i);
        } else if (frame.is<OpenMiningChannelError>()) {
            // No template yet: the pool is starting.
            HP_TRY(auto error, sv2::decode<OpenMiningChannelError>(frame.payload));
            if (error.error_code.value != "no-template-yet")
                return fail(Errc::refused, error.error_code.value);
            player_->lost({Errc::refused, error.error_code.value, {}});
        } else if (frame.is<OpenExtendedMiningChannelSuccess>()) {
            HP_TRY(auto opened, sv2::decode_with_rest<OpenExtendedMiningChannelSuccess>(frame.payload));
            Channel channel;
            channel.id = opened.message.channel_id;
            channel.group_id = opened.message.group_channel_id;
            auto prefix = opened.message.extranonce_prefix.view();
            channel.prefix.assign(prefix.begin(), prefix.end());
            channel.target = opened.message.target.bytes;
            channel.extranonce_size = static_cast<std::uint8_t>(opened.message.extranonce_size);
            channels.push_back(std::move(channel));
        } else if (frame.is<NewExtendedMiningJob>()) {
            return if_ours<NewExtendedMiningJob>(frame, [this](Channel& channel, const auto& job) {
                if (!job.min_ntime)
                    channel.future[job.job_id] = job;
                else if (channel.tip)
                    make_work(channel, job, *job.min_ntime);
            });
        } else if (frame.is<SetNewPrevHash>()) {
            return if_ours<SetNewPrevHash>(frame, [this](Channel& channel, const auto& tip) {
                auto job = channel.future.find(tip.job_id);
                if (job == channel.future.end())
                    return player_->oracle_.complain("a tip with an unknown job");
                channel.tip = tip;
                make_work(channel, job->second, tip.min_ntime);
                channel.future.clear();
            });
        } else if (frame.is<SetTarget>()) {
            return if_ours<SetTarget>(
                frame, [](Channel& channel, const auto& set) { channel.target = set.maximum_target.bytes; });
        } else if (frame.is<SubmitSharesSuccess>()) {
            return if_ours<SubmitSharesSuccess>(
                frame, [this](Channel& channel, const auto& success) { on_accepted(channel, success); });
        } else if (frame.is<SubmitSharesError>()) {
            return if_ours<SubmitSharesError>(frame, [this](Channel& channel, const auto& error) {
                auto share = channel.unanswered.find(error.sequence_number);
                if (share == channel.unanswered.end())
                    return player_->oracle_.complain("an error for a share that waits for none");
                player_->oracle_.rejected(share->second, error.error_code.value);
                channel.unanswered.erase(share);
            });
        } else if (frame.is<sv2::ehash::QuoteNotification>()) {
            return if_ours<sv2::ehash::QuoteNotification>(frame, [this](Channel& channel, const auto& quote) {
                auto share = channel.unquoted.find(quote.sequence_number);
                if (share == channel.unquoted.end())
                    return player_->oracle_.complain("a quote for no accepted share: " +
                                                     quote.quote_id.value);
                player_->oracle_.notified(share->second, quote.quote_id.value, quote.amount);
                channel.unquoted.erase(share);
                player_->events_.on_quote(quote.quote_id.value, quote.amount);
            });
        } else if (frame.is<sv2::ehash::QuoteFailure>()) {
            player_->oracle_.complain("the pool says that a quote failed");
        }
        return {};
    }

    void open_channel(std::uint32_t request_id) {
        OpenExtendedMiningChannel open;
        open.request_id = request_id;
        open.user_identity.value = "oracle";
        open.nominal_hash_rate = sv2::F32::from(1);
        open.max_target.bytes.fill(0xff);
        open.min_extranonce_size = kMinExtranonceSize;
        const auto& key = player_->locking_key_;
        sv2::Tlv tlv{sv2::ehash::kExtensionType, sv2::ehash::kLockingPubkeyField,
                     Bytes(key.begin(), key.end())};
        send(open, {&tlv, 1});
    }

    void on_accepted(Channel& channel, const SubmitSharesSuccess& success) {
        std::uint32_t count = 0;
        while (!channel.unanswered.empty() &&
               channel.unanswered.begin()->first <= success.last_sequence_number) {
            auto share = channel.unanswered.extract(channel.unanswered.begin());
            player_->oracle_.accepted(share.mapped());
            channel.unquoted.insert(std::move(share));
            ++count;
        }
        if (count != success.new_submits_accepted_count)
            player_->oracle_.complain("the pool acknowledges " +
                                      std::to_string(success.new_submits_accepted_count) + " shares where " +
                                      std::to_string(count) + " waited");
    }

    static void make_work(Channel& channel, const NewExtendedMiningJob& job, std::uint32_t min_ntime) {
        auto work = std::make_shared<miner::Work>();
        work->job_number = job.job_id;
        work->coinbase_prefix = job.coinbase_tx_prefix.value;
        append(work->coinbase_prefix, channel.prefix);
        work->coinbase_suffix = job.coinbase_tx_suffix.value;
        work->extranonce2_size = channel.extranonce_size;
        for (const auto& node : job.merkle_path.items) work->merkle_path.push_back(node.bytes);
        work->prev_hash = channel.tip->prev_hash.bytes;
        work->version = job.version;
        work->nbits = channel.tip->nbits;
        work->ntime = min_ntime + kNtimeAhead;
        work->target = channel.target;
        channel.work = std::move(work);
    }

    Sv2Player* player_;
    std::shared_ptr<net::FrameConnection> connection_;
};

Sv2Player::Sv2Player(net::Loop& loop, miner::Url pool, crypto::PublicKey33 locking_key, Oracle& oracle,
                     Events events)
    : loop_{loop},
      pool_{std::move(pool)},
      locking_key_{locking_key},
      oracle_{oracle},
      events_{std::move(events)},
      redial_{loop} {}
Sv2Player::~Sv2Player() { close(); }

void Sv2Player::connect() {
    wanted_ = true;
    if (!session_) dial();
}

void Sv2Player::close() {
    wanted_ = false;
    redial_.cancel();
    dial_.reset();
    if (auto session = std::exchange(session_, nullptr)) session->leave();
}

void Sv2Player::dial() {
    net::FrameLimits limits;
    limits.payload_limit = payload_limit;
    dial_ = net::FrameDial::start(loop_, pool_.endpoint, *pool_.authority, limits, [this](auto connection) {
        if (!connection) return lost(connection.error());
        session_ = std::make_shared<Client>(*this, *connection);
        (*connection)->set_handler(session_);
        session_->begin();
    });
}

void Sv2Player::lost(const Error&) {
    if (auto session = std::exchange(session_, nullptr)) session->leave();
    if (wanted_) redial_.after(kRedialMs, [this] { dial(); });
    events_.on_change();
}

bool Sv2Player::is_ready() const {
    return session_ && session_->channels.size() == kChannels &&
           std::ranges::all_of(session_->channels,
                               [](const auto& channel) { return channel.work != nullptr; });
}

void Sv2Player::mine(std::size_t channel, std::uint64_t extranonce_start) {
    auto& to = session_->channels[channel % kChannels];
    miner::Cursor cursor{miner::best_engine(), {}, extranonce_start};
    cursor.set_work(to.work);
    std::uint64_t hashes = 0;
    while (true)
        if (auto share = cursor.step(1u << 20, 0, hashes))
            return session_->submit(to, *share, to.work->job_number);
}

bool Sv2Player::resend(const SentShare& known) {
    if (!is_ready()) return false;
    for (auto& channel : session_->channels) {
        if (channel.prefix != known.prefix) continue;
        const auto& share = known.share;
        if (miner::share_header(*channel.work, share.extranonce2.view(), share.ntime, share.nonce).hash() !=
            share.hash)
            continue;
        session_->submit(channel, share, channel.work->job_number);
        return true;
    }
    return false;
}

std::size_t Sv2Player::unanswered() const {
    std::size_t count = 0;
    if (session_)
        for (const auto& channel : session_->channels) count += channel.unanswered.size();
    return count;
}

std::size_t Sv2Player::unquoted() const {
    std::size_t count = 0;
    if (session_)
        for (const auto& channel : session_->channels) count += channel.unquoted.size();
    return count;
}

}  // namespace hp::crash
