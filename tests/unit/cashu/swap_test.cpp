// NUT-03: what a swap is refused for, and in which order.
#include "cashu/deciders.hpp"
#include "cashu/nut03.hpp"
#include "cashu/nut12.hpp"
#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

namespace {

struct Swapper {
    MintKeyset hash = make_keyset("hash", 0);
    MintKeyset hash_with_fee = make_keyset("hash", 1, 100);
    MintKeyset retired = make_keyset("hash", 2);
    MintKeyset expired = make_keyset("hash", 3, 0, kNow);
    MintKeyset sat = make_keyset("sat", 0);
    MintKeysets keysets;
    Swapper() {
        for (const MintKeyset* keyset : {&hash, &hash_with_fee, &retired, &expired, &sat})
            REQUIRE(keysets.insert(*keyset).has_value());
        keysets.set_active(retired.keyset.id, false);
    }
    SwapRequest swap(std::vector<Proof> inputs, std::vector<std::uint64_t> outputs) const {
        SwapRequest request{std::move(inputs), {}};
        for (std::uint64_t amount : outputs)
            request.outputs.push_back(make_output(hash.keyset.id, amount).output);
        return request;
    }
    Answer<SwapChecked> check(const SwapRequest& request) const { return check_swap(request, keysets, kNow); }
};

}  // namespace

TEST_CASE("a good swap passes and gives the inputs' Y in order") {
    Swapper mint;
    Proof a = make_proof(mint.hash, 8), b = make_proof(mint.retired, 4);
    SwapRequest request = mint.swap({a, b}, {4, 8});
    auto checked = mint.check(request);
    REQUIRE(checked.has_value());
    CHECK(checked->ys == std::vector<PublicKey33>{y_of(a.secret), y_of(b.secret)});
    CHECK(checked->fee == 0);

    auto read = swap_request_from_json(to_json(request));
    REQUIRE(read.has_value());
    CHECK(*read == request);

    auto signatures = sign_outputs(request.outputs, mint.keysets);
    REQUIRE(signatures.has_value());
    CHECK(sign_outputs(request.outputs, mint.keysets) == signatures);
    for (std::size_t i = 0; i < signatures->size(); ++i) {
        const BlindSignature& signature = (*signatures)[i];
        CHECK(signature.amount == request.outputs[i].amount);
        CHECK(signature.id == request.outputs[i].id);
        REQUIRE(signature.dleq.has_value());
        CHECK(verify_dleq(mint.hash.keyset.keys.at(signature.amount), request.outputs[i].B_, signature.C_,
                          *signature.dleq));
    }
}

TEST_CASE("the fee of the inputs must be left exactly (AC-165)") {
    Swapper mint;
    for (std::size_t count : {1u, 10u, 11u, 25u}) {
        std::vector<Proof> inputs;
        for (std::size_t i = 0; i < count; ++i) inputs.push_back(make_proof(mint.hash_with_fee, 4));
        std::uint64_t fee = (count * 100 + 999) / 1000;
        auto exact = mint.check(mint.swap(inputs, split_amount(4 * count - fee)));
        REQUIRE(exact.has_value());
        CHECK(exact->fee == fee);
        CHECK(code_of(mint.check(mint.swap(inputs, split_amount(4 * count - fee + 1)))) ==
              Code::not_balanced);
        CHECK(code_of(mint.check(mint.swap(inputs, split_amount(4 * count - fee - 1)))) ==
              Code::not_balanced);
    }
}

