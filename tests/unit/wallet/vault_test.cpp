#include "wallet/vault.hpp"

#include <doctest/doctest.h>

#include "../store/old_database.hpp"
#include "../store/temp_dir.hpp"
#include "cashu/nut00.hpp"

using namespace hp;
using namespace hp::wallet;
using hp::test::TempDir;

namespace {

using Counters = std::vector<std::uint64_t>;

Identity identity(std::uint8_t seed = 1, std::string unit = "hash") {
    Identity out{std::move(unit), "http://mint", {}};
    out.seed_mark.fill(seed);
    return out;
}
Vault open(const TempDir& dir) {
    auto vault = Vault::open(dir.file("w.db"), identity());
    REQUIRE(vault.has_value());
    return *std::move(vault);
}
cashu::KeysetId keyset(std::string_view first = "01") {
    return *cashu::KeysetId::from_hex(std::string(first) + std::string(first == "00" ? 14 : 64, 'a'));
}
cashu::PublicKey33 y_number(int n) { return cashu::y_of("secret " + std::to_string(n)); }
cashu::Proof proof(int n, std::uint64_t amount) {
    return {amount, keyset(), "secret " + std::to_string(n), y_number(n)};
}
Balance balance(Vault& vault) {
    auto out = vault.transact([&]() -> Result<Balance> { return vault.balance(); });
    REQUIRE(out.has_value());
    return *out;
}
/// Runs inside a transaction that must succeed.
template <class F>
void in(Vault& vault, F&& work) {
    auto done = vault.transact([&]() -> Result<> {
        work();
        return {};
    });
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().what));
}

}  // namespace

TEST_CASE("a database belongs to one seed and one unit") {
    TempDir dir;
    open(dir);
    auto other_seed = Vault::open(dir.file("w.db"), identity(2));
    REQUIRE_FALSE(other_seed.has_value());
    CHECK(other_seed.error().code == Errc::usage);
    CHECK(other_seed.error().what.find("another seed") != std::string::npos);
    auto other_unit = Vault::open(dir.file("w.db"), identity(1, "sat"));
    REQUIRE_FALSE(other_unit.has_value());
    CHECK(other_unit.error().what.find("unit 'hash', not 'sat'") != std::string::npos);
}

TEST_CASE("counters are given out once, also after a reopening") {
    TempDir dir;
    {
        Vault vault = open(dir);
        in(vault, [&] {
            CHECK(*vault.take_counters(keyset(), 3) == Counters{0, 1, 2});
            CHECK(*vault.take_counters(keyset(), 2) == Counters{3, 4});
            CHECK(*vault.take_counters(keyset("00"), 1) == Counters{0});
            vault.raise_counter(keyset(), 2);  // never back
        });
        auto failed = vault.transact([&]() -> Result<> {
            CHECK(vault.take_counters(keyset(), 10)->front() == 5);
            return fail(Errc::invalid, "not committed");
        });
        CHECK_FALSE(failed.has_value());
    }
    Vault vault = open(dir);
    in(vault, [&] { CHECK(*vault.take_counters(keyset(), 1) == Counters{5}); });
}

TEST_CASE("counters that are given back are taken first, and never above the limit of the others") {
    TempDir dir;
    Vault vault = open(dir);
    in(vault, [&] {
        auto op = vault.insert_op(OpKind::receive, "", 1);
        std::vector<Output> outputs;
        const Counters taken = *vault.take_counters(keyset(), 5);
        for (std::uint64_t counter : taken)
            outputs.push_back({keyset(), counter, 8, y_number(static_cast<int>(counter)), false});
        vault.insert_outputs(op, std::span{outputs}.first(3));
        vault.give_back_outputs(op);
        CHECK(vault.outputs_of(op).empty());
        vault.counter_is_taken(keyset(), 1);
        CHECK(*vault.take_counters(keyset(), 4) == Counters{0, 2, 5, 6});
        CHECK(*vault.take_counters(keyset(), 1) == Counters{7});
        vault.give_back_outputs(op);  // of nothing
        CHECK(*vault.take_counters(keyset(), 1) == Counters{8});
    });
}

TEST_CASE("AC-352: counters end in an error, never in a wrap") {
    TempDir dir;
    Vault vault = open(dir);
    in(vault, [&] {
        vault.raise_counter(keyset("00"), (1ull << 31) - 1);
        CHECK(*vault.take_counters(keyset("00"), 1) == Counters{(1ull << 31) - 1});
        CHECK_FALSE(vault.take_counters(keyset("00"), 1).has_value());
        vault.raise_counter(keyset(), static_cast<std::uint64_t>(INT64_MAX) - 1);
        CHECK_FALSE(vault.take_counters(keyset(), 2).has_value());
        CHECK(vault.take_counters(keyset(), 1).has_value());
        CHECK_FALSE(vault.take_counters(keyset(), 1).has_value());
        CHECK_FALSE(vault.take_counters(keyset(), UINT64_MAX).has_value());
    });
}

