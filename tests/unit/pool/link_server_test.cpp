// The pool's side of the link against mints that are right, wrong, late, recorded, rolled back or strangers.
#include "pool/link_server.hpp"

#include "crypto/random.hpp"
#include "ehash/link_auth.hpp"
#include "pool_fixture.hpp"
#include "sv2/common.hpp"
#include "sv2/frame.hpp"
#include "sv2/registry.hpp"
#include "sv2/setup.hpp"

using namespace hp;
using namespace hp::test;
namespace msg = sv2::link;

namespace {

using msg::kFlags;

/// A mint made of nothing but frames.
struct RawMint : net::FrameHandler {
    std::shared_ptr<net::FrameConnection> connection;
    std::vector<Bytes> frames;
    std::optional<std::string> closed;
    void on_frame(ByteView frame) override { frames.emplace_back(frame.begin(), frame.end()); }
    void on_close(const Error& reason) override { closed = reason.what; }

    template <sv2::Message M>
    void send(const M& message) {
        connection->send(sv2::encode_frame(message));
    }
    /// Frame `index` as M; anything else fails the test.
    template <sv2::Message M>
    M frame(std::size_t index) const {
        REQUIRE(index < frames.size());
        auto split = sv2::split_frame(frames[index]);
        REQUIRE(split);
        REQUIRE(split->is<M>());
        auto message = sv2::decode<M>(split->payload);
        REQUIRE_MESSAGE(message, message.error().what);
        return *message;
    }
};

struct Owner : pool::QuoteOwner {
    std::vector<std::string> quotes;
    void quote_created(std::uint32_t channel_id, std::uint32_t sequence_number, const std::string& quote_id,
                       std::uint64_t amount) override {
        quotes.push_back(std::to_string(channel_id) + "/" + std::to_string(sequence_number) + "/" + quote_id +
                         "/" + std::to_string(amount));
    }
    void quote_failed(std::uint32_t, std::uint32_t, std::uint16_t, const std::string&) override {}
};

struct LinkFixture : OutboxFixture, pool::HubObserver {
    std::vector<std::string> alarms;
    void on_quote_created(const pool::StoredIntent&, const std::string&, bool,
                          std::optional<SteadyMs>) override {}
    void on_quote_dead(const pool::StoredIntent&, std::uint16_t, const std::string&) override {}
    void on_alarm(const std::string& what) override { alarms.push_back(what); }

    crypto::SecretKey authority = crypto::SecretKey::generate();
    crypto::SecretKey mint_key = crypto::SecretKey::generate();
    Bytes32 mint_store = crypto::random_array<32>();
    std::unique_ptr<pool::Hub> hub;
    std::unique_ptr<pool::LinkServer> server;
    std::shared_ptr<Owner> owner = std::make_shared<Owner>();

    LinkFixture() { listen(); }

    pool::LinkServer::Options options() {
        return {
            .listen = any_port(),
            .authority = authority.xonly(),
            .identity = net::renewing_identity(authority, 3600),
            .allowed_mints = {{"mint", crypto::SecretKey::generate().xonly()}, {"mint", mint_key.xonly()}},
            .unit = "hash",
            .valuation = one_unit_a_hash(),
            .max_inflight = 100};
    }
    void listen() { listen(options()); }
    void listen(pool::LinkServer::Options with) {
        server.reset();
        hub.reset();
        reopen();  // a hub begins with what the file says
        hub = std::make_unique<pool::Hub>(loop, *outbox, *this, mints);
        auto listening = pool::LinkServer::listen(loop, std::move(with), *outbox, *hub, *this);
        REQUIRE_MESSAGE(listening, listening.error().what);
        server = std::move(*listening);
    }
    void restart_pool() { listen(); }

