#include "net/guard.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>

#include "net/asio_impl.hpp"

namespace hp::net {

namespace {

/// An idle SV2 connection keeps two buffers of 1 kB.
constexpr std::size_t kUncountedBytes = 2048;
/// Measured memory that a connection frees besides its buffers.
constexpr std::size_t kConnectionBytes = 3 * 1024;
/// The allocator may keep less than this.
constexpr std::size_t kTrimBytes = 2u << 20;
constexpr std::int64_t kTrimDelayMs = 1'000;
constexpr SteadyMs kTrimEveryMs = 10'000;

Error made_room(const char* why) { return {Errc::refused, why, {}}; }

}  // namespace

Result<Protection> Protection::from(const std::vector<std::string>& sources_exempt,
                                    std::int64_t buffer_memory_mib) {
    Protection out;
    for (const std::string& text : sources_exempt) {
        HP_TRY(const auto net, IpNet::from_text(text));
        out.sources_exempt.push_back(net);
    }
    out.buffer_bytes_max = static_cast<std::size_t>(buffer_memory_mib) << 20;
    return out;
}

void protect(Loop& loop, Protection protection) {
    // Places need descriptors. If raising the limit is forbidden, the unit has set it.
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &files);
    }
    const auto guard = guard_of(loop);
    guard->budget.set_max(protection.buffer_bytes_max);
    guard->protection = std::move(protection);
}

const std::vector<IpNet>& sources_exempt(const Loop& loop) {
    return guard_of(const_cast<Loop&>(loop))->protection.sources_exempt;
}

ProtectionCounters protection_counters(const Loop& loop) {
    return guard_of(const_cast<Loop&>(loop))->counters_now();
}

Guard::Guard(Loop& loop)
    : protection{*Protection::from({"127.0.0.0/8", "::1"}, Protection::kBufferBytesMax >> 20)},
      trimmed_ms_{steady_ms_now() - kTrimEveryMs},
      trim_{loop} {}

bool Guard::is_exempt(const Address& peer) const {
    const IpAddress ip = peer.ip();
    return std::ranges::any_of(protection.sources_exempt, [&](const IpNet& net) { return net.contains(ip); });
}

void Guard::freed(std::size_t bytes) {
    freed_bytes_ += bytes;
    if (freed_bytes_ < kTrimBytes || is_trim_due_ || !trim_) return;
    is_trim_due_ = true;
    trim_->after(std::max(kTrimDelayMs, trimmed_ms_ + kTrimEveryMs - steady_ms_now()), [this] {
        is_trim_due_ = false;
        freed_bytes_ = 0;
        trimmed_ms_ = steady_ms_now();
        (void)::malloc_trim(0);
    });
}

void Guard::hold(BufferBudget::Id id, Droppable& holder, std::size_t bytes, bool is_fixed) {
    holders_[id] = &holder;
    for (const auto largest : budget.hold(id, bytes, is_fixed)) {
        const auto found = holders_.find(largest);
        Droppable& goes = *found->second;
        holders_.erase(found);
        ++counters.cut_for_memory;
        cut_log_("unfinished input and unread answers use more than {} MiB: closing the largest connection",
                 protection.buffer_bytes_max >> 20);
        goes.drop(made_room(
            "the process's memory for unfinished input is used up, and this connection used the most"));
    }
}

void Guard::release(BufferBudget::Id id) {
    budget.remove(id);
    holders_.erase(id);
}

ProtectionCounters Guard::counters_now() const {
    ProtectionCounters out = counters;
    out.buffer_bytes = budget.bytes();
    return out;
}

void BufferShare::hold(std::size_t bytes, bool is_fixed) {
    if (bytes <= kUncountedBytes) bytes = 0;
    if (bytes == bytes_ && is_fixed == is_fixed_) return;
    if (bytes < bytes_) guard_->freed(bytes_ - bytes);
    bytes_ = bytes;
    is_fixed_ = is_fixed;
    if (id_ == 0) id_ = guard_->budget.add();
    if (bytes == 0) return guard_->release(id_);
    guard_->hold(id_, holder_, bytes, is_fixed);
}

Place Gate::enter(const Address& peer) {
    const auto entered = admission_.enter(peer.source(), guard_->is_exempt(peer));
    if (entered.gone) {
        ++guard_->counters.strangers_dropped;
        log_("{}: {} unproven connections{}: limit reached; closing the oldest for each new one", name_,
             admission_.strangers(),
             entered.is_source_full ? ", too many of them from " + peer.endpoint().host : "");
        drop(*entered.gone, "displaced by a newer connection while unproven");
    }
    return {shared_from_this(), entered.id};
}

void Gate::drop(Admission::Id id, const char* why) {
    ++*dropped_;
    const auto found = holders_.find(id);
    if (found == holders_.end()) return;
    Droppable& goes = *found->second;
    holders_.erase(found);
    goes.drop(made_room(why));
}

Place& Place::operator=(Place&& other) noexcept {
    leave();
    gate_ = std::move(other.gate_);
    id_ = other.id_;
    return *this;
}

void Place::held_by(Droppable& holder) {
    if (gate_) gate_->holders_[id_] = &holder;
}

bool Place::move(Standing to) {
    if (!gate_) return true;
    const auto gate = gate_;
    const auto moved = gate->admission_.move(id_, to);
    if (moved.gone) {
        ++gate->guard_->counters.guests_dropped;
        gate->log_(
            "{}: {} open connections: limit reached; closing the oldest of the address with the most for "
            "each "
            "new one",
            gate->name_, gate->admission_.proven());
        gate->drop(*moved.gone, "displaced by a newer connection, as all places were taken");
    }
    if (!moved.is_in) {
        ++gate->guard_->counters.refused_full;
        ++*gate->dropped_;
        gate->log_("{}: {} working connections: limit reached; refusing another one", gate->name_,
                   gate->admission_.proven());
    }
    return moved.is_in;
}

void Place::closing() {
    if (gate_) gate_->admission_.closing(id_);
}

void Place::leave() {
    const auto gate = std::exchange(gate_, nullptr);
    if (!gate) return;
    gate->holders_.erase(id_);
    gate->admission_.leave(id_);
    gate->guard_->freed(kConnectionBytes);
}

}  // namespace hp::net
