// The miners of `scripts/bench share`: one thread, N connections with one extended channel each, D shares
// outstanding on each. Every share is valid (the target must be the easiest one) and unique. Counts what the
// server acknowledges, and the server's CPU time and writes over the same window, and its memory per
// connection before the first share; prints one JSON object. Usage: share_load_bench ADDRESS:PORT
// AUTHORITY_KEY SERVER_PID CONNECTIONS DEPTH WARMUP_MS MEASURE_MS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <time.h>

#include <charconv>
#include <fstream>
#include <memory>
#include <thread>

#include "bench/sealed_socket.hpp"
#include "crypto/base58.hpp"
#include "net/loop.hpp"
#include "sv2/common.hpp"
#include "sv2/mining.hpp"
#include "sv2/setup.hpp"

using namespace hp;
using namespace hp::bench;

namespace {

namespace msg = sv2::mining;

constexpr std::int64_t kOpenLimitMs = 10'000;

std::int64_t clock_ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class Miner {
  public:
    Miner(const sockaddr_in& server, const crypto::XOnlyKey32& authority, const std::string& identity) {
        const int fd = expect_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
        socket_ = std::make_unique<SealedSocket>(fd, handshake(fd, server, authority));
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        open_channel(identity);
    }

    int fd() const { return socket_->fd(); }
    bool has_work() const { return is_open_ && share_.ntime != 0; }

    void submit(int count, std::int64_t now_ns) {
        // Like miners: the header's time is about now.
        share_.ntime = std::max(share_.ntime, static_cast<std::uint32_t>(unix_ms_now() / 1000));
        for (int i = 0; i < count; ++i) {
            ++share_.sequence_number;
            ++share_.nonce;
            put_be(share_.extranonce.bytes.data(), std::uint64_t{share_.nonce});
            socket_->queue(share_);
            sent_ns_.push_back(now_ns);
        }
        socket_->send();
    }

    /// Reads once; the number of shares acknowledged by it, whose latencies are appended.
    int on_readable(std::span<std::uint8_t> scratch, std::vector<std::uint32_t>& latencies_us) {
        if (!socket_->receive(scratch)) return 0;
        const std::int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        int acknowledged = 0;
        while (auto frame = socket_->next()) acknowledged += on_frame(*frame);
        if (static_cast<std::size_t>(acknowledged) > sent_ns_.size())
            throw Failure("more shares acknowledged than sent");
        for (int i = 0; i < acknowledged; ++i)
            latencies_us.push_back(
                static_cast<std::uint32_t>((now_ns - sent_ns_[static_cast<std::size_t>(i)]) / 1000));
        sent_ns_.erase(sent_ns_.begin(), sent_ns_.begin() + acknowledged);
        return acknowledged;
    }

  private:
    static noise::TransportKeys handshake(int fd, const sockaddr_in& server,
                                          const crypto::XOnlyKey32& authority) {
        expect_fd(::connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server), "connect");
        noise::Initiator initiator{noise::KeyPair::generate()};
        const auto act1 = initiator.act1();
        expect_fd(static_cast<int>(::send(fd, act1.data(), act1.size(), MSG_NOSIGNAL)), "send");
        ByteArray<noise::kAct2Size> act2;
        const ssize_t got = ::recv(fd, act2.data(), act2.size(), MSG_WAITALL);
        if (got != static_cast<ssize_t>(act2.size())) throw Failure("the server ended the handshake");
        return expect(initiator.on_act2(act2, authority, unix_ms_now() / 1000));
    }

    void open_channel(const std::string& identity) {
        sv2::common::SetupConnection setup;
        setup.min_version = setup.max_version = sv2::kVersion;
        setup.vendor.value = "share_load_bench";
        socket_->queue(setup);
        msg::OpenExtendedMiningChannel open;
        open.user_identity.value = identity;
        open.max_target.bytes.fill(0xff);
        open.min_extranonce_size = 8;
        socket_->queue(open);
        socket_->send();
        Bytes scratch(4096);
        while (!has_work()) {
            socket_->receive(scratch);
            while (auto frame = socket_->next()) on_frame(*frame);
        }
    }