    std::shared_ptr<RawMint> dial() {
        net::FrameLimits limits;
        limits.payload_limit = sv2::payload_limit_of<sv2::Family::link>;
        auto mint = std::make_shared<RawMint>();
        std::optional<Error> error;
        auto attempt =
            net::FrameDial::start(loop, server->bound(), authority.xonly(), limits, [&](auto connection) {
                if (!connection) {
                    error = connection.error();
                    return;
                }
                mint->connection = *connection;
                mint->connection->set_handler(mint);
            });
        REQUIRE(run_until(loop, [&] { return mint->connection || error; }));
        REQUIRE_MESSAGE(!error, error->what);
        return mint;
    }
    static sv2::common::SetupConnection setup(std::uint32_t flags = kFlags) {
        sv2::common::SetupConnection message;
        message.protocol = msg::kProtocol;
        message.min_version = message.max_version = sv2::kVersion;
        message.flags = flags;
        return message;
    }
    /// What the right mint says, before it is signed.
    msg::LinkAuth unsigned_auth() {
        msg::LinkAuth auth;
        auth.pool_authority.bytes = authority.xonly();
        auth.unit.value = "hash";
        auth.keyset_id.value = Bytes(33, 1);
        auth.valuation.value = one_unit_a_hash().text();
        auth.mint_store.bytes = mint_store;
        auth.mint_generation = 5;
        return auth;
    }
    /// How far the mint's ledger has come; the generation is that of LinkAuth.
    msg::MintMark mark;
    msg::MintMark mark_of(const msg::LinkAuth& auth) const {
        auto out = mark;
        out.generation = auth.mint_generation;
        return out;
    }
    msg::LinkAuth sign(msg::LinkAuth auth, const RawMint& mint, const crypto::SecretKey& key) {
        ehash::sign_link_auth(auth, key, mint.connection->handshake_hash(), crypto::random_array<32>());
        return auth;
    }
    bool wait_frames(const RawMint& mint, std::size_t count) {
        return run_until(loop, [&] { return mint.frames.size() >= count; });
    }
    bool wait_closed(const RawMint& mint) {
        return run_until(loop, [&] { return mint.closed.has_value(); });
    }
    /// A connection that SetupConnection was agreed on.
    std::shared_ptr<RawMint> set_up() {
        auto mint = dial();
        mint->send(setup());
        REQUIRE(wait_frames(*mint, 1));
        auto success = mint->frame<sv2::common::SetupConnectionSuccess>(0);
        CHECK(success.used_version == sv2::kVersion);
        CHECK(success.flags == kFlags);
        return mint;
    }
    /// Its frame 1 is LinkAuth.Success; quote requests follow.
    std::shared_ptr<RawMint> link_up(const msg::LinkAuth& auth) {
        auto mint = set_up();
        mint->send(sign(auth, *mint, mint_key));
        mint->send(mark_of(auth));
        REQUIRE(wait_frames(*mint, 2));
        (void)mint->frame<msg::LinkAuthSuccess>(1);
        return mint;
    }
    std::shared_ptr<RawMint> link_up() { return link_up(unsigned_auth()); }
    /// The code with which this LinkAuth is refused; the connection is closed behind it.
    std::string refusal(const msg::LinkAuth& auth) {
        auto mint = set_up();
        return refusal(*mint, sign(auth, *mint, mint_key));
    }
    std::string refusal(RawMint& mint, const msg::LinkAuth& signed_auth) {
        mint.send(signed_auth);
        mint.send(mark_of(signed_auth));
        REQUIRE(wait_closed(mint));
        REQUIRE(mint.frames.size() == 2);
        return mint.frame<msg::LinkAuthError>(1).code.value;
    }

    void commit(std::uint32_t n) {
        auto new_share = make_share(n);
        auto seqs = add({new_share});
        hub->committed(seqs[0], new_share.intent, {owner, 3, n, new_share.accepted_ms});
    }
    static msg::QuoteResponse answer_to(const msg::QuoteRequest& request) {
        msg::QuoteResponse response;
        response.seq = request.seq;
        response.share_hash = request.share_hash;
        response.amount = request.amount;
        response.quote_id.value = quote_id(request.seq);
        response.keyset_id.value = Bytes(33, 1);
        return response;
    }
};

}  // namespace

