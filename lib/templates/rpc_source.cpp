#include "templates/rpc_source.hpp"

#include "crypto/random.hpp"
#include "log/log.hpp"
#include "net/frames.hpp"

namespace hp::templates {
namespace {

constexpr std::int64_t kCallLimitMs = 20'000;
constexpr std::int64_t kSubmitLimitMs = 60'000;
// A long poll may last until the next block; the limit only detects dead connections.
constexpr std::int64_t kLongPollLimitMs = 600'000;
// A node that answers long polls at once is not asked more often than this.
constexpr std::int64_t kLongPollPauseMs = 1'000;
constexpr std::int64_t kBehindPollMs = 1'000;
constexpr std::int64_t kRetryFirstMs = 500, kRetryMaxMs = 15'000;
constexpr std::int64_t kResubmitFirstMs = 200, kResubmitMaxMs = 5'000;
// A block that could not be submitted for this long has lost its race.
constexpr SteadyMs kSubmitGiveUpMs = 600'000;
/// Blocks on top after which no reorg is expected any more.
constexpr std::uint32_t kDeepEnough = 12;
constexpr std::size_t kWatchedMax = 64;

Error not_ready(const NodeFault& fault) {
    const char* what = fault.code == -28   ? "the node is starting"
                       : fault.code == -10 ? "the node is syncing"
                                           : "the node has no peers";
    return {Errc::refused, std::string(what) + ", no work yet: " + fault.text(), {}};
}
/// The counts change with each answer, so they are in the hint: the reason is logged once.
Error behind(const ChainState& state) {
    return {Errc::refused,
            std::string("the node is behind its network, no work until it has caught up: ") +
                (state.is_initial_download ? "it is in initial block download"
                                           : "it knows headers of blocks that it does not have"),
            "it has " + std::to_string(state.blocks) + " blocks of " + std::to_string(state.headers) +
                "; allow_ibd takes its templates nevertheless"};
}
Error refusal(const char* method, const NodeFault& fault) {
    if (fault.not_ready()) return not_ready(fault);
    return {Errc::refused, std::string("the node refuses ") + method + ": " + fault.text(), {}};
}

}  // namespace

RpcSource::RpcSource(net::Loop& loop, Options options)
    : loop_{loop},
      options_{std::move(options)},
      short_calls_{loop, options_.rpc},
      long_polls_{loop, options_.rpc},
      backoff_{kRetryFirstMs, kRetryMaxMs},
      next_ask_{loop},
      next_long_{loop} {}

void RpcSource::start(OnTemplate on_template) {
    on_template_ = std::move(on_template);
    next_ask_.after(0, [this] { check_network(); });
}

void RpcSource::refresh() {
    log::debug("asking {} at once", options_.rpc.url);
    if (lost_why_.empty()) return ask();
    next_ask_.after(0, [this] { check_network(); });
}

void RpcSource::on_lost(const Error& why) {
    if (why.what != lost_why_) {
        if (why.hint.empty())
            log::warn("no templates from {}: {}", options_.rpc.url, why.what);
        else
            log::warn("no templates from {}: {}; {}", options_.rpc.url, why.what, why.hint);
        if (on_trouble) on_trouble(why.what);
    }
    lost_why_ = why.what;
    // The node that comes back may be a different one.
    const std::int64_t pause_ms = is_behind_ ? kBehindPollMs : backoff_.next_ms(crypto::random_u32());
    next_ask_.after(pause_ms, [this] { check_network(); });
}

void RpcSource::on_answer() {
    if (!lost_why_.empty()) {
        log::info("templates from {} again", options_.rpc.url);
        if (on_trouble) on_trouble({});
    }
    lost_why_.clear();
    backoff_.reset();
}

void RpcSource::check_network() {
    short_calls_.call("getblockchaininfo", "[]", kCallLimitMs,
                      [this](Result<std::string> body) { on_chain_state(body); });
}

void RpcSource::on_chain_state(const Result<std::string>& body) {
    if (!body) return on_lost(body.error());
    auto reply = parse_chain_state(*body);
    if (!reply) return on_lost(reply.error());
    if (reply->fault) return on_lost(refusal("getblockchaininfo", *reply->fault));
    const ChainState& state = *reply->value;
    if (!chain_fits_network(state.chain, options_.network))
        return on_lost({Errc::refused,
                        "the node is on '" + state.chain + "', configured is '" + options_.network + "'",
                        "correct network or rpc_url"});
    is_behind_ = is_too_far_behind(state);
    if (is_behind_) return on_lost(behind(state));
    ask();
}

bool RpcSource::is_too_far_behind(const ChainState& state) {
    if (!state.is_behind() || options_.allow_ibd || options_.network == "regtest") {
        behind_since_.reset();
        return false;
    }
    if (!behind_since_) behind_since_ = steady_ms_now();
    // Each header comes before its block: that alone must not interrupt a source that works.
    return state.is_initial_download || !latest_ || is_behind_ ||
           steady_ms_now() - *behind_since_ >= options_.behind_grace_ms;
}

void RpcSource::ask() {
    if (is_behind_) return;  // the next look at its chain asks
    if (asking_) {
        ask_again_ = true;
        return;
    }
    asking_ = true;
    ask_again_ = false;
    short_calls_.call("getblocktemplate", block_template_params(options_.network, {}), kCallLimitMs,
                      [this, asked_at = published_](Result<std::string> body) {
                          asking_ = false;
                          if (is_behind_) return;
                          auto node = read(body);
                          if (!node) return on_lost(node.error());
                          // First its work: whoever waits for the end of the trouble wants none that is old.
                          take(*node, asked_at);
                          on_answer();
                          if (ask_again_) return ask();
                          next_ask_.after(options_.fee_refresh_s * 1000, [this] { check_network(); });
                          ask_long();
                      });
}

void RpcSource::ask_long() {
    if (asking_long_ || long_poll_id_.empty()) return;
    asking_long_ = true;
    next_long_.cancel();
    long_polls_.call("getblocktemplate", block_template_params(options_.network, long_poll_id_),
                     kLongPollLimitMs, [this, asked_at = published_](Result<std::string> body) {
                         asking_long_ = false;
                         if (is_behind_) return;
                         if (!body && body.error().code == Errc::timeout) return pause_long(0);
                         // The plain request finds and reports what is wrong with the node; it also starts
                         // the next long poll.
                         auto node = read(body);
                         if (!node) return lost_why_.empty() ? ask() : void();
                         pause_long(take(*node, asked_at) ? 0 : kLongPollPauseMs);
                     });
}

void RpcSource::pause_long(std::int64_t delay_ms) {
    next_long_.after(delay_ms, [this] { ask_long(); });
}

Result<NodeTemplate> RpcSource::read(const Result<std::string>& body) {
    if (!body) return fail(body.error());
    HP_TRY(auto reply, parse_block_template(*body, latest_.get()));
    if (reply.fault) return fail(refusal("getblocktemplate", *reply.fault));
    return *std::move(reply.value);
}

bool RpcSource::take(const NodeTemplate& node, std::uint64_t asked_at) {
    const bool other_tip = !latest_ || !same_tip(*latest_, *node.block);
    if (other_tip && asked_at != published_) {
        // Two answers crossed; only a new request can tell which tip is newer.
        ask();
        return false;
    }
    long_poll_id_ = node.long_poll_id;
    if (node.needs_signature && !std::exchange(signature_warned_, true))
        log::warn("this signet's blocks need its operator's signature: the node will refuse ours");
    if (!other_tip && node.block->coinbase_sats <= latest_->coinbase_sats) return false;
    latest_ = node.block;
    ++published_;
    if (other_tip) watch(latest_->height - 1);
    on_template_(latest_);
    return true;
}

void RpcSource::submit(std::shared_ptr<const Bytes> block, const BlockId& block_id, OnVerdict on_verdict) {
    const std::uint64_t id = next_submission_++;
    submissions_.emplace(id, Submission{"[\"" + to_hex(*block) + "\"]", block_id, std::move(on_verdict),
                                        steady_ms_now() + kSubmitGiveUpMs,
                                        net::Backoff{kResubmitFirstMs, kResubmitMaxMs}, net::Timer{loop_}});
    send(id);
}

void RpcSource::send(std::uint64_t submission_id) {
    auto it = submissions_.find(submission_id);
    HP_ASSERT(it != submissions_.end());
    ++it->second.sent;
    short_calls_.call("submitblock", it->second.params, kSubmitLimitMs,
                      [this, submission_id](Result<std::string> body) { on_submitted(submission_id, body); });
}

void RpcSource::try_again(std::uint64_t submission_id, const std::string& why) {
    Submission& submission = submissions_.at(submission_id);
    if (steady_ms_now() >= submission.give_up_at) return finish(submission_id, {Fate::undelivered, why});
    submission.timer.after(submission.backoff.next_ms(crypto::random_u32()),
                           [this, submission_id] { send(submission_id); });
    log::warn("a block could not be submitted to the node, trying again: {}", why);
}

void RpcSource::on_submitted(std::uint64_t submission_id, const Result<std::string>& body) {
    const auto reply = body ? parse_submit_block(*body) : Result<NodeReply<std::string>>(fail(body.error()));
    if (!reply) return try_again(submission_id, reply.error().what);
    if (reply->fault) {
        if (reply->fault->not_ready()) return try_again(submission_id, not_ready(*reply->fault).what);
        return finish(submission_id, {Fate::rejected, reply->fault->text()});
    }
    if (answer_from_word(*reply->value) == Answer::refused)
        return finish(submission_id, {Fate::rejected, *reply->value});
    submissions_.at(submission_id).word = *reply->value;
    ask_chain(submission_id);
}

/// The answer said that the node has the block. Which block of that height is in the chain must be asked
/// separately; this way works with both Bitcoin Core and btcd.
void RpcSource::ask_chain(std::uint64_t submission_id) {
    const Submission& submission = submissions_.at(submission_id);
    short_calls_.call(
        "getblockhash", "[" + std::to_string(submission.id.height) + "]", kCallLimitMs,
        [this, submission_id](Result<std::string> body) {
            const Submission& asked = submissions_.at(submission_id);
            const Answer answer = answer_from_word(asked.word);
            const bool was_known = answer == Answer::known || asked.word == "duplicate-inconclusive";
            Verdict verdict{answer == Answer::unsettled ? Fate::side_branch : Fate::accepted, asked.word,
                            was_known && asked.sent == 1};
            const auto reply =
                body ? parse_block_hash(*body) : Result<NodeReply<Bytes32>>(fail(body.error()));
            if (reply && reply->value)
                verdict.fate = *reply->value == asked.id.hash ? Fate::accepted : Fate::side_branch;
            finish(submission_id, verdict);
        });
}

void RpcSource::finish(std::uint64_t submission_id, const Verdict& verdict) {
    Submission& done = submissions_.at(submission_id);
    OnVerdict on_verdict = std::move(done.on_verdict);
    if (verdict.fate == Fate::accepted || verdict.fate == Fate::side_branch) {
        watched_.emplace(submission_id, Watched{done.id, verdict, on_verdict});
        if (watched_.size() > kWatchedMax) watched_.erase(watched_.begin());
    }
    submissions_.erase(submission_id);
    on_verdict(verdict);
    if (verdict.accepted()) ask();
}

/// At each new tip: a block may leave the chain, and one from a side branch may enter it.
void RpcSource::watch(std::uint32_t tip_height) {
    std::erase_if(watched_, [&](const auto& one) { return one.second.id.height + kDeepEnough < tip_height; });
    for (auto& [id, watched] : watched_) {
        if (std::exchange(watched.is_asked, true)) continue;
        short_calls_.call(
            "getblockhash", "[" + std::to_string(watched.id.height) + "]", kCallLimitMs,
            [this, watched_id = id](Result<std::string> body) { on_watched(watched_id, body); });
    }
}

void RpcSource::on_watched(std::uint64_t watched_id, const Result<std::string>& body) {
    const auto it = watched_.find(watched_id);
    if (it == watched_.end()) return;
    Watched& watched = it->second;
    watched.is_asked = false;
    const auto reply = body ? parse_block_hash(*body) : Result<NodeReply<Bytes32>>(fail(body.error()));
    // A chain that is shorter now does not have the block either.
    if (!reply || (!reply->value && !reply->fault->is_out_of_range())) return;
    const bool is_in = reply->value && *reply->value == watched.id.hash;
    if (is_in == watched.verdict.accepted()) return;
    watched.verdict.fate = is_in ? Fate::accepted : Fate::side_branch;
    watched.verdict.reason.clear();
    const auto on_verdict = watched.on_verdict;
    on_verdict(watched.verdict);
}

}  // namespace hp::templates
