#include "mint/link_client.hpp"

#include "base/crash_point.hpp"
#include "crypto/random.hpp"
#include "ehash/link_auth.hpp"
#include "ehash/quote_request.hpp"
#include "log/log.hpp"
#include "sv2/common.hpp"
#include "sv2/dispatch.hpp"
#include "sv2/registry.hpp"
#include "sv2/setup.hpp"

namespace hp::mint {
namespace {

namespace link = sv2::link;

using link::kFlags;
/// Between two marks, so that the pool's is less than a second behind.
constexpr std::int64_t kMarkMs = 700;
constexpr std::int64_t kAnswerLimitMs = 10'000;
constexpr std::int64_t kPingMs = 10'000;
constexpr std::int64_t kSilenceMs = 30'000;

/// A request that passed the pure checks and waits for its transaction.
struct Request {
    std::uint64_t seq{};
    ehash::Intent intent;
    bool was_answered{};
};

}  // namespace

class LinkClient::PoolLink : public net::FrameHandler, public std::enable_shared_from_this<PoolLink> {
  public:
    PoolLink(LinkClient& client, std::shared_ptr<net::FrameConnection> connection)
        : client_{&client},
          connection_{std::move(connection)},
          limit_{client.loop_},
          ping_{client.loop_},
          mark_{client.loop_} {}

    void begin() {
        limit_.after(kAnswerLimitMs, [this] { end("no answer from the pool within 10 s"); });
        sv2::common::SetupConnection setup;
        setup.protocol = link::kProtocol;
        setup.min_version = setup.max_version = sv2::kVersion;
        setup.flags = kFlags;
        setup.endpoint_host.value = client_->options_.pool.host;
        setup.endpoint_port = client_->options_.pool.port;
        setup.vendor.value = client_->mint_.info().version;
        connection_->send(sv2::encode_frame(setup));
    }

    void on_frame(ByteView bytes) override {
        if (!client_) return;
        last_heard_ms_ = steady_ms_now();
        if (auto result = handle(bytes); !result) end(result.error().what);
    }
    void on_read_done() override {
        if (client_ && !requests_.empty()) store_requests();
    }
    void on_close(const Error& reason) override { leave(reason.what); }

    void end(const std::string& why) {
        if (!client_) return;
        auto self = shared_from_this();
        connection_->close(why);
        leave(why);
    }
    bool is_up() const { return state_ == State::up; }

  private:
    enum class State { setup, reading_memory, auth, up };

    Result<> handle(ByteView bytes) {
        HP_TRY(auto frame, sv2::split_frame(bytes));
        switch (state_) {
            case State::setup:
                return handle_setup(frame);
            case State::reading_memory:
                return fail(Errc::protocol, "message before LinkAuth");
            case State::auth:
                return handle_auth(frame);
            case State::up:
                return handle_up(frame);
        }
        return {};
    }

    Result<> handle_setup(const sv2::FrameView& frame) {
        HP_TRY(const auto success, sv2::setup_answer(frame));
        // All bits or nothing: an attacker would like to negotiate a link without authentication.
        if (success.used_version != sv2::kVersion || success.flags != kFlags)
            return fail(Errc::protocol, "pool does not agree to the link's required features");
        state_ = State::reading_memory;
        send_auth();
        return {};
    }

    /// The pool's store id is unknown before its answer, so the mint reports the store it served last.
    void send_auth() {
        auto weak = weak_from_this();
        client_->mint_.transact<Ledger::PoolMemory>(
            [](Ledger& ledger) { return ledger.last_pool(); },
            [weak](Result<Ledger::PoolMemory> memory) {
                auto self = weak.lock();
                if (!self || !self->client_) return;
                if (!memory) return self->end("cannot read the database: " + memory.error().what);
                auto& client = *self->client_;
                auto& auth = self->sent_;
                auth.auth_version = 1;
                auth.pool_authority.bytes = client.options_.pool_authority;
                auth.unit.value = client.mint_.unit();
                auto keyset = client.mint_.active_keyset().bytes();
                auth.keyset_id.value.assign(keyset.begin(), keyset.end());
                auth.valuation.value = client.options_.valuation.text();
                auth.mint_store.bytes = client.mint_.state().store_id;
                auth.mint_generation = client.mint_.state().generation;
                auth.pool_store.bytes = memory->pool_store;
                auth.last_seq = memory->last_seq;
                ehash::sign_link_auth(auth, client.options_.link_key, self->connection_->handshake_hash(),
                                      crypto::random_array<32>());
                self->connection_->send(sv2::encode_frame(auth));
                self->send_mark(client.mint_.first_mark(client.options_.pool_authority));
                self->state_ = State::auth;
            });
    }

