// The ledger's money: what quotes give, what a swap takes, and the same answer for the same request for ever.
#include "cashu/nut12.hpp"
#include "ledger_fixture.hpp"

using namespace hp;
using namespace hp::mint;
using namespace hp::mint::test;

TEST_CASE_FIXTURE(LedgerFixture, "a quote gives signatures for all of it, once") {
    auto id = quote(1);
    auto made = outputs({32, 32});
    auto answer = mint(mint_request(id, made));
    REQUIRE(answer);
    CHECK_FALSE(answer->is_replay);
    REQUIRE(answer->signatures.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& signature = answer->signatures[i];
        CHECK(signature.amount == 32);
        CHECK(signature.id == keyset.keyset.id);
        REQUIRE(signature.dleq);
        CHECK(
            cashu::verify_dleq(keyset.keyset.keys.at(32), made[i].message.B_, signature.C_, *signature.dleq));
    }
    CHECK(find(id).amount_issued == 64);
    CHECK(code_of(mint(mint_request(id, outputs({1})))) == Code::quote_already_issued);
    CHECK(totals().signed_amount == 64);
    CHECK(totals().issued == 64);
}

TEST_CASE_FIXTURE(LedgerFixture, "a part leaves the rest mintable, and never more") {
    auto id = quote(1);
    REQUIRE(mint(mint_request(id, outputs({16}))));
    CHECK(find(id).amount_issued == 16);
    CHECK(find(id).mintable() == 48);
    CHECK(code_of(mint(mint_request(id, outputs({64})))) == Code::not_balanced);
    CHECK(code_of(mint(mint_request(id, outputs({32, 16, 1})))) == Code::not_balanced);
    CHECK(find(id).amount_issued == 16);
    REQUIRE(mint(mint_request(id, outputs({32, 16}))));
    CHECK(find(id).mintable() == 0);
    CHECK(totals().signed_amount == 64);
}

TEST_CASE_FIXTURE(LedgerFixture, "only the owner's signature over exactly these outputs mints") {
    auto id = quote(1);
    auto made = outputs({64});
    auto refused = [&](const cashu::MintRequest& request) { return code_of(mint(request)); };
    CHECK(refused(mint_request(id, made, test_key(8))) == Code::signature_invalid);
    auto request = mint_request(id, made);
    request.outputs = messages(outputs({64}));
    CHECK(refused(request) == Code::signature_invalid);
    request = mint_request(id, made);
    request.signature.reset();
    CHECK(refused(request) == Code::signature_invalid);
    request = mint_request(id, made);
    request.quote = quote(2);
    CHECK(refused(request) == Code::signature_invalid);
    CHECK(refused(mint_request("019e6d5a-2347-7000-8850-39c85ed1b5d0", made)) == Code::unspecified);
    CHECK(refused(mint_request("' OR 1=1 --", made)) == Code::unspecified);
    CHECK(totals().signed_amount == 0);
    CHECK(find(id).amount_issued == 0);
}

TEST_CASE_FIXTURE(LedgerFixture, "the same request gets its first answer, also after a restart") {
    auto id = quote(1);
    auto request = mint_request(id, outputs({32}));
    auto first = mint(request);
    REQUIRE(first);
    for (int restarts = 0; restarts < 2; ++restarts) {
        auto again = mint(request);
        REQUIRE(again);
        CHECK(again->is_replay);
        CHECK(again->signatures == first->signatures);
        reopen();
    }
    CHECK(totals().issued == 32);
    auto digest_of_it = digest(cashu::to_json(request));
    CHECK(transact([&](Ledger& l) { return l.answered(digest_of_it); }) == first->signatures);
    CHECK_FALSE(transact([](Ledger& l) { return l.answered(Bytes32{1}); }).has_value());
}

TEST_CASE_FIXTURE(LedgerFixture, "an output that was signed is not signed in another request") {
    auto made = outputs({32, 16});
    REQUIRE(mint(mint_request(quote(1), {made[0]})));
    auto other = quote(2);
    CHECK(code_of(mint(mint_request(other, {made[1], made[0]}))) == Code::outputs_already_signed);
    made[0].message.amount = 8;
    CHECK(code_of(mint(mint_request(other, {made[0]}))) == Code::outputs_already_signed);
    CHECK(find(other).amount_issued == 0);
    REQUIRE(mint(mint_request(other, {made[1]})));
}

TEST_CASE_FIXTURE(LedgerFixture, "a batch is all or nothing") {
    std::vector<std::string> ids{quote(1), quote(2), quote(3)};
    auto batch = [&](const std::vector<std::string>& quotes, const std::vector<Output>& made) {
        cashu::BatchMintRequest request{quotes, std::nullopt, messages(made), {}};
        for (const auto& id : quotes) request.signatures.push_back(signature(id, made));
        return request;
    };
    auto issued = [&] {
        std::vector<std::uint64_t> amounts;
        for (const auto& id : ids) amounts.push_back(find(id).amount_issued);
        return amounts;
    };
    using Amounts = std::vector<std::uint64_t>;
    auto made = outputs({128, 64});

    auto one_bad_signature = batch(ids, made);
    one_bad_signature.signatures[2] = signature(ids[2], made, test_key(8));
    CHECK(code_of(mint_batch(one_bad_signature)) == Code::signature_invalid);
    CHECK(code_of(mint_batch(batch({ids[0], "019e6d5a-2347-7000-8850-39c85ed1b5d0"}, made))) ==
          Code::unspecified);
    CHECK(code_of(mint_batch(batch({ids[0], ids[0]}, made))) == Code::duplicate_quotes);
    CHECK(code_of(mint_batch(batch(ids, outputs({128})))) == Code::not_balanced);
    CHECK(code_of(mint_batch(batch(ids, outputs({128, 64, 1})))) == Code::not_balanced);
    auto nothing_of_one = batch({ids[0], ids[1]}, outputs({64}));
    nothing_of_one.quote_amounts = Amounts{64, 0};
    CHECK_FALSE(mint_batch(nothing_of_one));
    CHECK(issued() == Amounts{0, 0, 0});
    CHECK(totals().signed_amount == 0);

    auto parts = outputs({32, 16});
    auto in_parts = batch({ids[0], ids[1]}, parts);
    in_parts.quote_amounts = Amounts{32, 16};
    REQUIRE(mint_batch(in_parts));
    CHECK(issued() == Amounts{32, 16, 0});

    auto rest = batch(ids, outputs({32, 32, 16, 64}));
    auto answer = mint_batch(rest);
    REQUIRE(answer);
    CHECK(issued() == Amounts{64, 64, 64});
    auto again = mint_batch(rest);
    REQUIRE(again);
    CHECK(again->is_replay);
    CHECK(again->signatures == answer->signatures);
    CHECK(totals().issued == 192);
    CHECK(totals().signed_amount == 192);
}

