#include "templates/server.hpp"

#include <algorithm>

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

void Server::on_solution(const std::string& peer, std::uint64_t template_id, const Solution& solution) {
    auto offer = cache_.find(template_id);
    if (!offer) return bad_solutions()("{}: solution for unknown template {}", peer, template_id);
    auto found = assemble(*offer->block, solution);
    if (!found)
        return bad_solutions()("{}: solution for template {}: {}", peer, template_id, found.error().what);
    const std::string hash = to_hex_reversed(found->hash);
    if (!found->meets_target)
        return bad_solutions()("{}: solution for template {}: its hash {} misses the target", peer,
                               template_id, hash);
    if (is_repeated(found->hash)) return bad_solutions()("{}: block {} was already submitted", peer, hash);
    // No log line before the verdict: until then the block may be on its way to the node, which takes turns
    // of the loop.
    const BlockId id{offer->block->height, found->hash};
    auto on_verdict = [this, alive = std::weak_ptr(alive_),
                       found_by =
                           "found by " + peer + (cache_.is_fresh(*offer) ? "" : " after the tip had changed"),
                       event = std::make_shared<BlockEvent>(BlockEvent{id})](const Verdict& verdict) {
        if (alive.expired()) return;
        event->verdict = verdict;
        tell(*event, found_by);
        if (on_block_) on_block_(*event);
        event->is_change = true;
    };
    source_.submit(std::make_shared<const Bytes>(std::move(found->raw)), id, std::move(on_verdict));
}

bool Server::is_repeated(const Bytes32& hash) {
    if (std::find(submitted_.begin(), submitted_.end(), hash) != submitted_.end()) return true;
    submitted_.push_back(hash);
    if (submitted_.size() > kSubmittedMax) submitted_.pop_front();
    return false;
}

void Server::forget(ClientSession& session) { sessions_.erase(session.shared_from_this()); }

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
