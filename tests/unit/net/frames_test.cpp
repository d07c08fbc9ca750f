// Frames over Noise over TCP, both sides, and everybody who should not be there.
#include "net/frames.hpp"

#include <algorithm>
#include <deque>
#include <optional>

#include "crypto/random.hpp"
#include "net_fixture.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::test;

namespace {

/// Header + payload; the payload's bytes depend on size and number, so that a mix-up shows.
Bytes make_frame(std::size_t payload_size, std::uint8_t number = 0) {
    Bytes frame(noise::kHeaderSize + payload_size);
    frame[2] = 0x1c;
    for (std::size_t i = 0; i < 3; ++i) frame[3 + i] = static_cast<std::uint8_t>(payload_size >> (8 * i));
    for (std::size_t i = 0; i < payload_size; ++i)
        frame[noise::kHeaderSize + i] = static_cast<std::uint8_t>(i * 31 + number);
    return frame;
}

struct Recorder : FrameHandler {
    std::vector<Bytes> frames;
    std::size_t count{0};
    int reads{0};
    std::vector<Error> closed;
    std::function<void(ByteView)> act;
    bool keeps{true};
    void on_frame(ByteView frame) override {
        ++count;
        if (keeps) frames.emplace_back(frame.begin(), frame.end());
        if (act) act(frame);
    }
    void on_read_done() override { ++reads; }
    void on_close(const Error& reason) override { closed.push_back(reason); }
};

struct Fixture {
    Loop loop;
    crypto::SecretKey authority = crypto::SecretKey::generate();
    std::unique_ptr<FrameListener> listener;
    std::vector<std::shared_ptr<FrameConnection>> accepted;
    std::vector<std::shared_ptr<Recorder>> recorders;
    std::function<void(std::size_t, ByteView)> on_frame;

