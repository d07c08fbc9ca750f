#include <map>

#include "ehash/owner.hpp"
#include "log/log.hpp"
#include "miner/client.hpp"
#include "net/frames.hpp"
#include "sv2/common.hpp"
#include "sv2/dispatch.hpp"
#include "sv2/ehash.hpp"
#include "sv2/extensions.hpp"
#include "sv2/frame.hpp"
#include "sv2/mining.hpp"
#include "sv2/setup.hpp"
#include "wire/connection_refusal.hpp"

namespace hp::miner {
namespace {

using namespace sv2::mining;
using sv2::common::SetupConnection;
using sv2::common::SetupConnectionError;
using sv2::common::SetupConnectionSuccess;

constexpr std::uint32_t kRequestId = 1;
constexpr std::uint16_t kExtensionsRequestId = 1;
constexpr std::uint16_t kMinExtranonceSize = 4;
/// Pools without negotiation ignore the request; wait no longer than this.
constexpr std::int64_t kExtensionsLimitMs = 1'000;
constexpr std::size_t kFutureJobsMax = 64;
constexpr std::size_t kPayloadMax = 1u << 20;

std::size_t payload_limit(std::uint16_t, std::uint8_t) { return kPayloadMax; }

/// Which of our options the pool's invalid-locking-key refers to.
Error key_refused(const Identity& identity, bool knows_ehash) {
    const auto named = ehash::key_from_name(identity.user);
    const std::string user = "--user '" + printable(identity.user, 80) + "'";
    std::string which;
    if (!named)
        which = user + ": " + named.error().what;
    else if (*named)
        which = "the key in " + user;
    else if (identity.locking_key && knows_ehash)
        which = "--locking-key " + to_hex(*identity.locking_key);
    else if (identity.locking_key)
        which =
            user + " does not contain a key, and the pool does not support the extension for --locking-key";
    else
        which =
            user + " does not contain a key, and the pool has no key for such shares (default_locking_key)";
    return {
        Errc::refused, "channel refused: " + std::string(wire::channel_refusal::kLockingKey) + ": " + which,
        "use --locking-key HEX66, or a --user that begins with the key; 'hp-config pubkey FILE' prints it"};
}

/// A retry may find room, or a template; other errors are due to the request.
bool may_come_better(std::string_view code) {
    namespace reason = wire::channel_refusal;
    return code == reason::kNoTemplate || code == reason::kTooMany || code == reason::kTooFewShares ||
           std::ranges::find(reason::kAll, code) == reason::kAll.end();
}

class Sv2Client final : public Client,
                        public net::FrameHandler,
                        public std::enable_shared_from_this<Sv2Client> {
  public:
    Sv2Client(net::Loop& loop, const Url& url, Identity identity, ClientEvents& events)
        : loop_{loop},
          url_{url},
          identity_{std::move(identity)},
          events_{&events},
          setup_limit_{loop},
          extensions_limit_{loop} {}

    void start() {
        const std::weak_ptr<Sv2Client> self = weak_from_this();
        net::FrameLimits limits;
        limits.handshake_ms = kDialLimitMs;
        limits.payload_limit = payload_limit;
        dial_ = net::FrameDial::start(loop_, url_.endpoint, *url_.authority, limits, [self](auto connection) {
            if (auto session = self.lock()) session->on_dialled(std::move(connection));
        });
    }

    void submit(std::uint32_t sequence, const Share& share) override {
        if (!channel_id_) return;
        SubmitSharesExtended submit;
        submit.channel_id = *channel_id_;
        submit.sequence_number = sequence;
        submit.job_id = share.work->job_number;
        submit.nonce = share.nonce;
        submit.ntime = share.ntime;
        submit.version = share.work->version;
        submit.extranonce = share.extranonce2;
        send(submit);
    }

    void close() override {
        events_ = nullptr;
        cancel_limits();
        if (auto connection = std::exchange(connection_, nullptr)) connection->close("done");
    }
    bool asked_extensions() const override { return asked_extensions_; }

    void on_frame(ByteView bytes) override {
        if (!events_) return;
        events_->on_heard();
        const auto frame = sv2::split_frame(bytes);
        if (!frame) return drop(frame.error());
        if (const auto handled = dispatch(*frame); !handled) drop(handled.error());
    }

    void on_close(const Error& reason) override {
        connection_ = nullptr;
        lose(reason);
    }

  private:
    template <class M>
    void send(const M& message, std::span<const sv2::Tlv> tlvs = {}) {
        if (!connection_) return;
        out_.clear();
        sv2::append_frame(out_, message, tlvs);
        connection_->send(out_);
    }

    void on_dialled(Result<std::shared_ptr<net::FrameConnection>> connection) {
        if (!events_) return;
        if (!connection) return on_no_session(connection.error());
        connection_ = *std::move(connection);
        connection_->set_handler(shared_from_this());
        events_->on_reached();
        const std::weak_ptr<Sv2Client> self = weak_from_this();
        setup_limit_.after(kSetupLimitMs, [self] {
            if (auto session = self.lock())
                session->drop({Errc::timeout, "the server did not open a channel"});
        });
        // Protocol 0 is mining. Neither standard jobs (bit 0) nor work selection (bit 1) nor version rolling
        // (bit 2) is required.
        SetupConnection setup;
        setup.protocol = 0;
        setup.min_version = 2;
        setup.max_version = 2;
        setup.flags = 0;
        setup.endpoint_host.value = url_.endpoint.host;
        setup.endpoint_port = url_.endpoint.port;
        setup.vendor.value = "hashpool";
        setup.hardware_version.value = "cpu";
        setup.firmware.value = "hp-miner";
        send(setup);
    }

    /// No server there, or one that speaks another protocol.
    void on_no_session(Error reason) {
        const bool is_other_protocol = reason.code == Errc::protocol;
        // A wrong certificate (Errc::invalid) means that it speaks SV2.
        if (reason.code != Errc::invalid && reason.what.starts_with("handshake"))
            reason.hint += "; if it is an SV1 port: stratum+tcp://" + url_.endpoint.text();
        lose(reason, is_other_protocol ? Chance::none : Chance::some);
    }
    /// From an earlier attempt.
    enum class Chance { some, none };
    void drop(const Error& reason, Chance chance = Chance::some) {
        if (auto connection = std::exchange(connection_, nullptr)) connection->close(reason.what);
        lose(reason, chance);
    }
    void lose(const Error& reason, Chance chance = Chance::some) {
        cancel_limits();
        auto* events = std::exchange(events_, nullptr);
        if (!events) return;
        chance == Chance::none ? events->on_hopeless(reason) : events->on_lost(reason);
    }
    void cancel_limits() {
        setup_limit_.cancel();
        extensions_limit_.cancel();
    }

    Result<> dispatch(const sv2::FrameView& frame) {
        using Heard = boost::mp11::mp_append<sv2::mining::Messages, sv2::ehash::Messages,
                                             sv2::common::Messages, sv2::extensions::Messages>;
        // Do not touch the session after a message that ended it.
        HP_DO(sv2::dispatch<Heard>(
            frame,
            [this]<class M>(const sv2::Decoded<M>& decoded)
                -> Result<> requires requires(Sv2Client & session, const M& m) { session.on(m); } {
                on(decoded.message);
                return {};
            }));
        return {};
    }

    // Opening.

    void on(const SetupConnectionSuccess&) {
        if (std::exchange(set_up_, true)) return;
        if (!identity_.ask_extensions) return open_channel();
        asked_extensions_ = true;
        sv2::extensions::RequestExtensions request;
        request.request_id = kExtensionsRequestId;
        request.requested_extensions.items = {sv2::ehash::kExtensionType};
        send(request);
        const std::weak_ptr<Sv2Client> self = weak_from_this();
        extensions_limit_.after(kExtensionsLimitMs, [self] {
            if (auto session = self.lock()) session->open_channel();
        });
    }
    void on(const SetupConnectionError& error) {
        const auto& code = error.error_code.value;
        const auto& ours = wire::setup_refusal::kAll;
        drop({Errc::refused, "setup refused: " + printable(code)},
             std::ranges::find(ours, std::string_view(code)) == ours.end() ? Chance::some : Chance::none);
    }
    void on(const sv2::extensions::RequestExtensionsSuccess& granted) {
        const auto& list = granted.supported_extensions.items;
        has_ehash_ = std::find(list.begin(), list.end(), sv2::ehash::kExtensionType) != list.end();
        open_channel();
    }
    void on(const sv2::extensions::RequestExtensionsError& refused) {
        if (!refused.required_extensions.items.empty())
            log::warn("the server requires {} extensions that hp-miner does not support",
                      refused.required_extensions.items.size());
        open_channel();
    }
    void open_channel() {
        if (!events_ || !set_up_ || std::exchange(opening_, true)) return;
        extensions_limit_.cancel();
        OpenExtendedMiningChannel open;
        open.request_id = kRequestId;
        open.user_identity.value = identity_.user;
        open.nominal_hash_rate = sv2::F32::from(static_cast<float>(identity_.nominal_hash_rate_hps));
        open.max_target.bytes.fill(0xff);
        open.min_extranonce_size = kMinExtranonceSize;
        std::vector<sv2::Tlv> tlvs;
        if (identity_.locking_key) {
            const auto& key = *identity_.locking_key;
            if (has_ehash_)
                tlvs.push_back({sv2::ehash::kExtensionType, sv2::ehash::kLockingPubkeyField,
                                Bytes(key.begin(), key.end())});
            else
                log::warn("the server does not support extension 0x4851: the locking key is not used");
        }
        send(open, tlvs);
    }
    void on(const OpenExtendedMiningChannelSuccess& opened) {
        if (opened.request_id != kRequestId || channel_id_) return;
        if (const auto why = sv2::unusable_extranonce(opened.extranonce_prefix.size, opened.extranonce_size,
                                                      kMinExtranonceSize);
            !why.empty())
            return drop({Errc::protocol, why});
        channel_id_ = opened.channel_id;
        group_channel_id_ = opened.group_channel_id;
        extranonce_prefix_ = opened.extranonce_prefix;
        extranonce_size_ = static_cast<std::uint8_t>(opened.extranonce_size);
        target_ = opened.target.bytes;
        setup_limit_.cancel();
        events_->on_ready();
    }
    void on(const OpenMiningChannelError& error) {
        const std::string_view code = error.error_code.value;
        if (code == wire::channel_refusal::kLockingKey)
            return drop(key_refused(identity_, has_ehash_), Chance::none);
        drop({Errc::refused, "channel refused: " + printable(code)},
             may_come_better(code) ? Chance::some : Chance::none);
    }

    // Mining. A job or tip comes for our channel or for its group.

    bool is_ours(std::uint32_t channel_id) const {
        return channel_id_ && (channel_id == *channel_id_ || channel_id == group_channel_id_);
    }
    void on(const NewExtendedMiningJob& job) {
        if (!is_ours(job.channel_id)) return;
        if (job.min_ntime) {
            // A job keeps the target it came with. Spec 5.3.21.
            if (tip_message_) make_work(job, *job.min_ntime);
            return;
        }
        if (future_jobs_.size() >= kFutureJobsMax) future_jobs_.erase(future_jobs_.begin());
        future_jobs_[job.job_id] = job;
    }
    void on(const SetNewPrevHash& tip) {
        if (!is_ours(tip.channel_id)) return;
        const auto job = future_jobs_.find(tip.job_id);
        if (job == future_jobs_.end()) {
            log::warn("the server activates job {}, which it never sent", tip.job_id);
            return;
        }
        ++tip_count_;
        tip_message_ = tip;
        const NewExtendedMiningJob active = std::move(job->second);
        future_jobs_.clear();
        make_work(active, tip.min_ntime);
    }
    void on(const SetTarget& set) {
        if (is_ours(set.channel_id)) target_ = set.maximum_target.bytes;
    }
    void on(const SetExtranoncePrefix& set) {
        if (!is_ours(set.channel_id)) return;
        if (const auto why = sv2::unusable_extranonce(set.extranonce_prefix.size, extranonce_size_, 0);
            !why.empty())
            return drop({Errc::protocol, why});
        extranonce_prefix_ = set.extranonce_prefix;
    }
    void on(const SubmitSharesSuccess& success) {
        if (is_ours(success.channel_id))
            events_->on_accepted_up_to(success.last_sequence_number, success.new_submits_accepted_count);
    }
    void on(const SubmitSharesError& error) {
        if (is_ours(error.channel_id)) events_->on_rejected(error.sequence_number, error.error_code.value);
    }
    void on(const sv2::ehash::QuoteNotification& quote) {
        if (is_ours(quote.channel_id)) events_->on_quote(quote.amount);
    }
    void on(const sv2::ehash::QuoteFailure& failure) {
        if (is_ours(failure.channel_id)) events_->on_quote_failure(failure.text.value);
    }
    void on(const CloseChannel& close_channel) {
        if (is_ours(close_channel.channel_id))
            drop({Errc::refused, "channel closed: " + printable(close_channel.reason_code.value)});
    }
    void on(const sv2::common::Reconnect&) { drop({Errc::io, "the server asked for a new connection"}); }

    void make_work(const NewExtendedMiningJob& job, std::uint32_t min_ntime) {
        auto work = std::make_shared<Work>();
        work->job_number = job.job_id;
        work->tip = tip_count_;
        work->coinbase_prefix = job.coinbase_tx_prefix.value;
        append(work->coinbase_prefix, extranonce_prefix_.view());
        work->coinbase_suffix = job.coinbase_tx_suffix.value;
        work->extranonce2_size = extranonce_size_;
        for (const auto& node : job.merkle_path.items) work->merkle_path.push_back(node.bytes);
        work->prev_hash = tip_message_->prev_hash.bytes;
        work->version = job.version;
        work->nbits = tip_message_->nbits;
        work->ntime = min_ntime;
        work->target = target_;
        events_->on_work(std::move(work));
    }

    net::Loop& loop_;
    Url url_;
    Identity identity_;
    ClientEvents* events_;
    net::Timer setup_limit_;
    net::Timer extensions_limit_;
    std::unique_ptr<net::FrameDial> dial_;
    std::shared_ptr<net::FrameConnection> connection_;
    Bytes out_;
    bool set_up_{false};
    bool asked_extensions_{false};
    bool has_ehash_{false};
    bool opening_{false};
    std::optional<std::uint32_t> channel_id_;
    std::uint32_t group_channel_id_{};
    sv2::B0_32 extranonce_prefix_;
    std::uint8_t extranonce_size_{};
    bitcoin::Target target_{};
    std::map<std::uint32_t, NewExtendedMiningJob> future_jobs_;
    std::optional<SetNewPrevHash> tip_message_;
    std::uint64_t tip_count_{0};
};

}  // namespace

std::shared_ptr<Client> start_sv2_client(net::Loop& loop, const Url& url, Identity identity,
                                         ClientEvents& events) {
    auto session = std::make_shared<Sv2Client>(loop, url, std::move(identity), events);
    session->start();
    return session;
}

}  // namespace hp::miner
