// The hub: every committed intent reaches the mint until it is answered, and its owner hears of it once.
#include "pool/hub.hpp"

#include <deque>

#include "pool_fixture.hpp"

using namespace hp;
using namespace hp::test;
using Seqs = std::vector<std::uint64_t>;

namespace {

struct Carrier : pool::QuoteCarrier {
    Seqs carried;
    std::vector<pool::StoredIntent> rows;
    std::size_t inflight_max{4};
    void carry(const pool::StoredIntent& row) override {
        carried.push_back(row.seq);
        rows.push_back(row);
    }
    std::size_t max_inflight() const override { return inflight_max; }
    std::string peer() const override { return "127.0.0.1:1"; }
    std::string ended;
    void end(const std::string& why) override { ended = why; }
};

struct Owner : pool::QuoteOwner {
    std::vector<std::string> quotes;
    std::vector<std::uint16_t> failures;
    void quote_created(std::uint32_t channel_id, std::uint32_t sequence_number, const std::string& quote_id,
                       std::uint64_t amount) override {
        quotes.push_back(std::to_string(channel_id) + "/" + std::to_string(sequence_number) + "/" + quote_id +
                         "/" + std::to_string(amount));
    }
    void quote_failed(std::uint32_t, std::uint32_t, std::uint16_t code, const std::string&) override {
        failures.push_back(code);
    }
};

struct HubFixture : OutboxFixture, pool::HubObserver {
    std::vector<std::string> alarms;
    int created{0}, replays{0}, dead{0};
    void on_quote_created(const pool::StoredIntent&, const std::string&, bool replay,
                          std::optional<SteadyMs>) override {
        ++(replay ? replays : created);
    }
    void on_quote_dead(const pool::StoredIntent&, std::uint16_t, const std::string&) override { ++dead; }
    void on_alarm(const std::string& what) override { alarms.push_back(what); }

    pool::Hub hub{loop, *outbox, *this, mints};
    std::shared_ptr<Carrier> carrier = std::make_shared<Carrier>();
    std::shared_ptr<Owner> owner = std::make_shared<Owner>();

    void commit(std::uint32_t n) {
        auto share = make_share(n);
        auto seqs = add({share});
        hub.committed(seqs[0], share.intent, {owner, 1, n, share.accepted_ms});
    }
    static sv2::link::QuoteResponse answer_to(const pool::StoredIntent& row) {
        sv2::link::QuoteResponse response;
        response.seq = pool::count_of_row(row.seq);
        response.share_hash.bytes = row.intent.share_hash;
        response.amount = row.intent.amount;
        response.quote_id.value = quote_id(pool::count_of_row(row.seq));
        return response;
    }
    bool wait_carried(std::size_t count) {
        return run_until(loop, [&] { return carrier->carried.size() >= count; });
    }
};

}  // namespace

TEST_CASE_FIXTURE(HubFixture,
                  "a mint on an old copy: what it was ever asked for may be lost, what came later is new") {
    const auto remember = [&](bool is_rollback) {
        bool done = false;
        hub.remember(0, {Bytes32{1}, 1}, {}, is_rollback, [&](auto saved) { done = saved.value_or(false); });
        REQUIRE(run_until(loop, [&] { return done; }));
    };
    const auto lost = [&] {
        Seqs out;
        for (const auto& row : carrier->rows)
            if (row.may_be_lost) out.push_back(row.seq);
        return out;
    };
    remember(false);
    hub.attach(0, carrier, 0);
    for (std::uint32_t n : {1, 2, 3}) commit(n);
    REQUIRE(wait_carried(3));
    CHECK(lost().empty());
    // Row 1 is saved as answered; row 2 is answered too, as far as anybody knows.
    hub.on_response(carrier.get(), answer_to(carrier->rows[0]));
    outbox->drain();
    hub.detach(carrier.get());
    commit(4);

    SUBCASE("with its own database: as before") {
        remember(false);
        carrier = std::make_shared<Carrier>();
        hub.attach(0, carrier, 1);
        REQUIRE(wait_carried(3));
        CHECK(lost().empty());
    }
    SUBCASE("with an old one, for this session and later ones") {
        remember(true);
        carrier = std::make_shared<Carrier>();
        hub.attach(0, carrier, 0);
        REQUIRE(wait_carried(4));
        CHECK(lost() == Seqs{1, 2, 3});
        hub.detach(carrier.get());
        remember(false);
        carrier = std::make_shared<Carrier>();
        hub.attach(0, carrier, 1);
        REQUIRE(wait_carried(3));
        CHECK(lost() == Seqs{2, 3});
    }
}

