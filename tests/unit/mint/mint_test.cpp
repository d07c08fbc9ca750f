// The mint's start: keysets that come back, keysets that follow the configuration, seeds that do not belong.
#include "mint/mint.hpp"

#include "ledger_fixture.hpp"
#include "net/net_fixture.hpp"

using namespace hp;
using namespace hp::mint;
using namespace hp::mint::test;

namespace {

struct MintFixture {
    hp::test::TempDir dir;
    net::Loop loop;
    MintOptions options = [this] {
        MintOptions made;
        made.database = dir.file("mint.db");
        made.seed.fill(0x21);
        made.keyset_amounts = 8;
        return made;
    }();

    std::unique_ptr<Mint> open() {
        auto mint = Mint::open(loop, options);
        REQUIRE_MESSAGE(mint, mint.error().what);
        return std::move(*mint);
    }
    static std::size_t active_count(const Mint& mint) { return mint.keysets().all_active().size(); }
};

}  // namespace

TEST_CASE_FIXTURE(MintFixture, "a restart keeps identity and keyset, and counts") {
    auto mint = open();
    auto keyset = mint->active_keyset();
    auto identity = mint->info().pubkey;
    CHECK(mint->state().generation == 1);
    CHECK(mint->keysets().find(keyset)->keyset.keys.size() == 8);
    for (std::uint64_t generation = 2; generation <= 3; ++generation) {
        mint.reset();
        mint = open();
        CHECK(mint->active_keyset() == keyset);
        CHECK(mint->info().pubkey == identity);
        CHECK(mint->state().generation == generation);
        CHECK(active_count(*mint) == 1);
    }
}

TEST_CASE_FIXTURE(MintFixture,
                  "another fee or size begins a keyset; the old ones stay known, and sign nothing") {
    auto first = open()->active_keyset();
    SUBCASE("fee") { options.input_fee_ppk = 100; }
    SUBCASE("size") { options.keyset_amounts = 9; }
    auto second = open()->active_keyset();
    CHECK(second != first);
    auto mint = open();
    CHECK(mint->active_keyset() == second);
    CHECK(active_count(*mint) == 1);
    CHECK(mint->keysets().all().size() == 2);
    REQUIRE(mint->keysets().find(first));
    CHECK_FALSE(mint->keysets().find(first)->keyset.active);

    // Back again is a third one: what was retired stays retired.
    options.input_fee_ppk = 0;
    options.keyset_amounts = 8;
    mint.reset();
    mint = open();
    CHECK(mint->active_keyset() != first);
    CHECK(mint->active_keyset() != second);
    CHECK(active_count(*mint) == 1);
}

TEST_CASE_FIXTURE(MintFixture, "a new keyset begins once when the operator raises the index") {
    auto mint = open();
    const auto first = mint->active_keyset();
    options.keyset_index_min = 5;
    cashu::KeysetId second;
    for (int starts = 0; starts < 2; ++starts) {
        mint.reset();
        mint = open();
        if (starts == 0) second = mint->active_keyset();
        CHECK(mint->active_keyset() == second);
        CHECK(mint->keysets().all().size() == 2);
        CHECK(active_count(*mint) == 1);
    }
    CHECK(second != first);
    auto fifth = cashu::derive_keyset(options.seed, options.unit, 5, options.input_fee_ppk, std::nullopt,
                                      options.keyset_amounts);
    REQUIRE(fifth);
    CHECK(second == fifth->keyset.id);

    // Lower again: the current keyset stays, and another fee continues from there.
    options.keyset_index_min = 0;
    mint.reset();
    mint = open();
    CHECK(mint->active_keyset() == second);
    options.input_fee_ppk += 1;
    mint.reset();
    mint = open();
    auto sixth = cashu::derive_keyset(options.seed, options.unit, 6, options.input_fee_ppk, std::nullopt,
                                      options.keyset_amounts);
    REQUIRE(sixth);
    CHECK(mint->active_keyset() == sixth->keyset.id);
}

TEST_CASE_FIXTURE(MintFixture, "a database does not open with another seed, nor twice at once") {
    auto mint = open();
    auto second = Mint::open(loop, options);
    REQUIRE_FALSE(second);
    CHECK(second.error().what.find("mint.db") != std::string::npos);
    mint.reset();
    options.seed[0] ^= 1;
    auto stranger = Mint::open(loop, options);
    REQUIRE_FALSE(stranger);
    CHECK(stranger.error().code == Errc::usage);
    CHECK(stranger.error().what.find("seed") != std::string::npos);
    options.seed[0] ^= 1;
    open();
}

TEST_CASE_FIXTURE(MintFixture,
                  "work goes through the writer, and its answer comes back on the loop's thread") {
    auto mint = open();
    std::string id;
    mint->transact<QuoteResult>([](Ledger& ledger) { return ledger.create_quote(kPool, 1, share(1), kNow); },
                                [&](Result<QuoteResult> result) {
                                    CHECK(loop.running_in_this_thread());
                                    REQUIRE(result);
                                    id = result->quote_id;
                                });
    REQUIRE(hp::test::run_until(loop, [&] { return !id.empty(); }));

    auto keyset = mint->active_keyset();
    std::string secret = "a secret";
    auto B_ = cashu::blind(secret, test_key(3));
    REQUIRE(B_.has_value());
    std::vector<cashu::BlindedMessage> outputs{{64, keyset, *B_}};
    cashu::MintRequest request{
        id, outputs, to_hex(cashu::sign_mint(test_key(7), id, outputs, crypto::random_array<32>()))};
    std::optional<std::size_t> signatures;
    mint->transact<Answer<Signed>>(
        [&](Ledger& ledger) {
            return ledger.mint(Bytes32{1}, request, mint->keysets(), mint->policy(), kNow);
        },
        [&](Result<Answer<Signed>> result) {
            REQUIRE(result);
            REQUIRE(*result);
            signatures = (*result)->signatures.size();
        });
    REQUIRE(hp::test::run_until(loop, [&] { return signatures.has_value(); }));
    CHECK(*signatures == 1);

    std::optional<std::string> error;
    mint->transact<bool>([](Ledger&) -> bool { throw store::DbError(0, "the disk says no"); },
                         [&](Result<bool> result) { error = result ? "" : result.error().what; });
    REQUIRE(hp::test::run_until(loop, [&] { return error.has_value(); }));
    CHECK(error->find("the disk says no") != std::string::npos);
    CHECK(mint->backlog() == 0);
}
