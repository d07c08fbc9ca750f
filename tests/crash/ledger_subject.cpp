// The mint's ledger behind its writer: quotes, mints, batches and swaps, several in one group.
#include <map>
#include <set>

#include "cashu/nut20.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "harness.hpp"
#include "mint/ledger.hpp"

namespace hp::crash {
namespace {

using cashu::BlindSignature;
using mint::Ledger;
using mint::Signed;

constexpr Bytes32 kPool{0x70};
constexpr Invariant kInvariants[] = {
    {"I1: a share has two quotes", "SELECT 1 FROM quote GROUP BY share_hash HAVING count(*) > 1"},
    {"I5: issued, paid and amount are out of order",
     "SELECT 1 FROM quote WHERE NOT (0 <= issued AND issued <= paid AND paid <= amount AND amount > 0)"},
    {"I6: a quote is created and not paid", "SELECT 1 FROM quote WHERE paid <> amount"},
    {"I7: a quote's issued is not what its operations took",
     "SELECT 1 FROM quote LEFT JOIN (SELECT quote AS id_taken, sum(amount) AS taken FROM op_quote GROUP BY "
     "quote) "
     "ON id_taken = quote.id WHERE issued <> coalesce(taken, 0)"},
    {"I7: a mint's signatures are not what its quotes gave",
     "SELECT 1 FROM op WHERE kind = 1 AND (SELECT coalesce(sum(amount), 0) FROM sig WHERE op = op.id) <> "
     "(SELECT coalesce(sum(amount), 0) FROM op_quote WHERE op = op.id)"},
    {"I8: more is spent than was signed",
     "SELECT 1 FROM spent GROUP BY keyset HAVING sum(amount) > "
     "(SELECT coalesce(sum(amount), 0) FROM sig WHERE sig.keyset = spent.keyset)"},
    {"I9, I12: a swap's inputs without fee are not its outputs",
     "SELECT 1 FROM op LEFT JOIN (SELECT op AS spender, sum(amount) AS taken FROM spent GROUP BY op) "
     "ON spender = op.id WHERE kind = 2 AND coalesce(taken, 0) <> "
     "fee + (SELECT coalesce(sum(amount), 0) FROM sig WHERE op = op.id)"},
    {"I12: an operation has no signatures", "SELECT 1 FROM op WHERE id NOT IN (SELECT op FROM sig)"},
    {"I12: a swap has spent nothing", "SELECT 1 FROM op WHERE kind = 2 AND id NOT IN (SELECT op FROM spent)"},
    {"I13: a mint has no quote", "SELECT 1 FROM op WHERE kind = 1 AND id NOT IN (SELECT op FROM op_quote)"},
    {"I13: a mint has spent proofs, or a swap has quotes",
     "SELECT 1 FROM op WHERE (kind = 1 AND id IN (SELECT op FROM spent)) OR "
     "(kind = 2 AND id IN (SELECT op FROM op_quote))"},
    {"I16: an operation's outputs have a hole",
     "SELECT 1 FROM sig GROUP BY op HAVING count(*) <> max(position) + 1"},
    {"signatures, spent proofs or quotes of an operation that is not there",
     "SELECT 1 FROM (SELECT op FROM sig UNION SELECT op FROM spent UNION SELECT op FROM op_quote) "
     "WHERE op NOT IN (SELECT id FROM op)"},
    {"the mark over the pool's numbers passes a hole",
     "SELECT 1 FROM pool WHERE last_seq <> (SELECT count(*) FROM (SELECT seq FROM quote WHERE "
     "pool_store = pool.pool_store UNION SELECT seq FROM refusal WHERE pool_store = pool.pool_store) "
     "WHERE seq <= last_seq)"},
    {"I1: a quote below the mark of what is keyed has no key",
     "SELECT 1 FROM store CROSS JOIN quote ON quote.id <= shares_keyed WHERE NOT EXISTS(SELECT 1 FROM "
     "share_key "
     "WHERE share_key.ntime = quote.ntime AND hash = substr(share_hash, 1, 12) AND quote = quote.id)"},
    {"an owner's quotes are not one way",
     "SELECT 1 FROM (SELECT before, lag(id) OVER (PARTITION BY substr(pubkey, 2) ORDER BY id) AS expected "
     "FROM "
     "quote) WHERE before IS NOT expected"},
    {"a quote below the mark is newer than the one where its owner begins",
     "SELECT 1 FROM store CROSS JOIN quote ON quote.id <= owners_keyed WHERE NOT EXISTS(SELECT 1 FROM owner "
     "WHERE "
     "key = substr(pubkey, 2) AND newest >= quote.id)"},
};

/// A wallet's output, made once, since blinding is slow. The amount is chosen when it is used.
struct Output {
    std::string secret;
    crypto::SecretKey r;
    cashu::PublicKey33 B_{};
};

/// Shared by all workloads, read-only.
struct Material {
    cashu::MintKeysets keysets;
    cashu::MintKeyset keyset;
    cashu::MintPolicy policy;
    crypto::SecretKey owner;
    std::vector<Output> outputs;
};

Material make_material() {
    SeededRandom random{0x6c6564676572};
    auto keyset = *cashu::derive_keyset(Bytes(64, 0x5a), "hash", 0, 0, std::nullopt, 8);
    Material material{{}, keyset, {}, crypto::SecretKey::generate(), {}};
    HP_ASSERT(material.keysets.insert(keyset).has_value());
    for (int i = 0; i < 600; ++i) {
        std::string secret = to_hex(crypto::random_array<32>());
        auto r = crypto::SecretKey::generate();
        material.outputs.push_back({secret, r, *cashu::blind(secret, r)});
    }
    return material;
}
const Material& material() {
    static const Material made = make_material();
    return made;
}

/// A pool's requests from one read: all in one job, like LinkClient.
struct QuoteJob {
    std::shared_ptr<const std::vector<ehash::Intent>> intents;
    std::uint64_t first_seq{};
    std::vector<std::string> promised{};  ///< ids
};

/// A request that returns signatures.
struct SignRequest {
    enum class Kind { mint, batch, swap } kind{};
    Bytes32 digest{};
    cashu::MintRequest mint{};
    cashu::BatchMintRequest batch{};
    cashu::SwapRequest swap{};
    cashu::SwapChecked checked{};
    std::vector<std::size_t> outputs{};  ///< in the material
    std::size_t part_count{};            ///< quotes, or inputs
};
struct SignJob {
    std::shared_ptr<const SignRequest> request;
    std::vector<BlindSignature> promised{};
};

struct LedgerOracle final : Oracle {
    std::unique_ptr<Oracle> clone() const override { return std::make_unique<LedgerOracle>(*this); }
    std::size_t promised() const override {
        std::size_t count = 0;
        for (const auto& job : quote_jobs) count += !job.promised.empty();
        for (const auto& job : sign_jobs) count += !job.promised.empty();
        return count;
    }
    std::size_t unanswered() const override { return quote_jobs.size() + sign_jobs.size() - promised(); }
    struct FreeQuote {
        std::string id;
        std::uint64_t amount{};
    };
    struct Coin {
        std::size_t job{}, position{};
    };
    bool is_open_promised{false};
    std::vector<QuoteJob> quote_jobs;
    std::vector<SignJob> sign_jobs;
    std::vector<FreeQuote> free_quotes;
    std::vector<Coin> free_coins;
    std::uint32_t next_share{1};
    std::size_t next_output{0};
};

class LedgerSession final : public Session {
  public:
    static Result<std::unique_ptr<Session>> open(const std::string& path, LedgerOracle& oracle) {
        HP_TRY(auto db, Ledger::open(path));
        HP_TRY(auto state, Ledger::begin(db));
        auto session = std::make_unique<LedgerSession>(oracle);
        try {
            if (state.keysets.empty()) {
                store::Transaction transaction{db};
                Ledger::add_keyset(db, {material().keyset.keyset.id, "hash", 0, 0, 8, true}, kStart);
                transaction.commit();
            }
            session->ledger_ = std::make_unique<Ledger>(db, "hash");
        } catch (const store::DbError& error) {
            return fail(Errc::io, error.what());
        }
        session->writer_ = std::make_unique<store::Writer>(std::move(db), session->gate_.post(),
                                                           session->ledger_->observer());
        oracle.is_open_promised = true;
        return session;
    }
    explicit LedgerSession(LedgerOracle& oracle) : oracle_{oracle} {}

