// Which mint a token is of. Its keysets must be this wallet's mint's, and somebody who is believed must say
// that the mint that it names is the same.
#include "cashu/nut12.hpp"
#include "cashu/tokens.hpp"
#include "fixture.hpp"
#include "wallet/token_check.hpp"

using namespace hp;
using namespace hp::wallet;
using namespace hp::wallet::test;

namespace {

constexpr const char* kElsewhere = "https://mint.example.org";

/// The token of somebody who reaches the mint under another URL.
cashu::Token renamed(const std::string& text, const std::string& url) {
    cashu::Token token = decoded(text);
    token.mint = url;
    return token;
}
/// A proof that says which key of the mint signed it.
cashu::Proof proof_with_dleq(const FakeMint& mint, std::uint64_t amount, const std::string& secret) {
    const auto* keyset = mint.keysets.find(mint.active);
    const auto& secret_key = *keyset->key_for(amount);
    const auto& public_key = keyset->keyset.keys.at(amount);
    const auto r = cashu::SecretKey::generate();
    const auto B_ = cashu::blind(secret, r);
    const auto C_ = cashu::sign_blinded(secret_key, *B_);
    const auto dleq = cashu::make_dleq(secret_key, public_key, *B_, *C_);
    cashu::Proof out{amount, mint.active, secret, *cashu::unblind(*C_, r, public_key)};
    out.dleq = cashu::ProofDleq{dleq->e, dleq->s, r.bytes()};
    return out;
}

}  // namespace

TEST_CASE("URLs that differ in letters' case, the scheme's own port or a slash are one") {
    for (const char* same : {"http://mint.example.org", "HTTP://Mint.Example.ORG", "http://mint.example.org/",
                             "http://mint.example.org:80", "http://mint.example.org:80//"})
        CHECK_MESSAGE(normal_url(same) == "http://mint.example.org", same);
    CHECK(normal_url("https://M.example:443/Cashu/") == "https://m.example/Cashu");
    CHECK(normal_url("https://m.example:80") == "https://m.example:80");
    CHECK(normal_url("http://[::1]:80") == "http://[::1]");
    CHECK(normal_url("http://[::1]:3338") == "http://[::1]:3338");
    for (const char* odd : {"", "mint", "://", "http://", "ftp://A", "http://a:0", "http://a:b@c"})
        CHECK(normal_url(normal_url(odd)) == normal_url(odd));
}

TEST_CASE("what tokens call the mint: the user's URL if the mint tells it, else the first that it tells") {
    using Urls = std::vector<std::string>;
    CHECK(token_url(Urls{}, "http://10.0.0.2:3338").empty());
    CHECK(token_url(Urls{"https://Mint.example/", "http://x.onion"}, "http://10.0.0.2:3338") ==
          "https://mint.example");
    CHECK(token_url(Urls{"https://mint.example", "http://X.onion:80/"}, "http://x.onion") ==
          "http://x.onion");
    CHECK(token_url(Urls{"", "javascript:alert(1)", "http://" + std::string(600, 'a'), "http://ok"}, "") ==
          "http://ok");
}