TEST_CASE_FIXTURE(LinkFixture, "the right mint is welcomed, and gets what it has not stored") {
    for (std::uint32_t n = 1; n <= 3; ++n) commit(n);
    ack(1);
    ack(3);  // row 2 is a hole in what the mint counts
    auto auth = unsigned_auth();
    auth.pool_store.bytes = outbox->store_id();
    auth.last_seq = 1;
    auto mint = link_up(auth);
    auto success = mint->frame<msg::LinkAuthSuccess>(1);
    CHECK(success.pool_store.bytes == outbox->store_id());
    CHECK(success.resume_seq == 2);
    CHECK(success.max_inflight == 100);
    CHECK(success.unit.value == "hash");
    CHECK(success.valuation.value == one_unit_a_hash().text());
    CHECK(ehash::check_link_success(success, sign(auth, *mint, mint_key)));
    REQUIRE(wait_frames(*mint, 4));
    CHECK(mint->frame<msg::QuoteRequest>(2).seq == 2);
    CHECK(mint->frame<msg::QuoteAgain>(3).seq == 3);
    CHECK(hub->status(0).is_connected);
    CHECK(hub->status(0).name == "mint");
    CHECK_FALSE(hub->status(0).peer.empty());
    CHECK(alarms.empty());
}

TEST_CASE_FIXTURE(LinkFixture, "a mint that last served another pool database gets everything") {
    commit(1);
    auto auth = unsigned_auth();
    auth.pool_store.bytes = Bytes32{1};
    auth.last_seq = 1'000'000;
    auto mint = link_up(auth);
    CHECK(mint->frame<msg::LinkAuthSuccess>(1).resume_seq == 1);
    REQUIRE(wait_frames(*mint, 3));
    auto request = mint->frame<msg::QuoteRequest>(2);
    auto sent = make_share(1).intent;
    CHECK(request == ehash::to_quote_request(sent, 1));
}

TEST_CASE_FIXTURE(LinkFixture, "a quote reaches the connection that earned its share") {
    auto mint = link_up();
    commit(7);
    REQUIRE(wait_frames(*mint, 3));
    mint->send(answer_to(mint->frame<msg::QuoteRequest>(2)));
    REQUIRE(run_until(loop, [&] { return !owner->quotes.empty(); }));
    CHECK(owner->quotes == std::vector<std::string>{"3/7/" + quote_id(1) + "/1"});
    CHECK(hub->status(0).pending == 0);
    mint->send(msg::Ping{0x1234});
    REQUIRE(wait_frames(*mint, 4));
    CHECK(mint->frame<msg::Pong>(3).nonce == 0x1234);
}

TEST_CASE_FIXTURE(LinkFixture, "an unlisted key and a bad signature look alike, and wait alike") {
    auto mint = set_up();
    msg::LinkAuth auth;
    SUBCASE("unlisted key") { auth = sign(unsigned_auth(), *mint, crypto::SecretKey::generate()); }
    SUBCASE("bad signature") {
        auth = sign(unsigned_auth(), *mint, mint_key);
        auth.signature.bytes[10] ^= 1;
    }
    SUBCASE("a field changed after signing") {
        auth = sign(unsigned_auth(), *mint, mint_key);
        ++auth.mint_generation;
    }
    SUBCASE("meant for another pool") {
        auth = unsigned_auth();
        auth.pool_authority.bytes = crypto::SecretKey::generate().xonly();
        auth = sign(auth, *mint, mint_key);
    }
    SUBCASE("recorded from another session") {
        auto recorded_from = set_up();
        auth = sign(unsigned_auth(), *recorded_from, mint_key);
    }
    auto began_ms = steady_ms_now();
    CHECK(refusal(*mint, auth) == "unauthorised");
    CHECK(steady_ms_now() - began_ms >= 250);
    CHECK(alarms.size() == 1);
    CHECK_FALSE(hub->status(0).is_connected);
    CHECK_FALSE(hub->memory(0));
}

