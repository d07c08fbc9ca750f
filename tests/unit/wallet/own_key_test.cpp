// Quotes that are locked to a key that does not derive from the wallet's seed.
#include <filesystem>

#include "cashu/nut20.hpp"
#include "fixture.hpp"

using namespace hp;
using namespace hp::wallet;
using namespace hp::wallet::test;
using Next = FakeMint::Next;

namespace {

const crypto::SecretKey kKey = *crypto::SecretKey::from_bytes(Bytes(32, 0x42));

struct KeyBench : Bench {
    /// Of the seed's key, or of kKey, on one database.
    std::unique_ptr<Wallet> as_seed() {
        configure = nullptr;
        return open();
    }
    std::unique_ptr<Wallet> as_key() {
        configure = [](WalletOptions& options) { options.locking_key = kKey; };
        return open();
    }
    void find(Wallet& wallet) {
        auto found = wait<std::size_t>([&](auto done) { wallet.find_quotes(std::move(done)); });
        REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error().what));
        idle(wallet);
    }
    Result<> take(Wallet& wallet, const std::string& id) {
        return wait<void>([&](auto done) { wallet.take_quote(id, std::move(done)); });
    }
    std::string refusal(Wallet& wallet, const std::string& id) {
        auto taken = take(wallet, id);
        REQUIRE_FALSE(taken.has_value());
        return taken.error().what + "; " + taken.error().hint;
    }
    std::vector<cashu::Quote> held(Wallet& wallet) {
        auto found = wait<std::vector<cashu::Quote>>([&](auto done) { wallet.held_quotes(std::move(done)); });
        REQUIRE(found.has_value());
        return *found;
    }
};
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("quotes of a key of one's own are found and minted into the wallet, and restored from its seed") {
    KeyBench bench;
    auto wallet = bench.as_key();
    CHECK(wallet->locking_key() == kKey.public_key());
    for (int i = 0; i < 5; ++i) bench.mint.add_quote("q" + std::to_string(i), 5, kKey.public_key());
    bench.find(*wallet);
    CHECK(bench.balance(*wallet).unspent == 25);
    CHECK(bench.row(*wallet, "q0").locking_key == kKey.public_key());
    bench.find(*wallet);
    CHECK(bench.mint.issued() == 25);
    wallet = nullptr;
    std::filesystem::remove(bench.dir.file("wallet.db"));
    wallet = bench.as_seed();
    auto restored = bench.restore(*wallet);
    REQUIRE(restored.has_value());
    CHECK(restored->amount == 25);
}

TEST_CASE("each key mints its own quotes, on one database, and no other tries") {
    KeyBench bench;
    auto of_seed = bench.as_seed(), of_key = bench.as_key();
    bench.mint.add_quote("seeds", 8, of_seed->locking_key());
    bench.mint.add_quote("keys", 4, kKey.public_key());
    // Known to the database, and still open.
    bench.mint.is_down = true;
    of_key->add_quote("keys", 4);
    of_seed->add_quote("seeds", 8);
    CHECK(bench.row(*of_key, "keys").state == "open");
    bench.mint.is_down = false;
    of_key = nullptr;
    bench.find(*of_seed);
    CHECK(bench.row(*of_seed, "seeds").state == "done");
    CHECK(bench.row(*of_seed, "keys").state == "open");
    CHECK(bench.mint.refused.empty());
    of_seed = nullptr;
    of_key = bench.as_key();
    bench.find(*of_key);
    CHECK(bench.row(*of_key, "keys").state == "done");
    CHECK(bench.balance(*of_key).unspent == 12);
}