TEST_CASE_FIXTURE(HubFixture, "an intent goes out, its answer reaches the owner and the outbox") {
    hub.attach(0, carrier, 0);
    commit(1);
    REQUIRE(wait_carried(1));
    hub.on_response(carrier.get(), answer_to(carrier->rows[0]));
    CHECK(owner->quotes == std::vector<std::string>{"1/1/" + quote_id(1) + "/1"});
    CHECK(hub.status(0).pending == 0);
    outbox->drain();
    CHECK(page_seqs(1, 1).empty());
}

TEST_CASE_FIXTURE(HubFixture,
                  "while the mint is away intents wait on disk, and all go out in order on return") {
    for (std::uint32_t n = 1; n <= 6; ++n) commit(n);
    CHECK(hub.status(0).pending == 6);
    carrier->inflight_max = 2;
    hub.attach(0, carrier, 0);
    REQUIRE(wait_carried(2));
    CHECK(carrier->carried == Seqs{1, 2});
    hub.on_response(carrier.get(), answer_to(carrier->rows[1]));
    CHECK(carrier->carried == Seqs{1, 2, 3});
    for (std::size_t i : {0u, 2u, 3u, 4u, 5u}) {
        REQUIRE(wait_carried(i + 1));
        hub.on_response(carrier.get(), answer_to(carrier->rows[i]));
    }
    CHECK(hub.status(0).pending == 0);
    CHECK(owner->quotes.size() == 6);
}

TEST_CASE_FIXTURE(HubFixture, "a lost session's requests are sent again on the next one, and answered once") {
    hub.attach(0, carrier, 0);
    commit(1);
    commit(2);
    REQUIRE(wait_carried(2));
    hub.detach(carrier.get());
    auto again = std::make_shared<Carrier>();
    hub.attach(0, again, 0);
    REQUIRE(run_until(loop, [&] { return again->carried.size() == 2; }));
    CHECK(again->carried == Seqs{1, 2});
    // An answer that the old session still delivers counts for nothing.
    hub.on_response(carrier.get(), answer_to(carrier->rows[0]));
    CHECK(owner->quotes.empty());
    auto replay = answer_to(again->rows[0]);
    replay.replay = true;
    hub.on_response(again.get(), replay);
    CHECK(replays == 1);
    CHECK(owner->quotes.size() == 1);
}

TEST_CASE_FIXTURE(HubFixture,
                  "a mint that lost its newest rows gets them again; the count of pending ones stays true") {
    hub.attach(0, carrier, 0);
    for (std::uint32_t n = 1; n <= 3; ++n) commit(n);
    REQUIRE(wait_carried(3));
    for (int i = 0; i < 3; ++i)
        hub.on_response(carrier.get(), answer_to(carrier->rows[static_cast<std::size_t>(i)]));
    // Answers are saved in groups; each look at the outbox is behind the group before it.
    int looks = 0;
    while (!page_seqs(1, 3).empty() && ++looks < 100) {
    }
    REQUIRE(looks < 100);
    auto restored = std::make_shared<Carrier>();
    hub.attach(0, restored, 1);
    REQUIRE(run_until(loop, [&] { return restored->carried.size() == 2; }));
    CHECK(restored->carried == Seqs{2, 3});
    for (const auto& row : restored->rows) hub.on_response(restored.get(), answer_to(row));
    CHECK(hub.status(0).pending == 0);
}