TEST_CASE("the user's own mint on this machine is believed what it is called") {
    Bench bench;
    bench.mint.urls = {std::string(kElsewhere) + "/"};
    bench.configure = [](WalletOptions& options) { options.has_own_mint = true; };
    auto alice = bench.funded(100, "alice.db");
    auto bob = bench.open("bob.db", 9);
    const cashu::Token token = renamed(*bench.send(*alice, 33), kElsewhere);
    SUBCASE("by its DLEQs") {
        auto got = bench.receive(*bob, cashu::encode_token(token));
        REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().what));
        CHECK(*got == 33);
    }
    SUBCASE("by its full keyset ids") {
        cashu::Token full = token;
        REQUIRE(cashu::resolve_ids(full, std::vector{bench.mint.active}).has_value());
        auto got = bench.receive(*bob, cashu::encode_token(full, cashu::TokenIds::full, cashu::WithDleq::no));
        REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().what));
        CHECK(*got == 33);
    }
    SUBCASE("with neither, only where the user says that it is this mint") {
        const auto bare = cashu::encode_token(token, cashu::TokenIds::shortened, cashu::WithDleq::no);
        auto got = bench.receive(*bob, bare);
        REQUIRE_FALSE(got.has_value());
        CHECK_MESSAGE(says(got.error(), "names mint 'https://mint.example.org'"), got.error().what);
        CHECK(says(got.error(), "does not prove that they are the same"));
        CHECK(says(got.error(), "mint_aliases"));
        CHECK(bench.mint.count("/v1/swap") == 1);  // Alice's
        bob.reset();
        bench.configure = [](WalletOptions& options) {
            options.mint_aliases = {"https://Mint.example.org/"};
        };
        bob = bench.open("bob.db", 9);
        got = bench.receive(*bob, bare);
        REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().what));
        CHECK(*got == 33);
    }
}

TEST_CASE("a mint that shows the public keysets of another is shown none of the other's proofs") {
    Bench bench;
    FakeMint thief{bench.loop};  // the same keysets, and DLEQs verify by them
    auto alice = bench.funded(64, "alice.db");
    const auto sent = bench.send(*alice, 33);
    REQUIRE(sent.has_value());
    auto full = decoded(*sent);
    REQUIRE(cashu::resolve_ids(full, std::vector{bench.mint.active}).has_value());
    const auto with_full_ids = cashu::encode_token(full, cashu::TokenIds::full);
    bench.configure = [&](WalletOptions& options) { options.mint_url = thief.url(); };
    auto expect_refusal = [&](Wallet& victim) {
        for (const std::string& text : {*sent, with_full_ids}) {
            auto got = bench.receive(victim, text);
            REQUIRE_FALSE(got.has_value());
            CHECK_MESSAGE(says(got.error(), "do not prove that they are the same mint"), got.error().what);
            CHECK(says(got.error(), "its keysets are those of your mint at '" + thief.url() + "'"));
            CHECK(says(got.error(), "add '" + bench.mint.url() + "' to mint_aliases"));
        }
        CHECK(thief.seen.empty());
    };
    SUBCASE("whatever it calls itself") {
        thief.urls = {bench.mint.url()};
        expect_refusal(*bench.open("victim.db", 9));
    }
    SUBCASE("as the other mint has other URLs, or none") {
        expect_refusal(*bench.open("victim.db", 9));
        bench.mint.urls = {kElsewhere, thief.url() + "/other"};
        expect_refusal(*bench.open("victim.db", 9));
        CHECK(bench.mint.infos >= 3);
    }
    SUBCASE("where the other is away, or sends us elsewhere") {
        bench.mint.is_down = true;
        expect_refusal(*bench.open("victim.db", 9));
        bench.mint.is_down = false;
        thief.urls = {thief.url()};
        bench.mint.redirect = thief.url() + "/v1/info";
        expect_refusal(*bench.open("victim.db", 9));
    }
    SUBCASE("though the wallet was the other's before, when it was empty") {
        bench.configure = nullptr;
        auto victim = bench.open("victim.db", 9);
        REQUIRE(bench.connect(*victim).has_value());
        bench.configure = [&](WalletOptions& options) { options.mint_url = thief.url(); };
        victim = nullptr;
        expect_refusal(*bench.open("victim.db", 9));
    }
    // Nothing is lost: its own mint takes it.
    bench.configure = nullptr;
    bench.mint.is_down = false;
    bench.mint.redirect.clear();
    auto bob = bench.open("bob.db", 11);
    CHECK(bench.receive(*bob, *sent) == 33);
}

