#include "ehash/quote_request.hpp"

#include <doctest/doctest.h>

#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

using namespace hp;
using namespace hp::ehash;
using sv2::link::QuoteErrorCode;
using sv2::link::QuoteRequest;
using sv2::link::QuoteResponse;

namespace {

constexpr unsigned kShareBits = 8;
const Valuation kRule{.unit_bits = 4};  // 2^8 hashes at 2^4 a unit: amount 16

/// A share that really meets its target: some hundred hashes.
Intent mined_intent(const crypto::PublicKey33& key = crypto::SecretKey::generate().public_key()) {
    auto target = bitcoin::target_from_work_bits(kShareBits);
    auto header = crypto::random_array<80>();
    for (std::uint32_t nonce = 0;; ++nonce) {
        put_le(header.data() + 76, nonce);
        if (bitcoin::meets(crypto::sha256d(header), target)) break;
    }
    auto intent = make_intent(header, target, key, kRule);
    REQUIRE(intent.has_value());
    return *intent;
}

QuoteErrorCode code_of(const QuoteRequest& request, const Valuation& rule = kRule) {
    auto checked = QuoteChecker{rule}.check(request);
    REQUIRE(!checked.has_value());
    CHECK(!checked.error().text.empty());
    return checked.error().code;
}

}  // namespace

TEST_CASE("the mint finds in a request exactly the intent that the pool sent") {
    Intent intent = mined_intent();
    CHECK(intent.amount == 16);
    auto checked = QuoteChecker{kRule}.check(to_quote_request(intent, 7));
    REQUIRE(checked.has_value());
    CHECK(*checked == intent);
    CHECK(to_quote_request(intent, 7).seq == 7);
}

TEST_CASE("a share worth nothing is no intent") {
    CHECK(!make_intent({}, bitcoin::target_from_work_bits(kShareBits), {}, Valuation{.unit_bits = 9})
               .has_value());
}

TEST_CASE("each false claim of a pool has its code (T6, T13)") {
    QuoteRequest good = to_quote_request(mined_intent(), 1);
    auto verdict = [&](auto change) {
        QuoteRequest request = good;
        change(request);
        return code_of(request);
    };
    CHECK(verdict([](auto& r) { r.header.value.pop_back(); }) == QuoteErrorCode::malformed);
    CHECK(verdict([](auto& r) { r.header.value.push_back(0); }) == QuoteErrorCode::malformed);
    CHECK(verdict([](auto& r) { r.locking_key.value.clear(); }) == QuoteErrorCode::malformed);
    CHECK(verdict([](auto& r) { r.locking_key.value.resize(65); }) == QuoteErrorCode::malformed);
    CHECK(verdict([](auto& r) { r.header.value[0] ^= 1; }) == QuoteErrorCode::hash_mismatch);
    CHECK(verdict([](auto& r) { r.share_hash.bytes[31] ^= 1; }) == QuoteErrorCode::hash_mismatch);
    CHECK(verdict([](auto& r) { std::reverse(r.share_hash.bytes.begin(), r.share_hash.bytes.end()); }) ==
          QuoteErrorCode::hash_mismatch);
    CHECK(verdict([](auto& r) { r.target.bytes = bitcoin::target_from_work_bits(200); }) ==
          QuoteErrorCode::above_target);
    CHECK(verdict([](auto& r) { r.target.bytes.fill(0); }) == QuoteErrorCode::above_target);
    CHECK(verdict([](auto& r) { r.amount += 1; }) == QuoteErrorCode::wrong_amount);
    CHECK(verdict([](auto& r) { r.amount = 0; }) == QuoteErrorCode::wrong_amount);
    CHECK(verdict([](auto& r) { r.target.bytes = bitcoin::target_from_work_bits(7); }) ==
          QuoteErrorCode::wrong_amount);
    CHECK(verdict([](auto& r) { r.locking_key.value[0] = 4; }) == QuoteErrorCode::bad_key);
    CHECK(verdict([](auto& r) {
              std::fill(r.locking_key.value.begin() + 1, r.locking_key.value.end(), 0xff);
          }) == QuoteErrorCode::bad_key);
    QuoteRequest worthless = good;
    worthless.amount = 0;
    CHECK(code_of(worthless, Valuation{.unit_bits = 9}) == QuoteErrorCode::wrong_amount);
}

