// Tokens out, in and back, and the wallet from its seed.
#include "cashu/tokens.hpp"
#include "crypto/sha256.hpp"
#include "fixture.hpp"
#include "wallet/vault.hpp"

using namespace hp;
using namespace hp::wallet;
using namespace hp::wallet::test;
using Next = FakeMint::Next;

namespace {

std::string encoded(const FakeMint& mint, std::vector<cashu::Proof> proofs, std::string unit = "hash") {
    return cashu::encode_token({mint.url(), std::move(unit), {}, std::move(proofs)});
}

}  // namespace

TEST_CASE("a token goes from wallet to wallet, and all sums hold") {
    Bench bench;
    auto alice = bench.funded(100, "alice.db");
    auto bob = bench.open("bob.db", 9);
    auto token = bench.send(*alice, 33);
    REQUIRE(token.has_value());
    CHECK(*cashu::sum_amounts(decoded(*token).proofs) == 33);
    CHECK(decoded(*token).mint == bench.mint.url());
    CHECK(bench.balance(*alice).unspent == 67);
    CHECK(bench.balance(*alice).reserved == 33);
    auto received = bench.receive(*bob, *token);
    REQUIRE_MESSAGE(received.has_value(), (received ? "" : received.error().what));
    CHECK(*received == 33);
    CHECK(bench.balance(*bob).unspent == 33);
    CHECK(bench.tokens(*alice).size() == 1);
    REQUIRE(bench.wait<void>([&](auto done) { alice->check_tokens(std::move(done)); }).has_value());
    CHECK(bench.tokens(*alice).empty());
    CHECK(bench.balance(*alice).reserved == 0);
    CHECK(bench.balance(*alice).unspent == 67);
}

TEST_CASE("proofs that fit need no mint") {
    Bench bench;
    auto wallet = bench.funded(7);
    bench.mint.redirect = "http://away/";
    wallet = bench.open();
    auto token = bench.send(*wallet, 5);
    REQUIRE(token.has_value());
    CHECK(decoded(*token).proofs.size() == 2);
    auto swap = bench.send(*wallet, 1);
    CHECK_FALSE(swap.has_value());
    CHECK(bench.balance(*wallet).unspent == 2);
}

TEST_CASE("fees are the keyset's, and nothing else is lost") {
    Bench bench{400};
    auto alice = bench.funded(64, "alice.db");
    auto bob = bench.open("bob.db", 9);
    auto token = bench.send(*alice, 20);
    REQUIRE_MESSAGE(token.has_value(), (token ? "" : token.error().what));
    CHECK(bench.balance(*alice).unspent == 43);  // one input: 0.4, rounded up
    auto received = bench.receive(*bob, *token);
    REQUIRE(received.has_value());
    CHECK(*received == 19);  // 16 + 4: 0.8
    CHECK(bench.balance(*bob).unspent == 19);
    REQUIRE(bench.send(*alice, 43).has_value());  // the proofs at hand fit exactly
    auto swapped = bench.send(*bob, 15);          // 16 less its fee
    REQUIRE(swapped.has_value());
    CHECK(bench.balance(*bob).unspent == 3);
}

TEST_CASE("sums that cannot be sent are refused in words") {
    Bench bench;
    auto wallet = bench.funded(7);
    auto zero = bench.send(*wallet, 0);
    REQUIRE_FALSE(zero.has_value());
    CHECK(zero.error().code == Errc::usage);
    auto much = bench.send(*wallet, 8);
    REQUIRE_FALSE(much.has_value());
    CHECK(says(much.error(), "not enough: 7 spendable, 8 wanted"));
    CHECK_FALSE(bench.send(*wallet, UINT64_MAX).has_value());
    CHECK(bench.balance(*wallet).unspent == 7);
}

TEST_CASE("AC-341: a token whose maker was cut off is listed and can be taken back") {
    Bench bench;
    bench.funded(64);
    {
        auto wallet = bench.open();
        REQUIRE(bench.connect(*wallet).has_value());
        bench.mint.next = {Next::hold};
        wallet->send(20, "memo", [](const Result<std::string>&) {});
        REQUIRE(run_until(bench.loop, [&] { return bench.mint.seen.size() == 2; }));
        CHECK(bench.balance(*wallet).unspent == 0);
        CHECK(bench.balance(*wallet).pending == 64);
    }
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    CHECK(bench.balance(*wallet).unspent == 44);
    CHECK(bench.balance(*wallet).reserved == 20);
    auto tokens = bench.tokens(*wallet);
    REQUIRE(tokens.size() == 1);
    CHECK(decoded(tokens.front().token).memo == "memo");
    auto back = bench.reclaim(*wallet, tokens.front().id);
    REQUIRE(back.has_value());
    CHECK(*back == 20);
    CHECK(bench.balance(*wallet).unspent == 64);
    CHECK(bench.balance(*wallet).reserved == 0);
    CHECK(bench.tokens(*wallet).empty());
    CHECK_FALSE(bench.reclaim(*wallet, 1).has_value());
}

