// What HP_CRASH_POINT does in the crash build. Kept out of lib/, so that no installed program can have it.
//
//   HP_CRASH_COUNTS=FILE   counters and traps (counts.hpp), shared with the driver
//   HP_CRASH=P3:7          by hand: die at the 7th pass of P3 since the start
#include "base/crash_point.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "crash/kill/counts.hpp"

namespace hp::crash {
namespace {

Counts* map_counts() {
    static Counts own{};
    const char* path = std::getenv("HP_CRASH_COUNTS");
    if (!path) return &own;
    int fd = ::open(path, O_RDWR | O_CLOEXEC);
    void* mapped =
        fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) ::close(fd);
    if (mapped == MAP_FAILED) {
        std::fprintf(stderr, "HP_CRASH_COUNTS: cannot map '%s'\n", path);
        std::_Exit(2);
    }
    return static_cast<Counts*>(mapped);
}

Slot* slot_of(const char* name) {
    static std::mutex mutex;
    std::lock_guard lock{mutex};
    static Counts* counts = map_counts();
    for (Slot& slot : counts->slots) {
        if (slot.name[0] == '\0') std::strncpy(slot.name, name, sizeof slot.name - 1);
        if (std::strncmp(slot.name, name, sizeof slot.name) != 0) continue;
        static bool by_hand_is_read = false;
        const char* by_hand = std::getenv("HP_CRASH");
        std::size_t size = std::strlen(name);
        if (!by_hand_is_read && by_hand && std::strncmp(by_hand, name, size) == 0 && by_hand[size] == ':') {
            by_hand_is_read = true;
            slot.passes_left = std::atoll(by_hand + size + 1);
        }
        return &slot;
    }
    std::fprintf(stderr, "crash points: no slot is left for '%s'\n", name);
    std::_Exit(2);
}

}  // namespace

Point::Point(const char* name) : slot_{slot_of(name)} {}

bool Point::is_due() {
    slot_->passes.fetch_add(1, std::memory_order_relaxed);
    if (slot_->passes_left.load(std::memory_order_relaxed) <= 0) return false;
    return slot_->passes_left.fetch_sub(1) == 1;
}

void Point::die() {
    slot_->kills.fetch_add(1);
    ::kill(::getpid(), SIGKILL);
    while (true) ::pause();
}

void Point::pass() {
    if (is_due()) die();
}

thread_local std::vector<Writes::Mark> Writes::asked_;

void Writes::ask(Point& point, bool inside) { asked_.push_back({&point, inside}); }

void Writes::take() {
    marks_.insert(marks_.end(), asked_.begin(), asked_.end());
    asked_.clear();
}

void Writes::before(int fd, const void* data, std::size_t size) {
    for (const Mark& mark : marks_) {
        if (!mark.inside || !mark.point->is_due()) continue;
        (void)::send(fd, data, (size + 1) / 2, MSG_NOSIGNAL | MSG_DONTWAIT);
        mark.point->die();
    }
}

void Writes::after() {
    for (const Mark& mark : marks_)
        if (!mark.inside) mark.point->pass();
    marks_.clear();
}

}  // namespace hp::crash