TEST_CASE_FIXTURE(LedgerFixture, "a swap takes its inputs once") {
    auto inputs = earn(1, {32, 32});
    cashu::SwapRequest request{inputs, messages(outputs({64}))};
    auto first = swap(request);
    REQUIRE(first);
    auto again = swap(request);
    REQUIRE(again);
    CHECK(again->is_replay);
    CHECK(again->signatures == first->signatures);

    // One spent input spoils the whole, and spends nothing of it.
    auto fresh = earn(2, {32});
    cashu::SwapRequest half_spent{{fresh[0], inputs[1]}, messages(outputs({64}))};
    CHECK(code_of(swap(half_spent)) == Code::already_spent);
    CHECK(code_of(swap({{inputs[0]}, messages(outputs({32}))})) == Code::already_spent);
    auto signed_before = request.outputs[0];
    signed_before.amount = 32;
    CHECK(code_of(swap({fresh, {signed_before}})) == Code::outputs_already_signed);
    reopen();
    CHECK(swap(request)->signatures == first->signatures);
    CHECK(code_of(swap({{inputs[0]}, messages(outputs({32}))})) == Code::already_spent);

    auto sums = totals();
    CHECK(sums.signed_amount == 64 + 64 + 32);
    CHECK(sums.spent_amount == 64);
    REQUIRE(swap({fresh, messages(outputs({16, 16}))}));
}

TEST_CASE_FIXTURE(LedgerFixture, "the fee of a swap is kept, and what circulates shrinks by it") {
    keyset = add_keyset(1, 500);
    auto inputs = earn(1, {32, 16, 16});
    cashu::SwapRequest request{inputs, messages(outputs({32, 16, 8, 4, 2}))};  // 64 - ceil(3 * 0.5)
    REQUIRE(swap(request));
    auto sums = totals();
    CHECK(sums.spent_amount == 64);
    CHECK(sums.signed_amount - sums.spent_amount == 62);
    writer.reset();
    ledger.reset();
    auto db = store::Database::open(dir.file("mint.db"), store::Mode::read_only, store::Journal::wal,
                                    0x48504d54, std::vector<const char*>(3, ""));
    REQUIRE_MESSAGE(db, db.error().what);
    auto fees = db->prepare("SELECT sum(fee), count(*) FROM op");
    REQUIRE(fees.step());
    CHECK(fees.integer(0) == 2);
    CHECK(fees.integer(1) == 2);
}

TEST_CASE_FIXTURE(LedgerFixture, "states: spent with its witness, or unspent, in the order asked") {
    auto inputs = earn(1, {32, 32});
    inputs[0].witness = "";
    REQUIRE(swap({{inputs[0]}, messages(outputs({32}))}));
    std::vector<cashu::PublicKey33> ys{cashu::y_of(inputs[1].secret), cashu::y_of(inputs[0].secret),
                                       cashu::y_of("never seen")};
    auto states = transact([&](Ledger& l) { return l.states(ys); });
    REQUIRE(states.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(states[i].Y == ys[i]);
        CHECK(states[i].state == (i == 1 ? cashu::ProofState::spent : cashu::ProofState::unspent));
    }
    CHECK(states[1].witness == "");
    CHECK_FALSE(states[0].witness.has_value());
}

TEST_CASE_FIXTURE(LedgerFixture, "restore gives signatures of before, whatever amounts are asked with") {
    auto made = outputs({32, 16, 8});
    auto answer = mint(mint_request(quote(1), {made[0], made[1]}));
    REQUIRE(answer);
    cashu::RestoreRequest request{messages({made[2], made[1], made[0]})};
    for (auto& output : request.outputs) output.amount = 0;
    auto restored = transact([&](Ledger& l) { return l.restore(request); });
    CHECK(restored.outputs == std::vector{request.outputs[1], request.outputs[2]});
    CHECK(restored.signatures == std::vector{answer->signatures[1], answer->signatures[0]});
}

TEST_CASE_FIXTURE(LedgerFixture, "a mint that is rolled back gave nothing, and works the second time") {
    auto id = quote(1);
    auto request = mint_request(id, outputs({64}));
    auto failed = try_transact([&](Ledger& l) {
        bool was_signed = l.mint(digest(cashu::to_json(request)), request, keysets, policy, kNow).has_value();
        if (was_signed) throw store::DbError(0, "the disk says no");
        return was_signed;
    });
    CHECK_FALSE(failed);
    CHECK(find(id).amount_issued == 0);
    CHECK(totals().signed_amount == 0);
    auto answer = mint(request);
    REQUIRE(answer);
    CHECK_FALSE(answer->is_replay);
    CHECK(totals().signed_amount == 64);
}