TEST_CASE_FIXTURE(LinkFixture, "no downgrade: both flags, this protocol, this version, or nothing") {
    auto message = setup();
    std::string code = "unsupported-feature-flags";
    std::uint32_t flags = 0;
    SUBCASE("no flags") { message.flags = 0, flags = kFlags; }
    SUBCASE("no header proof") {
        message.flags = kFlags & ~msg::kFlagHeaderProof, flags = msg::kFlagHeaderProof;
    }
    SUBCASE("no mark") { message.flags = kFlags & ~msg::kFlagMintMark, flags = msg::kFlagMintMark; }
    SUBCASE("no link auth") { message.flags = kFlags & ~msg::kFlagLinkAuthV1, flags = msg::kFlagLinkAuthV1; }
    SUBCASE("a flag that nobody knows") { message.flags = kFlags | 8, flags = ~kFlags; }
    SUBCASE("a miner on the wrong port") { message.protocol = 0, code = "unsupported-protocol"; }
    SUBCASE("another version") {
        message.min_version = message.max_version = 3;
        code = "protocol-version-mismatch";
    }
    auto mint = dial();
    mint->send(message);
    REQUIRE(wait_closed(*mint));
    REQUIRE(mint->frames.size() == 1);
    auto error = mint->frame<sv2::common::SetupConnectionError>(0);
    CHECK(error.error_code.value == code);
    CHECK(error.flags == flags);
}

TEST_CASE_FIXTURE(LinkFixture, "before LinkAuth nothing else is heard") {
    commit(1);
    std::size_t frames = 0;
    std::shared_ptr<RawMint> mint;
    SUBCASE("LinkAuth without SetupConnection") {
        mint = dial();
        mint->send(sign(unsigned_auth(), *mint, mint_key));
    }
    SUBCASE("an answer first") {
        mint = dial();
        mint->send(answer_to(ehash::to_quote_request(make_share(1).intent, 1)));
    }
    SUBCASE("an answer in place of LinkAuth") {
        mint = set_up(), frames = 1;
        mint->send(answer_to(ehash::to_quote_request(make_share(1).intent, 1)));
    }
    SUBCASE("SetupConnection twice") {
        mint = set_up(), frames = 1;
        mint->send(setup());
    }
    SUBCASE("a ping in place of LinkAuth") {
        mint = set_up(), frames = 1;
        mint->send(msg::Ping{1});
    }
    SUBCASE("LinkAuth cut short") {
        mint = set_up(), frames = 1;
        auto frame = sv2::encode_frame(sign(unsigned_auth(), *mint, mint_key));
        frame.resize(frame.size() - 10);
        frame[3] = static_cast<std::uint8_t>(frame.size() - sv2::kHeaderSize);
        frame[4] = static_cast<std::uint8_t>((frame.size() - sv2::kHeaderSize) >> 8);
        mint->connection->send(frame);
    }
    CHECK(wait_closed(*mint));
    CHECK(mint->frames.size() == frames);
    CHECK(hub->status(0).pending == 1);
    CHECK(owner->quotes.empty());
}

TEST_CASE_FIXTURE(LinkFixture, "who says nothing is closed") {
    auto quick = options();
    quick.auth_limit_ms = 100;
    listen(std::move(quick));
    auto silent = dial();
    CHECK(wait_closed(*silent));
    auto half = set_up();
    CHECK(wait_closed(*half));
    auto mint = link_up();
    CHECK_FALSE(run_until(
        loop, [&] { return mint->closed.has_value(); }, 300));
}

