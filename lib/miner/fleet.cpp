#include "miner/fleet.hpp"

#include <algorithm>
#include <chrono>

#include "crypto/random.hpp"
#include "log/log.hpp"

namespace hp::miner {
namespace {

constexpr std::int64_t kPaceMs = 2;
constexpr std::int64_t kBackoffFirstMs = 500, kBackoffMaxMs = 30'000;
/// Remembered for their latency and hash; answers are counted whether or not theirs is among them.
constexpr std::size_t kUnansweredMax = 65'536;
constexpr std::int64_t kFinishLimitMs = 2'000;

std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}
log::Limited& loss_log() {
    static log::Limited limited{log::Level::warn};
    return limited;
}

}  // namespace

/// One connection's slot: its current session and its successors.
class Fleet::Seat final : public ClientEvents {
  public:
    Seat(Fleet& fleet, std::size_t index)
        : fleet_{fleet}, index_{index}, backoff_{kBackoffFirstMs, kBackoffMaxMs}, again_{fleet.loop_} {}
    ~Seat() override { close(); }

    void open() {
        Identity identity = fleet_.options_.identity;
        identity.ask_extensions = ask_extensions_;
        const auto start = fleet_.options_.url.is_sv2() ? start_sv2_client : start_sv1_client;
        session_ = start(fleet_.loop_, fleet_.options_.url, std::move(identity), *this);
    }
    void close() {
        again_.cancel();
        forget();
        if (auto session = std::exchange(session_, nullptr)) session->close();
    }
    bool is_up() const { return up_; }
    std::size_t unanswered() const { return unanswered_.size(); }

