#include "net/user_signal.hpp"

#include <signal.h>

#include "net/asio_impl.hpp"

namespace hp::net {
namespace {

void mask_user_signal(int how) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGUSR2);
    ::pthread_sigmask(how, &set, nullptr);
}

}  // namespace

struct UserSignal::Waiting {
    asio::signal_set signals;
    std::function<void()> on_signal;
    void wait() {
        signals.async_wait([this](const error_code& error, int) {
            if (error) return;
            wait();
            on_signal();
        });
    }
};

UserSignal::UserSignal(Loop& loop, std::function<void()> on_signal)
    : waiting_{new Waiting{asio::signal_set{loop.impl().io, SIGUSR2}, std::move(on_signal)}} {
    mask_user_signal(SIG_UNBLOCK);
    waiting_->wait();
}

UserSignal::~UserSignal() { mask_user_signal(SIG_BLOCK); }

}  // namespace hp::net
