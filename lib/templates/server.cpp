#include "templates/server.hpp"

#include <algorithm>

#include "bitcoin/block.hpp"
#include "bitcoin/coinbase.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "sv2/common.hpp"
#include "sv2/registry.hpp"
#include "templates/client_session.hpp"

namespace hp::templates {
namespace {

constexpr std::size_t kSubmittedMax = 64;
// A whole block's transactions may be queued besides a few templates.
constexpr std::size_t kSendQueueMax = 12u << 20;

log::Limited& bad_solutions() {
    static log::Limited limited{log::Level::warn};
    return limited;
}

void tell(const BlockEvent& event, const std::string& found_by) {
    const Verdict& verdict = event.verdict;
    const std::string block =
        "block " + to_hex_reversed(event.id.hash) + " at height " + std::to_string(event.id.height);
    const std::string word = verdict.reason.empty() ? "" : " (" + verdict.reason + ")";
    if (event.is_change) {
        if (verdict.accepted()) return log::info("{} is in the chain now", block);
        return log::warn("{} has left the chain: another branch has more work", block);
    }
    switch (verdict.fate) {
        case Fate::accepted:
            return log::info("{} is accepted{}, {}", block, word, found_by);
        case Fate::side_branch:
            return log::warn("{} is on a side branch{}: another block of its height is in the chain, {}",
                             block, word, found_by);
        case Fate::rejected:
            return log::warn("{} is refused: {}, {}", block, verdict.reason, found_by);
        case Fate::undelivered:
            return log::error("{} did not reach the chain: {}, {}", block, verdict.reason, found_by);
    }
}

}  // namespace

Server::Server(net::Loop& loop, Source& source, std::uint64_t first_template_id, OnBlock on_block)
    : loop_{loop}, source_{source}, on_block_{std::move(on_block)}, cache_{first_template_id} {}

Server::~Server() { stop(); }

net::FrameLimits Server::frame_limits() {
    net::FrameLimits limits;
    limits.connections_max = config::kTemplatePort.connections;
    limits.strangers_max = config::kTemplatePort.strangers;
    limits.strangers_per_address_max = config::kTemplatePort.strangers_per_address;
    limits.send_queue_bytes_max = kSendQueueMax;
    limits.payload_limit = sv2::payload_limit_of_one<sv2::common::SetupConnection>;
    return limits;
}

void Server::accept(std::shared_ptr<net::FrameConnection> connection) {
    if (stopped_) return connection->close("stopping");
    auto session = std::make_shared<ClientSession>(loop_, *this, connection);
    sessions_.insert(session);
    connection->set_handler(session);
}

void Server::on_template(std::shared_ptr<const BlockTemplate> block) {
    if (stopped_) return;
    const bool new_tip = !cache_.current() || !same_tip(*cache_.current(), *block);
    log::log(new_tip ? log::Level::info : log::Level::debug,
             "template for height {}: {} transactions, {} sats, on {}", block->height,
             block->transactions.size(), block->coinbase_sats, to_hex_reversed(block->prev_hash));
    cache_.set_current(std::move(block));
    // Sending may drop a slow client, which changes the set.
    std::vector<std::shared_ptr<ClientSession>> sessions(sessions_.begin(), sessions_.end());
    for (const auto& session : sessions) session->on_new_template();
}

void Server::on_solution(const Asker& from, std::uint64_t template_id, const Solution& solution) {
    const std::string& peer = from->peer();
    auto offer = cache_.find(template_id);
    if (!offer)
        return bad_solutions()(
            "{}: solution for template {}, which is not known: from before this start, or too old; hp-pool "
            "hands such "
            "blocks in whole",
            peer, template_id);
    auto found = assemble(*offer->block, solution);
    if (!found)
        return bad_solutions()("{}: solution for template {}: {}", peer, template_id, found.error().what);
    if (!found->meets_target)
        return bad_solutions()("{}: solution for template {}: its hash {} misses the target", peer,
                               template_id, to_hex_reversed(found->hash));
    // No log line before the verdict: until then the block may be on its way to the node, which takes turns
    // of the loop.
    submit(from, std::move(found->raw), {offer->block->height, found->hash},
           "found by " + peer + (cache_.is_fresh(*offer) ? "" : " after the tip had changed"));
}

void Server::on_block(const Asker& from, Bytes raw) {
    // A pool that hands in a damaged file needs the answer, or it would do so for ever.
    const auto refuse = [&](const Bytes32& hash, const std::string& reason) {
        bad_solutions()("{}: whole block {}: {}", from->peer(), to_hex_reversed(hash), reason);
        from->tell_verdict(hash, {Fate::rejected, reason});
    };
    if (raw.size() < bitcoin::kHeaderSize)
        return refuse({}, "malformed: " + std::to_string(raw.size()) + " bytes, fewer than a header");
    const auto header = bitcoin::BlockHeader::decode(
        to_array<bitcoin::kHeaderSize>(ByteView{raw}.first(bitcoin::kHeaderSize)));
    const Bytes32 hash = header.hash();
    // Megabytes that cost no work must not reach the node.
    const bool has_work = cache_.current() && 4 * bitcoin::work_from_target(hash) >=
                                                  bitcoin::work_from_target(cache_.current()->target);
    if (!has_work) return refuse(hash, "high-hash");
    const auto block = bitcoin::parse_block(raw);
    if (!block) return refuse(hash, "malformed: " + block.error().what);
    // Then the hash names these bytes and no others: neither does a stranger's copy of a header with other
    // transactions reach the node, nor is its answer remembered for the true block.
    if (const auto fits = bitcoin::check_commitments(*block); !fits) return refuse(hash, fits.error().what);
    const auto coinbase = bitcoin::parse_transaction(block->transactions[0]);
    if (!coinbase || !coinbase->is_coinbase())
        return refuse(hash, "bad-cb-missing: the first transaction spends coins");
    const auto height = bitcoin::coinbase_height(coinbase->inputs[0].script_sig);
    if (!height) return refuse(hash, "bad-cb-height: " + height.error().what);
    submit(from, std::move(raw), {*height, hash}, "handed in whole by " + from->peer());
}

void Server::submit(const Asker& from, Bytes raw, const BlockId& id, const std::string& found_by) {
    if (Submitted* before = find_submitted(id.hash)) {
        before->askers.push_back(from);
        if (!before->verdict) return;
        if (before->verdict->fate != Fate::undelivered) {
            bad_solutions()("{}: block {} was already submitted", from->peer(), to_hex_reversed(id.hash));
            return from->tell_verdict(id.hash, *before->verdict);
        }
        before->verdict.reset();
    } else {
        submitted_.push_back({id.hash, {}, {from}});
        if (submitted_.size() > kSubmittedMax) submitted_.pop_front();
    }
    auto is_change = std::make_shared<bool>(false);
    source_.submit(std::make_shared<const Bytes>(std::move(raw)), id,
                   [this, alive = std::weak_ptr(alive_), id, found_by, is_change](const Verdict& verdict) {
                       if (!alive.expired())
                           on_verdict(id, verdict, found_by, std::exchange(*is_change, true));
                   });
}

void Server::on_verdict(const BlockId& id, const Verdict& verdict, const std::string& found_by,
                        bool is_change) {
    const BlockEvent event{id, verdict, is_change};
    tell(event, found_by);
    if (on_block_) on_block_(event);
    Submitted* one = find_submitted(id.hash);
    if (!one) return;
    one->verdict = verdict;
    std::erase_if(one->askers, [](const auto& asker) { return asker.expired(); });
    const auto askers = one->askers;
    for (const auto& asker : askers)
        if (const auto session = asker.lock()) session->tell_verdict(id.hash, verdict);
}

Server::Submitted* Server::find_submitted(const Bytes32& hash) {
    const auto one = std::ranges::find(submitted_, hash, &Submitted::hash);
    return one == submitted_.end() ? nullptr : &*one;
}

void Server::forget(ClientSession& session) { sessions_.erase(session.shared_from_this()); }

void Server::withdraw(const std::string& why) {
    cache_.set_current(nullptr);
    for (const auto& session : std::exchange(sessions_, {})) session->close(why);
}

void Server::stop() {
    stopped_ = true;
    auto sessions = std::exchange(sessions_, {});
    for (const auto& session : sessions) {
        leaving_.push_back(session->connection());
        session->detach();
        session->close("template provider is stopping");
    }
}

bool Server::has_left() const {
    return std::ranges::all_of(leaving_, [](const auto& connection) { return connection.expired(); });
}

}  // namespace hp::templates
