#include "mining/job.hpp"

#include <random>

#include "bitcoin/coinbase.hpp"
#include "mining/share.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::mining;

namespace {

sv2::templates::NewTemplate good_template() {
    sv2::templates::NewTemplate message;
    message.template_id = 9;
    message.version = 0x2000'0000;
    message.coinbase_tx_version = 2;
    message.coinbase_prefix.value = {0x52, 0x00};
    message.coinbase_tx_value_remaining = 5'000'000'000;
    message.coinbase_tx_outputs_count = 1;
    bitcoin::append_output(message.coinbase_tx_outputs.value, bitcoin::witness_commitment_output({}));
    return message;
}
std::string refusal(const sv2::templates::NewTemplate& message) {
    auto checked = template_from(message);
    return checked ? "accepted" : checked.error().what;
}

}  // namespace

TEST_CASE("AC_104 templates that would make an invalid coinbase are refused") {
    CHECK(refusal(good_template()) == "accepted");
    auto message = good_template();
    SUBCASE("prefix of 8 bytes and of 9") {
        message.coinbase_prefix.value.resize(8);
        CHECK(refusal(message) == "accepted");
        message.coinbase_prefix.value.resize(9);
        CHECK(refusal(message) == "template 9: coinbase_prefix: 9 bytes, at most 8");
    }
    SUBCASE("outputs cut short anywhere") {
        const auto outputs = message.coinbase_tx_outputs.value;
        for (std::size_t size = 0; size < outputs.size(); ++size) {
            message.coinbase_tx_outputs.value.assign(outputs.begin(),
                                                     outputs.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK(refusal(message).starts_with("template 9: coinbase_tx_outputs: 1 outputs announced"));
        }
    }
    SUBCASE("a count that lies") {
        for (std::uint32_t count : {0u, 2u, 0xffff'ffffu}) {
            message.coinbase_tx_outputs_count = count;
            CHECK(refusal(message).starts_with("template 9: coinbase_tx_outputs: "));
        }
    }
    SUBCASE("values") {
        for (std::uint64_t value : {std::uint64_t{0}, bitcoin::kMoneyMax + 1, ~std::uint64_t{0}}) {
            message.coinbase_tx_value_remaining = value;
            CHECK(refusal(message).starts_with("template 9: coinbase_tx_value_remaining: "));
        }
        message.coinbase_tx_value_remaining = bitcoin::kMoneyMax;
        CHECK(refusal(message) == "accepted");
        put_le(message.coinbase_tx_outputs.value.data(), std::uint64_t{1});
        CHECK(refusal(message).starts_with("template 9: coinbase_tx_outputs: with the value"));
    }
    SUBCASE("AC_105 merkle paths of 32 and of 33 levels") {
        message.merkle_path.items.resize(32);
        CHECK(refusal(message) == "accepted");
        for (std::size_t levels : {33u, 255u}) {
            message.merkle_path.items.resize(levels);
            CHECK(refusal(message).starts_with("template 9: merkle_path: "));
        }
    }
}

TEST_CASE("tips without a target are refused") {
    sv2::templates::SetNewPrevHash message;
    message.nBits = 0x207f'ffff;
    message.header_timestamp = 5;
    CHECK(tip_from(message).value().min_ntime == 5);
    for (std::uint32_t nbits : {0u, 0x2080'0001u, 0x2300'0001u}) {
        message.nBits = nbits;
        CHECK_FALSE(tip_from(message));
    }
}

TEST_CASE("a scriptSig over 100 bytes makes no job") {
    const auto checked = template_from(good_template()).value();
    // 2 of the template, 1 push opcode and the tag, 1 push opcode and 32 of the extranonce.
    CHECK(make_job(checked, 1, ByteArray<1>{0x51}, std::string(64, 't'), 32));
    CHECK_FALSE(make_job(checked, 1, ByteArray<1>{0x51}, std::string(65, 't'), 32));
    // Over 75 bytes a push needs two opcodes' room.
    CHECK(make_job(checked, 1, ByteArray<1>{0x51}, std::string(75, 't'), 16));
    CHECK(make_job(checked, 1, ByteArray<1>{0x51}, std::string(79, 't'), 16));
    CHECK_FALSE(make_job(checked, 1, ByteArray<1>{0x51}, std::string(80, 't'), 16));
    CHECK_FALSE(make_job(checked, 1, ByteArray<1>{0x51}, std::string(1000, 't'), 16));
}

TEST_CASE("any template's halves and an extranonce make a coinbase that pays the pool") {
    std::mt19937_64 random{5};
    for (int round = 0; round < 500; ++round) {
        auto message = good_template();
        message.coinbase_prefix.value.assign(random() % 9, 0x51);
        message.coinbase_tx_version = static_cast<std::uint32_t>(random());
        message.coinbase_tx_locktime = static_cast<std::uint32_t>(random());
        message.coinbase_tx_input_sequence = static_cast<std::uint32_t>(random());
        message.coinbase_tx_value_remaining = 1 + random() % 5'000'000'000;
        message.coinbase_tx_outputs.value.clear();
        message.coinbase_tx_outputs_count =
            static_cast<std::uint32_t>(random() % 300);  // counts of 1 and 3 bytes
        for (std::uint32_t i = 0; i < message.coinbase_tx_outputs_count; ++i)
            bitcoin::append_output(message.coinbase_tx_outputs.value,
                                   i == 0 && round % 2 == 0
                                       ? bitcoin::witness_commitment_output({9})
                                       : bitcoin::TxOut{random() % 100, Bytes(random() % 40)});
        const auto checked = template_from(message).value();
        const std::size_t full_size = 1 + random() % 32;
        const std::string tag(random() % 50, 'x');
        const Bytes payout(1 + random() % 34, 0x51);
        const auto job = make_job(checked, 7, payout, tag, full_size).value();
        Bytes extranonce(full_size);
        for (auto& byte : extranonce) byte = static_cast<std::uint8_t>(random());
        const auto prefix_size = random() % (full_size + 1);
        const auto whole = block_coinbase(job, ByteView{extranonce}.first(prefix_size),
                                          ByteView{extranonce}.subspan(prefix_size));
        const auto tx = bitcoin::parse_transaction(whole);
        REQUIRE_MESSAGE(tx, tx.error().what);
        CHECK(tx->is_coinbase());
        CHECK(tx->has_witness() == bitcoin::find_witness_commitment(checked.outputs).has_value());
        CHECK(tx->outputs.at(0) == bitcoin::TxOut{message.coinbase_tx_value_remaining, payout});
        CHECK(std::vector(tx->outputs.begin() + 1, tx->outputs.end()) == checked.outputs);
        const auto& script = tx->inputs[0].script_sig;
        CHECK(std::equal(extranonce.rbegin(), extranonce.rend(), script.rbegin()));
        CHECK(script.at(script.size() - full_size - 1) == full_size);
        // The midstate path and the plain one.
        const CoinbaseMidstate midstate{job.coinbase.prefix, ByteView{extranonce}.first(prefix_size)};
        CHECK(midstate.txid(ByteView{extranonce}.subspan(prefix_size), job.coinbase.suffix) == tx->txid());
    }
}

TEST_CASE("a job survives its message") {
    auto message = good_template();
    message.merkle_path.items.resize(3);
    message.merkle_path.items[1].bytes[0] = 1;
    const auto job = make_job(template_from(message).value(), 3, ByteArray<1>{0x51}, "tag", 16).value();
    const auto sent = extended_job_message(job, 8, std::nullopt);
    CHECK_FALSE(sent.min_ntime);
    CHECK(sent.channel_id == 8);
    const auto received = job_from_message(sent, 16);
    CHECK(received.coinbase == job.coinbase);
    CHECK(received.merkle_path == job.merkle_path);
    CHECK(received.version == job.version);
    CHECK(received.job_id == 3);
}