TEST_CASE("a token that was received cannot be reclaimed") {
    Bench bench;
    auto alice = bench.funded(64, "alice.db");
    auto bob = bench.open("bob.db", 9);
    auto token = bench.send(*alice, 20);
    REQUIRE(bench.receive(*bob, *token).has_value());
    auto back = bench.reclaim(*alice, 1);
    REQUIRE_FALSE(back.has_value());
    CHECK(says(back.error(), "is already received"));
    CHECK(bench.balance(*alice).unspent == 44);
    CHECK(bench.balance(*alice).reserved == 0);
}

TEST_CASE("AC-342: what is wrong with a token is said exactly, and nothing is stored") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    auto& mint = bench.mint;
    auto good = mint.proof(8, "good");
    auto expect = [&](const std::string& token, std::string_view part) {
        auto received = bench.receive(*wallet, token);
        REQUIRE_FALSE(received.has_value());
        CHECK_MESSAGE(says(received.error(), part), received.error().what);
        CHECK(bench.balance(*wallet).unspent == 0);
        CHECK(bench.balance(*wallet).pending == 0);
    };
    expect(cashu::encode_token({"http://other", "hash", {}, {good}}), "the token names mint 'http://other'");
    expect(encoded(mint, {good}, "sat"), "the token is of unit 'sat'");
    auto unknown = good;
    unknown.id = *cashu::KeysetId::from_hex("01" + std::string(64, 'a'));
    expect(encoded(mint, {unknown}), "keyset");
    expect(encoded(mint, {good, good}), "proof 1 of the token appears twice");
    auto locked = mint.proof(8, R"(["P2PK",{"nonce":"00","data":"02"}])");
    expect(encoded(mint, {locked}), "proof 0 of the token is locked to a key (P2PK)");
    auto forged = good;
    forged.C = mint.proof(8, "another").C;
    expect(encoded(mint, {forged}), "10001");
    auto odd = good;
    odd.amount = 3;
    expect(encoded(mint, {odd}), "is worth 3, for which its keyset has no key");
    auto dleq = good;
    dleq.dleq = cashu::ProofDleq{};
    expect(encoded(mint, {dleq}), "DLEQ proof that does not verify");
    auto spent = mint.proof(8, "spent");
    mint.spent[cashu::y_of("spent")] = true;
    expect(encoded(mint, {good, spent}), "11001");
    expect(std::string(3u << 20, 'x'), "at most 1048576 are accepted");
    expect("cashuBnonsense", "token: ");
    expect("", "token");
    auto received = bench.receive(*wallet, encoded(mint, {good}));
    REQUIRE(received.has_value());
    CHECK(*received == 8);
}

TEST_CASE("a token of a keyset that is younger than the wallet's list") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    bench.mint.rotate();
    auto received = bench.receive(*wallet, encoded(bench.mint, {bench.mint.proof(4, "young")}));
    REQUIRE_MESSAGE(received.has_value(), (received ? "" : received.error().what));
    CHECK(bench.balance(*wallet).unspent == 4);
}

TEST_CASE("a swap survives a rotation and a lost answer") {
    Bench bench;
    auto wallet = bench.funded(64);
    bench.mint.rotate();
    auto token = bench.send(*wallet, 20);  // 12002, then again
    REQUIRE_MESSAGE(token.has_value(), (token ? "" : token.error().what));
    CHECK(bench.balance(*wallet).unspent == 44);
    bench.mint.replays = false;
    bench.mint.next = {Next::lose};  // then 11001, and the signatures by restore
    token = bench.send(*wallet, 3);
    REQUIRE_MESSAGE(token.has_value(), (token ? "" : token.error().what));
    CHECK(bench.balance(*wallet).unspent == 41);
    CHECK(bench.balance(*wallet).reserved == 23);
}

TEST_CASE("proofs that were spent elsewhere are found out, and others are taken") {
    Bench bench;
    auto wallet = bench.funded(64);
    bench.quote(*wallet, "q", 32);
    bench.idle(*wallet);
    // The same seed has spent the 64 from another database.
    auto other = bench.open("other.db");
    REQUIRE(bench.restore(*other).has_value());
    auto receiver = bench.open("receiver.db", 9);
    auto stolen = bench.send(*other, 64);
    REQUIRE(stolen.has_value());
    REQUIRE(bench.receive(*receiver, *stolen).has_value());
    auto token = bench.send(*wallet, 20);
    REQUIRE_MESSAGE(token.has_value(), (token ? "" : token.error().what));
    CHECK(bench.balance(*wallet).unspent == 12);
    CHECK(bench.balance(*wallet).reserved == 20);
}

