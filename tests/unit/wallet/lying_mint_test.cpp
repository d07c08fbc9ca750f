// A mint whose answers are wrong for a while: nothing is given up for what it may have signed.
#include "fixture.hpp"
#include "store/sqlite.hpp"

using namespace hp;
using namespace hp::wallet;
using namespace hp::wallet::test;

namespace {

struct LyingBench : Bench {
    LyingBench() {
        retry_first_ms = 2;
        look_first_ms = 50;
    }
    std::unique_ptr<Wallet> listening(const std::string& name = "wallet.db") {
        auto wallet = open(name);
        wallet->on_mint_wrong = [this](const std::string& what) { alarms.push_back(what); };
        wallet->on_parked = [this](const std::string& id, const std::string&) { parked.push_back(id); };
        wallet->on_minted = [this](const Minted& minted) {
            for (const auto& id : minted.quote_ids) told.push_back(id);
        };
        REQUIRE(connect(*wallet).has_value());
        return wallet;
    }
    /// A first quote holds the wallet up, so that the next three are asked for in one batch.
    void quote_and_batch(Wallet& wallet) {
        mint.next = {FakeMint::Next::away};
        quote(wallet, "first", 1);
        REQUIRE(until([&] { return mint.seen.size() == 1; }));
        for (int i = 0; i < 3; ++i) quote(wallet, "q" + std::to_string(i), 21);
    }
    bool until(const std::function<bool()>& done) { return run_until(loop, done, 30'000); }

    std::vector<std::string> alarms, parked, told;
};

}  // namespace

TEST_CASE("A7: a mint that lies while it issues loses nobody anything, once it is honest again") {
    LyingBench bench;
    auto wallet = bench.listening();
    bench.mint.lies = [](const std::string&) { return true; };
    SUBCASE("one quote") { bench.quote(*wallet, "q0", 21); }
    SUBCASE("a batch") {
        for (int i = 0; i < 5; ++i) bench.quote(*wallet, "q" + std::to_string(i), 21);
    }
    // More wrong answers than the five after which such quotes were parked.
    REQUIRE(bench.until([&] { return bench.mint.seen.size() >= 8; }));
    const auto issued = bench.mint.issued();
    CHECK(issued > 0);
    CHECK(bench.balance(*wallet).unspent == 0);
    CHECK(bench.balance(*wallet).pending > 0);
    // Once a minute, not with each answer.
    CHECK(bench.alarms.size() == 1);
    CHECK(bench.alarms.front().find("has a DLEQ proof that does not verify") != std::string::npos);
    bench.mint.lies = nullptr;
    REQUIRE(bench.until([&] { return bench.told.size() == bench.mint.quotes.size(); }));
    bench.idle(*wallet);
    CHECK(bench.parked.empty());
    CHECK(bench.balance(*wallet).unspent == bench.mint.issued());
    CHECK(bench.balance(*wallet).pending == 0);
    CHECK(bench.row(*wallet, "q0").state == "done");
}

TEST_CASE("A7: quotes do not wait for one that the mint answers wrongly") {
    LyingBench bench;
    auto wallet = bench.listening();
    bench.mint.lies = [](const std::string& body) {
        return body.empty() || body.find("\"bad\"") != std::string::npos;
    };
    bench.quote(*wallet, "bad", 21);
    REQUIRE(bench.until([&] { return bench.mint.seen.size() >= 6; }));
    for (int i = 0; i < 3; ++i) bench.quote(*wallet, "good" + std::to_string(i), 9);
    REQUIRE(bench.until([&] { return bench.told.size() == 3; }));
    CHECK(bench.row(*wallet, "bad").state == "minting");
    auto rest = bench.wait<void>([&](auto done) { wallet->when_idle(20'000, std::move(done)); });
    REQUIRE_FALSE(rest.has_value());
    CHECK(rest.error().what == "the mint's answers to 1 operations are invalid");
    bench.mint.lies = nullptr;
    REQUIRE(bench.until([&] { return bench.told.size() == 4; }));
    CHECK(bench.balance(*wallet).unspent == 48);
}

TEST_CASE("A7: what waits for an honest answer waits across starts") {
    LyingBench bench;
    bench.mint.lies = [](const std::string&) { return true; };
    {
        auto wallet = bench.listening();
        bench.quote(*wallet, "q", 21);
        REQUIRE(bench.until([&] { return bench.mint.seen.size() >= 6; }));
    }
    bench.mint.lies = nullptr;
    auto wallet = bench.listening();
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 21);
    CHECK(bench.row(*wallet, "q").state == "done");
}

TEST_CASE("A7: a swap that the mint answers wrongly is neither done nor undone, until it answers rightly") {
    LyingBench bench;
    auto wallet = bench.funded(64);
    bench.mint.lies = [](const std::string&) { return true; };
    auto token = bench.send(*wallet, 20);
    REQUIRE_FALSE(token.has_value());
    CHECK(token.error().code == Errc::protocol);
    CHECK(token.error().hint.find("is kept") != std::string::npos);
    CHECK(bench.balance(*wallet).unspent == 0);
    CHECK(bench.balance(*wallet).pending == 64);
    bench.mint.lies = nullptr;
    for (int i = 0; i < 3000 && bench.balance(*wallet).pending > 0; ++i)
        run_until(
            bench.loop, [] { return false; }, 10);
    CHECK(bench.balance(*wallet).unspent == 44);
    CHECK(bench.balance(*wallet).reserved == 20);
    CHECK(bench.tokens(*wallet).size() == 1);
}

TEST_CASE("A7: quotes that a mint called issued, and nothing else, come in by a later look") {
    LyingBench bench;
    auto wallet = bench.listening();
    // It signs the batch badly, denies that it did, and then calls each of the quotes issued.
    bench.mint.denies = true;
    bench.mint.lies = [](const std::string& body) { return body.find("\"quotes\"") != std::string::npos; };
    bench.quote_and_batch(*wallet);
    REQUIRE(bench.until([&] { return bench.parked.size() == 3; }));
    CHECK(bench.mint.issued() == 64);
    CHECK(bench.balance(*wallet).unspent == 1);
    bench.mint.denies = false;
    bench.mint.lies = nullptr;
    REQUIRE(bench.until([&] { return bench.told.size() == 4; }));
    CHECK(bench.balance(*wallet).unspent == 64);
    for (const char* id : {"q0", "q1", "q2"}) CHECK(bench.row(*wallet, id).state == "done");
}

TEST_CASE("A7: a database of schema 1 gets what its wallet had given up") {
    LyingBench bench;
    bench.look_first_ms = 3'600'000;
    {
        auto wallet = bench.listening();
        bench.mint.denies = true;
        bench.mint.lies = [](const std::string& body) {
            return body.find("\"quotes\"") != std::string::npos;
        };
        bench.quote_and_batch(*wallet);
        REQUIRE(bench.until([&] { return bench.parked.size() == 3; }));
    }
    {
        auto db = store::Database::open(bench.dir.file("wallet.db"), store::Mode::existing,
                                        store::Journal::rollback, 0x48505741, std::vector{"", "", "", ""});
        REQUIRE(db.has_value());
        db->exec(
            "DROP TABLE former_url; DROP TABLE free_counter; DROP TABLE asked; DROP TABLE look; DROP INDEX "
            "quote_open; "
            "ALTER TABLE quote DROP COLUMN locking_key; ALTER TABLE meta DROP COLUMN token_url; "
            "CREATE INDEX quote_open ON quote(is_alone DESC, added_ms) WHERE state = 'open'; "
            "PRAGMA user_version = 1");
    }
    bench.mint.denies = false;
    bench.mint.lies = nullptr;
    auto wallet = bench.listening();
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 64);
}
