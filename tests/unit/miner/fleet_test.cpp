// Whole sessions on loopback, against small servers that check every share by themselves.
#include "miner/fleet.hpp"

#include <set>

#include "net/lines.hpp"
#include "net/net_fixture.hpp"
#include "sv1/build.hpp"
#include "sv1/parse.hpp"
#include "sv2/common.hpp"
#include "sv2/ehash.hpp"
#include "sv2/extensions.hpp"
#include "sv2/frame.hpp"
#include "sv2/mining.hpp"

using namespace hp;
using namespace hp::miner;
using namespace hp::test;
namespace mining = sv2::mining;

namespace {

const Bytes kPrefix{0xaa, 0xbb, 0xcc};
const Bytes kSuffix{0xdd, 0xee};
const std::vector<Bytes32> kPath{Bytes32{1}, Bytes32{2}};
constexpr std::uint32_t kNtime = 1'700'000'000;
const bitcoin::Target kTarget = bitcoin::target_from_work_bits(10);

/// The share's header as the servers see it; a hash that came before is a fault of the miner.
struct ShareCheck {
    std::set<std::string> seen;
    std::size_t faults{0};
    std::size_t good{0};
    bool check(ByteView extranonce1, ByteView extranonce2, std::uint32_t version, std::uint32_t ntime,
               std::uint32_t nonce, const bitcoin::Target& target) {
        Work work;
        work.coinbase_prefix = kPrefix;
        append(work.coinbase_prefix, extranonce1);
        work.coinbase_suffix = kSuffix;
        work.merkle_path = kPath;
        work.prev_hash = Bytes32{7};
        work.version = version;
        work.nbits = 0x207fffff;
        const Bytes32 hash = share_header(work, extranonce2, ntime, nonce).hash();
        const bool ok = bitcoin::meets(hash, target) && ntime >= kNtime && seen.insert(to_hex(hash)).second;
        ++(ok ? good : faults);
        return ok;
    }
};

struct Sv1Server {
    struct Peer : net::LineHandler {
        Sv1Server& server;
        net::LineConnection* connection{};  // the server owns it
        sv1::Parser parser;
        Bytes extranonce1;
        explicit Peer(Sv1Server& at) : server{at} {}
        void on_close(const Error&) override {}
        void on_line(std::string_view line) override {
            const auto message = parser.from_client(line);
            REQUIRE_MESSAGE(message.has_value(), message.error().text);
            std::string out;
            if (std::holds_alternative<sv1::Subscribe>(message->body)) {
                sv1::append_subscribed(out, message->id, "1", extranonce1, 4);
            } else if (const auto* authorize = std::get_if<sv1::Authorize>(&message->body)) {
                server.users.insert(std::string(authorize->user));
                if (server.refuse_users)
                    sv1::append_error(out, message->id, sv1::ErrorCode::unauthorized, "who are you?");
                else
                    sv1::append_true(out, message->id);
                sv1::append_set_difficulty(out, bitcoin::difficulty_from_target(kTarget));
                sv1::append_notify(
                    out, {"j1", Bytes32{7}, kPrefix, kSuffix, kPath, 0x20000000, 0x207fffff, kNtime, true});
            } else if (const auto* submit = std::get_if<sv1::Submit>(&message->body)) {
                const auto target = bitcoin::target_from_difficulty(bitcoin::difficulty_from_target(kTarget));
                const bool ok = server.shares.check(extranonce1, submit->extranonce2.view(), 0x20000000,
                                                    submit->ntime, submit->nonce, target);
                if (ok && ++server.submits % 10 != 0)
                    sv1::append_true(out, message->id);
                else
                    sv1::append_error(out, message->id, sv1::ErrorCode::job_not_found, "every tenth");
                if (server.hang_up_after != 0 && server.submits == server.hang_up_after)
                    return connection->close("test");
            }
            connection->send(out);
        }
    };
    net::Loop& loop;
    std::unique_ptr<net::LineListener> listener;
    std::vector<std::shared_ptr<net::LineConnection>> connections;
    std::set<std::string> users;
    ShareCheck shares;
    std::size_t submits{0}, hang_up_after{0}, accepted{0};
    bool refuse_users{false};

