// A ledger on a file of its own behind a Writer, as hp-mint holds it, and a wallet's side of its requests.
#pragma once
#include <doctest/doctest.h>

#include "cashu/nut20.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "ehash/intent.hpp"
#include "mint/ledger.hpp"
#include "store/temp_dir.hpp"
#include "store/writer.hpp"

namespace hp::mint::test {

using cashu::Code;

inline constexpr UnixMs kNow = 1'800'000'000'000;
inline constexpr Bytes32 kPool{0x70};

inline crypto::SecretKey test_key(std::uint8_t number) {
    Bytes32 bytes{};
    bytes[31] = number;
    return *crypto::SecretKey::from_bytes(bytes);
}

/// Share number n at a target that is worth `amount` hashes (a power of two); the ledger does not check work.
inline ehash::Intent share(std::uint32_t n, std::uint64_t amount = 64,
                           const crypto::SecretKey& owner = test_key(7)) {
    ehash::Intent intent;
    put_le<std::uint32_t>(intent.header.data() + 68, 1'780'000'000 + n);
    put_le<std::uint32_t>(intent.header.data() + 76, n);
    intent.share_hash = crypto::sha256d(intent.header);
    intent.target.fill(0xff);
    intent.amount = amount;
    intent.locking_key = owner.public_key();
    return intent;
}

/// A wallet's side of one output, kept until the signature comes.
struct Output {
    std::string secret;
    crypto::SecretKey r;
    cashu::BlindedMessage message;
};

template <class T>
Code code_of(const Answer<T>& answer) {
    REQUIRE(!answer.has_value());
    return answer.error().code;
}

struct LedgerFixture {
    hp::test::TempDir dir;
    cashu::MintKeysets keysets;
    cashu::MintKeyset keyset = add_keyset(0, 0);
    cashu::MintPolicy policy;
    LedgerState state;
    std::unique_ptr<Ledger> ledger;
    std::unique_ptr<store::Writer> writer;

    LedgerFixture() { open(); }

    cashu::MintKeyset add_keyset(std::uint32_t index, std::uint64_t input_fee_ppk) {
        auto made = cashu::derive_keyset(Bytes(64, 0x5a), "hash", index, input_fee_ppk, std::nullopt, 16);
        REQUIRE(made);
        REQUIRE(keysets.insert(*made));
        return *made;
    }
    void open() {
        auto opened = Ledger::open(dir.file("mint.db"));
        REQUIRE_MESSAGE(opened, opened.error().what);
        auto begun = Ledger::begin(*opened);
        REQUIRE_MESSAGE(begun, begun.error().what);
        state = *begun;
        // The database moves after the ledger has prepared its statements, as in Mint::open.
        auto db = std::make_unique<store::Database>(std::move(*opened));
        ledger = std::make_unique<Ledger>(*db, "hash");
        writer = std::make_unique<store::Writer>(
            std::move(*db), [](auto call) { call(); }, ledger->observer());
    }
    void reopen() {
        writer.reset();
        ledger.reset();
        open();
    }
    /// Runs `work` as hp-mint does: on the writer's thread, in its transaction. An error is the database's.
    template <class Work>
    auto try_transact(Work work) -> Result<decltype(work(*ledger))> {
        std::optional<decltype(work(*ledger))> value;
        Result<> committed;
        writer->submit([&](store::Database&) { value.emplace(work(*ledger)); },
                       [&](Result<> result) { committed = std::move(result); });
        writer->drain();
        if (!committed) return fail(committed.error());
        return std::move(*value);
    }
    template <class Work>
    auto transact(Work work) {
        auto result = try_transact(std::move(work));
        REQUIRE_MESSAGE(result, result.error().what);
        return std::move(*result);
    }

    QuoteResult create(std::uint64_t seq, const ehash::Intent& intent, UnixMs now = kNow) {
        return transact([&](Ledger& l) { return l.create_quote(kPool, seq, intent, now); });
    }
    std::string quote(std::uint32_t n, std::uint64_t amount = 64) {
        return create(n, share(n, amount)).quote_id;
    }
    cashu::Quote find(const std::string& id) {
        auto found = transact([&](Ledger& l) { return l.find_quote(id); });
        REQUIRE(found.has_value());
        return *found;
    }
    Ledger::Totals totals() {
        return transact([](Ledger& l) { return l.totals(); });
    }

    std::vector<Output> outputs(const std::vector<std::uint64_t>& amounts) const {
        std::vector<Output> made;
        for (auto amount : amounts) {
            std::string secret = to_hex(crypto::random_array<32>());
            auto r = crypto::SecretKey::generate();
            auto B_ = cashu::blind(secret, r);
            REQUIRE(B_.has_value());
            made.push_back({secret, r, {amount, keyset.keyset.id, *B_}});
        }
        return made;
    }
    static std::vector<cashu::BlindedMessage> messages(const std::vector<Output>& made) {
        std::vector<cashu::BlindedMessage> out;
        for (const auto& output : made) out.push_back(output.message);
        return out;
    }
    static std::string signature(const std::string& quote_id, const std::vector<Output>& made,
                                 const crypto::SecretKey& owner = test_key(7)) {
        return to_hex(cashu::sign_mint(owner, quote_id, messages(made), crypto::random_array<32>()));
    }
    static cashu::MintRequest mint_request(const std::string& quote_id, const std::vector<Output>& made,
                                           const crypto::SecretKey& owner = test_key(7)) {
        return {quote_id, messages(made), signature(quote_id, made, owner)};
    }
    static Bytes32 digest(const std::string& body) { return crypto::sha256(as_bytes(body)); }

    Answer<Signed> mint(const cashu::MintRequest& request) {
        return transact([&](Ledger& l) {
            return l.mint(digest(cashu::to_json(request)), request, keysets, policy, kNow);
        });
    }
    Answer<Signed> mint_batch(const cashu::BatchMintRequest& request) {
        return transact([&](Ledger& l) {
            return l.mint_batch(digest(cashu::to_json(request)), request, keysets, policy, kNow);
        });
    }
    Answer<Signed> swap(const cashu::SwapRequest& request) {
        auto checked = cashu::check_swap(request, keysets, kNow / 1000);
        REQUIRE_MESSAGE(checked, checked.error().detail);
        return transact([&](Ledger& l) {
            return l.swap(digest(cashu::to_json(request)), request, *checked, keysets, kNow);
        });
    }

    /// What the wallet makes of signatures for its outputs.
    std::vector<cashu::Proof> proofs(const std::vector<Output>& made,
                                     const std::vector<cashu::BlindSignature>& signatures) const {
        REQUIRE(made.size() == signatures.size());
        std::vector<cashu::Proof> out;
        for (std::size_t i = 0; i < made.size(); ++i) {
            auto C = cashu::unblind(signatures[i].C_, made[i].r, keyset.keyset.keys.at(signatures[i].amount));
            REQUIRE(C.has_value());
            out.push_back({signatures[i].amount, signatures[i].id, made[i].secret, *C});
        }
        return out;
    }
    /// Proofs of these amounts, by way of quote number n.
    std::vector<cashu::Proof> earn(std::uint32_t n, const std::vector<std::uint64_t>& amounts) {
        std::uint64_t sum = 0;
        for (auto amount : amounts) sum += amount;
        auto made = outputs(amounts);
        auto answer = mint(mint_request(quote(n, sum), made));
        REQUIRE_MESSAGE(answer, answer.error().detail);
        return proofs(made, answer->signatures);
    }
};

}  // namespace hp::mint::test