TEST_CASE("a request that was cut off needs the key no more: it is sent again byte for byte") {
    KeyBench bench;
    bench.mint.add_quote("q", 13, kKey.public_key());
    auto wallet = bench.as_key();
    bench.mint.next = {Next::hold};
    auto found = bench.wait<std::size_t>([&](auto done) { wallet->find_quotes(std::move(done)); });
    REQUIRE(found.has_value());
    REQUIRE(run_until(bench.loop, [&] { return bench.mint.seen.size() == 1; }));
    wallet = nullptr;  // as a kill would leave it
    wallet = bench.as_seed();
    REQUIRE(bench.connect(*wallet).has_value());
    bench.idle(*wallet);
    REQUIRE(bench.mint.seen.size() == 2);
    CHECK(bench.mint.seen[0] == bench.mint.seen[1]);
    CHECK(bench.balance(*wallet).unspent == 13);
    CHECK(bench.mint.issued() == 13);
}

TEST_CASE("one quote by its id") {
    KeyBench bench;
    auto wallet = bench.as_key();
    auto& mint = bench.mint;
    mint.add_quote("mine", 6, kKey.public_key());
    mint.add_quote("another", 6, kKey.public_key());
    REQUIRE(bench.take(*wallet, "mine").has_value());
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 6);
    CHECK(mint.quotes["another"].amount_issued == 0);
    REQUIRE(bench.take(*wallet, "mine").has_value());  // done is done, also a second time
    CHECK(mint.issued() == 6);

    // Known, and still open: by another process that only listed it.
    wallet = nullptr;
    bench.configure = [](WalletOptions& options) {
        options.locking_key = kKey;
        options.mints_quotes = false;
    };
    wallet = bench.open();
    bench.find(*wallet);
    CHECK(bench.row(*wallet, "another").state == "open");
    wallet = nullptr;
    wallet = bench.as_key();
    REQUIRE(bench.take(*wallet, "another").has_value());
    bench.idle(*wallet);
    CHECK(bench.row(*wallet, "another").state == "done");
    CHECK(mint.issued() == 12);
    mint.quotes.clear();

    const auto stranger = crypto::SecretKey::generate().public_key();
    mint.add_quote("strangers", 6, stranger);
    const auto whose = bench.refusal(*wallet, "strangers");
    CHECK_MESSAGE(has(whose, to_hex(stranger)), whose);
    CHECK(has(whose, "--locking-key-file"));
    mint.add_quote("issued", 6, kKey.public_key());
    mint.quotes["issued"].amount_issued = 6;
    CHECK(has(bench.refusal(*wallet, "issued"), "is already minted"));
    mint.add_quote("held", 6, kKey.public_key());
    mint.quotes["held"].amount_paid = 0;
    CHECK(has(bench.refusal(*wallet, "held"), "as unpaid"));
    mint.quotes["held"].held_since = 1'796'000'000;
    CHECK(has(bench.refusal(*wallet, "held"), "is held: the mint was restored"));
    // A mint that ignores the filter returns all.
    for (const bool knows : {true, false}) {
        mint.knows_held = knows;
        const auto held = bench.held(*wallet);
        REQUIRE(held.size() == 1);
        CHECK(held[0].id == "held");
        CHECK(held[0].amount == 6);
        CHECK(held[0].held_since == 1'796'000'000);
    }
    mint.add_quote("never", 6, kKey.public_key());
    mint.quotes["never"].held_since = INT64_MAX;
    CHECK(bench.held(*wallet).size() == 1);
    mint.quotes.erase("never");
    mint.add_quote("open", 6, kKey.public_key());
    mint.quotes["open"].pubkey.reset();
    CHECK(has(bench.refusal(*wallet, "open"), "is not locked to a key"));
    CHECK(has(bench.refusal(*wallet, "nobody's"), "the mint refused"));
    CHECK(has(bench.refusal(*wallet, "a b"), "is not a quote id"));
    CHECK(bench.balance(*wallet).unspent == 12);
}

TEST_CASE("a key file that has the seed's own key is the seed's") {
    KeyBench bench;
    auto wallet = bench.as_seed();
    const auto key = *cashu::lock_key(seed_of(7), 0);
    wallet = nullptr;
    bench.configure = [&](WalletOptions& options) { options.locking_key = key; };
    wallet = bench.open();
    bench.mint.add_quote("q", 3, key.public_key());
    bench.find(*wallet);
    CHECK_FALSE(bench.row(*wallet, "q").locking_key.has_value());
}
