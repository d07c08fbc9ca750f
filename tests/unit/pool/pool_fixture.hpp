// Intents that are right (a real header that meets its target), an outbox in a folder of its own.
#pragma once
#include <doctest/doctest.h>

#include "bitcoin/header.hpp"
#include "ehash/intent.hpp"
#include "net/net_fixture.hpp"
#include "pool/outbox.hpp"
#include "store/temp_dir.hpp"

namespace hp::test {

inline const crypto::SecretKey& owner_key() {
    static const auto key = [] {
        Bytes32 bytes{};
        bytes[31] = 99;
        return *crypto::SecretKey::from_bytes(bytes);
    }();
    return key;
}

inline ehash::Valuation one_unit_a_hash() {
    return {.rule = ehash::Valuation::Rule::target, .unit_bits = 0, .minimum_difficulty = 0};
}

/// Share number n: every hash meets the easiest target, so no search is needed.
inline pool::NewIntent make_share(std::uint32_t n) {
    bitcoin::BlockHeader header;
    header.version = 0x2000'0000;
    header.ntime = 1'780'000'000 + n;
    header.nonce = n;
    Bytes32 easiest;
    easiest.fill(0xff);
    auto intent = ehash::make_intent(header.encode(), easiest, owner_key().public_key(), one_unit_a_hash());
    REQUIRE(intent);
    return {*intent, "worker", 1'780'000'000'000 + n};
}

struct OutboxFixture {
    TempDir dir;
    net::Loop loop;
    std::vector<std::string> mints{"mint"};
    std::unique_ptr<pool::Outbox> outbox = open();

    std::unique_ptr<pool::Outbox> open() {
        auto opened = pool::Outbox::open(
            dir.file("outbox.db"), mints, [this](std::function<void()> call) { loop.post(std::move(call)); },
            1'780'000'100'000);
        REQUIRE_MESSAGE(opened, opened.error().what);
        return std::move(*opened);
    }
    void reopen() {
        outbox.reset();
        outbox = open();
    }
    std::vector<std::uint64_t> add(std::vector<pool::NewIntent> intents) {
        std::optional<std::vector<std::uint64_t>> seqs;
        outbox->add(std::move(intents), [&](auto result) {
            REQUIRE_MESSAGE(result, result.error().what);
            seqs = *result;
        });
        REQUIRE(run_until(loop, [&] { return seqs.has_value(); }));
        return *seqs;
    }
    std::vector<std::uint64_t> page_seqs(std::uint64_t from, std::uint64_t mint_last_seq) {
        std::optional<std::vector<std::uint64_t>> seqs;
        outbox->page(from, mint_last_seq, 100, [&](auto rows) {
            REQUIRE(rows);
            seqs.emplace();
            for (const auto& row : *rows) seqs->push_back(row.seq);
        });
        REQUIRE(run_until(loop, [&] { return seqs.has_value(); }));
        return *seqs;
    }
    /// A quote id that no other row has.
    static std::string quote_id(std::uint64_t seq) {
        char text[40];
        std::snprintf(text, sizeof text, "019e6d5a-2347-7000-8850-%012llx",
                      static_cast<unsigned long long>(seq));
        return text;
    }
    void ack(std::uint64_t seq) { CHECK(ack(seq, quote_id(seq)).empty()); }
    /// The rows whose quote id was another's already.
    std::vector<std::uint64_t> ack(std::uint64_t seq, const std::string& id,
                                   pool::IntentState before = pool::IntentState::pending) {
        std::optional<std::vector<std::uint64_t>> refused;
        outbox->ack({{seq, id, 1, before}}, [&](auto result) {
            REQUIRE(result);
            refused = *result;
        });
        REQUIRE(run_until(loop, [&] { return refused.has_value(); }));
        return *refused;
    }
    /// These rows, each answered by itself, with many on their way at once.
    void ack_all(const std::vector<std::uint64_t>& seqs) {
        std::size_t done = 0;
        for (const auto seq : seqs)
            outbox->ack({{seq, quote_id(seq), 1}}, [&](auto result) { done += result && result->empty(); });
        REQUIRE(run_until(loop, [&] { return done == seqs.size(); }));
    }
    void bury(std::uint64_t seq, const std::string& reason) {
        bool done = false;
        outbox->bury({seq, reason, 7}, [&](auto result) { done = result.has_value(); });
        REQUIRE(run_until(loop, [&] { return done; }));
    }
    std::vector<pool::StoredIntent> requeue(std::vector<std::uint64_t> seqs) {
        std::optional<std::vector<pool::StoredIntent>> rows;
        outbox->requeue(std::move(seqs), 100, "tester", 8, [&](auto result) {
            REQUIRE(result);
            rows = *result;
        });
        REQUIRE(run_until(loop, [&] { return rows.has_value(); }));
        return *rows;
    }
};

}  // namespace hp::test