TEST_CASE("the mint that a token names is asked whether it is this wallet's, once the keysets are the same") {
    Bench bench;
    FakeMint inside{bench.loop};  // another address of the same mint
    auto alice = bench.funded(64, "alice.db");
    const auto sent = bench.send(*alice, 33);
    REQUIRE(sent.has_value());
    alice = nullptr;
    bench.mint.urls = {kElsewhere, inside.url() + "/"};
    bench.configure = [&](WalletOptions& options) { options.mint_url = inside.url(); };
    auto bob = bench.open("bob.db", 9);
    const auto asked_before = bench.mint.infos;
    auto forged = decoded(*sent);
    for (auto& proof : forged.proofs) proof.secret += "?";
    CHECK_FALSE(bench.receive(*bob, cashu::encode_token(forged)).has_value());
    CHECK(bench.mint.infos == asked_before);
    auto got = bench.receive(*bob, *sent);
    REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().what));
    CHECK(*got == 33);
    CHECK(bench.mint.infos == asked_before + 1);
    CHECK(inside.count("/v1/swap") == 1);
}

TEST_CASE("names of loopback with the same port are one mint") {
    Bench bench;
    auto alice = bench.funded(64, "alice.db");
    auto bob = bench.open("bob.db", 9);
    const std::string port = bench.mint.url().substr(bench.mint.url().rfind(':'));
    for (const std::string host : {"localhost", "[::1]", "LocalHost"}) {
        auto got = bench.receive(
            *bob, cashu::encode_token(renamed(*bench.send(*alice, 3), "http://" + host + port + "/")));
        REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().what));
        CHECK(*got == 3);
    }
    const MintNames names{"http://127.0.0.1:3338", {}};
    CHECK(names.has("http://localhost:3338/"));
    for (const char* other : {"http://localhost:3339", "https://localhost:3338", "http://127.0.0.2:3338",
                              "http://localhost:3338/cashu", "http://localhost.example.org:3338"})
        CHECK_MESSAGE(!names.has(other), other);
}

TEST_CASE("who is asked for his names, and who is believed") {
    const MintNames local{"http://127.0.0.1:3338", {}, {"https://mint.example.org/"}};
    CHECK(local.is_told("https://Mint.example.org"));
    CHECK_FALSE(local.is_told("https://other.example.org"));
    const MintNames far{"https://m.example.org", {}, {"https://mint.example.org"}};
    CHECK_FALSE(far.is_told("https://mint.example.org"));
    CHECK(far.why_not_asked("https://mint.example.org").empty());
    for (const char* name : {"mint", "javascript:alert(1)", "http://mint.example.org",
                             "http://localhost:3338", "https://127.0.0.1"})
        CHECK_MESSAGE(!far.why_not_asked(name).empty(), name);
    CHECK_FALSE(far.why_not_asked("https://" + std::string(600, 'a')).empty());
    CHECK(local.why_not_asked("http://localhost:1").empty());
    CHECK_FALSE(local.why_not_asked("http://mint.example.org").empty());
    const MintNames plain{"http://10.0.0.2:3338", {}};
    CHECK(plain.why_not_asked("http://mint.example.org").empty());
}

TEST_CASE("the proofs of another mint are never shown to this one, whatever their short id is") {
    Bench bench;
    FakeMint other{bench.loop, 0, 0x77};
    auto wallet = bench.open();
    auto proof = proof_with_dleq(other, 8, "of the other mint");
    auto expect = [&](const cashu::Token& token, cashu::TokenIds ids, std::string_view part) {
        auto got = bench.receive(*wallet, cashu::encode_token(token, ids));
        REQUIRE_FALSE(got.has_value());
        CHECK_MESSAGE(says(got.error(), part), got.error().what);
        CHECK(bench.mint.seen.empty());
        CHECK(other.seen.empty());
    };
    expect({other.url(), "hash", {}, {proof}}, cashu::TokenIds::full,
           "receive it with a wallet of that mint");
    expect({other.url(), "hash", {}, {proof}}, cashu::TokenIds::shortened,
           "receive it with a wallet of that");
    // As if this mint had made keys whose id is short for both.
    proof.id = bench.mint.active;
    expect({other.url(), "hash", {}, {proof}}, cashu::TokenIds::shortened, "DLEQ proof that does not verify");
    proof.dleq.reset();
    expect({other.url(), "hash", {}, {proof}}, cashu::TokenIds::shortened,
           "does not prove that they are the same");
    // A mint that calls itself by the other's name gains nothing.
    bench.mint.urls = {other.url()};
    wallet = nullptr;
    wallet = bench.open();
    expect({other.url(), "hash", {}, {proof}}, cashu::TokenIds::shortened,
           "does not prove that they are the same");
}