TEST_CASE_FIXTURE(HubFixture, "an answer that does not fit concerns its row alone, which is asked again") {
    hub.attach(0, carrier, 0);
    commit(1);
    commit(2);
    REQUIRE(wait_carried(2));
    auto wrong = answer_to(carrier->rows[0]);
    SUBCASE("amount") { wrong.amount += 1; }
    SUBCASE("share hash") { wrong.share_hash.bytes[0] ^= 1; }
    SUBCASE("quote id with a newline") { wrong.quote_id.value[3] = '\n'; }
    SUBCASE("empty quote id") { wrong.quote_id.value.clear(); }
    hub.on_response(carrier.get(), wrong);
    CHECK(alarms.size() == 1);
    CHECK(owner->quotes.empty());
    CHECK(hub.status(0).pending == 2);
    CHECK(hub.status(0).wrong_answers == 1);
    hub.on_response(carrier.get(), answer_to(carrier->rows[1]));
    CHECK(owner->quotes.size() == 1);
    // A second later the mint is asked again, and says what is right.
    REQUIRE(wait_carried(3));
    CHECK(carrier->carried == Seqs{1, 2, 1});
    hub.on_response(carrier.get(), answer_to(carrier->rows[2]));
    CHECK(owner->quotes.size() == 2);
    CHECK(hub.status(0).pending == 0);
    CHECK(carrier->ended.empty());
}

TEST_CASE_FIXTURE(HubFixture,
                  "a quote id that another share has leaves its row pending, and the row is asked again") {
    hub.attach(0, carrier, 0);
    commit(1);
    commit(2);
    REQUIRE(wait_carried(2));
    hub.on_response(carrier.get(), answer_to(carrier->rows[0]));
    auto reused = answer_to(carrier->rows[1]);
    reused.quote_id.value = quote_id(1);
    hub.on_response(carrier.get(), reused);
    REQUIRE(wait_carried(3));
    CHECK(carrier->carried == Seqs{1, 2, 2});
    CHECK(alarms.size() == 1);
    CHECK(carrier->ended.empty());
    CHECK(hub.status(0).pending == 1);
    hub.on_response(carrier.get(), answer_to(carrier->rows[2]));
    CHECK(hub.status(0).pending == 0);
    outbox->drain();
    CHECK(page_seqs(1, 2).empty());
}

TEST_CASE_FIXTURE(HubFixture, "an error about a share that nobody asked for is counted, and nothing else") {
    hub.attach(0, carrier, 0);
    commit(1);
    REQUIRE(wait_carried(1));
    sv2::link::QuoteError error;
    error.seq = 1;
    error.share_hash.bytes.fill(0x22);
    error.code = 6;
    SUBCASE("another share under the number") {}
    SUBCASE("no such number") { error.seq = 99; }
    SUBCASE("the largest number") { error.seq = ~std::uint64_t{0}; }
    hub.on_error(carrier.get(), error);
    CHECK(alarms.size() == 1);
    CHECK(dead == 0);
    CHECK(hub.status(0).wrong_answers == 1);
    CHECK(hub.status(0).pending == 1);
    hub.on_response(carrier.get(), answer_to(carrier->rows[0]));
    CHECK(hub.status(0).pending == 0);
}

TEST_CASE_FIXTURE(HubFixture, "a code that nobody knows is an alarm; whether it is for good, the mint says") {
    hub.attach(0, carrier, 0);
    commit(1);
    REQUIRE(wait_carried(1));
    sv2::link::QuoteError error;
    error.seq = 1;
    error.share_hash.bytes = carrier->rows[0].intent.share_hash;
    error.code = 8;
    SUBCASE("for good") {
        hub.on_error(carrier.get(), error);
        CHECK(dead == 1);
        CHECK(hub.status(0).dead == 1);
        CHECK(hub.status(0).pending == 0);
    }
    SUBCASE("for now") {
        error.retryable = true;
        hub.on_error(carrier.get(), error);
        CHECK(dead == 0);
        REQUIRE(wait_carried(2));
        CHECK(carrier->carried == Seqs{1, 1});
        CHECK(hub.status(0).pending == 1);
    }
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].find("unknown code 8") != std::string::npos);
}

