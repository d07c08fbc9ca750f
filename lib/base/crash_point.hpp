// Named places at which tests kill the process (docs/reliability.md has the list). Does nothing unless
// compiled with HP_CRASH_POINTS: then each pass is counted, and the one that a test selected ends in SIGKILL.
#pragma once

#ifndef HP_CRASH_POINTS

#define HP_CRASH_POINT(name) static_cast<void>(0)
#define HP_CRASH_IN_WRITE(name) static_cast<void>(0)
#define HP_CRASH_AFTER_WRITE(name) static_cast<void>(0)
#define HP_CRASH_STEP(step, file) static_cast<void>(0)

#else

#include <cstddef>
#include <string>
#include <vector>

namespace hp::crash {

struct Slot;

/// One name's counter and trap. In tests/crash/kill/crash_point.cpp; any thread.
class Point {
  public:
    explicit Point(const char* name);
    /// Counts a pass, and dies here if it is the selected one.
    void pass();
    /// Counts a pass; true: the caller must die by die(), at a moment of its choice.
    bool is_due();
    [[noreturn]] void die();

  private:
    Slot* slot_;
};

/// Points inside and after the write of whatever this thread sends next. A connection takes them
/// over in its send call, before anything else can be sent.
class Writes {
  public:
    static void ask(Point& point, bool inside);
    /// Takes over what was requested since the last call.
    void take();
    /// Before a write: dies after half of the bytes if a test wants that.
    void before(int fd, const void* data, std::size_t size);
    /// Everything queued has been written.
    void after();

  private:
    struct Mark {
        Point* point;
        bool inside;
    };
    static thread_local std::vector<Mark> asked_;
    std::vector<Mark> marks_;
};

/// Where a thread gives work on a file to another. A test may hold either, so that a seed decides who goes on
/// (tests/crash/turns.hpp).
class Meeting {
  public:
    enum class Step {
        hand_over,    ///< the other has work from now on
        handed_over,  ///< the other has been woken: it may run before the first goes on
        wait,         ///< until it has none
        begin,        ///< the other begins it
        end,
    };
    virtual ~Meeting() = default;
    virtual void on_step(Step step, const std::string& file) = 0;
};
inline Meeting* meeting = nullptr;  ///< set once, before the threads are there

}  // namespace hp::crash

#define HP_CRASH_STEP(step, file)                                                                          \
    do {                                                                                                   \
        if (::hp::crash::meeting) ::hp::crash::meeting->on_step(::hp::crash::Meeting::Step::step, (file)); \
    } while (false)
#define HP_CRASH_POINT(name)                             \
    do {                                                 \
        static ::hp::crash::Point hp_crash_point_{name}; \
        hp_crash_point_.pass();                          \
    } while (false)
   /// In the middle of the write of what is sent next: half of it is on the wire.
#define HP_CRASH_IN_WRITE(name)                          \
    do {                                                 \
        static ::hp::crash::Point hp_crash_point_{name}; \
        ::hp::crash::Writes::ask(hp_crash_point_, true); \
    } while (false)
   /// After what is sent next has been written.
#define HP_CRASH_AFTER_WRITE(name)                        \
    do {                                                  \
        static ::hp::crash::Point hp_crash_point_{name};  \
        ::hp::crash::Writes::ask(hp_crash_point_, false); \
    } while (false)

#endif
