// Quotes into proofs, whatever happens on the way.
#include "cashu/nut29.hpp"
#include "fixture.hpp"

using namespace hp;
using namespace hp::wallet;
using namespace hp::wallet::test;
using Next = FakeMint::Next;

namespace {

/// B_ of all outputs that were ever asked for in different requests: none may repeat, but for what the mint
/// had refused before.
void check_outputs_unique(const FakeMint& mint) {
    std::map<std::string, std::string> first_body;  // B_ -> body
    for (const auto& [path, body] : mint.seen) {
        auto json = cashu::parse_json(body);
        REQUIRE(json.has_value());
        auto outputs = cashu::blinded_messages_from_json(*json, "outputs");
        REQUIRE(outputs.has_value());
        for (const auto& output : *outputs) {
            auto [at, is_new] = first_body.emplace(to_hex(output.B_), body);
            if (!is_new && mint.refused.contains(at->second)) at->second = body;
            CHECK_MESSAGE((is_new || at->second == body), "a counter was used for two requests");
        }
    }
}

}  // namespace

TEST_CASE("a quote is minted at once, the next ones together") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    std::vector<Minted> told;
    wallet->on_minted = [&](const Minted& minted) { told.push_back(minted); };
    bench.mint.next = {Next::away};  // time for the others to come
    bench.quote(*wallet, "q0", 13);
    REQUIRE(run_until(bench.loop, [&] { return bench.mint.seen.size() == 1; }));
    for (int i = 1; i < 10; ++i) bench.quote(*wallet, "q" + std::to_string(i), 13);
    bench.idle(*wallet);
    CHECK(bench.mint.count("/v1/mint/ehash") == 2);
    CHECK(bench.mint.count("/v1/mint/ehash/batch") == 1);
    CHECK(bench.balance(*wallet).unspent == 130);
    CHECK(bench.balance(*wallet).pending == 0);
    REQUIRE(run_until(bench.loop, [&] { return told.size() == 2; }));
    CHECK(told[0].quote_ids == std::vector<std::string>{"q0"});
    CHECK(told[1].quote_ids.size() == 9);
    CHECK(told[1].amount == 117);
    CHECK(bench.row(*wallet, "q7").state == "done");
    wallet->add_quote("q7", 13);  // repeated by the pool
    bench.idle(*wallet);
    CHECK(bench.mint.seen.size() == 3);
}

TEST_CASE("batches keep to the mint's size, and single mints do without NUT-29") {
    for (std::size_t max : {std::size_t{4}, std::size_t{1}}) {
        Bench bench;
        bench.mint.batch_max = max;
        auto wallet = bench.open();
        for (int i = 0; i < 9; ++i) bench.quote(*wallet, "q" + std::to_string(i), 3);
        bench.idle(*wallet);
        CHECK(bench.balance(*wallet).unspent == 27);
        CHECK(bench.mint.seen.size() == (max == 4 ? 3 : 9));
    }
}

TEST_CASE("AC-334: an answer that was lost comes again, for the same bytes") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    bench.mint.next = {Next::lose, Next::away, Next::garble};
    bench.quote(*wallet, "q", 21);
    bench.idle(*wallet);
    REQUIRE(bench.mint.seen.size() == 4);
    for (const auto& [path, body] : bench.mint.seen) CHECK(body == bench.mint.seen[0].second);
    CHECK(bench.balance(*wallet).unspent == 21);
    CHECK(bench.mint.issued() == 21);
}

TEST_CASE("X2 to X7: a wallet that ends at any point goes on where it was") {
    Bench bench;
    SUBCASE("quote stored, nothing sent") {
        bench.mint.add_quote("q", 21, bench.open()->locking_key());
        bench.open()->add_quote("q", 21);
        auto wallet = bench.open();
        CHECK(bench.row(*wallet, "q").state == "open");
        REQUIRE(bench.connect(*wallet).has_value());
        bench.idle(*wallet);
        CHECK(bench.balance(*wallet).unspent == 21);
    }
    for (Next fate : {Next::ignore, Next::hold}) {
        SUBCASE(fate == Next::ignore ? "request sent, not served" : "request served, answer lost") {
            {
                auto wallet = bench.open();
                REQUIRE(bench.connect(*wallet).has_value());
                bench.mint.next = {fate};
                bench.quote(*wallet, "q", 21);
                REQUIRE(run_until(bench.loop, [&] { return bench.mint.seen.size() == 1; }));
                CHECK(bench.balance(*wallet).pending == 21);
                CHECK(bench.row(*wallet, "q").state == "minting");
            }
            auto wallet = bench.open();
            std::vector<Minted> told;
            wallet->on_minted = [&](const Minted& minted) { told.push_back(minted); };
            REQUIRE(bench.connect(*wallet).has_value());
            bench.idle(*wallet);
            CHECK(bench.balance(*wallet).unspent == 21);
            CHECK(bench.balance(*wallet).pending == 0);
            CHECK(bench.row(*wallet, "q").state == "done");
            REQUIRE(bench.mint.seen.size() == 2);
            CHECK(bench.mint.seen[0] == bench.mint.seen[1]);
            CHECK(run_until(bench.loop, [&] { return told.size() == 1; }));
        }
    }
}