TEST_CASE("a keyset of the mint that the wallet had before is not the present one's") {
    Bench bench;
    FakeMint other{bench.loop, 0, 0x77};
    auto wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    wallet = nullptr;
    bench.configure = [&](WalletOptions& options) { options.mint_url = other.url(); };
    wallet = bench.open();
    const auto proof = proof_with_dleq(bench.mint, 8, "of the first");
    auto got = bench.receive(*wallet, cashu::encode_token({bench.mint.url(), "hash", {}, {proof}}));
    REQUIRE_FALSE(got.has_value());
    CHECK_MESSAGE(says(got.error(), "receive it with a wallet of that mint"), got.error().what);
    CHECK(other.seen.empty());
}

TEST_CASE("tokens name the URL that the mint tells, also when it is away") {
    Bench bench;
    bench.mint.urls = {std::string(kElsewhere) + "/"};
    auto wallet = bench.funded(64);
    CHECK(decoded(*bench.send(*wallet, 3)).mint == kElsewhere);
    wallet = nullptr;
    bench.mint.is_down = true;
    wallet = bench.open();
    auto token = bench.send(*wallet, 1);
    REQUIRE_MESSAGE(token.has_value(), (token ? "" : token.error().what));
    CHECK(decoded(*token).mint == kElsewhere);
    // Its own token comes back, though nothing is reached under that name.
    bench.mint.is_down = false;
    CHECK(bench.receive(*wallet, *token) == 1);
    // And the name goes when the mint does not tell it any more.
    bench.mint.urls.clear();
    wallet = nullptr;
    wallet = bench.open();
    REQUIRE(bench.connect(*wallet).has_value());
    CHECK(decoded(*bench.send(*wallet, 1)).mint == bench.mint.url());
}

TEST_CASE(
    "a mint that has moved: the wallet goes on at its new address, old tokens are good, forgeries are not") {
    Bench bench;
    auto wallet = bench.funded(64);
    const auto old_token = bench.send(*wallet, 5);
    REQUIRE(old_token.has_value());
    wallet = nullptr;
    bench.funded(8, "bob.db", 9);
    FakeMint moved{bench.loop};  // of the same seed
    bench.configure = [&](WalletOptions& options) { options.mint_url = moved.url(); };
    SUBCASE("the same keys") {
        wallet = bench.open();
        auto got = bench.receive(*wallet, *old_token);
        REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().what));
        CHECK(*got == 5);
        CHECK(bench.balance(*wallet).unspent == 64);
        CHECK(decoded(*bench.send(*wallet, 3)).mint == moved.url());
    }
    SUBCASE("a token of before, for another wallet that was there then") {
        auto bob = bench.open("bob.db", 9);
        const auto bare =
            cashu::encode_token(decoded(*old_token), cashu::TokenIds::shortened, cashu::WithDleq::no);
        auto got = bench.receive(*bob, bare);
        REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().what));
        CHECK(*got == 5);
    }
    SUBCASE("other keys under the same ids") {
        moved.has_other_keys = true;
        wallet = bench.open();
        auto connected = bench.connect(*wallet);
        REQUIRE_FALSE(connected.has_value());
        CHECK_MESSAGE(says(connected.error(), "has other keys for keyset"), connected.error().what);
        CHECK(bench.balance(*wallet).unspent == 59);
    }
}
