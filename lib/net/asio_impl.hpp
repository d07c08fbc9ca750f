// The Asio side of a Loop. Only for .cpp files of this room.
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <optional>

#include "net/guard.hpp"
#include "net/loop.hpp"
#include "net/reactor.hpp"

namespace hp::net {

namespace asio = boost::asio;
using boost::system::error_code;

struct Loop::Impl {
    Impl();
    ~Impl();
    void run_posted();
    void on_signal(int signal);
    void wait_for_signal();

    Reactor reactor;
    std::mutex posted_mutex;
    std::vector<std::function<void()>> posted;
    std::function<void()> on_stop, on_hup;
    bool stop_asked{false};

    // Destroyed first: pending handlers may own objects that use the members above.
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::optional<asio::signal_set> signals;
    std::shared_ptr<Guard> guard;
};

}  // namespace hp::net