    /// One more share may be found, if the depth allows it.
    bool grant() {
        if (!work_ || granted_ >= fleet_.options_.depth) return false;
        ++granted_;
        work_->allowance->give(1);
        return true;
    }
    void submit(const Share& share) {
        if (!work_ || share.work->allowance != work_->allowance) return;  // from a session that is gone
        if (share.work->tip < work_->tip) {
            ++fleet_.tally_.dropped_stale;
            give_back();
            return;
        }
        ++fleet_.tally_.submitted;
        const std::uint32_t sequence = next_sequence_++;
        if (unanswered_.size() >= kUnansweredMax) drop_oldest();
        unanswered_.push_back({sequence, now_us(), share.hash});
        session_->submit(sequence, share);
    }
    /// Once a second.
    void check(std::int64_t time_us) {
        if (unanswered_.empty()) return;
        const auto& options = fleet_.options_;
        if (time_us - std::max(heard_us_, unanswered_.front().sent_us) > options.silence_limit_ms * 1000) {
            if (auto session = std::exchange(session_, nullptr)) session->close();
            return on_lost({Errc::timeout, "the server has sent nothing for " +
                                               std::to_string(options.silence_limit_ms / 60'000) + " min"});
        }
        for (Sent& sent : unanswered_) {
            if (time_us - sent.sent_us <= options.depth_hold_ms * 1000) break;
            if (std::exchange(sent.uses_depth, false)) give_back();
        }
    }

    void on_reached() override { fleet_.was_reached_ = true; }
    void on_heard() override { heard_us_ = now_us(); }
    void on_message(std::string_view text) override {
        fleet_.server_says_ = printable(text);
        static log::Limited note{log::Level::info};
        note("the server says: {}", fleet_.server_says_);
    }
    void on_hopeless(const Error& reason) override {
        // A server that accepted us before may do so again.
        if (fleet_.was_ever_up()) return on_lost(reason);
        forget();
        fleet_.end(fail(reason));
    }
    void on_ready() override {
        up_ = true;
        ++fleet_.tally_.connects;
        backoff_.reset();
        fleet_.connect_limit_.cancel();
        if (fleet_.tally_.connects == 1) log::info("connected to {}", fleet_.options_.url.endpoint.text());
    }
    void on_work(std::shared_ptr<Work> work) override {
        const bool first = work_ == nullptr;
        if (!first) work->allowance = work_->allowance;
        work_ = std::move(work);
        fleet_.crew_.set_work(index_, work_);
        if (first && fleet_.options_.rate_per_s == 0) {
            while (grant()) {
            }
            fleet_.crew_.wake();
        }
    }
    void on_accepted(std::uint32_t sequence) override {
        const auto at = find(sequence);
        if (at == unanswered_.end()) return;
        ++fleet_.tally_.accepted;
        settle(at);
        fleet_.answered();
    }
    void on_accepted_up_to(std::uint32_t last_sequence, std::uint32_t count) override {
        fleet_.tally_.accepted += count;
        while (!unanswered_.empty() && unanswered_.front().sequence <= last_sequence)
            settle(unanswered_.begin());
        fleet_.answered();
    }
    void on_rejected(std::uint32_t sequence, std::string_view reason) override {
        fleet_.tally_.reject(reason);
        if (const auto at = find(sequence); at != unanswered_.end()) {
            static log::Limited note{log::Level::info};
            note("share {} refused: {}", to_hex_reversed(at->hash), printable(reason));
            settle(at);
        }
        fleet_.answered();
    }
    void on_quote(std::uint64_t amount) override {
        ++fleet_.tally_.quotes;
        fleet_.tally_.ehash += amount;
    }
    void on_quote_failure(std::string_view text) override {
        ++fleet_.tally_.quote_failures;
        loss_log()("quote refused: {}", printable(text));
    }
    void on_lost(const Error& reason) override {
        if (up_) ++fleet_.tally_.disconnects;
        if (!up_ && session_ && session_->asked_extensions()) ask_extensions_ = false;
        forget();
        fleet_.last_loss_ = reason;
        fleet_.server_says_.clear();
        fleet_.answered();
        if (fleet_.finishing_) return;
        const std::int64_t wait_ms = backoff_.next_ms(crypto::random_u32());
        loss_log()("{}{}; retrying in {:.1f} s", reason.what,
                   reason.hint.empty() ? "" : " (" + reason.hint + ")", static_cast<double>(wait_ms) / 1000);
        // The lost session is on the call stack: the next one replaces it.
        again_.after(wait_ms, [this] { open(); });
    }

  private:
    struct Sent {
        std::uint32_t sequence;
        std::int64_t sent_us;
        Bytes32 hash;
        bool uses_depth{true};
    };

    std::deque<Sent>::iterator find(std::uint32_t sequence) {
        // Servers nearly always answer in order.
        return std::find_if(unanswered_.begin(), unanswered_.end(),
                            [&](const Sent& sent) { return sent.sequence == sequence; });
    }
    void settle(std::deque<Sent>::iterator at) {
        fleet_.tally_.latencies.add_us(
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, now_us() - at->sent_us)));
        const bool used_depth = at->uses_depth;
        unanswered_.erase(at);
        if (used_depth) give_back();
    }
    void drop_oldest() {
        if (unanswered_.front().uses_depth) give_back();
        unanswered_.pop_front();
    }
    /// One share less counts towards the depth.
    void give_back() {
        --granted_;
        if (fleet_.options_.rate_per_s == 0 && grant()) fleet_.wake_crew_ = true;
    }
    void forget() {
        up_ = false;
        granted_ = 0;
        unanswered_.clear();
        if (work_) fleet_.crew_.set_work(index_, nullptr);
        work_ = nullptr;
    }

    Fleet& fleet_;
    std::size_t index_;
    net::Backoff backoff_;
    net::Timer again_;
    std::shared_ptr<Client> session_;
    std::shared_ptr<Work> work_;
    bool up_{false};
    bool ask_extensions_{true};
    std::int64_t granted_{0};  ///< counts towards the depth: to be found, found, or sent and not answered yet
    std::uint32_t next_sequence_{0};
    std::deque<Sent> unanswered_;
    std::int64_t heard_us_{0};
};

Fleet::Fleet(net::Loop& loop, FleetOptions options, std::function<void(Result<>)> on_done)
    : loop_{loop},
      options_{std::move(options)},
      on_done_{std::move(on_done)},
      pace_timer_{loop},
      check_timer_{loop},
      connect_limit_{loop},
      finish_limit_{loop},
      crew_{{.threads = options_.threads,
             .channels = options_.connections,
             .engine = options_.engine,
             .extranonce2_start = get_le<std::uint64_t>(crypto::random_array<8>().data())},
            [this, alive = std::weak_ptr<bool>(alive_)] {
                loop_.post([this, alive] {
                    if (alive.lock()) collect();
                });
            }} {
    for (std::size_t i = 0; i < options_.connections; ++i) seats_.push_back(std::make_unique<Seat>(*this, i));
}
Fleet::~Fleet() {
    alive_.reset();
    seats_.clear();  // destroyed before the crew, to which they return their work
}

void Fleet::start() {
    for (auto& seat : seats_) seat->open();
    check_timer_.every(1'000, [this] { check_time(); });
    if (options_.rate_per_s > 0) {
        pace_start_ms_ = steady_ms_now();
        pace_timer_.every(kPaceMs, [this] { pace(); });
    }
    if (options_.connect_timeout_ms > 0)
        connect_limit_.after(options_.connect_timeout_ms, [this] { expire(); });
}

void Fleet::collect() {
    for (const Share& share : crew_.take()) {
        if (finishing_) break;
        seats_[share.channel]->submit(share);
        if (options_.shares_max != 0 && tally_.submitted >= options_.shares_max) finish();
    }
    wake_if_granted();
}

void Fleet::wake_if_granted() {
    if (std::exchange(wake_crew_, false)) crew_.wake();
}

/// Grants the shares that are due, in turn over the connections. Those that no connection has room for are
/// not made up later: the rate is an upper limit, and a burst after a pause would not be evenly spread.
void Fleet::pace() {
    if (finishing_) return;
    const double elapsed_s = static_cast<double>(steady_ms_now() - pace_start_ms_) / 1000;
    const auto due = static_cast<std::uint64_t>(elapsed_s * options_.rate_per_s);
    bool granted = false;
    for (; paced_ < due; ++paced_) {
        bool found = false;
        for (std::size_t tried = 0; tried < seats_.size() && !found; ++tried)
            found = seats_[next_seat_++ % seats_.size()]->grant();
        if (!found) {
            paced_ = due;
            break;
        }
        granted = true;
    }
    if (granted) crew_.wake();
}

void Fleet::check_time() {
    const std::int64_t time_us = now_us();
    for (auto& seat : seats_) seat->check(time_us);
    wake_if_granted();
}

void Fleet::answered() {
    if (!finishing_) return wake_if_granted();
    for (const auto& seat : seats_)
        if (seat->unanswered() > 0) return;
    end({});
}

void Fleet::finish() {
    if (std::exchange(finishing_, true)) return;
    pace_timer_.cancel();
    finish_limit_.after(kFinishLimitMs, [this] { end({}); });
    for (std::size_t i = 0; i < seats_.size(); ++i) crew_.set_work(i, nullptr);
    answered();
}

void Fleet::expire() {
    if (was_ever_up()) return finish();
    end(fail(why_no_work()));
}

Error Fleet::why_no_work() const {
    const std::string hint = last_loss_ ? last_loss_->hint : "";
    if (!was_reached_)
        return {Errc::timeout, "never connected: " + (last_loss_ ? last_loss_->what : "no answer"),
                hint.empty() ? "is the server running?" : hint};
    const std::string why = !server_says_.empty() ? "the server says: " + server_says_
                            : last_loss_          ? last_loss_->what
                                                  : "it does not answer";
    return {Errc::timeout, "no work from " + options_.url.endpoint.text() + ": " + why, hint};
}

void Fleet::end(Result<> result) {
    if (std::exchange(ended_, true)) return;
    finishing_ = true;
    // Later: a session may be on the call stack.
    loop_.post([this, alive = std::weak_ptr<bool>(alive_), result = std::move(result)] {
        if (alive.lock()) on_done_(result);
    });
}

std::size_t Fleet::connections_open() const {
    return static_cast<std::size_t>(
        std::count_if(seats_.begin(), seats_.end(), [](const auto& seat) { return seat->is_up(); }));
}

}  // namespace hp::miner