TEST_CASE("each fault of a swap has its code") {
    Swapper mint;
    Proof good = make_proof(mint.hash, 8);
    auto with_input = [&](Proof proof) { return mint.check(mint.swap({std::move(proof)}, {8})); };

    CHECK(code_of(mint.check(mint.swap({}, {8}))) == Code::not_balanced);
    CHECK(code_of(mint.check(mint.swap({good}, {}))) == Code::not_balanced);
    CHECK(code_of(mint.check(mint.swap({good}, {4}))) == Code::not_balanced);
    CHECK(code_of(mint.check(mint.swap({good}, {8, 1}))) == Code::not_balanced);
    CHECK(code_of(mint.check(mint.swap({good, good}, {16}))) == Code::duplicate_inputs);
    Proof twin = good;
    twin.C = make_proof(mint.hash, 8).C;
    CHECK(code_of(mint.check(mint.swap({good, twin}, {16}))) == Code::duplicate_inputs);
    SwapRequest same_output = mint.swap({good}, {4});
    same_output.outputs.push_back(same_output.outputs[0]);
    CHECK(code_of(mint.check(same_output)) == Code::duplicate_outputs);

    // The same point asked for under another amount or keyset is still the same output.
    same_output.outputs[1].amount = 2;
    CHECK(code_of(mint.check(same_output)) == Code::duplicate_outputs);

    Proof other_keyset = good;
    other_keyset.id = make_keyset("hash", 99).keyset.id;
    CHECK(code_of(with_input(other_keyset)) == Code::keyset_unknown);
    SwapRequest no_key = mint.swap({good}, {8});
    no_key.outputs[0].amount = 3;
    CHECK(code_of(mint.check(no_key)) == Code::keyset_unknown);
    no_key.outputs[0].amount = 0;
    CHECK(code_of(mint.check(no_key)) == Code::keyset_unknown);
    SwapRequest short_id = mint.swap({good}, {8});
    short_id.outputs[0].id = short_id.outputs[0].id.shortened();
    CHECK(code_of(mint.check(short_id)) == Code::keyset_unknown);

    SwapRequest into = mint.swap({good}, {8});
    into.outputs[0].id = mint.retired.keyset.id;
    CHECK(code_of(mint.check(into)) == Code::keyset_inactive);
    into.outputs[0].id = mint.expired.keyset.id;
    CHECK(code_of(mint.check(into)) == Code::keyset_expired);
    into.outputs[0].id = mint.sat.keyset.id;
    CHECK(code_of(mint.check(into)) == Code::unit_mismatch);
    CHECK(code_of(with_input(make_proof(mint.expired, 8))) == Code::keyset_expired);
    CHECK(code_of(mint.check(mint.swap({good, make_proof(mint.sat, 8)}, {16}))) == Code::several_units);
    SwapRequest two_units = mint.swap({good}, {4, 4});
    two_units.outputs[1].id = mint.sat.keyset.id;
    CHECK(code_of(mint.check(two_units)) == Code::several_units);
}

TEST_CASE("a signature that is not this mint's over this secret and amount is refused (AC-164, AC-197)") {
    Swapper mint;
    Proof good = make_proof(mint.hash, 8);
    auto verdict = [&](auto change) {
        Proof proof = good;
        change(proof);
        return code_of(mint.check(mint.swap({proof}, {8})));
    };
    CHECK(mint.check(mint.swap({good}, {8})).has_value());
    CHECK(verdict([&](Proof& p) { p.C = make_proof(mint.hash, 8).C; }) == Code::proof_invalid);
    CHECK(verdict([&](Proof& p) { p.C[0] ^= 1; }) == Code::proof_invalid);
    CHECK(verdict([&](Proof& p) { p.C = PublicKey33{}; }) == Code::proof_invalid);
    CHECK(verdict([&](Proof& p) { p.secret += "x"; }) == Code::proof_invalid);
    CHECK(verdict([&](Proof& p) { p.amount = 16; }) == Code::proof_invalid);
    CHECK(verdict([&](Proof& p) { p.id = mint.retired.keyset.id; }) == Code::proof_invalid);
}

TEST_CASE("sums that wrap in 64 bits are refused, not accepted as small") {
    MintKeyset big = *derive_keyset(Bytes(32, 7), "hash", 0, 0, std::nullopt, 64);
    MintKeysets keysets;
    REQUIRE(keysets.insert(big).has_value());
    SwapRequest request{{make_proof(big, 1)}, {}};
    for (int i = 0; i < 2; ++i)
        request.outputs.push_back(make_output(big.keyset.id, std::uint64_t{1} << 63).output);
    request.outputs.push_back(make_output(big.keyset.id, 1).output);
    CHECK(code_of(check_swap(request, keysets, kNow)) == Code::not_balanced);
    SwapRequest inputs{{make_proof(big, std::uint64_t{1} << 63), make_proof(big, std::uint64_t{1} << 63)},
                       {}};
    inputs.outputs.push_back(make_output(big.keyset.id, 1).output);
    CHECK(code_of(check_swap(inputs, keysets, kNow)) == Code::not_balanced);
}

