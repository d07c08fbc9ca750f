// An SV2 netcat for tests: Noise by our own rooms, everything above it by hand.
//
//   sv2_probe HOST:PORT AUTHORITYKEY              dials, and pins the authority key
//   sv2_probe --listen HOST:PORT AUTHORITYFILE    waits for one peer, with a certificate by the key of the
//   file
//   --sign-with KEYFILE                           signs LinkAuth frames for this session's handshake hash
//
// stdin, a line each: a frame as JSON (sv2/describe.hpp), or as hex with header, sent as it is.
// stdout, a line each, in order: {"event":"listening","port":N}, {"event":"connected"}, then what is received
// as the JSON of frames, {"event":"sent","hex":"..."} for each line of stdin,
// {"event":"closed","reason":"..."}. Ends with 0 when stdin ends, with 3 when the peer closes, with 2 for a
// bad line.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/secrets.hpp"
#include "crypto/base58.hpp"
#include "crypto/random.hpp"
#include "ehash/link_auth.hpp"
#include "log/log.hpp"
#include "net/frames.hpp"
#include "sv2/describe.hpp"
#include "sv2/registry.hpp"

using namespace hp;

namespace {

void print_event(nlohmann::ordered_json fields) {
    std::puts(fields.dump().c_str());
    std::fflush(stdout);
}

/// The thread that reads stdin may be blocked for ever, with the stream's lock: nothing is torn down.
[[noreturn]] void leave(int code) { std::_Exit(code); }

[[noreturn]] void give_up(const Error& error) {
    std::fprintf(stderr, "sv2_probe: error: %s\n", error.what.c_str());
    leave(2);
}

template <class T>
T expect(Result<T> result) {
    if (!result) give_up(result.error());
    return *std::move(result);
}

class Probe final : public net::FrameHandler, public std::enable_shared_from_this<Probe> {
  public:
    explicit Probe(net::Loop& loop) : loop_{loop} {}
    void sign_with(crypto::SecretKey key) { link_key_ = std::move(key); }

    void begin(std::shared_ptr<net::FrameConnection> connection) {
        if (connection_) return connection->close("sv2_probe serves one peer");
        connection_ = std::move(connection);
        connection_->set_handler(shared_from_this());
        print_event({{"event", "connected"}});
        reader_ = std::thread{[this] { read_stdin(); }};
        reader_.detach();
    }

    void on_frame(ByteView frame) override {
        std::puts(expect(sv2::describe_frame(frame)).c_str());
        std::fflush(stdout);
    }
    void on_close(const Error& reason) override {
        print_event({{"event", "closed"}, {"reason", reason.what}});
        leave(3);
    }

  private:
    void read_stdin() {
        std::string line;
        while (std::getline(std::cin, line)) loop_.post([this, line] { send(line); });
        loop_.post([] { leave(0); });
    }

    void send(const std::string& line) {
        Bytes frame =
            line.starts_with('{') ? expect(sv2::frame_from_description(line)) : expect(from_hex(line));
        if (link_key_) sign(frame);
        print_event({{"event", "sent"}, {"hex", to_hex(frame)}});
        connection_->send(frame);
    }

    void sign(Bytes& bytes) const {
        auto frame = sv2::split_frame(bytes);
        if (!frame || !frame->is<sv2::link::LinkAuth>()) return;
        auto auth = expect(sv2::decode<sv2::link::LinkAuth>(frame->payload));
        ehash::sign_link_auth(auth, *link_key_, connection_->handshake_hash(), crypto::random_array<32>());
        bytes = sv2::encode_frame(auth);
    }

    net::Loop& loop_;
    std::shared_ptr<net::FrameConnection> connection_;
    std::optional<crypto::SecretKey> link_key_;
    std::thread reader_;
};

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> arguments{argv + 1, argv + argc};
    auto take = [&](std::string_view option) {
        auto at = std::find(arguments.begin(), arguments.end(), option);
        bool is_there = at != arguments.end();
        if (is_there) arguments.erase(at);
        return is_there;
    };
    net::Loop loop;
    auto probe = std::make_shared<Probe>(loop);
    expect(log::open("sv2_probe", log::Level::warn).map([] { return 0; }));
    if (auto at = std::find(arguments.begin(), arguments.end(), "--sign-with");
        at != arguments.end() && at + 1 != arguments.end()) {
        probe->sign_with(expect(cli::read_secret_key(*(at + 1), "sim")));
        arguments.erase(at, at + 2);
    }
    const bool listens = take("--listen");
    if (arguments.size() != 2)
        give_up({Errc::usage, "expected [--listen] HOST:PORT KEY [--sign-with FILE]", {}});
    auto endpoint = expect(net::endpoint_from_text(arguments[0]));

    net::FrameLimits limits;
    limits.payload_limit = sv2::payload_limit;
    std::unique_ptr<net::FrameListener> listener;
    std::unique_ptr<net::FrameDial> dial;
    if (listens) {
        auto authority = expect(cli::read_secret_key(arguments[1], "sim"));
        listener = expect(
            net::FrameListener::listen(loop, endpoint, limits, net::renewing_identity(authority, 3600),
                                       [probe](auto connection) { probe->begin(std::move(connection)); }));
        print_event({{"event", "listening"}, {"port", listener->bound().port}});
    } else {
        auto authority = expect(crypto::authority_key_from_text(arguments[1]));
        dial = net::FrameDial::start(loop, endpoint, authority, limits, [probe](auto connection) {
            if (!connection) {
                print_event({{"event", "closed"}, {"reason", connection.error().what}});
                leave(3);
            }
            probe->begin(*std::move(connection));
        });
    }
    loop.run();
}
