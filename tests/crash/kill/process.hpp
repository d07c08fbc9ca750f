// A program under test: started, waited for, killed. The driver plays systemd: readiness comes by
// NOTIFY_SOCKET.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/loop.hpp"

namespace hp::crash {

class Process {
  public:
    /// `on_change`: it became ready, or ended.
    Process(net::Loop& loop, std::function<void()> on_change)
        : loop_{loop}, on_change_{std::move(on_change)} {}
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// stdout goes to `out` when it is named, stderr (and else stdout) is appended to `log`.
    void start(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
               const std::string& log, const std::string& out = {});
    /// SIGKILL; is_running() stays true until the kernel has reported the end.
    void kill();
    bool is_running() const { return pid_ > 0; }
    bool is_ready() const { return is_running() && ready_ && !kill_asked_; }
    void set_ready(int pid) {
        if (pid == pid_) ready_ = true;
    }
    /// How the last one ended, from waitpid().
    int last_status() const { return last_status_; }
    bool was_killed() const;
    /// kill() was called since its start.
    bool is_kill_asked() const { return kill_asked_; }
    std::string how_it_ended() const;

  private:
    void ended(int pid, int status);
    net::Loop& loop_;
    std::function<void()> on_change_;
    int pid_{-1};
    int pidfd_{-1};
    bool ready_{false};
    bool kill_asked_{false};
    int last_status_{0};
    std::thread waiter_;
};

/// The notify socket of a lane.
class ReadyBox {
  public:
    /// `told`: the process with this pid says READY=1.
    ReadyBox(net::Loop& loop, std::function<void(int pid)> told);
    ~ReadyBox();
    /// For NOTIFY_SOCKET.
    const std::string& name() const { return name_; }

  private:
    net::Loop& loop_;
    std::function<void(int)> told_;
    std::string name_;
    int fd_{-1};
    std::thread reader_;
};

}  // namespace hp::crash
