#include "proxy/upstreams.hpp"

#include <algorithm>

#include "log/log.hpp"
#include "sv2/setup.hpp"
#include "wire/connection_refusal.hpp"

namespace hp::proxy {
namespace {

/// hp-pool's error code when a connection has its maximum of channels. Other pools may use another: there the
/// key channels_per_connection keeps us below.
constexpr std::string_view kFull = wire::channel_refusal::kTooMany;

}  // namespace

/// One channel's route: its owner on one side, a connection and the pool's channel id on the other.
class Upstreams::Route : public ChannelOwner, public std::enable_shared_from_this<Route> {
  public:
    Route(Upstreams& all, ChannelOpening opening, std::weak_ptr<ChannelOwner> owner)
        : all_{all}, opening_{std::move(opening)}, owner_{std::move(owner)} {}

    bool is_wanted() const { return !owner_.expired(); }
    void open_on(Line& line) {
        line_ = &line;
        ++line.load;
        line.was_idle = false;
        line.upstream.open_channel(opening_, weak_from_this());
    }
    void refuse(const std::string& code) {
        if (auto owner = owner_.lock()) owner->on_refused(code);
    }
    /// The channel is gone: its place on the connection is free.
    void leave() {
        if (line_) --std::exchange(line_, nullptr)->load;
    }
    Line* line() const { return line_; }
    std::uint32_t pool_channel_id() const { return pool_channel_id_; }

    void on_opened(const sv2::mining::OpenExtendedMiningChannelSuccess& success) override {
        auto self = shared_from_this();
        all_.opening_.erase(self);
        pool_channel_id_ = success.channel_id;
        auto owner = owner_.lock();
        if (!owner) {
            line_->upstream.close_channel(pool_channel_id_);  // the miner is gone by now
            return leave();
        }
        while (all_.next_channel_id_ == 0 || all_.routes_.contains(all_.next_channel_id_))
            ++all_.next_channel_id_;
        channel_id_ = all_.next_channel_id_++;
        extranonce_size_ = success.extranonce_size;
        all_.routes_.emplace(channel_id_, self);
        auto ours = success;
        ours.channel_id = channel_id_;
        owner->on_opened(ours);
    }
    void on_refused(const std::string& code) override {
        auto self = shared_from_this();
        all_.opening_.erase(self);
        Line& line = *line_;
        leave();
        // If a connection without any channel is full, there is another reason.
        if (code != kFull || line.load == 0) return refuse(code);
        line.limit = std::min(line.limit, line.load);
        all_.place(self);
    }
    void on_channel_lost(const std::string& code) override {
        auto self = shared_from_this();
        all_.opening_.erase(self);
        all_.routes_.erase(channel_id_);
        leave();
        if (auto owner = owner_.lock()) owner->on_channel_lost(code);
    }
    void on_job(const sv2::mining::NewExtendedMiningJob& job) override {
        if (auto owner = owner_.lock()) owner->on_job(job);
    }
    void on_prev_hash(const sv2::mining::SetNewPrevHash& tip) override {
        if (auto owner = owner_.lock()) owner->on_prev_hash(tip);
    }
    void on_target(const Bytes32& target) override {
        if (auto owner = owner_.lock()) owner->on_target(target);
    }
    void on_extranonce_prefix(ByteView prefix) override {
        auto owner = owner_.lock();
        if (!owner) return;
        // As at the opening: it is useless for mining, and the next channel may be better.
        const auto why = sv2::unusable_extranonce(prefix.size(), extranonce_size_, 0);
        if (why.empty()) return owner->on_extranonce_prefix(prefix);
        owner->on_refused(why);
    }
    void on_accepted(std::uint32_t last_sequence_number) override {
        if (auto owner = owner_.lock()) owner->on_accepted(last_sequence_number);
    }
    void on_rejected(std::uint32_t sequence_number, const std::string& code) override {
        if (auto owner = owner_.lock()) owner->on_rejected(sequence_number, code);
    }
    void on_quote(std::uint32_t sequence_number, const std::string& quote_id, std::uint64_t amount) override {
        if (auto owner = owner_.lock()) owner->on_quote(sequence_number, quote_id, amount);
    }
    void on_quote_failed(std::uint32_t sequence_number, const std::string& text) override {
        if (auto owner = owner_.lock()) owner->on_quote_failed(sequence_number, text);
    }

