// The floor of `scripts/bench share`: the minimum cost of an accepted extended share. One thread, raw epoll;
// for each share: its part of a recv, one AEAD frame opened (header and payload), 44 SHA-256 blocks (a
// coinbase of 200 bytes, 12 merkle levels, the header), one SubmitShares.Success sealed, its part of a send.
// No jobs looked up, no duplicates, no vardiff, no outbox, no disk. Prints "ADDRESS:PORT AUTHORITY_KEY" when
// it listens.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <memory>

#include "bench/sealed_socket.hpp"
#include "bitcoin/header.hpp"
#include "bitcoin/merkle.hpp"
#include "crypto/base58.hpp"
#include "crypto/sha256.hpp"
#include "net/frames.hpp"
#include "sv2/common.hpp"
#include "sv2/mining.hpp"
#include "sv2/setup.hpp"

using namespace hp;
using namespace hp::bench;

namespace {

namespace msg = sv2::mining;

constexpr std::size_t kMerkleLevels = 12;
constexpr std::size_t kCoinbaseSize = 200;
constexpr std::size_t kExtranonceAt = 64;

class Connection {
  public:
    explicit Connection(int fd) : fd_{fd} {}
    ~Connection() {
        if (!socket_) ::close(fd_);
    }

    /// False when the peer is gone.
    bool on_readable(std::span<std::uint8_t> scratch, net::FrameListener::IdentityNow& identity) {
        if (!socket_) return on_act1(identity);
        try {
            if (!socket_->receive(scratch)) return true;
        } catch (const Failure&) {
            return false;
        }
        while (auto frame = socket_->next()) on_frame(*frame);
        socket_->send();
        return true;
    }

  private:
    bool on_act1(net::FrameListener::IdentityNow& identity) {
        ByteArray<noise::kAct1Size> act1;
        if (::recv(fd_, act1.data(), act1.size(), 0) != static_cast<ssize_t>(act1.size())) return false;
        auto answer = expect(noise::respond(act1, identity(), noise::KeyPair::generate()));
        if (::send(fd_, answer.act2.data(), answer.act2.size(), MSG_NOSIGNAL) < 0) return false;
        socket_.emplace(fd_, answer.session);
        return true;
    }

    void on_frame(const sv2::FrameView& frame) {
        if (frame.is<msg::SubmitSharesExtended>()) {
            on_share(expect(sv2::decode_with_rest<msg::SubmitSharesExtended>(frame.payload)).message);
        } else if (frame.is<sv2::common::SetupConnection>()) {
            socket_->queue(sv2::common::SetupConnectionSuccess{sv2::kVersion, 0});
        } else if (frame.is<msg::OpenExtendedMiningChannel>()) {
            msg::OpenExtendedMiningChannelSuccess success;
            success.channel_id = 1;
            success.target.bytes.fill(0xff);
            success.extranonce_size = 8;
            success.extranonce_prefix.size = 8;
            socket_->queue(success);
            msg::NewExtendedMiningJob job;
            job.channel_id = job.job_id = 1;
            job.merkle_path.items.resize(kMerkleLevels);
            job.coinbase_tx_prefix.value.resize(kExtranonceAt - 8);
            job.coinbase_tx_suffix.value.resize(kCoinbaseSize - kExtranonceAt - 8);
            socket_->queue(job);
            socket_->queue(msg::SetNewPrevHash{1, 1, {}, 1, 0});
        }
    }

    void on_share(const msg::SubmitSharesExtended& share) {
        std::ranges::copy(share.extranonce.view(), coinbase_.begin() + kExtranonceAt);
        const Bytes32 txid = crypto::sha256d(coinbase_);
        const Bytes32 root = bitcoin::merkle_root_from_path(txid, path_);
        const bitcoin::BlockHeader header{share.version, {}, root, share.ntime, 0, share.nonce};
        // The comparison keeps the compiler from optimizing the hashing away.
        if (header.hash() == Bytes32{}) throw Failure("a hash of zero");
        socket_->queue(msg::SubmitSharesSuccess{share.channel_id, share.sequence_number, 1, 1});
    }

    int fd_;
    std::optional<SealedSocket> socket_;
    ByteArray<kCoinbaseSize> coinbase_{};
    std::array<Bytes32, kMerkleLevels> path_{};
};

void serve() {
    const auto authority = crypto::SecretKey::generate();
    auto identity = net::renewing_identity(authority, 86'400);
    const int listener =
        expect_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    expect_fd(::bind(listener, generic, size), "bind");
    expect_fd(::listen(listener, 4096), "listen");
    expect_fd(::getsockname(listener, generic, &size), "getsockname");
    std::printf("127.0.0.1:%d %s\n", ntohs(address.sin_port),
                crypto::authority_key_text(authority.xonly()).c_str());
    std::fflush(stdout);

    const int epoll = expect_fd(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    std::vector<std::unique_ptr<Connection>> by_fd;
    const auto watch = [&](int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        expect_fd(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    };
    watch(listener);
    Bytes scratch(64 * 1024);
    std::array<epoll_event, 256> events;
    while (true) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd != listener) {
                auto& connection = by_fd[static_cast<std::size_t>(fd)];
                if (!connection->on_readable(scratch, identity)) connection.reset();
                continue;
            }
            const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (accepted < 0) continue;
            const int on = 1;
            ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            const auto index = static_cast<std::size_t>(accepted);
            if (index >= by_fd.size()) by_fd.resize(index + 1);
            by_fd[index] = std::make_unique<Connection>(accepted);
            watch(accepted);
        }
    }
}

}  // namespace

int main() {
    try {
        serve();
    } catch (const Failure& failure) {
        std::fprintf(stderr, "share_floor_bench: error: %s\n", failure.what());
        return 1;
    }
}