TEST_CASE_FIXTURE(LinkFixture, "strangers who finish the handshake do not keep the mint out") {
    auto few = options();
    few.strangers_max = 4;
    listen(std::move(few));
    std::vector<std::shared_ptr<RawMint>> strangers;
    for (int i = 0; i < 24; ++i) strangers.push_back(dial());
    auto mint = link_up();
    auto open = [&] {
        return std::ranges::count_if(strangers, [](const auto& stranger) { return !stranger->closed; });
    };
    CHECK(run_until(loop, [&] { return open() <= 4; }));
    // Nor do they push out the one that is in.
    for (int i = 0; i < 8; ++i) strangers.push_back(dial());
    CHECK(run_until(loop, [&] { return open() <= 4; }));
    CHECK_FALSE(mint->closed.has_value());
    CHECK(hub->status(0).is_connected);
}

TEST_CASE_FIXTURE(LinkFixture, "a newer session replaces the older, and takes over what was in flight") {
    auto first = link_up();
    commit(1);
    REQUIRE(wait_frames(*first, 3));
    auto second = link_up();
    CHECK(wait_closed(*first));
    CHECK(second->frame<msg::LinkAuthSuccess>(1).session_id >
          first->frame<msg::LinkAuthSuccess>(1).session_id);
    REQUIRE(wait_frames(*second, 3));
    CHECK(second->frame<msg::QuoteRequest>(2) == first->frame<msg::QuoteRequest>(2));
    CHECK(hub->status(0).is_connected);
    second->connection->close("done");
    CHECK(run_until(loop, [&] { return !hub->status(0).is_connected; }));
}

TEST_CASE_FIXTURE(LinkFixture, "a session that is refused leaves the one that stands alone") {
    auto mint = link_up();
    auto stranger = set_up();
    CHECK(refusal(*stranger, sign(unsigned_auth(), *stranger, crypto::SecretKey::generate())) ==
          "unauthorised");
    commit(1);
    REQUIRE(wait_frames(*mint, 3));
    CHECK_FALSE(mint->closed.has_value());
}

TEST_CASE_FIXTURE(LinkFixture, "a mint that comes back older than the pool remembers is refused") {
    link_up()->connection->close("done");
    REQUIRE(run_until(loop, [&] { return !hub->status(0).is_connected; }));
    SUBCASE("at once") {}
    SUBCASE("after a restart of the pool") { restart_pool(); }
    auto auth = unsigned_auth();
    auth.mint_generation = 4;
    CHECK(refusal(auth) == "mint-rollback");
    CHECK(alarms.size() == 1);
    auth.mint_generation = 5;
    link_up(auth)->connection->close("done");
    auth.mint_generation = 6;
    link_up(auth);
}

TEST_CASE_FIXTURE(LinkFixture,
                  "a mint that has forgotten a row which it answered is refused, whatever its generation") {
    link_up()->connection->close("done");
    REQUIRE(run_until(loop, [&] { return !hub->status(0).is_connected; }));
    for (std::uint32_t n = 1; n <= 3; ++n) commit(n);
    ack(1);
    ack(2);
    SUBCASE("at once") {}
    SUBCASE("after a restart of the pool") { restart_pool(); }
    auto auth = unsigned_auth();
    auth.mint_generation = 6;
    SUBCASE("one row") {
        auth.pool_store.bytes = outbox->store_id();
        auth.last_seq = 1;
    }
    SUBCASE("all of them") {
        auth.pool_store.bytes = outbox->store_id();
        auth.last_seq = 0;
    }
    SUBCASE("even whom it served") {}
    CHECK(refusal(auth) == "mint-rollback");
    CHECK(alarms.size() == 1);
    // What was refused is not remembered: this is it, on its newest database.
    auth.mint_generation = 5;
    auth.pool_store.bytes = outbox->store_id();
    auth.last_seq = 2;
    auto newest = link_up(auth);
    REQUIRE(wait_frames(*newest, 3));
    CHECK(newest->frame<msg::QuoteRequest>(2).seq == 3);
    newest->connection->close("done");
    REQUIRE(run_until(loop, [&] { return !hub->status(0).is_connected; }));
    commit(4);
    auth.last_seq = 1;
    auto lenient = options();
    lenient.allow_mint_rollback = true;
    listen(std::move(lenient));
    alarms.clear();
    auto mint = link_up(auth);
    CHECK(alarms.size() == 1);
    CHECK(mint->frame<msg::LinkAuthSuccess>(1).resume_seq == 2);
    REQUIRE(wait_frames(*mint, 5));
    CHECK(mint->frame<msg::QuoteAgain>(2).seq == 2);
    // It was asked for row 3, whose quote may have been made and lost with the answer; nobody saw row 4.
    CHECK(mint->frame<msg::QuoteAgain>(3).seq == 3);
    CHECK(mint->frame<msg::QuoteRequest>(4).seq == 4);
}