TEST_CASE("what a checker has seen before changes no verdict") {
    QuoteChecker checker{kRule};
    const QuoteRequest good = to_quote_request(mined_intent(), 1);
    auto code = [&](auto change) -> std::optional<QuoteErrorCode> {
        QuoteRequest request = good;
        change(request);
        auto checked = checker.check(request);
        if (checked) return {};
        return checked.error().code;
    };
    for (int round = 0; round < 2; ++round) {
        CHECK(code([](auto& r) { std::ranges::fill(r.locking_key.value, 0); }) == QuoteErrorCode::bad_key);
        CHECK(code([](auto& r) { r.locking_key.value[0] = 4; }) == QuoteErrorCode::bad_key);
        CHECK(code([](auto& r) { r.amount += 1; }) == QuoteErrorCode::wrong_amount);
        CHECK(code([](auto& r) { r.target.bytes.fill(0); }) == QuoteErrorCode::above_target);
        CHECK(code([](auto& r) { r.target.bytes = bitcoin::target_from_work_bits(7); }) ==
              QuoteErrorCode::wrong_amount);
        CHECK(!code([](auto&) {}));
        // The other point of the same x.
        CHECK(!code([](auto& r) { r.locking_key.value[0] ^= 1; }));
    }
}

TEST_CASE("with the rule of leading zeros the amount follows the hash") {
    Intent intent = mined_intent();
    Valuation rule{.rule = Valuation::Rule::leading_zeros, .minimum_difficulty = 6};
    QuoteRequest request = to_quote_request(intent, 1);
    request.amount = std::uint64_t{1} << (bitcoin::leading_zero_bits(intent.share_hash) - 6);
    CHECK(QuoteChecker{rule}.check(request).has_value());
    request.amount *= 2;
    CHECK(code_of(request, rule) == QuoteErrorCode::wrong_amount);
}

TEST_CASE("the same share again is a replay only with the same amount and key (I14)") {
    Intent intent = mined_intent();
    CHECK(is_replay(intent, intent.amount, intent.locking_key));
    CHECK_FALSE(is_replay(intent, intent.amount + 1, intent.locking_key));
    auto other = intent.locking_key;
    other[0] ^= 1;
    CHECK_FALSE(is_replay(intent, intent.amount, other));
}

TEST_CASE("a refusal becomes a QuoteError; only the database's is retryable") {
    Bytes32 hash{};
    hash[0] = 3;
    auto error = to_quote_error({QuoteErrorCode::storage, std::string(300, 'x')}, 9, hash);
    CHECK(error.seq == 9);
    CHECK(error.share_hash.bytes == hash);
    CHECK(error.code == 7);
    CHECK(error.retryable);
    CHECK(error.text.value.size() == 255);
    CHECK_FALSE(to_quote_error({QuoteErrorCode::conflict, "x"}, 9, hash).retryable);
}

TEST_CASE("the pool takes an answer only for the row that it sent (AC-227, AC-228)") {
    Intent intent = mined_intent();
    QuoteResponse good;
    good.seq = 5;
    good.share_hash.bytes = intent.share_hash;
    good.quote_id.value = "019e6d5a-2347-7000-8850-39c85ed1b5d3";
    good.amount = intent.amount;
    CHECK(!response_mismatch(good, 5, intent).has_value());
    CHECK(response_mismatch(good, 6, intent) == "seq: expected 6, got 5");
    auto mismatch = [&](auto change) {
        QuoteResponse response = good;
        change(response);
        return response_mismatch(response, 5, intent).has_value();
    };
    CHECK(mismatch([](auto& r) { r.share_hash.bytes[0] ^= 1; }));
    CHECK(mismatch([](auto& r) { r.amount -= 1; }));
    for (std::string id :
         {std::string(), std::string(255, 'a'), std::string("019e6d5a-2347-7000-8850-39c85ed1b5d"),
          std::string("019E6D5A-2347-7000-8850-39C85ED1B5D3"),
          std::string("019e6d5a_2347-7000-8850-39c85ed1b5d3"),
          std::string("019e6d5a-2347-7000-8850-39c85ed1b5\xff\x01"), std::string(36, '-')}) {
        CAPTURE(id);
        CHECK(mismatch([&](auto& r) { r.quote_id.value = id; }));
    }
}
