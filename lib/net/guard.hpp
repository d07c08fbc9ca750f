// The process's side of protection.hpp: places at listeners, shares of the buffers' budget, and memory that
// goes back to the kernel. Internal to this room.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "log/log.hpp"
#include "net/address.hpp"
#include "net/admission.hpp"
#include "net/buffer_budget.hpp"
#include "net/protection.hpp"

namespace hp::net {

/// A connection that may be displaced by another one.
class Droppable {
  public:
    /// Closes at once. May be called from inside its own calls to Place and BufferShare.
    virtual void drop(const Error& why) = 0;

  protected:
    ~Droppable() = default;
};

class Guard {
  public:
    explicit Guard(Loop& loop);
    void on_loop_end() { trim_.reset(); }
    bool is_exempt(const Address& peer) const;
    /// This much was freed: after a burst the allocator returns it to the kernel.
    void freed(std::size_t bytes);
    void hold(BufferBudget::Id id, Droppable& holder, std::size_t bytes, bool is_fixed);
    void release(BufferBudget::Id id);
    ProtectionCounters counters_now() const;

    Protection protection;
    ProtectionCounters counters{};
    BufferBudget budget{Protection::kBufferBytesMax};

  private:
    std::unordered_map<BufferBudget::Id, Droppable*> holders_;
    std::size_t freed_bytes_{0};
    bool is_trim_due_{false};
    SteadyMs trimmed_ms_;
    std::optional<Timer> trim_;
    log::Limited cut_log_{log::Level::warn};
};

/// Never null. Outlives the loop if a connection does.
std::shared_ptr<Guard> guard_of(Loop& loop);

/// A connection's part of the buffer budget.
class BufferShare {
  public:
    BufferShare(Loop& loop, Droppable& holder) : guard_{guard_of(loop)}, holder_{holder} {}
    BufferShare(const BufferShare&) = delete;
    BufferShare& operator=(const BufferShare&) = delete;
    ~BufferShare() { hold(0); }
    /// May close the holder itself. 2 KiB or less are not counted: thousands of idle peers have that.
    void hold(std::size_t bytes, bool is_fixed = false);

  private:
    std::shared_ptr<Guard> guard_;
    Droppable& holder_;
    BufferBudget::Id id_{0};
    std::size_t bytes_{0};
    bool is_fixed_{false};
};

class Place;

/// The places of one listener.
class Gate : public std::enable_shared_from_this<Gate> {
  public:
    /// `dropped` counts displaced and refused connections.
    Gate(Loop& loop, AdmissionLimits limits, std::string name,
         std::shared_ptr<std::uint64_t> dropped = std::make_shared<std::uint64_t>(0))
        : guard_{guard_of(loop)}, admission_{limits}, name_{std::move(name)}, dropped_{std::move(dropped)} {}
    /// A place among the strangers, which may have displaced another one.
    Place enter(const Address& peer);
    std::size_t open() const { return admission_.strangers() + admission_.proven(); }

  private:
    friend class Place;
    void drop(Admission::Id id, const char* why);

    std::shared_ptr<Guard> guard_;
    Admission admission_;
    std::string name_;
    std::unordered_map<Admission::Id, Droppable*> holders_;
    std::shared_ptr<std::uint64_t> dropped_;
    log::Limited log_{log::Level::warn};
};

/// A connection's place; released with it. Empty for a connection that we dialled.
class Place {
  public:
    Place() = default;
    Place(Place&&) noexcept = default;
    Place& operator=(Place&& other) noexcept;
    ~Place() { leave(); }

    void held_by(Droppable& holder);
    /// False if all places belong to members.
    bool move(Standing to);
    void closing();
    void leave();
    bool is_empty() const { return !gate_; }

  private:
    friend class Gate;
    Place(std::shared_ptr<Gate> gate, Admission::Id id) : gate_{std::move(gate)}, id_{id} {}
    std::shared_ptr<Gate> gate_;
    Admission::Id id_{0};
};

}  // namespace hp::net