    int on_frame(const sv2::FrameView& frame) {
        if (frame.is<msg::SubmitSharesSuccess>())
            return static_cast<int>(
                expect(sv2::decode<msg::SubmitSharesSuccess>(frame.payload)).new_submits_accepted_count);
        if (frame.is<msg::SubmitSharesError>())
            throw Failure("a share was refused: " +
                          expect(sv2::decode<msg::SubmitSharesError>(frame.payload)).error_code.value);
        if (frame.is<msg::OpenMiningChannelError>())
            throw Failure("channel refused: " +
                          expect(sv2::decode<msg::OpenMiningChannelError>(frame.payload)).error_code.value);
        // Not every hash would meet it: then shares would have to be mined.
        if (frame.is<msg::SetTarget>()) throw Failure("the server made a channel's target harder");
        if (frame.is<msg::OpenExtendedMiningChannelSuccess>()) {
            auto opened = expect(sv2::decode<msg::OpenExtendedMiningChannelSuccess>(frame.payload));
            share_.channel_id = opened.channel_id;
            share_.extranonce.size = static_cast<std::uint8_t>(opened.extranonce_size);
            is_open_ = true;
            if (opened.extranonce_size < 8 || opened.target.bytes != all_ones())
                throw Failure("the channel's target is not the easiest one");
        } else if (frame.is<msg::NewExtendedMiningJob>()) {
            auto job = expect(sv2::decode<msg::NewExtendedMiningJob>(frame.payload));
            share_.job_id = job.job_id;
            share_.version = job.version;
        } else if (frame.is<msg::SetNewPrevHash>()) {
            auto tip = expect(sv2::decode<msg::SetNewPrevHash>(frame.payload));
            share_.ntime = tip.min_ntime;
        }
        return 0;
    }
    static Bytes32 all_ones() {
        Bytes32 out;
        out.fill(0xff);
        return out;
    }

    std::unique_ptr<SealedSocket> socket_;
    bool is_open_{false};
    msg::SubmitSharesExtended share_;
    std::vector<std::int64_t> sent_ns_;  // of the shares outstanding, oldest first
};

struct Options {
    sockaddr_in server{};
    crypto::XOnlyKey32 authority{};
    std::int64_t pid{}, connections{}, depth{}, warmup_ms{}, measure_ms{};
};

Options options_from(char** argv) {
    Options out;
    const auto endpoint = expect(net::endpoint_from_text(argv[1]));
    out.server.sin_family = AF_INET;
    out.server.sin_port = htons(endpoint.port);
    if (::inet_pton(AF_INET, endpoint.host.c_str(), &out.server.sin_addr) != 1)
        throw Failure("expected an IPv4 address, got '" + endpoint.host + "'");
    out.authority = expect(crypto::authority_key_from_text(argv[2]));
    std::int64_t* const numbers[] = {&out.pid, &out.connections, &out.depth, &out.warmup_ms, &out.measure_ms};
    for (int i = 0; i < 5; ++i) {
        const std::string_view text = argv[3 + i];
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *numbers[i]);
        if (error != std::errc{} || end != text.data() + text.size() || *numbers[i] <= 0)
            throw Failure("expected a number above 0, got '" + std::string(text) + "'");
    }
    return out;
}

/// A number of /proc/PID/FILE: the one behind `name`.
std::int64_t proc_number(std::int64_t pid, const char* file, std::string_view name) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/" + file};
    std::string word;
    while (in >> word) {
        std::int64_t value = 0;
        if (word == name && in >> value) return value;
    }
    throw Failure("no '" + std::string(name) + "' in the server's /proc/PID/" + file);
}