    void work(Rng& rng) override {
        hold();
        for (std::uint64_t i = 0, count = 1 + rng.below(4); i < count; ++i) begin(rng);
        finish();
    }

    std::string repeat(Rng& rng) override {
        hold();
        for (std::size_t i = 0; i < oracle_.quote_jobs.size(); ++i)
            if (oracle_.quote_jobs[i].promised.empty()) submit_quotes(i);
        for (std::size_t i = 0; i < oracle_.sign_jobs.size(); ++i)
            if (oracle_.sign_jobs[i].promised.empty()) submit_sign(i);
        // An answered request gets the same answer; what is used up stays used up.
        if (rng.chance(1, 4) && !oracle_.quote_jobs.empty())
            submit_quotes(rng.below(oracle_.quote_jobs.size()));
        if (rng.chance(1, 4) && !oracle_.sign_jobs.empty()) submit_sign(rng.below(oracle_.sign_jobs.size()));
        if (rng.chance(1, 8)) try_twice();
        finish();
        return std::exchange(wrong_, {});
    }

    void rest() override {
        hold();
        finish();
    }
    bool is_dead() const override { return writer_->is_dead(); }

  private:
    void hold() {
        gate_.hold([&] { writer_->submit([](store::Database&) {}, {}); });
    }
    void finish() {
        gate_.release();
        writer_->drain();
    }