TEST_CASE("X11: from the seed alone, without what is spent, and counters go on behind it") {
    Bench bench;
    {
        auto wallet = bench.funded(1000);
        bench.mint.rotate();
        bench.quote(*wallet, "q", 77);
        bench.idle(*wallet);
        auto receiver = bench.open("receiver.db", 9);
        REQUIRE(bench.receive(*receiver, *bench.send(*wallet, 500)).has_value());
        bench.mint.add_quote("unminted", 5, wallet->locking_key());
        CHECK(bench.balance(*wallet).unspent == 577);
    }
    auto wallet = bench.open("new.db");
    auto restored = bench.restore(*wallet);
    REQUIRE_MESSAGE(restored.has_value(), (restored ? "" : restored.error().what));
    CHECK(restored->amount == 577);
    CHECK(restored->quotes_found == 1);
    bench.idle(*wallet);
    CHECK(bench.balance(*wallet).unspent == 582);
    // Everything that was restored can be spent; no output was asked for twice.
    auto token = bench.send(*wallet, 581);
    REQUIRE(token.has_value());
    restored = bench.restore(*wallet);
    REQUIRE(restored.has_value());
    CHECK(restored->amount == 0);
    CHECK(bench.balance(*wallet).unspent == 1);
    CHECK(bench.balance(*wallet).reserved == 581);
}

TEST_CASE("AC-340: more proofs than a swap takes are put together first") {
    Bench bench;
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    {
        Identity identity{"hash", bench.mint.url(), crypto::sha256(wallet->locking_key())};
        auto vault = Vault::open(bench.dir.file("wallet.db"), identity);
        REQUIRE(vault.has_value());
        auto filled = vault->transact([&]() -> Result<> {
            for (int i = 0; i < 1200; ++i) {
                auto proof = bench.mint.proof(1, "small " + std::to_string(i));
                vault->put_proof(cashu::y_of(proof.secret), proof, CoinState::unspent);
            }
            return {};
        });
        REQUIRE(filled.has_value());
    }
    auto token = bench.send(*wallet, 1100);
    REQUIRE_MESSAGE(token.has_value(), (token ? "" : token.error().what));
    CHECK(*cashu::sum_amounts(decoded(*token).proofs) == 1100);
    CHECK(bench.balance(*wallet).unspent == 100);
    CHECK(bench.balance(*wallet).reserved == 1100);
}

TEST_CASE("a swap whose outputs the mint signed for another wallet of the seed has not happened") {
    // Two files of one seed, which is a mistake (AC-337): both make the outputs of the same counters.
    Bench bench;
    auto alice = bench.funded(64, "alice.db", 9);
    auto first = bench.send(*alice, 20), second = bench.send(*alice, 20);
    REQUIRE(first.has_value());
    REQUIRE(second.has_value());
    auto one = bench.open("one.db"), other = bench.open("other.db");
    REQUIRE(bench.connect(*one).has_value());
    REQUIRE(bench.connect(*other).has_value());
    CHECK(bench.receive(*one, *first) == 20u);
    auto is_spent = [&](const std::string& token) {
        auto proofs = decoded(token).proofs;
        return std::ranges::all_of(
            proofs, [&](const cashu::Proof& proof) { return bench.mint.spent[cashu::y_of(proof.secret)]; });
    };
    CHECK(is_spent(*first));
    // Refused, or done with other outputs; never called done with the first one's signatures.
    auto received = bench.receive(*other, *second);
    CHECK(received.has_value() == is_spent(*second));
    if (!received) received = bench.receive(*other, *second);
    CHECK(received == 20u);
    CHECK(is_spent(*second));
}

namespace {

/// Counters that were used up and left, as by earlier versions, by other wallets of the seed, or by requests
/// whose end nobody knows.
void use_up_counters(Bench& bench, Wallet& wallet, const std::string& name, std::uint64_t next) {
    Identity identity{"hash", bench.mint.url(), crypto::sha256(wallet.locking_key())};
    auto vault = Vault::open(bench.dir.file(name), identity);
    REQUIRE(vault.has_value());
    auto raised = vault->transact([&]() -> Result<> {
        vault->raise_counter(bench.mint.active, next);
        return {};
    });
    REQUIRE(raised.has_value());
}

}  // namespace

