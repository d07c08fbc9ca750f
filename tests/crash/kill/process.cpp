#include "crash/kill/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/result.hpp"

namespace hp::crash {

Process::~Process() {
    kill();
    if (waiter_.joinable()) waiter_.join();
    if (pidfd_ >= 0) ::close(pidfd_);
}

void Process::start(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                    const std::string& log, const std::string& out) {
    HP_ASSERT(!is_running());
    if (waiter_.joinable()) waiter_.join();
    if (pidfd_ >= 0) ::close(pidfd_);
    std::vector<char*> argv, envp;
    for (const auto& text : arguments) argv.push_back(const_cast<char*>(text.c_str()));
    for (const auto& text : environment) envp.push_back(const_cast<char*>(text.c_str()));
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (out.empty())
        posix_spawn_file_actions_adddup2(&actions, 2, 1);
    else
        posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t pid = -1;
    int code = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
        std::fprintf(stderr, "crash_run: error: cannot start '%s': %s\n", argv[0], std::strerror(code));
        std::_Exit(2);
    }
    pid_ = pid;
    ready_ = kill_asked_ = false;
    // Before anyone waits for it: the pid cannot be reused yet.
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    waiter_ = std::thread{[this, pid] {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
        loop_.post([this, pid, status] { ended(pid, status); });
    }};
}

void Process::kill() {
    kill_asked_ = true;
    if (is_running() && pidfd_ >= 0) ::syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0);
}

void Process::ended(int pid, int status) {
    if (pid != pid_) return;
    pid_ = -1;
    ready_ = false;
    last_status_ = status;
    on_change_();
}

bool Process::was_killed() const { return WIFSIGNALED(last_status_) && WTERMSIG(last_status_) == SIGKILL; }

std::string Process::how_it_ended() const {
    if (WIFSIGNALED(last_status_)) return "ended by signal " + std::to_string(WTERMSIG(last_status_));
    return "ended with exit code " + std::to_string(WEXITSTATUS(last_status_));
}

ReadyBox::ReadyBox(net::Loop& loop, std::function<void(int)> told) : loop_{loop}, told_{std::move(told)} {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name_ = "@hp-crash-" + std::to_string(::getpid());
    std::memcpy(address.sun_path, name_.data(), name_.size());
    address.sun_path[0] = '\0';
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    int on = 1;
    if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::setsockopt(fd_, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
        std::fprintf(stderr, "crash_run: error: cannot make the notify socket: %s\n", std::strerror(errno));
        std::_Exit(2);
    }
    reader_ = std::thread{[this] {
        while (true) {
            char text[256];
            alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
            iovec part{text, sizeof text};
            msghdr message{};
            message.msg_iov = &part;
            message.msg_iovlen = 1;
            message.msg_control = control;
            message.msg_controllen = sizeof control;
            ssize_t got = ::recvmsg(fd_, &message, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return;
            auto* header = CMSG_FIRSTHDR(&message);
            if (!header || header->cmsg_type != SCM_CREDENTIALS) continue;
            ucred sender{};
            std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
            std::string_view said{text, static_cast<std::size_t>(got)};
            if (said == "QUIT" && sender.pid == ::getpid()) return;
            if (said.starts_with("READY=1")) loop_.post([this, pid = sender.pid] { told_(pid); });
        }
    }};
}

ReadyBox::~ReadyBox() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    address.sun_path[0] = '\0';
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    (void)::sendto(fd_, "QUIT", 4, 0, reinterpret_cast<sockaddr*>(&address), size);
    reader_.join();
    ::close(fd_);
}

}  // namespace hp::crash