    static crypto::PublicKey33 owner() { return material().owner.public_key(); }
    static std::vector<std::uint64_t> split(std::uint64_t amount) { return cashu::split_amount(amount); }

    void begin(Rng& rng) {
        switch (rng.below(4)) {
            case 0:
                if (oracle_.free_quotes.size() >= 1) return begin_mint();
                break;
            case 1:
                if (oracle_.free_quotes.size() >= 3) return begin_batch(2 + rng.below(2));
                break;
            case 2:
                if (!oracle_.free_coins.empty())
                    return begin_swap(std::min<std::size_t>(1 + rng.below(2), oracle_.free_coins.size()));
                break;
        }
        begin_quotes(1 + rng.below(4), rng);
    }

    void begin_quotes(std::size_t count, Rng& rng) {
        auto intents = std::make_shared<std::vector<ehash::Intent>>();
        std::uint64_t first = oracle_.next_share;
        for (std::size_t i = 0; i < count; ++i) {
            ehash::Intent intent;
            std::uint32_t n = oracle_.next_share++;
            put_le<std::uint32_t>(intent.header.data() + 68, 1'780'000'000 + n / 4);
            put_le<std::uint32_t>(intent.header.data() + 76, n);
            intent.share_hash = crypto::sha256d(intent.header);
            intent.target.fill(0xff);
            intent.amount = 1 + rng.below(12);
            intent.locking_key = owner();
            intents->push_back(intent);
        }
        oracle_.quote_jobs.push_back({std::move(intents), first});
        submit_quotes(oracle_.quote_jobs.size() - 1);
    }

    void submit_quotes(std::size_t index) {
        auto ids = std::make_shared<std::vector<std::string>>();
        auto intents = oracle_.quote_jobs[index].intents;
        std::uint64_t first = oracle_.quote_jobs[index].first_seq;
        writer_->submit(
            [this, ids, intents, first](store::Database&) {
                ids->clear();
                std::vector<std::uint64_t> seqs;
                for (const auto& intent : *intents) {
                    seqs.push_back(first + seqs.size());
                    ids->push_back(
                        ledger_->create_quote(kPool, seqs.back(), intent, kStart + static_cast<UnixMs>(first))
                            .quote_id);
                }
                ledger_->advance(kPool, seqs, kStart);
            },
            [this, ids, intents, index](Result<> result) {
                if (!result) return;
                auto& job = oracle_.quote_jobs[index];
                if (job.promised.empty()) {
                    job.promised = *ids;
                    for (std::size_t i = 0; i < ids->size(); ++i)
                        oracle_.free_quotes.push_back({(*ids)[i], (*intents)[i].amount});
                } else if (job.promised != *ids) {
                    wrong_ = "a repeated share got another quote id";
                }
            });
    }

    std::vector<cashu::BlindedMessage> take_outputs(std::uint64_t amount, SignRequest& request) {
        std::vector<cashu::BlindedMessage> messages;
        for (std::uint64_t part : split(amount)) {
            std::size_t index = oracle_.next_output++ % material().outputs.size();
            request.outputs.push_back(index);
            messages.push_back({part, material().keyset.keyset.id, material().outputs[index].B_});
        }
        return messages;
    }
    static std::string sign_for(const std::string& quote, std::span<const cashu::BlindedMessage> outputs) {
        return to_hex(cashu::sign_mint(material().owner, quote, outputs, Bytes32{1}));
    }
    void add(SignRequest request, const std::string& body) {
        request.digest = crypto::sha256(as_bytes(body));
        oracle_.sign_jobs.push_back({std::make_shared<SignRequest>(std::move(request))});
        submit_sign(oracle_.sign_jobs.size() - 1);
    }

    LedgerOracle::FreeQuote take_quote() {
        auto quote = oracle_.free_quotes.front();
        oracle_.free_quotes.erase(oracle_.free_quotes.begin());
        return quote;
    }
    void begin_mint() {
        auto quote = take_quote();
        SignRequest request{SignRequest::Kind::mint};
        auto messages = take_outputs(quote.amount, request);
        request.mint = {quote.id, messages, sign_for(quote.id, messages)};
        request.part_count = 1;
        auto body = cashu::to_json(request.mint);
        add(std::move(request), body);
    }
    void begin_batch(std::size_t count) {
        SignRequest request{SignRequest::Kind::batch};
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            auto quote = take_quote();
            request.batch.quotes.push_back(quote.id);
            sum += quote.amount;
        }
        request.batch.outputs = take_outputs(sum, request);
        for (const auto& id : request.batch.quotes)
            request.batch.signatures.emplace_back(sign_for(id, request.batch.outputs));
        request.part_count = count;
        auto body = cashu::to_json(request.batch);
        add(std::move(request), body);
    }

