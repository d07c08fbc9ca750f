#include "pool/link_server.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "config/limits.hpp"
#include "crypto/random.hpp"
#include "ehash/link_auth.hpp"
#include "log/log.hpp"
#include "sv2/common.hpp"
#include "sv2/dispatch.hpp"
#include "sv2/frame.hpp"
#include "sv2/registry.hpp"
#include "sv2/setup.hpp"
#include "wire/connection_refusal.hpp"

namespace hp::pool {
namespace {

namespace link = sv2::link;

constexpr std::int64_t kPingMs = 10'000;
constexpr std::int64_t kSilenceMs = 30'000;
/// An unknown key and a bad signature look the same to the peer, in timing too.
constexpr std::int64_t kRefusalDelayMs = 250;
using link::kFlags;

}  // namespace

class LinkServer::MintLink : public net::FrameHandler,
                             public QuoteCarrier,
                             public std::enable_shared_from_this<MintLink> {
  public:
    MintLink(LinkServer& server, std::shared_ptr<net::FrameConnection> connection)
        : server_{&server}, connection_{std::move(connection)}, limit_{server.loop_}, ping_{server.loop_} {
        limit_.after(server.options_.auth_limit_ms, [this] { end("no LinkAuth in time"); });
    }

    void on_frame(ByteView bytes) override {
        if (!server_) return;
        last_heard_ms_ = steady_ms_now();
        if (auto result = handle(bytes); !result) end(result.error().what);
    }
    void on_close(const Error& reason) override { leave(reason.what); }

    void carry(const StoredIntent& row) override {
        HP_CRASH_IN_WRITE("P7");
        HP_CRASH_AFTER_WRITE("P8");
        const std::uint64_t count = count_of_row(row.seq);
        connection_->send(row.may_be_lost ? sv2::encode_frame(ehash::to_quote_again(row.intent, count))
                                          : sv2::encode_frame(ehash::to_quote_request(row.intent, count)));
    }
    std::size_t max_inflight() const override { return server_ ? server_->options_.max_inflight : 0; }
    std::string peer() const override { return connection_ ? connection_->peer() : std::string{}; }

    void end(const std::string& why) override {
        if (!server_) return;
        auto self = shared_from_this();
        connection_->close(why);
        leave(why);
    }
    /// Its LinkAuth was right.
    bool is_proven() const { return state_ == State::mark || state_ == State::proven || state_ == State::up; }

  private:
    enum class State { setup, auth, mark, refused, proven, up };

    Result<> handle(ByteView bytes) {
        HP_TRY(auto frame, sv2::split_frame(bytes));
        switch (state_) {
            case State::setup:
                return handle_setup(frame);
            case State::auth:
                return handle_auth(frame);
            case State::mark:
                return handle_mark(frame);
            case State::refused:
            case State::proven:
                return {};
            case State::up:
                return handle_up(frame);
        }
        return {};
    }

    Result<> handle_setup(const sv2::FrameView& frame) {
        auto read = sv2::read_setup(frame, link::kProtocol, kFlags);
        if (const auto* setup = std::get_if<sv2::common::SetupConnection>(&read);
            setup && setup->flags != kFlags)
            read = sv2::SetupRefusal{
                sv2::common::SetupConnectionError{kFlags & ~setup->flags, {wire::setup_refusal::kFlags}},
                {Errc::refused, "SetupConnection refused: " + std::string(wire::setup_refusal::kFlags), {}}};
        if (const auto* refusal = std::get_if<sv2::SetupRefusal>(&read)) {
            if (refusal->answer) connection_->send(sv2::encode_frame(*refusal->answer));
            return fail(refusal->why);
        }
        connection_->send(sv2::encode_frame(sv2::common::SetupConnectionSuccess{sv2::kVersion, kFlags}));
        state_ = State::auth;
        connection_->limit_payloads(sv2::payload_limit_of_one<link::LinkAuth>);
        return {};
    }

    Result<> handle_auth(const sv2::FrameView& frame) {
        HP_TRY(auto auth, sv2::expect<link::LinkAuth>(frame));
        auto& server = *server_;
        auto mint = server.find_mint(auth.mint_key.bytes);
        const auto remembered = mint ? server.hub_.memory(*mint) : std::nullopt;
        ehash::PoolExpectations expected{
            .pool_authority = server.options_.authority,
            .allowed_mint_keys = server.allowed_keys_,
            .unit = server.options_.unit,
            .valuation = server.options_.valuation,
            .pool_store = server.outbox_.store_id(),
            .highest_seq = mint ? server.hub_.last_count(*mint) : 0,
            .memory = remembered
                          ? std::optional<ehash::MintMemory>({remembered->mint_store, remembered->generation})
                          : std::nullopt,
            .first_contact_allowed = server.options_.allow_new_mint_store,
            .rollback_allowed = server.options_.allow_mint_rollback};
        auto accepted = ehash::check_link_auth(auth, connection_->handshake_hash(), expected);
        if (!accepted) return refuse(accepted.error());
        if (!connection_->prove(net::Standing::member)) return fail(Errc::refused, "too many mints");
        connection_->trust();
        connection_->limit_payloads(sv2::payload_limit_of<sv2::Family::link>);
        auth_ = std::move(auth);
        accepted_ = *accepted;
        mint_ = *mint;
        state_ = State::mark;
        return {};
    }

    Result<> handle_mark(const sv2::FrameView& frame) {
        HP_TRY(const auto message, sv2::expect<link::MintMark>(frame));
        HP_TRY(auto mark,
               ehash::mint_mark_from_message(message, auth_.mint_store.bytes, auth_.mint_generation));
        const auto& remembered = server_->hub_.memory(mint_);
        auto lost = ehash::check_mint_mark(mark, remembered ? remembered->mark : std::nullopt,
                                           accepted_.is_rollback || server_->options_.allow_mint_rollback);
        if (!lost) return refuse(lost.error());
        if (*lost) {
            accepted_.is_rollback = true;
            lost_ = "; it lacks " + ehash::describe(**lost);
        }
        mark_ = mark;
        // Stored first, with an fsync: a mint that comes back with an older database must be noticed.
        state_ = State::proven;  // nothing more is read until this is on disk
        remember();
        return {};
    }

    void remember() {
        const auto open_count = accepted_.knows_rows && !accepted_.is_rollback
                                    ? std::optional{accepted_.resume_seq}
                                    : std::nullopt;
        server_->hub_.remember(
            mint_, {auth_.mint_store.bytes, auth_.mint_generation, mark_}, open_count, accepted_.is_rollback,
            [weak = weak_from_this()](Result<bool> saved) {
                auto self = weak.lock();
                if (!self || !self->server_) return;
                if (!saved) return self->end("cannot store the mint's state: " + saved.error().what);
                if (*saved) return self->go_on();
                if (!self->server_->options_.allow_mint_rollback) {
                    (void)self->refuse({ehash::LinkRefusal::mint_rollback,
                                        "last_seq: the mint has " + std::to_string(self->auth_.last_seq) +
                                            ", but has answered the row after it"});
                    return;
                }
                self->accepted_.is_rollback = true;
                self->remember();
            });
    }

    void go_on() {
        const std::string missing = archived_rows_missing();
        const std::string who = "link " + connection_->peer() + ": mint '" + name_of(mint_) + "' ";
        if (accepted_.is_rollback)
            server_->observer_.on_alarm(
                who + "has another or an older database than last time; accepted by allow_mint_rollback" +
                lost_ + (missing.empty() ? "" : "; it " + missing));
        else if (!missing.empty())
            server_->observer_.on_alarm(who + missing);
        welcome(auth_, accepted_.resume_seq);
    }

    /// Rows that it lost, but that cannot be sent again.
    std::string archived_rows_missing() const {
        const auto archived = server_->outbox_.archived_until(mint_);
        if (auth_.last_seq >= archived) return {};
        return "has rows up to " + std::to_string(auth_.last_seq) + " only, and those up to " +
               std::to_string(archived) + " are archived: bring them back with hp-pool archive --restore";
    }

    /// A running ledger never goes back.
    Result<> handle_newer_mark(const link::MintMark& message) {
        HP_TRY(auto mark,
               ehash::mint_mark_from_message(message, auth_.mint_store.bytes, auth_.mint_generation));
        if (const auto lost = ehash::setback(mark, *mark_))
            return fail(Errc::protocol, "MintMark: fell by " + ehash::describe(*lost));
        mark_ = mark;
        server_->hub_.note_mark(mint_, mark);
        return {};
    }

    std::string name_of(MintId mint) const { return server_->hub_.status(mint).name; }

    Result<> refuse(const ehash::LinkRefused& refused) {
        server_->observer_.on_alarm("link " + connection_->peer() + ": refused (" +
                                    std::string(ehash::text(refused.code)) + "): " + refused.reason);
        state_ = State::refused;
        auto answer = [this, code = std::string(ehash::text(refused.code))] {
            connection_->send(sv2::encode_frame(link::LinkAuthError{{code}}));
            end("refused: " + code);
        };
        if (refused.code == ehash::LinkRefusal::unauthorised)
            limit_.after(kRefusalDelayMs, answer);
        else
            answer();
        return {};
    }

    void welcome(const link::LinkAuth& auth, std::uint64_t resume_seq) {
        auto& server = *server_;
        limit_.cancel();
        state_ = State::up;
        const MintStatus status = server.hub_.status(mint_);
        link::LinkAuthSuccess success;
        success.session_id = server.next_session_id_++;
        success.pool_store.bytes = server.outbox_.store_id();
        success.resume_seq = resume_seq;
        success.backlog = status.pending;
        success.max_inflight = server.options_.max_inflight;
        success.unit.value = server.options_.unit;
        success.valuation.value = server.options_.valuation.text();
        connection_->send(sv2::encode_frame(success));
        last_heard_ms_ = steady_ms_now();
        ping_.every(kPingMs, [this] {
            if (steady_ms_now() - last_heard_ms_ > kSilenceMs) return end("silent for 30 s");
            connection_->send(sv2::encode_frame(link::Ping{++ping_nonce_}));
        });
        log::info("link {}: mint '{}' connected with key {}, session {}, backlog {}", connection_->peer(),
                  status.name, to_hex(auth.mint_key.bytes), success.session_id, success.backlog);
        server.hub_.attach(mint_, shared_from_this(), resume_seq - 1);
    }

    Result<> handle_up(const sv2::FrameView& frame) {
        using sv2::Decoded;
        HP_TRY(const bool taken,
               sv2::dispatch<link::Messages>(
                   frame, sv2::On{[&](const Decoded<link::QuoteResponse>& response) {
                                      server_->hub_.on_response(this, response.message);
                                      return Result<>{};
                                  },
                                  [&](const Decoded<link::QuoteError>& error) {
                                      server_->hub_.on_error(this, error.message);
                                      return Result<>{};
                                  },
                                  [&](const Decoded<link::Ping>& ping) {
                                      connection_->send(sv2::encode_frame(link::Pong{ping.message.nonce}));
                                      return Result<>{};
                                  },
                                  [](const Decoded<link::Pong>&) { return Result<>{}; },
                                  [&](const Decoded<link::MintMark>& mark) {
                                      return handle_newer_mark(mark.message);
                                  }}));
        if (taken) return {};
        const std::string name = sv2::message_name(frame.header.extension_type, frame.header.msg_type);
        if (sv2::is_spoken<sv2::Family::link>(frame.header.extension_type, frame.header.msg_type))
            return fail(Errc::protocol, "unexpected message " + name);
        log::debug("link {}: ignored message {}", connection_->peer(), name);
        return {};
    }

    void leave(const std::string& why) {
        if (!server_) return;
        auto* server = std::exchange(server_, nullptr);
        // Unproven peers must not fill the log.
        static log::Limited note_stranger{log::Level::info};
        if (is_proven())
            log::warn("link {}: mint '{}' gone: {}", connection_->peer(), server->hub_.status(mint_).name,
                      why);
        else
            note_stranger("link {}: closed: {}", connection_->peer(), why);
        limit_.cancel();
        ping_.cancel();
        server->hub_.detach(this);
        server->gone(this);
        // The connection holds its handler until it has flushed: without this the two would keep each other
        // alive.
        connection_.reset();
    }

    LinkServer* server_;
    std::shared_ptr<net::FrameConnection> connection_;
    net::Timer limit_;
    net::Timer ping_;
    State state_{State::setup};
    MintId mint_{};  // once authenticated
    link::LinkAuth auth_;
    ehash::LinkAccepted accepted_;
    std::optional<ehash::MintMark> mark_;
    std::string lost_;
    SteadyMs last_heard_ms_{steady_ms_now()};
    std::uint64_t ping_nonce_{0};
};

LinkServer::LinkServer(net::Loop& loop, Options options, Outbox& outbox, Hub& hub, HubObserver& observer)
    : loop_{loop}, options_{std::move(options)}, outbox_{outbox}, hub_{hub}, observer_{observer} {
    for (const AllowedMint& mint : options_.allowed_mints) allowed_keys_.push_back(mint.key);
}

Result<std::unique_ptr<LinkServer>> LinkServer::listen(net::Loop& loop, Options options, Outbox& outbox,
                                                       Hub& hub, HubObserver& observer) {
    std::unique_ptr<LinkServer> server{new LinkServer(loop, std::move(options), outbox, hub, observer)};
    net::FrameLimits limits;
    limits.handshake_ms = server->options_.auth_limit_ms;
    limits.strangers_max = server->options_.strangers_max;
    limits.strangers_per_address_max = server->options_.strangers_max / 2;
    limits.connections_max = config::kLinkPort.connections;
    limits.payload_limit = sv2::payload_limit_of_one<sv2::common::SetupConnection>;
    HP_TRY(server->listener_,
           net::FrameListener::listen(loop, server->options_.listen, limits, server->options_.identity,
                                      [raw = server.get()](std::shared_ptr<net::FrameConnection> connection) {
                                          raw->accept(std::move(connection));
                                      }));
    return server;
}

void LinkServer::accept(std::shared_ptr<net::FrameConnection> connection) {
    auto session = std::make_shared<MintLink>(*this, connection);
    sessions_.emplace(session.get(), session);
    connection->set_handler(session);
}

LinkServer::~LinkServer() { stop(); }

void LinkServer::stop() {
    if (listener_) listener_->stop();
    auto sessions = sessions_;
    for (const auto& [raw, session] : sessions) session->end("stopping");
}

void LinkServer::gone(MintLink* session) { sessions_.erase(session); }

std::optional<MintId> LinkServer::find_mint(const crypto::XOnlyKey32& key) const {
    auto allowed = std::ranges::find(options_.allowed_mints, key, &AllowedMint::key);
    if (allowed == options_.allowed_mints.end()) return {};
    return hub_.find_mint(allowed->name);
}

}  // namespace hp::pool