TEST_CASE("an operation that another process on the same file began and left is gone on with") {
    Bench bench;
    auto stays = bench.open();
    REQUIRE(bench.connect(*stays).has_value());
    {
        auto leaves = bench.open();
        REQUIRE(bench.connect(*leaves).has_value());
        bench.mint.next = {Next::ignore};
        bench.quote(*leaves, "q", 21);
        REQUIRE(run_until(bench.loop, [&] { return bench.mint.seen.size() == 1; }));
    }
    CHECK(bench.row(*stays, "q").state == "minting");
    auto found = bench.wait<std::size_t>([&](auto done) { stays->find_quotes(std::move(done)); });
    REQUIRE(found.has_value());
    bench.idle(*stays);
    CHECK(bench.balance(*stays).unspent == 21);
    CHECK(bench.row(*stays, "q").state == "done");
    REQUIRE(bench.mint.seen.size() == 2);
    CHECK(bench.mint.seen[0] == bench.mint.seen[1]);
}

TEST_CASE("a mint that does not repeat its answers is asked to restore them") {
    Bench bench;
    bench.mint.replays = false;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    bench.mint.next = {Next::lose};  // then 20002
    bench.quote(*wallet, "q", 21);
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 21);
    CHECK(bench.row(*wallet, "q").state == "done");
    check_outputs_unique(bench.mint);
}

TEST_CASE("a quote that somebody else has minted is parked with the mint's words") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    bench.mint.add_quote("q", 21, wallet->locking_key());
    bench.mint.quotes["q"].amount_issued = 21;
    std::string told;
    wallet->on_parked = [&](const std::string& id, const std::string& reason) { told = id + ": " + reason; };
    wallet->add_quote("q", 21);
    bench.idle(*wallet);
    REQUIRE(run_until(bench.loop, [&] { return !told.empty(); }));
    CHECK(told.find("q: the mint refused") == 0);
    CHECK(told.find("20002") != std::string::npos);
    CHECK(bench.row(*wallet, "q").state == "parked");
    CHECK(bench.balance(*wallet).unspent == 0);
}

TEST_CASE("AC-349: a bad quote stops itself alone") {
    Bench bench;
    auto wallet = bench.open();
    for (int i = 0; i < 5; ++i) bench.quote(*wallet, "q" + std::to_string(i), 9);
    wallet->add_quote("unknown", 9);
    wallet->add_quote("nothing", 0);
    wallet->add_quote("absurd", UINT64_MAX);
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 45);
    for (const char* id : {"unknown", "nothing", "absurd"}) CHECK(bench.row(*wallet, id).state == "parked");
    CHECK(bench.row(*wallet, "nothing").reason == "its amount is 0");
    check_outputs_unique(bench.mint);
}

TEST_CASE("where the pool's amount is wrong the mint's counts") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    bench.mint.add_quote("q", 21, wallet->locking_key());
    wallet->add_quote("q", 4000);
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 21);
    CHECK(bench.row(*wallet, "q").amount == 21);
}

TEST_CASE("AC-338: a keyset that rotates between fetch and mint") {
    Bench bench;
    auto wallet = bench.funded(5);
    auto old_keyset = bench.mint.active;
    bench.mint.rotate();
    bench.quote(*wallet, "q", 21);
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 26);
    CHECK(bench.row(*wallet, "q").state == "done");
    check_outputs_unique(bench.mint);
    auto old_hex = old_keyset.hex();
    CHECK(bench.mint.seen.back().second.find(old_hex) == std::string::npos);
}