    cashu::Proof proof_of(const LedgerOracle::Coin& coin) const {
        const SignJob& job = oracle_.sign_jobs[coin.job];
        const BlindSignature& signature = job.promised[coin.position];
        const Output& output = material().outputs[job.request->outputs[coin.position]];
        auto C = cashu::unblind(signature.C_, output.r, material().keyset.keyset.keys.at(signature.amount));
        return {signature.amount, signature.id, output.secret, *C};
    }
    void begin_swap(std::size_t count) {
        SignRequest request{SignRequest::Kind::swap};
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            request.swap.inputs.push_back(proof_of(oracle_.free_coins.front()));
            sum += request.swap.inputs.back().amount;
            oracle_.free_coins.erase(oracle_.free_coins.begin());
        }
        request.swap.outputs = take_outputs(sum, request);
        auto checked = cashu::check_swap(request.swap, material().keysets, kStart / 1000);
        HP_ASSERT(checked.has_value());
        request.checked = *checked;
        request.part_count = count;
        auto body = cashu::to_json(request.swap);
        add(std::move(request), body);
    }

    cashu::Answer<Signed> ask(const SignRequest& request) {
        const Material& m = material();
        switch (request.kind) {
            case SignRequest::Kind::mint:
                return ledger_->mint(request.digest, request.mint, m.keysets, m.policy, kStart);
            case SignRequest::Kind::batch:
                return ledger_->mint_batch(request.digest, request.batch, m.keysets, m.policy, kStart);
            case SignRequest::Kind::swap:
                return ledger_->swap(request.digest, request.swap, request.checked, m.keysets, kStart);
        }
        return {};
    }

    void submit_sign(std::size_t index) {
        auto request = oracle_.sign_jobs[index].request;
        auto answer = std::make_shared<std::optional<cashu::Answer<Signed>>>();
        writer_->submit([this, request, answer](store::Database&) { answer->emplace(ask(*request)); },
                        [this, request, answer, index](Result<> result) {
                            if (result) on_signed(index, **answer);
                        });
    }
    void on_signed(std::size_t index, const cashu::Answer<Signed>& answer) {
        auto& job = oracle_.sign_jobs[index];
        if (!answer) {
            wrong_ = "a request in order was refused: " + answer.error().detail;
        } else if (!job.promised.empty()) {
            if (job.promised != answer->signatures) wrong_ = "a repeated request got other signatures";
        } else {
            job.promised = answer->signatures;
            for (std::size_t i = 0; i < job.promised.size(); ++i) oracle_.free_coins.push_back({index, i});
        }
    }

    /// A spent proof in another swap and an issued quote in another mint request are refused.
    void try_twice() {
        for (const SignJob& job : oracle_.sign_jobs) {
            if (job.promised.empty()) continue;
            auto again = std::make_shared<SignRequest>(*job.request);
            if (again->kind == SignRequest::Kind::batch) continue;
            again->digest[0] ^= 1;
            std::size_t next = (oracle_.next_output + 7) % material().outputs.size();
            auto& outputs =
                again->kind == SignRequest::Kind::swap ? again->swap.outputs : again->mint.outputs;
            for (auto& output : outputs) output.B_ = material().outputs[next++ % 600].B_;
            if (again->kind == SignRequest::Kind::mint)
                again->mint.signature = sign_for(again->mint.quote, outputs);
            auto want = again->kind == SignRequest::Kind::swap ? cashu::Code::already_spent
                                                               : cashu::Code::quote_already_issued;
            auto code = std::make_shared<cashu::Code>();
            writer_->submit(
                [this, again, code](store::Database&) {
                    auto answer = ask(*again);
                    *code = answer ? cashu::Code{} : answer.error().code;
                },
                [this, code, want](Result<> result) {
                    if (result && *code != want)
                        wrong_ =
                            "what is used up was used again: code " + std::to_string(static_cast<int>(*code));
                });
            return;
        }
    }