TEST_CASE_FIXTURE(LinkFixture,
                  "a mint with another or an older database comes in only where that is allowed") {
    link_up()->connection->close("done");
    REQUIRE(run_until(loop, [&] { return !hub->status(0).is_connected; }));
    auto auth = unsigned_auth();
    SUBCASE("another") {
        auth.mint_store.bytes = Bytes32{1};
        auth.mint_generation = 1;
    }
    SUBCASE("older") { auth.mint_generation = 4; }
    CHECK(refusal(auth) == "mint-rollback");
    auto lenient = options();
    lenient.allow_mint_rollback = true;
    listen(std::move(lenient));
    alarms.clear();
    link_up(auth);
    CHECK(alarms.size() == 1);
    // From now on it is the one that is known.
    listen();
    if (auth.mint_store.bytes == mint_store)
        link_up(auth);
    else
        CHECK(refusal(unsigned_auth()) == "mint-rollback");
}

TEST_CASE_FIXTURE(LinkFixture, "a mint that never linked is refused where first contacts are not allowed") {
    auto strict = options();
    strict.allow_new_mint_store = false;
    listen(std::move(strict));
    CHECK(refusal(unsigned_auth()) == "mint-rollback");
    listen();
    link_up();
}

TEST_CASE_FIXTURE(LinkFixture, "what is known of a mint holds for both of its keys") {
    link_up()->connection->close("done");
    REQUIRE(run_until(loop, [&] { return !hub->status(0).is_connected; }));
    auto rotated = options();
    auto new_key = crypto::SecretKey::generate();
    rotated.allowed_mints = {{"mint", mint_key.xonly()}, {"mint", new_key.xonly()}};
    listen(std::move(rotated));
    auto old_copy = unsigned_auth();
    old_copy.mint_generation = 4;
    auto mint = set_up();
    CHECK(refusal(*mint, sign(old_copy, *mint, new_key)) == "mint-rollback");
    mint = set_up();
    mint->send(sign(unsigned_auth(), *mint, new_key));
    mint->send(mark_of(unsigned_auth()));
    REQUIRE(wait_frames(*mint, 2));
    (void)mint->frame<msg::LinkAuthSuccess>(1);
    // The same mint by its other key: one session.
    link_up();
    CHECK(wait_closed(*mint));
}

TEST_CASE_FIXTURE(LinkFixture, "two mints have a session each, and their own rows under their own numbers") {
    auto beta_key = crypto::SecretKey::generate();
    auto both = options();
    both.allowed_mints = {{"mint", mint_key.xonly()}, {"beta", beta_key.xonly()}};
    mints = {"mint", "beta"};
    listen(std::move(both));
    auto one = link_up();
    auto two = set_up();
    auto auth = unsigned_auth();
    auth.mint_store.bytes = Bytes32{2};
    two->send(sign(auth, *two, beta_key));
    two->send(mark_of(auth));
    REQUIRE(wait_frames(*two, 2));
    CHECK(hub->status(0).is_connected);
    CHECK(hub->status(1).is_connected);
    auto share = make_share(8);
    share.mint = 1;
    auto seqs = add({share});
    hub->committed(seqs[0], share.intent, {owner, 3, 8, share.accepted_ms});
    REQUIRE(wait_frames(*two, 3));
    auto request = two->frame<msg::QuoteRequest>(2);
    CHECK(request.seq == 1);
    CHECK(one->frames.size() == 2);
    // The other mint's answer to it is an answer to nothing.
    one->send(answer_to(request));
    REQUIRE(run_until(loop, [&] { return !alarms.empty(); }));
    CHECK(hub->status(1).pending == 1);
    two->send(answer_to(request));
    REQUIRE(run_until(loop, [&] { return owner->quotes.size() == 1; }));
    CHECK(hub->status(1).pending == 0);
    // One that goes leaves the other in.
    two->connection->close("done");
    REQUIRE(run_until(loop, [&] { return !hub->status(1).is_connected; }));
    CHECK(hub->status(0).is_connected);
}