    void listen(FrameLimits limits = {}, FrameListener::IdentityNow identity = {}) {
        if (!identity) identity = renewing_identity(authority, 3600);
        auto result = FrameListener::listen(loop, any_port(), limits, identity, [this](auto connection) {
            auto recorder = std::make_shared<Recorder>();
            std::size_t index = accepted.size();
            recorder->act = [this, index](ByteView frame) {
                if (on_frame) on_frame(index, frame);
            };
            accepted.push_back(connection);
            recorders.push_back(recorder);
            connection->set_handler(recorder);
        });
        REQUIRE_MESSAGE(result, result.error().what);
        listener = *std::move(result);
    }
    Result<std::shared_ptr<FrameConnection>> dial(const crypto::XOnlyKey32& key, FrameLimits limits = {}) {
        std::optional<Result<std::shared_ptr<FrameConnection>>> result;
        auto attempt =
            FrameDial::start(loop, listener->bound(), key, limits, [&](auto r) { result = std::move(r); });
        REQUIRE(run_until(loop, [&] { return result.has_value(); }));
        return *std::move(result);
    }
    std::shared_ptr<FrameConnection> connect(const std::shared_ptr<Recorder>& recorder,
                                             FrameLimits limits = {}) {
        auto connection = dial(authority.xonly(), limits);
        REQUIRE_MESSAGE(connection, connection.error().what);
        (*connection)->set_handler(recorder);
        return *connection;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "AC_013 payloads of every chunk shape come back byte for byte") {
    listen();
    on_frame = [this](std::size_t i, ByteView frame) { accepted[i]->send(frame); };
    auto mine = std::make_shared<Recorder>();
    auto connection = connect(mine);
    CHECK(connection->handshake_hash() == accepted[0]->handshake_hash());
    CHECK(connection->peer() == listener->bound().text());
    std::vector<std::size_t> sizes{1, 2, 100, 4095, 65'518, 65'519, 65'520, 131'038, 131'039, 200'000};
    std::uint8_t number = 0;
    for (std::size_t size : sizes) connection->send(make_frame(size, ++number));
    REQUIRE(run_until(loop, [&] { return mine->frames.size() == sizes.size(); }));
    number = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) CHECK(mine->frames[i] == make_frame(sizes[i], ++number));
    CHECK(connection->queued_bytes() == 0);
}

TEST_CASE_FIXTURE(Fixture, "AC_029 a thousand frames of one turn arrive in order in few reads") {
    listen();
    auto mine = std::make_shared<Recorder>();
    auto connection = connect(mine);
    for (int i = 0; i < 1000; ++i) connection->send(make_frame(40, static_cast<std::uint8_t>(i)));
    REQUIRE(run_until(loop, [&] { return !recorders.empty() && recorders[0]->frames.size() == 1000; }));
    for (std::size_t i = 0; i < 1000; ++i)
        REQUIRE(recorders[0]->frames[i] == make_frame(40, static_cast<std::uint8_t>(i)));
    CHECK(recorders[0]->reads <= 4);  // 78,000 bytes, 64 KiB a read
}

TEST_CASE_FIXTURE(Fixture, "a wrong authority key is told to the one who dials, with what to check") {
    listen();
    auto other = crypto::SecretKey::generate();
    auto connection = dial(other.xonly());
    REQUIRE_FALSE(connection);
    CAPTURE(connection.error().what);
    CHECK(has(connection.error().what, "handshake with " + listener->bound().text() + " failed"));
    CHECK(has(connection.error().what + connection.error().hint, "authority"));
}

TEST_CASE_FIXTURE(Fixture, "AC_024 a certificate outside of its window fails and the clock is mentioned") {
    auto key = noise::KeyPair::generate();
    auto now = static_cast<std::uint32_t>(unix_ms_now() / 1000);
    std::uint32_t from = now - 1000;
    std::uint32_t until = now - 500;
    SUBCASE("ended") {}
    SUBCASE("not begun") {
        from = now + 500;
        until = now + 1000;
    }
    auto certificate =
        noise::sign_certificate(authority, key.secret.xonly(), from, until, crypto::random_array<32>());
    listen({}, [&] { return noise::ResponderIdentity{key, certificate}; });
    auto connection = dial(authority.xonly());
    REQUIRE_FALSE(connection);
    CHECK(has(connection.error().what + connection.error().hint, "clock"));
}

TEST_CASE_FIXTURE(Fixture, "AC_025 a certificate of two seconds renews itself under the same static key") {
    auto identity = renewing_identity(authority, 2);
    auto first = identity();
    CHECK(noise::check_certificate(first.certificate, first.static_key.secret.xonly(), authority.xonly(),
                                   unix_ms_now() / 1000));
    CHECK(first.certificate.not_valid_after - first.certificate.valid_from >= 3600);  // back-dated
    CHECK(identity().certificate.signature == first.certificate.signature);           // not signed each time
    listen({}, identity);
    auto old_session = connect(std::make_shared<Recorder>());
    std::optional<noise::ResponderIdentity> renewed;
    REQUIRE(run_until(loop, [&] {
        auto current = identity();
        if (current.certificate.signature != first.certificate.signature) renewed = current;
        return renewed.has_value();
    }));
    CHECK(renewed->static_key.encoding == first.static_key.encoding);
    CHECK(renewed->certificate.not_valid_after > first.certificate.not_valid_after);
    CHECK(dial(authority.xonly()));
    CHECK(old_session->is_open());
}

TEST_CASE_FIXTURE(Fixture, "AC_027 other protocols on the Noise port are closed at once") {
    listen();
    std::vector<std::string> told;
    listener->tell_other_protocols(
        [&](const std::string&, std::string_view what) { told.emplace_back(what); });
    std::string plain_setup("\x00\x00\x00\x30\x00\x00\x00\x02\x00\x02\x00", 11);
    std::string tls("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    for (const std::string& text :
         {std::string("GET / HTTP/1.1\r\n"), std::string("SSH-2.0-OpenSSH_9.2p1\r\n"), tls, plain_setup,
          std::string("{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n")}) {
        CAPTURE(text);
        std::uint64_t failed = listener->counters().handshake_failed;
        RawSocket peer{listener->bound()};
        peer.send(text);
        CHECK(run_until(
            loop, [&] { return listener->counters().handshake_failed == failed + 1; }, 1'000));
        CHECK(peer.closes());
        const std::string rest = peer.rest();
        if (text.starts_with("GET"))
            CHECK(rest.find("This port speaks Stratum V2 (Noise), not HTTP.") != std::string::npos);
        else if (text.starts_with('{'))
            CHECK(rest ==
                  "{\"id\":null,\"result\":null,\"error\":[20,\"this port speaks Stratum V2 (Noise), not "
                  "SV1\",null]}\n");
        else
            CHECK(rest.empty());
    }
    CHECK(accepted.empty());
    CHECK(told == std::vector<std::string>{"HTTP", "SSH", "TLS", "SV2 without encryption", "SV1 (JSON)"});
}

TEST_CASE_FIXTURE(Fixture, "garbage that may be a key gets its act 2 and fails at its first frame") {
    listen();
    RawSocket peer{listener->bound()};
    auto random = crypto::random_array<64>();
    peer.send(as_text(random));
    REQUIRE(run_until(loop, [&] { return accepted.size() == 1; }));
    CHECK(peer.read(noise::kAct2Size).size() == noise::kAct2Size);
    peer.send(std::string(200, 'x'));
    REQUIRE(run_until(loop, [&] { return !recorders[0]->closed.empty(); }));
    CHECK(listener->counters().bad_mac == 1);
    CHECK(recorders[0]->frames.empty());
    CHECK(peer.closes());
}

TEST_CASE_FIXTURE(Fixture, "AC_001 silent peers do not keep an honest one waiting, and go at the deadline") {
    protect(loop, {});  // loopback's too are strangers
    listen({.handshake_ms = 3'000, .strangers_max = 256, .strangers_per_address_max = 64});
    std::vector<RawSocket> silent;
    for (int i = 0; i < 500; ++i) silent.emplace_back(listener->bound());
    silent[499].send("x");
    auto connection = dial(authority.xonly());
    REQUIRE_MESSAGE(connection, connection.error().what);
    CHECK(listener->counters().handshake_failed == 0);  // before any of them had to go at the deadline
    // 64 places an address: the honest peer and the later ones pushed the oldest out, the rest ended by
    // itself.
    const FrameCounters& counters = listener->counters();
    REQUIRE(run_until(loop, [&] { return counters.refused_full + counters.handshake_failed == 500; }));
    CHECK(counters.handshake_failed == 63);
    for (auto& peer : silent) CHECK(peer.closes());
    CHECK((*connection)->is_open());
}

TEST_CASE_FIXTURE(Fixture, "the one who dials gives up on a server that never answers") {
    // A Noise port that only listens: the kernel accepts, nobody reads.
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd, 8) == 0);
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    std::optional<Error> why;
    auto attempt = FrameDial::start(loop, {"127.0.0.1", ntohs(address.sin_port)}, authority.xonly(),
                                    {.handshake_ms = 50}, [&](auto result) {
                                        REQUIRE_FALSE(result);
                                        why = result.error();
                                    });
    REQUIRE(run_until(loop, [&] { return why.has_value(); }));
    ::close(fd);
    CHECK(why->code == Errc::timeout);
    CHECK_FALSE(why->hint.empty());
}

TEST_CASE_FIXTURE(Fixture, "AC_028 a peer that does not read is dropped at the queue limit, others go on") {
    listen({.send_queue_bytes_max = 1u << 20});
    auto reads = std::make_shared<Recorder>();
    reads->keeps = false;
    auto honest = connect(reads);
    auto stalls = dial(authority.xonly());  // no handler: nothing is read
    REQUIRE(stalls);
    REQUIRE(run_until(loop, [&] { return accepted.size() == 2; }));
    Bytes job = make_frame(60'000);
    std::size_t sent = 0;
    Timer pump{loop};
    pump.every(1, [&] {
        for (int i = 0; i < 4; ++i) {
            accepted[0]->send(job);
            accepted[1]->send(job);
            ++sent;
        }
    });
    REQUIRE(run_until(loop, [&] { return !recorders[1]->closed.empty(); }));
    pump.cancel();
    CHECK(listener->counters().dropped_slow == 1);
    CHECK(recorders[1]->closed.size() == 1);
    CHECK(recorders[0]->closed.empty());
    CHECK(run_until(loop, [&] { return reads->count == sent; }));
}

TEST_CASE_FIXTURE(Fixture, "AC_011 a frame that never becomes whole ends the connection") {
    listen({.frame_ms = 50});
    RawSocket peer{listener->bound()};
    auto act1 = crypto::random_array<64>();
    peer.send(as_text(act1));
    REQUIRE(run_until(loop, [&] { return accepted.size() == 1; }));
    peer.send(std::string(noise::kSealedHeaderSize - 1, 'x'));  // one byte more would be opened, and fail
    REQUIRE(run_until(loop, [&] { return !recorders[0]->closed.empty(); }));
    CHECK(recorders[0]->closed[0].code == Errc::timeout);
    CHECK(listener->counters().bad_mac == 0);
}

TEST_CASE_FIXTURE(Fixture, "close flushes, and only the other side hears of it") {
    listen();
    auto mine = std::make_shared<Recorder>();
    auto connection = connect(mine);
    REQUIRE(run_until(loop, [&] { return accepted.size() == 1; }));
    accepted[0]->send(make_frame(150'000));
    accepted[0]->close("done");
    CHECK_FALSE(accepted[0]->is_open());
    REQUIRE(run_until(loop, [&] { return !mine->closed.empty(); }));
    CHECK(mine->frames.size() == 1);
    CHECK(mine->closed.size() == 1);
    CHECK(recorders[0]->closed.empty());
    CHECK(run_until(loop, [&] { return recorders[0].use_count() == 1; }));
}

TEST_CASE_FIXTURE(Fixture, "a handler may close or forget its connection in the middle of a read") {
    listen();
    on_frame = [this](std::size_t i, ByteView) {
        if (!accepted[i]) return;
        accepted[i]->close("enough");
        accepted[i].reset();
        recorders[i].reset();
    };
    auto mine = std::make_shared<Recorder>();
    auto connection = connect(mine);
    for (int i = 0; i < 10; ++i) connection->send(make_frame(10));
    REQUIRE(run_until(loop, [&] { return !mine->closed.empty(); }));
    CHECK_FALSE(connection->is_open());
    connection->send(make_frame(10));  // nothing happens
    CHECK(connection->queued_bytes() == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "who has proven something has a place that strangers cannot take, and gives it back") {
    protect(loop, {});
    listen({.strangers_max = 3, .strangers_per_address_max = 3, .connections_max = 2});
    for (std::size_t round = 0; round < 5; ++round) {
        const std::size_t base = accepted.size();
        auto first = connect(std::make_shared<Recorder>());
        auto second = connect(std::make_shared<Recorder>());
        for (std::size_t i : {base, base + 1})
            REQUIRE(
                run_until(loop, [&] { return accepted.size() > i && accepted[i]->prove(Standing::member); }));
        std::vector<std::shared_ptr<FrameConnection>> strangers;
        for (int i = 0; i < 6; ++i) strangers.push_back(connect(std::make_shared<Recorder>()));
        REQUIRE(run_until(loop, [&] { return accepted.size() == base + 8; }));
        CHECK(accepted[base]->is_open());
        CHECK(accepted[base + 1]->is_open());
        CHECK(accepted[base + 7]->is_open());
        CHECK_FALSE(accepted[base + 7]->prove(Standing::member));
        CHECK_FALSE(accepted[base + 2]->is_open());
        first->close("round over");
        second->close("round over");
        REQUIRE(
            run_until(loop, [&] { return !accepted[base]->is_open() && !accepted[base + 1]->is_open(); }));
        for (auto& stranger : strangers) stranger->close("round over");
    }
    CHECK(listener->counters().refused_full >= 5 * (3 + 1));
    CHECK(listener->counters().accepted == 5 * 8);
}

TEST_CASE_FIXTURE(Fixture, "a farm of 2,000 behind one address connects at once: nobody is turned away") {
    protect(loop, {});
    listen();
    std::vector<RawSocket> farm;
    for (int i = 0; i < 2'000; ++i) {
        farm.emplace_back(listener->bound());
        REQUIRE(farm.back().send(as_text(noise::Initiator{noise::KeyPair::generate()}.act1())));
    }
    REQUIRE(run_until(
        loop, [&] { return accepted.size() == farm.size(); }, 60'000));
    for (auto& connection : accepted) CHECK(connection->prove(Standing::guest));
    CHECK(listener->counters().refused_full == 0);
    CHECK(protection_counters(loop).strangers_dropped == 0);
}

TEST_CASE_FIXTURE(Fixture, "first acts without end from its own address do not push an honest peer out") {
    protect(loop, {});
    listen({.strangers_max = 512, .strangers_per_address_max = 256});
    std::deque<RawSocket> crowd;
    std::size_t sent = 0;
    const auto flood = [&] {
        for (int i = 0; i < 8; ++i) {
            crowd.emplace_back(listener->bound());
            if (i % 2) crowd.back().send(as_text(noise::Initiator{noise::KeyPair::generate()}.act1()));
            ++sent;
        }
        while (crowd.size() > 400) crowd.pop_front();
    };
    Timer flooding{loop};
    flooding.every(1, flood);
    REQUIRE(run_until(loop, [&] { return sent > 600; }));
    const auto honest = dial(authority.xonly());
    REQUIRE_MESSAGE(honest, honest.error().what);
    CHECK((*honest)->is_open());
    flooding.cancel();
}

TEST_CASE_FIXTURE(Fixture, "half a frame counts against the process's buffers, and the largest goes first") {
    protect(loop, {.sources_exempt = {}, .buffer_bytes_max = 400'000});
    listen();
    std::vector<RawSocket> peers;
    const auto begin = [&](std::size_t size) {
        const auto& peer = peers.emplace_back(listener->bound());
        noise::Initiator initiator{noise::KeyPair::generate()};
        REQUIRE(peer.send(as_text(initiator.act1())));
        REQUIRE(run_until(loop, [&] { return accepted.size() == peers.size(); }));
        auto session =
            initiator.on_act2(as_bytes(peer.read(noise::kAct2Size)), authority.xonly(), unix_ms_now() / 1000);
        REQUIRE(session);
        Bytes sealed;
        noise::CipherState sealing{session->send};
        noise::seal_frame(sealing, make_frame(500'000), sealed);
        for (std::size_t at = 0; at < size; at += 32'000) {
            (void)peer.send(as_text(ByteView{sealed}.subspan(at, std::min<std::size_t>(32'000, size - at))));
            int turns = 0;
            (void)run_until(loop, [&] { return ++turns > 3; });
        }
    };
    begin(60'000);
    begin(100'000);
    REQUIRE(run_until(loop, [&] { return protection_counters(loop).buffer_bytes >= 160'000; }));
    CHECK(protection_counters(loop).cut_for_memory == 0);
    begin(350'000);
    REQUIRE(run_until(loop, [&] { return !recorders[2]->closed.empty(); }));
    CHECK(has(recorders[2]->closed[0].what, "memory for unfinished input is used up"));
    CHECK(accepted[0]->is_open());
}

TEST_CASE_FIXTURE(Fixture, "whole frames are held by nobody") {
    listen();
    std::vector<std::shared_ptr<FrameConnection>> peers;
    std::vector<std::shared_ptr<Recorder>> theirs;
    for (int i = 0; i < 3; ++i) {
        theirs.push_back(std::make_shared<Recorder>());
        peers.push_back(connect(theirs.back()));
        for (int k = 0; k < 20; ++k) peers.back()->send(make_frame(100'000));
    }
    const auto all_came = [&] {
        return accepted.size() == 3 && std::ranges::all_of(recorders, [](auto& r) { return r->count == 20; });
    };
    REQUIRE(run_until(loop, all_came));
    CHECK(protection_counters(loop).buffer_bytes == 0);
    CHECK(protection_counters(loop).cut_for_memory == 0);
}

TEST_CASE_FIXTURE(Fixture, "payloads are limited by what is expected, from the next frame on") {
    listen({.payload_limit = [](std::uint16_t, std::uint8_t) -> std::size_t { return 100; }});
    on_frame = [&](std::size_t index, ByteView) {
        accepted[index]->limit_payloads([](std::uint16_t, std::uint8_t) -> std::size_t { return 1'000; });
    };
    auto mine = std::make_shared<Recorder>();
    auto connection = connect(mine);
    connection->send(make_frame(100));
    connection->send(make_frame(1'000));
    REQUIRE(run_until(loop, [&] { return recorders.size() == 1 && recorders[0]->count == 2; }));
    auto other = connect(std::make_shared<Recorder>());
    other->send(make_frame(101));
    REQUIRE(run_until(loop, [&] { return recorders.size() == 2 && !recorders[1]->closed.empty(); }));
    CHECK(recorders[1]->count == 0);
}

TEST_CASE("waits between attempts double, stay below the cap, and differ") {
    Backoff backoff{100, 1000};
    CHECK(backoff.next_ms(0) == 50);
    CHECK(backoff.next_ms(0xffff'ffff) == 199);
    CHECK(backoff.next_ms(0) == 200);
    CHECK(backoff.next_ms(0) == 400);
    for (int i = 0; i < 100; ++i) CHECK(backoff.next_ms(0xffff'ffff) == 999);
    backoff.reset();
    CHECK(backoff.next_ms(0) == 50);
}