    LedgerOracle& oracle_;
    Gate gate_;
    std::string wrong_;
    std::unique_ptr<Ledger> ledger_;
    std::unique_ptr<store::Writer> writer_;
};

struct OpFound {
    std::int64_t id{};
    std::vector<std::string> signatures{};
    std::size_t part_count{};
};

class LedgerSubject final : public Subject {
  public:
    const char* name() const override { return "ledger"; }
    const char* file() const override { return "mint.db"; }
    std::unique_ptr<Oracle> fresh() const override { return std::make_unique<LedgerOracle>(); }
    Result<std::unique_ptr<Session>> open(const std::string& path, Oracle& oracle) const override {
        return LedgerSession::open(path, static_cast<LedgerOracle&>(oracle));
    }
    std::size_t groups(std::size_t operations) const override { return operations * 2 / 5; }

    std::string verify(sqlite3* db, const Oracle& any) const override {
        const auto& oracle = static_cast<const LedgerOracle&>(any);
        if (auto wrong = check_invariants(db, kInvariants); !wrong.empty()) return wrong;
        if (oracle.is_open_promised) {
            Rows rows{db, "SELECT (SELECT count(*) FROM store), (SELECT count(*) FROM keyset)"};
            if (!rows.next() || rows.integer(0) != 1 || rows.integer(1) != 1)
                return "the store's id or the keyset is lost";
        }
        if (auto wrong = verify_quotes(db, oracle); !wrong.empty()) return wrong;
        return verify_ops(db, oracle);
    }

  private:
    static std::string verify_quotes(sqlite3* db, const LedgerOracle& oracle) {
        std::map<std::string, std::pair<std::string, std::int64_t>> found;  // id and amount by share hash
        for (Rows rows{db, "SELECT share_hash, id, amount FROM quote"}; rows.next();)
            found[rows.text(0)] = {rows.text(1), rows.integer(2)};
        std::size_t expected = 0;
        for (const QuoteJob& job : oracle.quote_jobs) {
            std::size_t present = 0;
            for (std::size_t i = 0; i < job.intents->size(); ++i) {
                const auto& intent = (*job.intents)[i];
                auto at = found.find(std::string(as_text(intent.share_hash)));
                if (at == found.end()) continue;
                ++present;
                if (at->second.second != static_cast<std::int64_t>(intent.amount))
                    return "I4: a quote has another amount";
                auto id = mint::uuid_text(to_array<16>(as_bytes(at->second.first)));
                if (!job.promised.empty() && id != job.promised[i]) return "a promised quote has another id";
            }
            if (present != 0 && present != job.intents->size()) return "half of a batch of quotes is there";
            if (present == 0 && !job.promised.empty()) return "LOST: promised quotes are not there";
            expected += present;
        }
        return expected == found.size() ? "" : "quotes that nobody asked for";
    }

    static std::string verify_ops(sqlite3* db, const LedgerOracle& oracle) {
        std::map<std::string, OpFound> found;  // by digest
        std::map<std::int64_t, OpFound*> by_id;
        for (Rows rows{db, "SELECT digest, id FROM op"}; rows.next();) {
            auto& op = found[rows.text(0)];
            op.id = rows.integer(1);
            by_id[op.id] = &op;
        }
        for (Rows rows{db, "SELECT op, C_ FROM sig ORDER BY op, position"}; rows.next();)
            by_id.at(rows.integer(0))->signatures.push_back(rows.text(1));
        for (Rows rows{db, "SELECT op FROM op_quote UNION ALL SELECT op FROM spent"}; rows.next();)
            ++by_id.at(rows.integer(0))->part_count;
        std::size_t expected = 0;
        for (const SignJob& job : oracle.sign_jobs) {
            auto at = found.find(std::string(as_text(job.request->digest)));
            if (at == found.end()) {
                if (!job.promised.empty()) return "LOST: a promised request's signatures are not there";
                continue;
            }
            ++expected;
            if (at->second.part_count != job.request->part_count)
                return "I13: some quotes or inputs moved, not all";
            if (at->second.signatures.size() != job.request->outputs.size())
                return "I16: not all outputs have signatures";
            for (std::size_t i = 0; i < job.promised.size(); ++i)
                if (at->second.signatures[i] != as_text(job.promised[i].C_))
                    return "I11: a stored signature is not the promised one";
        }
        return expected == found.size() ? "" : "operations that nobody asked for";
    }
};

}  // namespace

std::unique_ptr<Subject> ledger_subject() { return std::make_unique<LedgerSubject>(); }

}  // namespace hp::crash