/// A server that has just started may not listen yet, or not have a template.
std::unique_ptr<Miner> first_miner(const Options& options, const std::string& identity) {
    const SteadyMs give_up_ms = steady_ms_now() + kOpenLimitMs;
    while (true) {
        try {
            return std::make_unique<Miner>(options.server, options.authority, identity);
        } catch (const Failure&) {
            if (steady_ms_now() > give_up_ms) throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
}

void run(const Options& options) {
    clockid_t server_clock{};
    if (const int error = ::clock_getcpuclockid(static_cast<pid_t>(options.pid), &server_clock))
        throw Failure(std::string("the server's CPU clock: ") + std::strerror(error));
    const std::string identity = to_hex(crypto::SecretKey::generate().public_key());
    std::vector<std::unique_ptr<Miner>> miners;
    miners.push_back(first_miner(options, identity));
    const auto memory_bytes = [&] { return proc_number(options.pid, "status", "VmRSS:") * 1024; };
    const std::int64_t first_bytes = memory_bytes();
    while (miners.size() < static_cast<std::size_t>(options.connections))
        miners.push_back(std::make_unique<Miner>(options.server, options.authority, identity));

    const std::int64_t connection_bytes =
        (memory_bytes() - first_bytes) / std::max<std::int64_t>(1, options.connections - 1);

    const int epoll = expect_fd(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    for (auto& miner : miners) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = miner.get();
        expect_fd(::epoll_ctl(epoll, EPOLL_CTL_ADD, miner->fd(), &event), "epoll_ctl");
        miner->submit(static_cast<int>(options.depth), clock_ns(CLOCK_MONOTONIC));
    }

    struct Mark {
        std::int64_t wall_ns, server_cpu_ns, own_cpu_ns, server_written_bytes;
    };
    const auto mark = [&] {
        return Mark{clock_ns(CLOCK_MONOTONIC), clock_ns(server_clock), clock_ns(CLOCK_PROCESS_CPUTIME_ID),
                    proc_number(options.pid, "io", "write_bytes:")};
    };
    const std::int64_t start_ns = clock_ns(CLOCK_MONOTONIC) + options.warmup_ms * 1'000'000;
    const std::int64_t end_ns = start_ns + options.measure_ms * 1'000'000;
    std::optional<Mark> start;
    std::vector<std::uint32_t> latencies_us;
    latencies_us.reserve(1u << 22);
    Bytes scratch(64 * 1024);
    std::array<epoll_event, 256> events;
    std::int64_t now_ns = 0;
    while (now_ns < end_ns) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 0);
        now_ns = clock_ns(CLOCK_MONOTONIC);
        // Never waits in epoll: otherwise a server on the same machine would pay for waking us with every
        // send, which it does not for remote miners.
        if (count == 0) std::this_thread::sleep_for(std::chrono::microseconds{100});
        for (int i = 0; i < count; ++i) {
            auto& miner = *static_cast<Miner*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (const int acknowledged = miner.on_readable(scratch, latencies_us))
                miner.submit(acknowledged, now_ns);
        }
        if (!start && now_ns >= start_ns) {
            start = mark();
            latencies_us.clear();
        }
    }
    if (!start || latencies_us.empty()) throw Failure("no share was acknowledged");
    const Mark end = mark();
    const double shares = static_cast<double>(latencies_us.size());
    const double seconds = static_cast<double>(end.wall_ns - start->wall_ns) / 1e9;
    const double server_s = static_cast<double>(end.server_cpu_ns - start->server_cpu_ns) / 1e9;
    const double own_s = static_cast<double>(end.own_cpu_ns - start->own_cpu_ns) / 1e9;
    std::ranges::sort(latencies_us);
    const auto percentile = [&](std::size_t p) { return latencies_us[(latencies_us.size() - 1) * p / 100]; };
    std::printf(
        "{\"shares\": %.0f, \"shares_per_s\": %.0f, \"shares_per_cpu_s\": %.0f, \"server_cpu_pct\": %.0f, "
        "\"load_cpu_pct\": %.0f, \"ack_p50_us\": %u, \"ack_p99_us\": %u, \"connection_bytes\": %lld, "
        "\"written_bytes_per_share\": %.0f}\n",
        shares, shares / seconds, shares / server_s, server_s / seconds * 100, own_s / seconds * 100,
        percentile(50), percentile(99), static_cast<long long>(connection_bytes),
        static_cast<double>(end.server_written_bytes - start->server_written_bytes) / shares);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 8) {
        std::fputs(
            "usage: share_load_bench ADDRESS:PORT AUTHORITY_KEY SERVER_PID CONNECTIONS DEPTH WARMUP_MS "
            "MEASURE_MS\n",
            stderr);
        return 2;
    }
    try {
        run(options_from(argv));
    } catch (const Failure& failure) {
        std::fprintf(stderr, "share_load_bench: error: %s\n", failure.what());
        return 1;
    }
}