TEST_CASE_FIXTURE(LinkFixture,
                  "a mint that has seen more than this pool gave away is refused: the pool is an old copy") {
    commit(1);
    auto auth = unsigned_auth();
    auth.pool_store.bytes = outbox->store_id();
    auth.last_seq = 2;
    CHECK(refusal(auth) == "pool-rollback");
    CHECK(alarms.size() == 1);
    auth.last_seq = 1;
    CHECK(link_up(auth)->frame<msg::LinkAuthSuccess>(1).resume_seq == 2);
}

TEST_CASE_FIXTURE(LinkFixture, "another unit, valuation, keyset form or proof version is refused by name") {
    auto auth = unsigned_auth();
    std::string code = "parameters";
    SUBCASE("unit") { auth.unit.value = "sat"; }
    SUBCASE("valuation") { auth.valuation.value = "target/unit_bits=1"; }
    SUBCASE("keyset id") { auth.keyset_id.value = Bytes(8, 0); }
    SUBCASE("version") {
        auto mint = set_up();
        auth = sign(auth, *mint, mint_key);
        auth.auth_version = 2;
        CHECK(refusal(*mint, auth) == "version");
        return;
    }
    CHECK(refusal(auth) == code);
}

TEST_CASE_FIXTURE(LinkFixture,
                  "a wrong answer concerns its row, an unknown message nobody: the session goes on") {
    auto mint = link_up();
    commit(1);
    REQUIRE(wait_frames(*mint, 3));
    auto request = mint->frame<msg::QuoteRequest>(2);
    auto response = answer_to(request);
    std::size_t asked = 2;  // again, a second later
    SUBCASE("another amount") { ++response.amount; }
    SUBCASE("another share") { response.share_hash.bytes[0] ^= 1; }
    SUBCASE("a quote id that is none") { response.quote_id.value = "../../etc/passwd"; }
    SUBCASE("a row that nobody asked for, and messages that nobody knows") {
        response.seq = 1000;
        asked = 1;
        mint->connection->send(Bytes{0x50, 0x48, 0x7f, 0x01, 0x00, 0x00, 0xff});
        mint->connection->send(Bytes{0x77, 0x77, 0x00, 0x00, 0x00, 0x00});
        mint->connection->send(Bytes{0x00, 0x00, 0x1b, 0x00, 0x00, 0x00});
    }
    mint->send(response);
    if (asked == 2) REQUIRE(wait_frames(*mint, 4));
    CHECK(owner->quotes.empty());
    mint->send(answer_to(request));
    REQUIRE(run_until(loop, [&] { return !owner->quotes.empty(); }));
    CHECK(owner->quotes.size() == 1);
    CHECK(hub->status(0).pending == 0);
    CHECK(hub->status(0).wrong_answers == 1);
}