TEST_CASE("sizes are bounded before anything is computed") {
    Swapper mint;
    Proof good = make_proof(mint.hash, 8);
    SwapRequest request = mint.swap({good}, {8});
    request.outputs.resize(kOutputsMax + 1, request.outputs[0]);
    CHECK(code_of(mint.check(request)) == Code::too_many_outputs);
    CHECK(code_of(swap_request_from_json(to_json(request))) == Code::too_many_outputs);
    request = mint.swap(std::vector<Proof>(kInputsMax + 1, good), {8});
    CHECK(code_of(mint.check(request)) == Code::too_many_inputs);
    CHECK(code_of(swap_request_from_json(to_json(request))) == Code::too_many_inputs);
    CHECK(
        mint.check(mint.swap({make_proof(mint.hash, 8, std::string(kSecretSizeMax, 's'))}, {8})).has_value());
    CHECK(code_of(mint.check(mint.swap({make_proof(mint.hash, 8, std::string(kSecretSizeMax + 1, 's'))},
                                       {8}))) == Code::unspecified);
    good.witness = std::string(kSecretSizeMax + 1, 'w');
    CHECK(code_of(mint.check(mint.swap({good}, {8}))) == Code::unspecified);
}

TEST_CASE("a locked proof is refused while conditions are not served, however broken the lock (AC-172)") {
    Swapper mint;
    for (const char* secret :
         {R"(["P2PK",{"nonce":"00","data":"02","tags":[["locktime",123]]}])", R"(["HTLC",{}])",
          R"( [ "P2PK" )", R"(["P2PK",{"data":"a","data":"b"}])", "[\"P2\\u0050K\",{}]"}) {
        CAPTURE(secret);
        auto refused = mint.check(mint.swap({make_proof(mint.hash, 8, secret)}, {8}));
        CHECK(code_of(refused) == Code::signature_invalid);
        CHECK(refused.error().detail == "inputs[0]: this mint does not support spending conditions yet");
    }
    CHECK(mint.check(mint.swap({make_proof(mint.hash, 8, R"(["UNKNOWN",{"nonce":"0","data":"1"}])")}, {8}))
              .has_value());
    Proof with_witness = make_proof(mint.hash, 8);
    with_witness.witness = "{\"signatures\":[]}";
    CHECK(code_of(mint.check(mint.swap({with_witness}, {8}))) == Code::signature_invalid);
    with_witness.witness = "";
    CHECK(mint.check(mint.swap({with_witness}, {8})).has_value());
}

TEST_CASE("malformed bodies are 50000 with the place") {
    for (const char* body : {"", "{", "[]", "{}", R"({"inputs":[]})", R"({"inputs":{},"outputs":[]})",
                             R"({"inputs":[],"outputs":[{"amount":-1}]})"}) {
        CAPTURE(body);
        CHECK(code_of(swap_request_from_json(body)) == Code::unspecified);
    }
    CHECK(swap_request_from_json(R"({"inputs":[],"outputs":[{"amount":-1}]})").error().detail ==
          "outputs[0].amount: expected an unsigned integer, got a number that is not an unsigned 64-bit "
          "integer");
}

TEST_CASE("the database's answers are judged with their codes") {
    using enum ProofState;
    CHECK(decide_inputs(std::vector{unspent, unspent}).has_value());
    CHECK(code_of(decide_inputs(std::vector{unspent, spent})) == Code::already_spent);
    CHECK(code_of(decide_inputs(std::vector{pending, unspent})) == Code::inputs_pending);
    CHECK(code_of(decide_inputs(std::vector{pending, spent})) == Code::already_spent);
    CHECK(decide_outputs({false, false}).has_value());
    CHECK(code_of(decide_outputs({false, true})) == Code::outputs_already_signed);
}