    Result<> handle_auth(const sv2::FrameView& frame) {
        using sv2::Decoded;
        HP_TRY(const bool taken,
               sv2::dispatch<link::Messages>(
                   frame, sv2::On{[&](const Decoded<link::LinkAuthError>& error) -> Result<> {
                                      return on_refused(error.message);
                                  },
                                  [&](const Decoded<link::LinkAuthSuccess>& success) -> Result<> {
                                      return on_admitted(success.message);
                                  }}));
        return taken ? Result<>{} : fail(sv2::unexpected(frame, link::LinkAuthSuccess::info.name));
    }

    Result<> on_refused(const link::LinkAuthError& error) {
        if (error.code.value == ehash::text(ehash::LinkRefusal::mint_rollback))
            client_->mint_.pause_signing(
                "the pool says that this database is an old copy (mint-rollback); its log says what is "
                "missing");
        return fail(Errc::refused, "pool refused this mint: " + printable(error.code.value));
    }

    Result<> on_admitted(const link::LinkAuthSuccess& success) {
        HP_DO(ehash::check_link_success(success, sent_));
        limit_.cancel();
        state_ = State::up;
        client_->mint_.let_in_by(client_->options_.pool_authority);
        mark_.every(kMarkMs, [this] { send_mark(client_->mint_.mark()); });
        pool_store_ = success.pool_store.bytes;
        max_inflight_ = success.max_inflight;
        client_->backoff_.reset();
        client_->last_reason_.clear();
        ping_.every(kPingMs, [this] {
            if (steady_ms_now() - last_heard_ms_ > kSilenceMs) return end("pool silent for 30 s");
            connection_->send(sv2::encode_frame(link::Ping{++ping_nonce_}));
        });
        log::info("link to pool {}: up, session {}, backlog {}", connection_->peer(), success.session_id,
                  success.backlog);
        client_->status_line_.set("link to pool " + connection_->peer() + " is up");
        client_->mint_.events().tell(records::LinkUp{connection_->peer(), success.session_id});
        return {};
    }

    /// Only what is on our disk.
    void send_mark(const ehash::MintMark& mark) {
        if (mark == sent_mark_) return;
        sent_mark_ = mark;
        connection_->send(sv2::encode_frame(ehash::to_message(mark)));
    }

    Result<> handle_request(const link::QuoteRequest& request, bool was_answered) {
        HP_CRASH_POINT("Q1");
        // Numbers are stored as SQLite integers, which are signed.
        if (request.seq == 0 || request.seq > INT64_MAX)
            return fail(Errc::protocol,
                        "quote request with the impossible number " + std::to_string(request.seq));
        if (unanswered_ >= max_inflight_)
            return fail(Errc::protocol, "more than max_inflight = " + std::to_string(max_inflight_) +
                                            " quote requests at once");
        ++unanswered_;
        auto intent = client_->checker_.check(request);
        if (intent)
            requests_.push_back({request.seq, std::move(*intent), was_answered});
        else
            refuse(request, intent.error());
        return {};
    }