TEST_CASE("AC-337: two databases with one seed do not loop, and lose nothing") {
    Bench bench;
    auto one = bench.funded(21, "one.db");
    auto two = bench.open("two.db");
    REQUIRE(bench.connect(*two).has_value());
    bench.quote(*two, "second", 9);
    bench.idle(*two);
    CHECK(bench.row(*two, "second").state == "done");
    CHECK(bench.mint.issued() == 30);
    // The seed's money is the same in both: what the first one has minted was found on the way.
    CHECK(bench.balance(*two).unspent == 30);
}

TEST_CASE("signatures that do not verify are not stored") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    bench.mint.next = {Next::spoil, Next::spoil};
    bench.quote(*wallet, "q", 21);
    bench.idle(*wallet);
    CHECK(bench.mint.seen.size() == 3);
    CHECK(bench.balance(*wallet).unspent == 21);
}

TEST_CASE("quotes are found by key, parked ones too") {
    Bench bench;
    auto wallet = bench.open();
    wallet->add_quote("late", 5);  // told before the mint has it
    REQUIRE(bench.connect(*wallet).has_value());
    bench.idle(*wallet);
    CHECK(bench.row(*wallet, "late").state == "parked");
    bench.mint.add_quote("late", 5, wallet->locking_key());
    bench.mint.add_quote("missed", 6, wallet->locking_key());
    bench.mint.add_quote("foreign", 7, cashu::SecretKey::generate().public_key());
    auto found = bench.wait<std::size_t>([&](auto done) { wallet->find_quotes(std::move(done)); });
    REQUIRE(found.has_value());
    CHECK(*found == 2);
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 11);
    found = bench.wait<std::size_t>([&](auto done) { wallet->find_quotes(std::move(done)); });
    CHECK(*found == 0);
}

TEST_CASE("two wallets on one file mint each quote once") {
    Bench bench;
    auto one = bench.open(), two = bench.open();
    REQUIRE(bench.connect(*one).has_value());
    REQUIRE(bench.connect(*two).has_value());
    for (int i = 0; i < 30; ++i) bench.quote(i % 2 ? *one : *two, "q" + std::to_string(i), 5);
    bench.idle(*one);
    bench.idle(*two);
    CHECK(bench.balance(*one).unspent == 150);
    CHECK(bench.mint.issued() == 150);
    check_outputs_unique(bench.mint);
}

TEST_CASE("connecting says what is wrong with a mint") {
    Bench bench;
    auto wallet = bench.open();
    SUBCASE("AC-339: a redirect is not followed") {
        bench.mint.redirect = "http://elsewhere/";
        auto connected = bench.connect(*wallet);
        REQUIRE_FALSE(connected.has_value());
        CHECK(connected.error().what.find("a redirect to 'http://elsewhere/', which is not followed") !=
              std::string::npos);
    }
    SUBCASE("another mint at the address") {
        wallet = bench.funded(5);
        FakeMint other{bench.loop, 0, 0x77};
        WalletOptions options;
        options.database = bench.dir.file("wallet.db");
        options.seed = seed_of(7);
        options.mint_url = other.url();
        auto moved = Wallet::open(bench.loop, options);
        REQUIRE(moved.has_value());
        auto connected = bench.connect(**moved);
        REQUIRE_FALSE(connected.has_value());
        CHECK(connected.error().what.find("does not know keyset") != std::string::npos);
        CHECK(bench.balance(**moved).unspent == 5);
    }
}

TEST_CASE("a mint that goes away while nothing is asked of it is noticed, and so is its return") {
    Bench bench;
    auto wallet = bench.open();
    CHECK_FALSE(wallet->is_connected());
    REQUIRE(bench.connect(*wallet).has_value());
    CHECK(wallet->is_connected());
    bench.mint.is_down = true;
    REQUIRE(run_until(bench.loop, [&] { return !wallet->is_connected(); }));
    bench.mint.is_down = false;
    REQUIRE(run_until(bench.loop, [&] { return wallet->is_connected(); }));
}

TEST_CASE("what waits for a mint that is away can be stopped, and is kept") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    bench.mint.next = {Next::away, Next::away, Next::away, Next::away, Next::away, Next::away, Next::away};
    bench.quote(*wallet, "q", 21);
    REQUIRE(run_until(bench.loop, [&] { return bench.mint.seen.size() == 2; }));
    auto rest = bench.wait<void>([&](auto done) { wallet->when_idle(20, std::move(done)); });
    REQUIRE_FALSE(rest.has_value());
    CHECK(rest.error().code == Errc::timeout);
    wallet->stop();
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).pending == 21);
}