    explicit Sv1Server(net::Loop& at) : loop{at} {
        auto result = net::LineListener::listen(loop, any_port(), {}, [this](auto connection) {
            auto peer = std::make_shared<Peer>(*this);
            peer->connection = connection.get();
            connections.push_back(connection);
            peer->extranonce1 = {0, 0, 0, static_cast<std::uint8_t>(++accepted)};
            connection->set_handler(peer);
        });
        REQUIRE_MESSAGE(result, result.error().what);
        listener = *std::move(result);
    }
};

struct Sv2Server {
    enum class Extensions { granted, refused, ignored, hang_up };
    struct Peer : net::FrameHandler {
        Sv2Server& server;
        net::FrameConnection* connection{};  // the server owns it
        Bytes prefix{9, 9, 9, 9};
        std::uint32_t last_sequence{}, batch{};
        explicit Peer(Sv2Server& at) : server{at} {}
        void on_close(const Error&) override {}
        template <class M>
        void send(const M& message) {
            connection->send(sv2::encode_frame(message));
        }
        void on_frame(ByteView bytes) override {
            const auto frame = sv2::split_frame(bytes).value();
            if (frame.is<sv2::common::SetupConnection>()) {
                const auto setup = sv2::decode<sv2::common::SetupConnection>(frame.payload).value();
                CHECK(setup.protocol == 0);
                CHECK((setup.flags & 4) == 0);
                sv2::common::SetupConnectionSuccess success;
                success.used_version = 2;
                send(success);
            } else if (frame.is<sv2::extensions::RequestExtensions>()) {
                ++server.extension_requests;
                sv2::extensions::RequestExtensionsSuccess granted;
                granted.request_id = 1;
                granted.supported_extensions.items = {sv2::ehash::kExtensionType};
                sv2::extensions::RequestExtensionsError refused;
                refused.request_id = 1;
                refused.unsupported_extensions.items = {sv2::ehash::kExtensionType};
                if (server.extensions == Extensions::granted) send(granted);
                if (server.extensions == Extensions::refused) send(refused);
                if (server.extensions == Extensions::hang_up) connection->close("test");
            } else if (frame.is<mining::OpenExtendedMiningChannel>()) {
                const auto open =
                    sv2::decode_with_rest<mining::OpenExtendedMiningChannel>(frame.payload).value();
                server.tlvs = sv2::parse_tlvs(open.rest).value();
                server.nominal_hps = open.message.nominal_hash_rate.get();
                open_channel(open.message.request_id);
            } else if (frame.is<mining::SubmitSharesExtended>()) {
                on_share(sv2::decode<mining::SubmitSharesExtended>(frame.payload).value());
            }
        }
        void open_channel(std::uint32_t request_id) {
            mining::OpenExtendedMiningChannelSuccess success;
            success.request_id = request_id;
            success.channel_id = 5;
            success.group_channel_id = 3;
            success.extranonce_size = 8;
            success.extranonce_prefix = sv2::B0_32::from(prefix);
            success.target.bytes = kTarget;
            send(success);
            mining::NewExtendedMiningJob job;
            job.channel_id = 3;  // by its group
            job.job_id = 11;
            job.version = 0x20000000;
            for (const auto& node : kPath) job.merkle_path.items.push_back({node});
            job.coinbase_tx_prefix.value = kPrefix;
            job.coinbase_tx_suffix.value = kSuffix;
            send(job);
            mining::SetNewPrevHash tip;
            tip.channel_id = 3;
            tip.job_id = 11;
            tip.prev_hash.bytes = Bytes32{7};
            tip.min_ntime = kNtime;
            tip.nbits = 0x207fffff;
            send(tip);
        }
        void on_share(const mining::SubmitSharesExtended& share) {
            CHECK(share.channel_id == 5);
            CHECK(share.job_id == 11);
            server.shares.check(prefix, share.extranonce.view(), share.version, share.ntime, share.nonce,
                                kTarget);
            if (server.batch_size == 1 && share.sequence_number % 10 == 9) {
                mining::SubmitSharesError error;
                error.channel_id = 5;
                error.sequence_number = share.sequence_number;
                error.error_code.value = "stale-share";
                return send(error);
            }
            last_sequence = share.sequence_number;
            ++batch;
            sv2::ehash::QuoteNotification quote;
            quote.channel_id = 5;
            quote.sequence_number = share.sequence_number;
            quote.quote_id.value = "00000000-0000-7000-8000-000000000000";
            quote.amount = 1024;
            if (server.extensions == Extensions::granted) send(quote);
        }
        void on_read_done() override {
            if (batch < server.batch_size) return;
            mining::SubmitSharesSuccess success;
            success.channel_id = 5;
            success.last_sequence_number = last_sequence;
            success.new_submits_accepted_count = std::exchange(batch, 0);
            send(success);
        }
    };
    net::Loop& loop;
    Extensions extensions;
    crypto::SecretKey authority = crypto::SecretKey::generate();
    std::unique_ptr<net::FrameListener> listener;
    std::vector<std::shared_ptr<net::FrameConnection>> connections;
    ShareCheck shares;
    std::vector<sv2::Tlv> tlvs;
    float nominal_hps{};
    int extension_requests{0};
    std::uint32_t batch_size{1};  ///< acknowledges as many at once; 1: and refuses every tenth