TEST_CASE("I17: a counter used twice is refused by the database, and nothing of the transaction stays") {
    TempDir dir;
    Vault vault = open(dir);
    Output output{keyset(), 4, 8, y_number(1), false};
    in(vault, [&] { vault.insert_outputs(vault.insert_op(OpKind::mint, "", 1), std::span{&output, 1}); });
    auto again = vault.transact([&]() -> Result<> {
        vault.insert_outputs(vault.insert_op(OpKind::mint, "", 1), std::span{&output, 1});
        return {};
    });
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == Errc::io);
    in(vault, [&] { CHECK(vault.open_ops().size() == 1); });
    CHECK(balance(vault).pending == 8);
}

TEST_CASE("a proof that is stored twice is there once, and keeps its state") {
    TempDir dir;
    Vault vault = open(dir);
    in(vault, [&] {
        CHECK(vault.put_proof(y_number(1), proof(1, 8), CoinState::unspent));
        CHECK_FALSE(vault.put_proof(y_number(1), proof(1, 8), CoinState::unspent));
        vault.proof_is_spent(y_number(1));
        CHECK_FALSE(vault.put_proof(y_number(1), proof(1, 8), CoinState::unspent));
    });
    CHECK(balance(vault).unspent == 0);
}

TEST_CASE("inputs of an operation come back to where they were, or are spent with their token") {
    TempDir dir;
    Vault vault = open(dir);
    std::int64_t op = 0;
    in(vault, [&] {
        auto token = vault.insert_token(4, "cashuB", std::nullopt, 1);
        vault.put_proof(y_number(1), proof(1, 8), CoinState::unspent);
        vault.put_proof(y_number(2), proof(2, 4), CoinState::reserved, token);
        op = vault.insert_op(OpKind::receive, "", 1);
        vault.spend_in(y_number(1), op);
        vault.spend_in(y_number(2), op);
        CHECK(vault.inputs_of(op).size() == 2);
    });
    CHECK(balance(vault).unspent == 0);
    in(vault, [&] { vault.inputs_are_free(op); });
    CHECK(balance(vault).unspent == 8);
    CHECK(balance(vault).reserved == 4);
    in(vault, [&] {
        CHECK(vault.tokens().size() == 1);
        vault.spend_in(y_number(2), op);
        vault.inputs_are_spent(op);
        CHECK(vault.tokens().empty());
    });
    CHECK(balance(vault).reserved == 0);
}

TEST_CASE("sums above 2^64 - 1 are an error, not a small number") {
    TempDir dir;
    Vault vault = open(dir);
    in(vault, [&] {
        for (int i = 0; i < 5; ++i) vault.put_proof(y_number(i), proof(i, 1ull << 62), CoinState::unspent);
    });
    auto sum = vault.transact([&]() -> Result<Balance> { return vault.balance(); });
    CHECK_FALSE(sum.has_value());
}

TEST_CASE("two processes take turns on one file") {
    TempDir dir;
    Vault one = open(dir), two = open(dir);
    in(one, [&] { CHECK(one.add_quote("q", 5, 1)); });
    in(two, [&] {
        CHECK_FALSE(two.add_quote("q", 5, 1));
        auto op = two.insert_op(OpKind::mint, "", 1);
        two.claim_quote("q", op);
    });
    in(one, [&] { CHECK(one.next_quotes(10).empty()); });
}

TEST_CASE("a database of schema 2 keeps its open quotes: they are the seed's") {
    TempDir dir;
    const std::string file = dir.file("w.db");
    hp::test::make_old_database(file, "wallet-v2.sql");
    Identity old{"hash", "http://mint", {}};
    old.seed_mark = *array_from_hex<32>(hp::test::text_in(file, "SELECT hex(seed_mark) FROM meta"));
    Identity other_key = old;
    other_key.locking_key = y_number(1);
    auto vault = Vault::open(file, old), of_key = Vault::open(file, other_key);
    REQUIRE_MESSAGE(vault.has_value(), (vault ? "" : vault.error().what));
    REQUIRE(of_key.has_value());
    in(*vault, [&] {
        CHECK(vault->token_url().empty());
        CHECK(vault->open_quote_count() == 1);
        CHECK(vault->next_quotes(10).size() == 1);
        CHECK_FALSE(vault->quote("q1")->locking_key.has_value());
        CHECK(vault->quote("q2")->state == "done");
    });
    in(*of_key, [&] { CHECK(of_key->next_quotes(10).empty()); });
    CHECK(balance(*vault).unspent == 2);
}

TEST_CASE("a database of schema 1 keeps its money and counters, and looks again for what was refused") {
    TempDir dir;
    const std::string file = dir.file("w.db");
    hp::test::make_old_database(file, "wallet-v1.sql");
    Identity old{"hash", "http://mint", {}};
    old.seed_mark = *array_from_hex<32>(hp::test::text_in(file, "SELECT hex(seed_mark) FROM meta"));
    const auto id = *cashu::KeysetId::from_hex(hp::test::text_in(file, "SELECT hex(keyset) FROM counter"));
    auto vault = Vault::open(file, old);
    REQUIRE_MESSAGE(vault.has_value(), (vault ? "" : vault.error().what));
    CHECK(balance(*vault).unspent == 2);
    in(*vault, [&] {
        auto looks = vault->due_looks(0, 10);
        REQUIRE(looks.size() == 1);
        CHECK(vault->op(looks[0].op)->state == OpState::refused);
        CHECK(vault->outputs_of(looks[0].op).size() == 1);
        CHECK(*vault->take_counters(id, 1) == Counters{2});
    });
}