TEST_CASE("A6: refused receives leave no gap, and the seed brings back what came before and after") {
    Bench bench;
    auto wallet = bench.funded(63);
    auto spent = bench.mint.proof(2, "spent 2"), spent_too = bench.mint.proof(1, "spent 1");
    for (const auto* proof : {&spent, &spent_too}) bench.mint.spent[cashu::y_of(proof->secret)] = true;
    const std::string token = encoded(bench.mint, {spent, spent_too});
    // Two outputs each: 320 counters in a row would be past what NUT-13 looks beyond.
    for (int i = 0; i < 160; ++i) CHECK_FALSE(bench.receive(*wallet, token).has_value());
    REQUIRE(bench.receive(*wallet,
                          encoded(bench.mint, {bench.mint.proof(4, "4"), bench.mint.proof(1, "1")})) == 5u);
    auto restored = bench.restore(*bench.open("new.db"));
    REQUIRE(restored.has_value());
    CHECK(restored->amount == 68);
    REQUIRE(restored->keysets.size() == 1);
    CHECK(restored->keysets[0].id == bench.mint.active.hex());
    CHECK(restored->keysets[0].signed_to == 8);
    CHECK(restored->keysets[0].looked_to == 8 + kRestoreGap);
}

TEST_CASE("A6: counters of a request whose outcome was unknown for a while are not used again") {
    Bench bench;
    bench.retry_first_ms = 2;
    auto wallet = bench.funded(63);
    auto spent = bench.mint.proof(2, "spent");
    bench.mint.spent[cashu::y_of("spent")] = true;
    bench.mint.next = {Next::away};
    CHECK_FALSE(bench.receive(*wallet, encoded(bench.mint, {spent})).has_value());
    REQUIRE(bench.receive(*wallet, encoded(bench.mint, {bench.mint.proof(4, "4")})) == 4u);
    auto restored = bench.restore(*bench.open("new.db"));
    REQUIRE(restored.has_value());
    CHECK(restored->amount == 67);
    CHECK(restored->keysets[0].signed_to == 8);
}

TEST_CASE("A6: a counter that was given back, and that the mint has signed after all, is passed over") {
    Bench bench;
    auto wallet = bench.funded(63);
    auto spent = bench.mint.proof(4, "spent");
    bench.mint.spent[cashu::y_of("spent")] = true;
    CHECK_FALSE(bench.receive(*wallet, encoded(bench.mint, {spent})).has_value());
    // Another database of the seed gets the output that was given back here.
    auto other = bench.open("other.db");
    use_up_counters(bench, *other, "other.db", 6);
    REQUIRE(bench.receive(*other, encoded(bench.mint, {bench.mint.proof(4, "theirs")})) == 4u);
    REQUIRE(bench.receive(*wallet, encoded(bench.mint, {bench.mint.proof(8, "ours")})) == 8u);
    CHECK(bench.balance(*wallet).unspent == 63 + 4 + 8);
}

TEST_CASE("A6: a restore looks as far as it says, a second one finds the rest, and counters end above all") {
    Bench bench;
    auto wallet = bench.funded(63);
    use_up_counters(bench, *wallet, "wallet.db", 2'900);
    REQUIRE(bench.receive(*wallet, encoded(bench.mint, {bench.mint.proof(4, "4")})) == 4u);
    use_up_counters(bench, *wallet, "wallet.db", 7'000);
    REQUIRE(bench.receive(*wallet, encoded(bench.mint, {bench.mint.proof(1, "1")})) == 1u);

    auto fresh = bench.open("new.db");
    auto restored = bench.restore(*fresh);
    REQUIRE(restored.has_value());
    CHECK(restored->amount == 67);
    CHECK(restored->keysets[0].signed_to == 2'901);
    CHECK(restored->keysets[0].looked_to == 2'901 + kRestoreGap);
    restored = bench.restore(*fresh, 5'000);
    REQUIRE(restored.has_value());
    CHECK(restored->amount == 1);
    CHECK(restored->keysets[0].signed_to == 7'001);
    CHECK(bench.balance(*fresh).unspent == 68);

    // Where the database knows of higher counters than the mint, it looks beyond those, and stays above them.
    auto knows = bench.open("knows.db");
    use_up_counters(bench, *knows, "knows.db", 9'000);
    restored = bench.restore(*knows, 400);
    REQUIRE(restored.has_value());
    CHECK(restored->amount == 68);
    CHECK(restored->keysets[0].looked_to == 9'400);
    REQUIRE(bench.receive(*knows, encoded(bench.mint, {bench.mint.proof(2, "2")})) == 2u);
    restored = bench.restore(*bench.open("again.db"), 10'000);
    REQUIRE(restored.has_value());
    CHECK(restored->keysets[0].signed_to == 9'001);
}
