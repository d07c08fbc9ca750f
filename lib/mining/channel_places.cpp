#include "mining/channel_places.hpp"

#include <algorithm>

namespace hp::mining {

ChannelPlaces::Answer ChannelPlaces::open(Id id, const Source& source) {
    const auto known = connections_.find(id);
    const bool is_proven = known != connections_.end() && known->second.channels < known->second.proven;
    Answer out{true};
    if (total_ >= limits_.total || (!is_proven && unproven_ >= limits_.unproven)) {
        const auto largest = by_unproven_.rbegin();
        if (largest == by_unproven_.rend() || largest->second == source) return {false};
        // Far more, or the two would displace each other.
        const auto own = groups_.find(source);
        if (!is_proven && own != groups_.end() && 2 * own->second.unproven >= largest->first) return {false};
        out.gone = groups_.at(largest->second).by_unproven.rbegin()->second;
        leave(*out.gone);
    }
    Connection& connection = connections_.try_emplace(id, Connection{source}).first->second;
    set(id, connection, connection.channels + 1, connection.proven);
    return out;
}

void ChannelPlaces::close(Id id) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.channels == 0) return;
    set(id, found->second, found->second.channels - 1, found->second.proven);
}

void ChannelPlaces::on_accepted_share(Id id) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.proven >= limits_.total) return;
    set(id, found->second, found->second.channels, found->second.proven + kProvenByShare);
}

void ChannelPlaces::leave(Id id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    set(id, found->second, 0, 0);
    connections_.erase(found);
}

void ChannelPlaces::set(Id id, Connection& connection, std::size_t channels, std::size_t proven) {
    const std::size_t before = connection.unproven();
    total_ += channels - connection.channels;
    connection.channels = channels;
    connection.proven = proven;
    if (connection.unproven() != before) move(connection.source, id, before, connection.unproven());
}

void ChannelPlaces::move(const Source& source, Id id, std::size_t before, std::size_t after) {
    Group& group = groups_[source];
    by_unproven_.erase({group.unproven, source});
    group.by_unproven.erase({before, id});
    group.unproven += after - before;
    unproven_ += after - before;
    if (after > 0) group.by_unproven.insert({after, id});
    if (group.unproven > 0)
        by_unproven_.insert({group.unproven, source});
    else
        groups_.erase(source);
}

}  // namespace hp::mining