TEST_CASE_FIXTURE(LinkFixture,
                  "a breach ends that session alone; the next one gets the same request and settles it") {
    auto mint = link_up();
    commit(1);
    REQUIRE(wait_frames(*mint, 3));
    auto request = mint->frame<msg::QuoteRequest>(2);
    auto response = answer_to(request);
    SUBCASE("a message that belongs to the pool") { mint->send(request); }
    SUBCASE("a message of another protocol") { mint->send(setup()); }
    SUBCASE("a frame cut short") {
        auto frame = sv2::encode_frame(response);
        frame.resize(frame.size() - 1);
        --frame[3];
        mint->connection->send(frame);
    }
    SUBCASE("bytes behind the last field") {
        auto frame = sv2::encode_frame(response);
        frame.push_back(0);
        ++frame[3];
        mint->connection->send(frame);
    }
    CHECK(wait_closed(*mint));
    CHECK(owner->quotes.empty());
    CHECK(hub->status(0).pending == 1);
    auto next = link_up();
    REQUIRE(wait_frames(*next, 3));
    CHECK(next->frame<msg::QuoteRequest>(2) == request);
    next->send(answer_to(request));
    REQUIRE(run_until(loop, [&] { return !owner->quotes.empty(); }));
    CHECK(owner->quotes.size() == 1);
    CHECK(hub->status(0).pending == 0);
}

TEST_CASE_FIXTURE(LinkFixture,
                  "a mint behind the mark that it told is refused, whatever its generation and rows") {
    mark = {0, 10, 12, 0, 700, 0, 300};
    link_up()->connection->close("done");
    REQUIRE(run_until(loop, [&] { return !hub->status(0).is_connected; }));
    SUBCASE("at once") {}
    SUBCASE("after a restart of the pool") { restart_pool(); }
    auto auth = unsigned_auth();
    auth.mint_generation = 6;
    const auto told = mark;
    for (auto lower : {&msg::MintMark::quotes, &msg::MintMark::operations, &msg::MintMark::issued_low,
                       &msg::MintMark::spent_low}) {
        mark = told;
        --(mark.*lower);
        CHECK(refusal(auth) == "mint-rollback");
    }
    REQUIRE(alarms.size() == 4);
    CHECK(alarms[3].find("spent 1: at most 1 can be doubled") != std::string::npos);
    // What was refused is not remembered.
    mark = told;
    link_up(auth)->connection->close("done");
    auto leave = options();
    leave.allow_mint_rollback = true;
    listen(std::move(leave));
    mark.spent_low = 0;
    auth.mint_generation = 7;
    auto mint = link_up(auth);
    REQUIRE(alarms.size() == 5);
    CHECK(alarms[4].find("at most 300 can be doubled") != std::string::npos);
    CHECK(hub->memory(0)->mark->spent == 0);
}

TEST_CASE_FIXTURE(LinkFixture, "marks that follow are kept, and a mark that falls ends the session") {
    auto mint = link_up();
    msg::MintMark next{5, 1, 1, 0, 64, 1, 2};
    mint->send(next);
    REQUIRE(run_until(loop, [&] { return hub->memory(0)->mark->operations == 1; }));
    CHECK(hub->memory(0)->mark->issued == 64);
    CHECK(hub->memory(0)->mark->spent == (ehash::Amount128{1} << 64) + 2);
    SUBCASE("it falls") { --next.issued_low; }
    SUBCASE("of another start") { ++next.generation; }
    SUBCASE("beyond what can be kept") { next.spent_high = std::uint64_t{1} << 31; }
    mint->send(next);
    CHECK(wait_closed(*mint));
    restart_pool();
    REQUIRE(hub->memory(0)->mark);
    CHECK(hub->memory(0)->mark->issued == 64);
    CHECK(hub->memory(0)->mark->spent == (ehash::Amount128{1} << 64) + 2);
}

TEST_CASE_FIXTURE(LinkFixture, "a row that was answered is asked for as such") {
    for (std::uint32_t n = 1; n <= 2; ++n) commit(n);
    ack(1);
    auto leave = options();
    leave.allow_mint_rollback = true;
    listen(std::move(leave));
    auto mint = link_up();
    REQUIRE(wait_frames(*mint, 4));
    CHECK(mint->frame<msg::QuoteAgain>(2) == ehash::to_quote_again(make_share(1).intent, 1));
    CHECK(mint->frame<msg::QuoteRequest>(3).seq == 2);
}