    Sv2Server(net::Loop& at, Extensions kind) : loop{at}, extensions{kind} {
        auto result = net::FrameListener::listen(
            loop, any_port(), {}, net::renewing_identity(authority, 3600), [this](auto connection) {
                auto peer = std::make_shared<Peer>(*this);
                peer->connection = connection.get();
                connections.push_back(connection);
                connection->set_handler(peer);
            });
        REQUIRE_MESSAGE(result, result.error().what);
        listener = *std::move(result);
    }
};

FleetOptions options_for(Url url) {
    FleetOptions options;
    options.url = std::move(url);
    options.identity.user = "worker.1";
    options.identity.nominal_hash_rate_hps = 1000;
    return options;
}

/// Runs a fleet to its end and gives its tally.
struct Run {
    Tally tally;
    Result<> result = fail(Errc::timeout, "did not end");
    Run(net::Loop& loop, FleetOptions options) {
        std::optional<Result<>> done;
        Fleet fleet{loop, std::move(options), [&](Result<> outcome) { done = std::move(outcome); }};
        fleet.start();
        REQUIRE(run_until(loop, [&] { return done.has_value(); }));
        result = *done;
        tally = fleet.tally();
    }
};

}  // namespace

TEST_CASE("SV1: every share is good, none comes twice, and verdicts are counted by reason") {
    for (std::size_t threads : {1, 3}) {
        net::Loop loop;
        Sv1Server server{loop};
        auto options = options_for({server.listener->bound(), std::nullopt});
        options.threads = threads;
        options.shares_max = 200;
        const Run run{loop, options};
        REQUIRE_MESSAGE(run.result, run.result.error().what);
        CHECK(server.shares.faults == 0);
        CHECK(server.shares.good == 200);
        CHECK(server.users == std::set<std::string>{"worker.1"});
        CHECK(run.tally.submitted == 200);
        CHECK(run.tally.accepted == 180);
        CHECK(run.tally.rejected == 20);
        CHECK(run.tally.rejected_by_reason.at("every tenth") == 20);
        CHECK(run.tally.latencies.count() == 200);
    }
}

TEST_CASE("SV1: many connections, depth 1, from one process") {
    net::Loop loop;
    Sv1Server server{loop};
    auto options = options_for({server.listener->bound(), std::nullopt});
    options.connections = 20;
    options.depth = 1;
    options.shares_max = 300;
    const Run run{loop, options};
    REQUIRE(run.result);
    CHECK(server.accepted == 20);
    CHECK(server.shares.faults == 0);
    CHECK(run.tally.connects == 20);
    CHECK(run.tally.submitted == 300);
}

TEST_CASE("SV1: a rate is kept, evenly") {
    net::Loop loop;
    Sv1Server server{loop};
    auto options = options_for({server.listener->bound(), std::nullopt});
    options.rate_per_s = 100;
    options.connections = 2;
    options.shares_max = 50;
    const SteadyMs begin = steady_ms_now();
    const Run run{loop, options};
    REQUIRE(run.result);
    CHECK(run.tally.submitted == 50);
    // Less than half a second would be more than the rate; the upper side depends on the machine.
    CHECK(steady_ms_now() - begin >= 490);
}

TEST_CASE("SV1: a lost connection comes again, and goes on mining") {
    net::Loop loop;
    Sv1Server server{loop};
    server.hang_up_after = 30;
    auto options = options_for({server.listener->bound(), std::nullopt});
    options.shares_max = 200;
    const Run run{loop, options};
    REQUIRE(run.result);
    CHECK(run.tally.connects == 2);
    CHECK(run.tally.disconnects == 1);
    CHECK(server.shares.faults == 0);
}

