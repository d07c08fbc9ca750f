// LD_PRELOAD: the monotonic clock of one process runs HP_CLOCK_SPEED times as fast, and its timers with it,
// so that time limits of minutes pass in seconds. The wall clock is unchanged, so that certificates and time
// stamps stay true, or HP_CLOCK_AHEAD_S seconds ahead (or, below 0, behind), or as many as the file
// HP_CLOCK_AHEAD_FILE says now: writing there sets the clock of a process that runs.
//
//   HP_CLOCK_SPEED=20 LD_PRELOAD=libfast_clock.so hp-mint --config-dir d
//   HP_CLOCK_AHEAD_S=-86400 LD_PRELOAD=libfast_clock.so hp-proxy --config-dir d
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

using ClockGettime = int (*)(clockid_t, timespec*);
using TimerfdSettime = int (*)(int, int, const itimerspec*, itimerspec*);
using CondClockwait = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
using EpollWait = int (*)(int, epoll_event*, int, int);

constexpr std::int64_t kSecond = 1'000'000'000;

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

std::int64_t to_ns(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }
timespec to_timespec(std::int64_t ns) { return {ns / kSecond, ns % kSecond}; }

std::int64_t setting(const char* name, std::int64_t unset) {
    const char* text = std::getenv(name);
    return text ? std::strtoll(text, nullptr, 10) : unset;
}
std::int64_t speed() {
    static const std::int64_t value = std::max<std::int64_t>(setting("HP_CLOCK_SPEED", 1), 1);
    return value;
}

std::int64_t true_now() {
    static const auto real = next<ClockGettime>("clock_gettime");
    timespec time{};
    real(CLOCK_MONOTONIC, &time);
    return to_ns(time);
}
/// The true time at which both clocks showed the same.
std::int64_t beginning() {
    static const std::int64_t value = true_now();
    return value;
}

/// A wait of the fast clock's, in true time; never 0 for one that was not, which would mean something else.
std::int64_t shortened(std::int64_t wait) { return wait > 0 ? (wait + speed() - 1) / speed() : wait; }

std::int64_t set_by_s() {
    static const char* const path = std::getenv("HP_CLOCK_AHEAD_FILE");
    if (!path) return 0;
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    char text[32] = {};
    const auto size = ::read(fd, text, sizeof text - 1);
    ::close(fd);
    return size > 0 ? std::strtoll(text, nullptr, 10) : 0;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) {
    static const auto real = next<ClockGettime>("clock_gettime");
    if (clock != CLOCK_MONOTONIC) {
        static const std::int64_t ahead_s = setting("HP_CLOCK_AHEAD_S", 0);
        const int code = real(clock, time);
        if (clock == CLOCK_REALTIME) time->tv_sec += ahead_s + set_by_s();
        return code;
    }
    *time = to_timespec(beginning() + (true_now() - beginning()) * speed());
    return 0;
}

extern "C" int timerfd_settime(int fd, int flags, const itimerspec* value, itimerspec* old) {
    static const auto real = next<TimerfdSettime>("timerfd_settime");
    itimerspec scaled = *value;
    if (!(flags & TFD_TIMER_ABSTIME)) {
        scaled.it_value = to_timespec(shortened(to_ns(value->it_value)));
        scaled.it_interval = to_timespec(shortened(to_ns(value->it_interval)));
    }
    return real(fd, flags, &scaled, old);
}

extern "C" int epoll_wait(int fd, epoll_event* events, int count, int limit_ms) {
    static const auto real = next<EpollWait>("epoll_wait");
    return real(fd, events, count, static_cast<int>(shortened(limit_ms)));
}

extern "C" int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                      const timespec* until) {
    static const auto real = next<CondClockwait>("pthread_cond_clockwait");
    if (clock != CLOCK_MONOTONIC) return real(condition, mutex, clock, until);
    const timespec true_until = to_timespec(beginning() + shortened(to_ns(*until) - beginning()));
    return real(condition, mutex, clock, &true_until);
}