    Result<> handle_up(const sv2::FrameView& frame) {
        using sv2::Decoded;
        HP_TRY(const bool taken,
               sv2::dispatch<link::Messages>(
                   frame, sv2::On{[&](const Decoded<link::QuoteRequest>& request) {
                                      return handle_request(request.message, false);
                                  },
                                  [&](const Decoded<link::QuoteAgain>& again) {
                                      return handle_request(ehash::to_quote_request(again.message), true);
                                  },
                                  [&](const Decoded<link::Ping>& ping) {
                                      connection_->send(sv2::encode_frame(link::Pong{ping.message.nonce}));
                                      return Result<>{};
                                  },
                                  [](const Decoded<link::Pong>&) { return Result<>{}; }}));
        if (taken) return {};
        const std::string name = sv2::message_name(frame.header.extension_type, frame.header.msg_type);
        if (sv2::is_spoken<sv2::Family::link>(frame.header.extension_type, frame.header.msg_type))
            return fail(Errc::protocol, "unexpected message " + name);
        log::debug("link to pool {}: ignored message {}", connection_->peer(), name);
        return {};
    }

    void refuse(const link::QuoteRequest& request, const ehash::QuoteRefusal& refusal) {
        static log::Limited complain{log::Level::warn};
        complain("link: quote request {} refused: {}", request.seq, refusal.text);
        auto error = ehash::to_quote_error(refusal, request.seq, request.share_hash.bytes);
        // Stored before it is answered, like a quote: the number is settled for good.
        client_->mint_.transact<bool>(
            [pool_store = pool_store_, request, error](Ledger& ledger) {
                ledger.remember_refusal(pool_store, request.seq, request.share_hash.bytes, error.code,
                                        unix_ms_now());
                ledger.advance(pool_store, {request.seq}, unix_ms_now());
                return true;
            },
            [weak = weak_from_this(), error](Result<bool> saved) {
                auto self = weak.lock();
                if (!self || !self->client_) return;
                --self->unanswered_;
                if (!saved) return self->send_storage_error(error.seq, error.share_hash.bytes);
                self->connection_->send(sv2::encode_frame(error));
            });
    }

    void store_requests() {
        auto batch = std::make_shared<std::vector<Request>>(std::move(requests_));
        requests_.clear();
        HP_CRASH_POINT("Q2");
        using Results = std::vector<QuoteResult>;
        client_->mint_.transact<Results>(
            [batch, pool_store = pool_store_](Ledger& ledger) {
                Results results;
                results.reserve(batch->size());
                std::vector<std::uint64_t> seqs;
                auto now = unix_ms_now();
                for (const auto& request : *batch) {
                    seqs.push_back(request.seq);
                    results.push_back(ledger.create_quote(pool_store, request.seq, request.intent, now,
                                                          request.was_answered));
                    if (results.back().conflict)
                        ledger.remember_refusal(pool_store, request.seq, request.intent.share_hash,
                                                static_cast<std::uint16_t>(link::QuoteErrorCode::conflict),
                                                now);
                }
                ledger.advance(pool_store, seqs, now);
                HP_CRASH_POINT("Q4");
                return results;
            },
            [weak = weak_from_this(), batch](Result<Results> results) {
                if (auto self = weak.lock(); self && self->client_) self->answer(*batch, results);
            });
    }