TEST_CASE("SV1: a worker that is refused ends it, with the server's words") {
    net::Loop loop;
    Sv1Server server{loop};
    server.refuse_users = true;
    auto options = options_for({server.listener->bound(), std::nullopt});
    const Run run{loop, options};
    REQUIRE_FALSE(run.result);
    CHECK(run.result.error().code == Errc::refused);
    CHECK(has(run.result.error().what, "authorize refused: who are you?"));
    CHECK(has(run.result.error().hint, "--user"));
    CHECK(run.tally.submitted == 0);
}

TEST_CASE("SV2: a channel with a locking key, batched verdicts, quotes") {
    net::Loop loop;
    Sv2Server server{loop, Sv2Server::Extensions::granted};
    auto options = options_for({server.listener->bound(), server.authority.xonly()});
    const auto key = crypto::SecretKey::generate().public_key();
    options.identity.locking_key = key;
    options.shares_max = 100;
    options.threads = 2;
    const Run run{loop, options};
    REQUIRE_MESSAGE(run.result, run.result.error().what);
    CHECK(server.shares.faults == 0);
    CHECK(server.shares.good == 100);
    CHECK(run.tally.accepted == 90);
    CHECK(run.tally.rejected_by_reason.at("stale-share") == 10);
    CHECK(run.tally.quotes == 90);
    CHECK(run.tally.ehash == 90 * 1024);
    CHECK(server.nominal_hps == 1000);
    REQUIRE(server.tlvs.size() == 1);
    CHECK(server.tlvs[0].extension_type == sv2::ehash::kExtensionType);
    CHECK(server.tlvs[0].field_type == sv2::ehash::kLockingPubkeyField);
    CHECK(server.tlvs[0].value == Bytes(key.begin(), key.end()));
}

TEST_CASE("SV2: pools that refuse, ignore or close on extensions are mined on without") {
    for (auto kind :
         {Sv2Server::Extensions::refused, Sv2Server::Extensions::ignored, Sv2Server::Extensions::hang_up}) {
        net::Loop loop;
        Sv2Server server{loop, kind};
        auto options = options_for({server.listener->bound(), server.authority.xonly()});
        options.identity.locking_key = crypto::SecretKey::generate().public_key();
        options.shares_max = 20;
        const Run run{loop, options};
        REQUIRE_MESSAGE(run.result, run.result.error().what);
        CHECK(server.shares.faults == 0);
        CHECK(run.tally.submitted == 20);
        CHECK(server.extension_requests == 1);
        CHECK(server.tlvs.empty());
    }
}

TEST_CASE("SV2: a pool that acknowledges in batches, larger than the depth, is mined on") {
    net::Loop loop;
    Sv2Server server{loop, Sv2Server::Extensions::refused};
    server.batch_size = 100;
    auto options = options_for({server.listener->bound(), server.authority.xonly()});
    options.shares_max = 100;
    options.depth = 64;
    options.depth_hold_ms = 50;
    const Run run{loop, options};
    REQUIRE_MESSAGE(run.result, run.result.error().what);
    CHECK(run.tally.accepted == 100);
    CHECK(run.tally.connects == 1);
    CHECK(run.tally.disconnects == 0);
    CHECK(server.shares.faults == 0);
}

TEST_CASE("SV2: a server that sends nothing at all, although shares wait, is left and tried again") {
    net::Loop loop;
    Sv2Server server{loop, Sv2Server::Extensions::refused};
    server.batch_size = ~0u;
    auto options = options_for({server.listener->bound(), server.authority.xonly()});
    options.depth = 4;
    options.silence_limit_ms = 100;
    Fleet fleet{loop, std::move(options), [](Result<>) {}};
    fleet.start();
    REQUIRE(run_until(loop, [&] { return fleet.tally().connects == 2; }));
    CHECK(fleet.tally().disconnects == 1);
}

TEST_CASE("SV2: a server with another authority key is not mined on") {
    net::Loop loop;
    Sv2Server server{loop, Sv2Server::Extensions::granted};
    auto options = options_for({server.listener->bound(), crypto::SecretKey::generate().xonly()});
    options.connect_timeout_ms = 300;
    const Run run{loop, options};
    REQUIRE_FALSE(run.result);
    CHECK(server.shares.good == 0);
}