  private:
    Upstreams& all_;
    ChannelOpening opening_;
    std::weak_ptr<ChannelOwner> owner_;
    Line* line_{nullptr};
    std::uint32_t channel_id_{0};  // ours; 0 until it is open
    std::uint32_t pool_channel_id_{0};
    std::size_t extranonce_size_{0};
};

Upstreams::Upstreams(net::Loop& loop, Options options)
    : loop_{loop}, options_{std::move(options)}, retire_{loop} {
    add_line();
}

Upstreams::~Upstreams() = default;

void Upstreams::start() { lines_.front()->upstream.start(); }

Upstreams::Line& Upstreams::add_line() {
    auto pool = options_.pool;
    pool.number = static_cast<unsigned>(lines_.size() + 1);
    auto& line = *lines_.emplace_back(std::make_unique<Line>(loop_, std::move(pool), options_.channels_max));
    line.upstream.on_ready = [this, &line] { on_line_ready(line); };
    line.upstream.on_lost = [this](const std::string& reason) { on_line_lost(reason); };
    line.upstream.on_setup_refused = [this](const std::string& code) {
        if (on_setup_refused) on_setup_refused(code);
    };
    return line;
}

bool Upstreams::is_ready() const {
    return std::ranges::any_of(lines_, [](const auto& line) { return line->upstream.is_ready(); });
}

void Upstreams::on_line_ready(Line& line) {
    line.limit = options_.channels_max;
    const Terms terms{line.upstream.pays_ehash(), line.upstream.fixed_version()};
    const bool is_first =
        std::ranges::count_if(lines_, [](const auto& other) { return other->upstream.is_ready(); }) == 1;
    if (!is_first && terms != terms_)
        return line.upstream.end("the pool has other terms here than on the other connections");
    terms_ = terms;
    const auto& tell = is_first ? on_ready : on_further_ready;
    if (tell) tell();
    place_waiting();
}

void Upstreams::on_line_lost(const std::string& reason) {
    if (!is_ready() && on_lost) on_lost(reason);
}

void Upstreams::open_channel(const ChannelOpening& opening, std::weak_ptr<ChannelOwner> owner) {
    place(std::make_shared<Route>(*this, opening, std::move(owner)));
}

void Upstreams::place(RoutePtr route) {
    for (const auto& line : lines_) {
        if (!line->upstream.is_ready() || line->load >= line->limit) continue;
        opening_.insert(route);
        return route->open_on(*line);
    }
    const bool one_comes =
        std::ranges::any_of(lines_, [](const auto& line) { return !line->upstream.is_ready(); });
    if (!one_comes && lines_.size() >= options_.connections_max)
        return route->refuse("all " + std::to_string(lines_.size()) + " connections are full");
    waiting_.push_back(std::move(route));
    if (one_comes) return;
    log::info("pool {}: all channels of {} connections are in use; opening another connection", name(),
              lines_.size());
    add_line().upstream.start();
    retire_.every(options_.idle_ms, [this] { retire_idle(); });
}

void Upstreams::place_waiting() {
    for (auto& route : std::exchange(waiting_, {}))
        if (route->is_wanted()) place(std::move(route));
}

/// Connections that were idle at the last check as well, and that nobody waits for.
void Upstreams::retire_idle() {
    for (std::size_t i = lines_.size(); i-- > 1;) {
        Line& line = *lines_[i];
        if (line.load > 0 || !waiting_.empty() || !std::exchange(line.was_idle, true)) continue;
        ignored_before_ += line.upstream.messages_ignored();
        lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (lines_.size() == 1) retire_.cancel();
}

Upstreams::Route* Upstreams::find(std::uint32_t channel_id) const {
    const auto it = routes_.find(channel_id);
    return it == routes_.end() ? nullptr : it->second.get();
}

void Upstreams::update_channel(std::uint32_t channel_id, float nominal_hash_rate, const Bytes32& max_target,
                               const Naming& naming) {
    if (Route* route = find(channel_id))
        route->line()->upstream.update_channel(route->pool_channel_id(), nominal_hash_rate, max_target,
                                               naming);
}

void Upstreams::submit(const sv2::mining::SubmitSharesExtended& share, const Naming& naming) {
    Route* route = find(share.channel_id);
    if (!route) return;
    auto theirs = share;
    theirs.channel_id = route->pool_channel_id();
    route->line()->upstream.submit(theirs, naming);
}

void Upstreams::close_channel(std::uint32_t channel_id) {
    auto found = routes_.extract(channel_id);
    if (!found) return;
    Route& route = *found.mapped();
    route.line()->upstream.close_channel(route.pool_channel_id());
    route.leave();
    place_waiting();
}

UpstreamStatus Upstreams::status() const {
    UpstreamStatus out;
    out.messages_ignored = ignored_before_;
    for (const auto& line : lines_) {
        out.messages_ignored += line->upstream.messages_ignored();
        out.channels += line->load;
        if (!line->upstream.is_ready()) continue;
        ++out.connections;
        out.channels_max += line->limit;
    }
    return out;
}

}  // namespace hp::proxy