    void answer(const std::vector<Request>& batch, const Result<std::vector<QuoteResult>>& results) {
        std::uint64_t created = 0, replayed = 0, conflicts = 0, reused = 0, held = 0, amount = 0;
        unanswered_ -= batch.size();
        if (results) HP_CRASH_POINT("Q5");
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const Request& request = batch[i];
            const auto& hash = request.intent.share_hash;
            if (!results) {
                send_storage_error(request.seq, hash);
                continue;
            }
            const QuoteResult& result = (*results)[i];
            if (result.conflict) {
                ++conflicts;
                connection_->send(sv2::encode_frame(ehash::to_quote_error(
                    {link::QuoteErrorCode::conflict, "this share has a quote with another amount or key"},
                    request.seq, hash)));
            } else {
                ++(result.replay ? replayed : created);
                if (result.is_number_reused) ++reused;
                if (result.is_held) ++held;
                if (!result.replay) amount += request.intent.amount;
                link::QuoteResponse response;
                response.seq = request.seq;
                response.share_hash.bytes = hash;
                response.quote_id.value = result.quote_id;
                response.amount = request.intent.amount;
                response.keyset_id = sent_.keyset_id;
                response.replay = result.replay;
                HP_CRASH_IN_WRITE("Q6");
                HP_CRASH_AFTER_WRITE("Q7");
                connection_->send(sv2::encode_frame(response));
            }
        }
        static log::Limited complain_of_disk{log::Level::error};
        if (!results) complain_of_disk("link: cannot store quotes: {}", results.error().what);
        static log::Limited complain_of_conflicts{log::Level::warn};
        if (conflicts)
            complain_of_conflicts("link: {} quote requests conflict with an earlier quote of the same share",
                                  conflicts);
        static log::Limited complain_of_pool{log::Level::error};
        if (reused) {
            complain_of_pool(
                "link: pool {} reused {} numbers for other shares: its outbox is an old copy; every share "
                "has its quote, see hp-quote adopt",
                connection_->peer(), reused);
            client_->mint_.events().tell(records::PoolRollback{connection_->peer(), reused});
        }
        if (held) {
            static log::Limited complain_of_loss{log::Level::error};
            complain_of_loss(
                "link: {} quotes that this database lacks were answered before, or may have been: they are "
                "created again and held until released with 'hp-quote release'",
                held);
            client_->mint_.events().tell(records::QuotesHeld{held});
        }
        client_->mint_.events().tell(records::QuotesCreated{created, replayed, conflicts, amount});
    }

    void send_storage_error(std::uint64_t seq, const Bytes32& share_hash) {
        connection_->send(sv2::encode_frame(ehash::to_quote_error(
            {link::QuoteErrorCode::storage, "the mint's database failed"}, seq, share_hash)));
    }

    void leave(const std::string& why) {
        if (!client_) return;
        auto* client = std::exchange(client_, nullptr);
        limit_.cancel();
        ping_.cancel();
        mark_.cancel();
        if (state_ == State::up) client->mint_.events().tell(records::LinkDown{why});
        client->lost(why);
        // The connection holds its handler until it has flushed: without this the two would keep each other
        // alive.
        connection_.reset();
    }

    LinkClient* client_;
    std::shared_ptr<net::FrameConnection> connection_;
    net::Timer limit_;
    net::Timer ping_;
    net::Timer mark_;
    std::optional<ehash::MintMark> sent_mark_;
    State state_{State::setup};
    link::LinkAuth sent_;
    Bytes32 pool_store_{};
    std::size_t max_inflight_{0};  ///< the pool's limit, which bounds what waits for our disk
    std::size_t unanswered_{0};
    std::vector<Request> requests_;
    SteadyMs last_heard_ms_{steady_ms_now()};
    std::uint64_t ping_nonce_{0};
};

LinkClient::LinkClient(net::Loop& loop, Mint& mint, Options options)
    : loop_{loop}, mint_{mint}, options_{std::move(options)}, checker_{options_.valuation}, redial_{loop} {}

LinkClient::~LinkClient() { stop(); }

void LinkClient::stop() {
    stopped_ = true;
    redial_.cancel();
    dialing_.reset();
    if (session_) session_->end("stopping");
}

bool LinkClient::is_up() const { return session_ && session_->is_up(); }

void LinkClient::dial() {
    net::FrameLimits limits;
    limits.payload_limit = sv2::payload_limit_of<sv2::Family::link>;
    dialing_ =
        net::FrameDial::start(loop_, options_.pool, options_.pool_authority, limits, [this](auto connection) {
            if (!connection) return lost(connection.error().what);
            session_ = std::make_shared<PoolLink>(*this, *connection);
            (*connection)->set_handler(session_);
            session_->begin();
        });
}

void LinkClient::lost(const std::string& reason) {
    session_.reset();
    if (stopped_) return;
    // Log each reason once.
    if (reason != last_reason_) log::warn("link to pool {}: {}; trying again", options_.pool.text(), reason);
    status_line_.set("link to pool " + options_.pool.text() + " is down: " + reason);
    last_reason_ = reason;
    redial_.after(backoff_.next_ms(crypto::random_u32()), [this] { dial(); });
}

}  // namespace hp::mint