TEST_CASE_FIXTURE(HubFixture, "an answer to nothing is ignored and alarmed") {
    hub.attach(0, carrier, 0);
    commit(1);
    REQUIRE(wait_carried(1));
    auto unknown = answer_to(carrier->rows[0]);
    unknown.seq = 77;
    hub.on_response(carrier.get(), unknown);
    CHECK(alarms.size() == 1);
    CHECK(hub.status(0).pending == 1);
}

TEST_CASE_FIXTURE(
    HubFixture, "a refusal for good makes a dead letter and tells the owner; a passing one is tried again") {
    hub.attach(0, carrier, 0);
    commit(1);
    commit(2);
    REQUIRE(wait_carried(2));
    sv2::link::QuoteError error;
    error.seq = 1;
    error.share_hash.bytes = carrier->rows[0].intent.share_hash;
    error.code = 6;
    hub.on_error(carrier.get(), error);
    CHECK(dead == 1);
    CHECK(owner->failures == std::vector<std::uint16_t>{6});
    error.seq = 2;
    error.share_hash.bytes = carrier->rows[1].intent.share_hash;
    error.retryable = true;
    hub.on_error(carrier.get(), error);
    CHECK(dead == 1);
    REQUIRE(wait_carried(3));
    CHECK(carrier->carried.back() == 2);
    CHECK(hub.status(0).pending == 1);
    CHECK(hub.status(0).dead == 1);
}

TEST_CASE_FIXTURE(HubFixture, "a mint whose storage fails gets no more than it may have in flight") {
    carrier->inflight_max = 2;
    for (std::uint32_t n = 1; n <= 6; ++n) commit(n);
    hub.attach(0, carrier, 0);
    REQUIRE(wait_carried(2));
    auto failed = [&](std::size_t i) {
        sv2::link::QuoteError error;
        error.seq = carrier->rows[i].seq;
        error.share_hash.bytes = carrier->rows[i].intent.share_hash;
        error.retryable = true;
        hub.on_error(carrier.get(), error);
    };
    failed(0);
    failed(1);
    CHECK(carrier->carried == Seqs{1, 2});
    // The second error has not put the wait off, and the oldest go first again.
    REQUIRE(wait_carried(4));
    CHECK(carrier->carried == Seqs{1, 2, 1, 2});
    hub.on_response(carrier.get(), answer_to(carrier->rows[2]));
    CHECK(carrier->carried == Seqs{1, 2, 1, 2, 3});
    CHECK(hub.status(0).pending == 5);
}

TEST_CASE_FIXTURE(HubFixture,
                  "a mint that lost a refusal hears of it again, so that its numbers have no hole") {
    hub.attach(0, carrier, 0);
    commit(1);
    REQUIRE(wait_carried(1));
    sv2::link::QuoteError error;
    error.seq = 1;
    error.share_hash.bytes = carrier->rows[0].intent.share_hash;
    error.code = 6;
    hub.on_error(carrier.get(), error);
    auto restored = std::make_shared<Carrier>();
    hub.attach(0, restored, 0);
    REQUIRE(run_until(loop, [&] { return restored->carried.size() == 1; }));
    SUBCASE("refused again") {
        hub.on_error(restored.get(), error);
        CHECK(hub.status(0).dead == 1);
        CHECK(alarms.empty());
    }
    SUBCASE("taken now") {
        hub.on_response(restored.get(), answer_to(restored->rows[0]));
        CHECK(hub.status(0).dead == 0);
    }
    CHECK(hub.status(0).pending == 0);
}
