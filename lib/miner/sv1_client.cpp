#include "log/log.hpp"
#include "miner/client.hpp"
#include "net/lines.hpp"
#include "sv1/build.hpp"
#include "sv1/parse.hpp"
#include "wire/share_refusal.hpp"

namespace hp::miner {
namespace {

constexpr std::string_view kAgent = "hp-miner";
// Lower ids are for the dialogue, ids from here on for shares: id - kFirstShareId is the sequence number.
constexpr std::uint64_t kSubscribeId = 1, kAuthorizeId = 2, kSuggestId = 3, kFirstShareId = 16;

class Sv1Client final : public Client,
                        public net::LineHandler,
                        public std::enable_shared_from_this<Sv1Client> {
  public:
    Sv1Client(net::Loop& loop, const Url& url, Identity identity, ClientEvents& events)
        : loop_{loop}, url_{url}, identity_{std::move(identity)}, events_{&events}, setup_limit_{loop} {}

    void start() {
        const std::weak_ptr<Sv1Client> self = weak_from_this();
        // A miner's lines are short; a job may be long: 255 branches and a long coinbase.
        net::LineLimits limits;
        limits.line_bytes_max = sv1::kLineBytesMax;
        dial_ = net::LineDial::start(loop_, url_.endpoint, kDialLimitMs, limits, [self](auto connection) {
            if (auto session = self.lock()) session->on_dialled(std::move(connection));
        });
    }

    void submit(std::uint32_t sequence, const Share& share) override {
        if (!connection_) return;
        out_.clear();
        sv1::append_submit(out_, kFirstShareId + sequence, identity_.user, share.work->job_id,
                           share.extranonce2.view(), share.ntime, share.nonce, std::nullopt);
        connection_->send(out_);
    }

    void close() override {
        events_ = nullptr;
        setup_limit_.cancel();
        if (auto connection = std::exchange(connection_, nullptr)) connection->close("done");
    }

    void on_line(std::string_view line) override {
        if (!events_ || sv1::is_blank(line)) return;
        events_->on_heard();
        if (line.starts_with("HTTP/"))
            return drop({Errc::protocol, url_.endpoint.text() + " speaks HTTP: not a mining port",
                         "SV1 is at the proxy's proxy_listen, SV2 at the pool's pool_listen"},
                        Chance::none);
        auto message = parser_.from_server(line);
        if (!message) {
            log::warn("ignored a line from the server: {}", message.error().what);
            return;
        }
        has_heard_ = true;
        std::visit([this](auto& body) { on(body); }, *message);
    }

    void on_close(const Error& reason) override {
        connection_ = nullptr;
        if (ready_) return lose(reason);
        if (!has_heard_)
            return lose(
                {reason.code, url_.endpoint.text() + " has not answered at all: " + reason.what, sv2_hint()});
        lose(said_.empty() ? reason : Error{reason.code, "the server says: " + said_, reason.hint});
    }

  private:
    void on_dialled(Result<std::shared_ptr<net::LineConnection>> connection) {
        if (!events_) return;
        if (!connection) return lose(connection.error());
        connection_ = *std::move(connection);
        connection_->set_handler(shared_from_this());
        events_->on_reached();
        limit_setup(kSetupLimitMs);
        out_.clear();
        sv1::append_subscribe(out_, kSubscribeId, kAgent);
        sv1::append_authorize(out_, kAuthorizeId, identity_.user, identity_.password);
        if (identity_.suggest_difficulty)
            sv1::append_suggest_difficulty(out_, kSuggestId, *identity_.suggest_difficulty);
        connection_->send(out_);
    }

    void limit_setup(std::int64_t ms) {
        const std::weak_ptr<Sv1Client> self = weak_from_this();
        setup_limit_.after(ms, [self] {
            if (auto session = self.lock())
                session->drop({Errc::timeout, "the server did not answer subscribe and authorize"});
        });
    }
    std::string sv2_hint() const {
        return "if it is an SV2 port: stratum2+tcp://" + url_.endpoint.text() + "/AUTHORITYKEY";
    }

    /// From an earlier attempt.
    enum class Chance { some, none };
    /// Ends the session from our side, with a reason for the owner.
    void drop(const Error& reason, Chance chance = Chance::some) {
        if (auto connection = std::exchange(connection_, nullptr)) connection->close(reason.what);
        lose(reason, chance);
    }
    void lose(const Error& reason, Chance chance = Chance::some) {
        setup_limit_.cancel();
        auto* events = std::exchange(events_, nullptr);
        if (!events) return;
        chance == Chance::none ? events->on_hopeless(reason) : events->on_lost(reason);
    }

    void on(sv1::ServerAnswer& answer) {
        if (!answer.id) return on_unasked(answer);
        if (*answer.id >= kFirstShareId) {
            const auto sequence = static_cast<std::uint32_t>(*answer.id - kFirstShareId);
            if (answer.ok) return events_->on_accepted(sequence);
            return events_->on_rejected(sequence, wire::refusal_word(answer.error_text));
        }
        if (*answer.id == kSubscribeId) {
            if (!answer.ok || !answer.subscribed)
                return drop({Errc::refused, "subscribe refused: " + printable(answer.error_text)});
            extranonce_ = *answer.subscribed;
        }
        if (*answer.id == kAuthorizeId) {
            if (!answer.ok)
                return drop({Errc::refused, "authorize refused: " + printable(answer.error_text),
                             "it refers to --user '" + printable(identity_.user, 80) + "'"},
                            Chance::none);
            authorized_ = true;
        }
        if (authorized_ && extranonce_ && !std::exchange(ready_, true)) {
            setup_limit_.cancel();
            events_->on_ready();
            if (events_ && pending_job_) make_work(*std::exchange(pending_job_, std::nullopt));
        }
    }
    void on(sv1::Notify& notify) {
        // Some servers send the first job before they answer authorize.
        if (!ready_) {
            pending_job_ = std::move(notify);
            return;
        }
        make_work(notify);
    }
    // Both apply from the next job on.
    void on(sv1::SetDifficulty& set) { difficulty_ = set.difficulty; }
    void on(sv1::SetExtranonce& set) { extranonce_ = std::move(set); }
    void on(sv1::SetVersionMask&) {}  // we do not roll the version
    void on(sv1::ShowMessage& show) {
        if (!ready_) {
            said_ = printable(show.text);
            limit_setup(kToldLimitMs);
        }
        events_->on_message(show.text);
    }
    /// An error without a request: about our protocol, or about a line that it could not parse.
    void on_unasked(const sv1::ServerAnswer& answer) {
        if (answer.ok || ready_) return;
        said_ = printable(answer.error_text);
        if (said_.starts_with("this port speaks "))
            drop({Errc::protocol, url_.endpoint.text() + ": " + said_, sv2_hint()}, Chance::none);
    }
    void on(sv1::Reconnect&) {
        // Only to the same address: a man in the middle must not redirect the hash rate.
        drop({Errc::io, "the server asked for a new connection"});
    }
    void on(sv1::ServerRequest& request) {
        out_.clear();
        if (request.method == "client.get_version")
            sv1::append_text_answer(out_, request.id, kAgent);
        else if (request.method == "mining.ping")
            sv1::append_text_answer(out_, request.id, "pong");
        else if (request.id != "null")
            sv1::append_error(out_, request.id, sv1::ErrorCode::other, "unknown method");
        if (!out_.empty()) connection_->send(out_);
    }

    void make_work(const sv1::Notify& notify) {
        auto work = std::make_shared<Work>();
        work->job_id = notify.job_id;
        work->tip = notify.clean_jobs ? ++tip_ : tip_;
        work->coinbase_prefix = notify.coinbase1;
        append(work->coinbase_prefix, extranonce_->extranonce1);
        work->coinbase_suffix = notify.coinbase2;
        work->extranonce2_size = extranonce_->extranonce2_size;
        work->merkle_path = notify.merkle_branch;
        work->prev_hash = notify.prev_hash;
        work->version = notify.version;
        work->nbits = notify.nbits;
        work->ntime = notify.ntime;
        work->target = bitcoin::target_from_difficulty(difficulty_);
        events_->on_work(std::move(work));
    }

    net::Loop& loop_;
    Url url_;
    Identity identity_;
    ClientEvents* events_;
    net::Timer setup_limit_;
    std::unique_ptr<net::LineDial> dial_;
    std::shared_ptr<net::LineConnection> connection_;
    sv1::Parser parser_;
    std::string out_;
    std::optional<sv1::SetExtranonce> extranonce_;
    std::optional<sv1::Notify> pending_job_;
    bool authorized_{false};
    bool ready_{false};
    bool has_heard_{false};
    std::string said_;  // before we were ready
    double difficulty_{1};
    std::uint64_t tip_{0};
};

}  // namespace

std::shared_ptr<Client> start_sv1_client(net::Loop& loop, const Url& url, Identity identity,
                                         ClientEvents& events) {
    auto session = std::make_shared<Sv1Client>(loop, url, std::move(identity), events);
    session->start();
    return session;
}

}  // namespace hp::miner
