// The wallet's vault: mints, sends, receives, consolidations, each in its two commits with the mint in
// between.
#include <map>
#include <set>

#include "cashu/nut03.hpp"
#include "cashu/nut29.hpp"
#include "crypto/random.hpp"
#include "harness.hpp"
#include "wallet/operations.hpp"

namespace hp::crash {
namespace {

using namespace hp::wallet;
using cashu::BlindSignature;

constexpr Invariant kInvariants[] = {
    {"I17: a counter below a used one is free",
     "SELECT 1 FROM output LEFT JOIN counter ON counter.keyset = output.keyset GROUP BY output.keyset "
     "HAVING coalesce(max(next), 0) <= max(output.counter)"},
    {"an open operation has no request, or an ended one has",
     "SELECT 1 FROM op WHERE (state = 'open') <> (body <> '' AND path <> '')"},
    {"an operation that was not refused has no outputs",
     "SELECT 1 FROM op WHERE state <> 'refused' AND id NOT IN (SELECT op FROM output)"},
    {"a counter is free and used", "SELECT 1 FROM free_counter JOIN output USING(keyset, counter)"},
    {"outputs of an operation that is not there", "SELECT 1 FROM output WHERE op NOT IN (SELECT id FROM op)"},
    {"a proof is spending, and its operation is not open",
     "SELECT 1 FROM proof WHERE state = 'spending' AND (op IS NULL OR op NOT IN (SELECT id FROM op WHERE "
     "state = 'open'))"},
    {"a quote is minting, and its operation is not open",
     "SELECT 1 FROM quote WHERE state = 'minting' AND (op IS NULL OR op NOT IN (SELECT id FROM op WHERE "
     "state = 'open'))"},
    {"I18: a quote is done, and its operation is not",
     "SELECT 1 FROM quote WHERE state = 'done' AND op NOT IN (SELECT id FROM op WHERE state = 'done')"},
    {"an open swap of our own proofs has no inputs",
     "SELECT 1 FROM op WHERE state = 'open' AND kind IN ('send', 'consolidate') AND id NOT IN (SELECT op "
     "FROM proof WHERE "
     "op IS NOT NULL AND state = 'spending')"},
    {"a send is done and has no token",
     "SELECT 1 FROM op WHERE kind = 'send' AND state = 'done' AND id NOT IN (SELECT op FROM token WHERE op "
     "IS NOT NULL)"},
    {"a proof is reserved for no token",
     "SELECT 1 FROM proof WHERE state = 'reserved' AND (token IS NULL OR token NOT IN (SELECT id FROM token "
     "WHERE state = 'open'))"},
    {"an open token has nothing reserved",
     "SELECT 1 FROM token WHERE state = 'open' AND id NOT IN (SELECT token FROM proof WHERE token IS NOT "
     "NULL AND state <> 'spent')"},
};

struct Material {
    cashu::MintKeysets keysets;
    cashu::MintKeyset keyset;
    Bytes64 seed{};
    std::unique_ptr<Keyring> keyring;
    crypto::SecretKey lock_key;
    Identity identity{"hash", "http://mint.test", {}};
    std::vector<cashu::Proof> foreign;  ///< somebody else's money, to be received
};

Material make_material() {
    SeededRandom random{0x7661756c74};
    auto keyset = *cashu::derive_keyset(Bytes(64, 0x5a), "hash", 0, 0, std::nullopt, 12);
    Material m{{}, keyset, {}, {}, crypto::SecretKey::generate(), {"hash", "http://mint.test", {}}, {}};
    HP_ASSERT(m.keysets.insert(keyset).has_value());
    m.seed.fill(7);
    m.keyring = std::make_unique<Keyring>("hash", m.seed);
    HP_ASSERT(m.keyring->insert(keyset.keyset).has_value());
    for (int i = 0; i < 100; ++i) {
        std::string secret = to_hex(crypto::random_array<32>());
        auto r = crypto::SecretKey::generate();
        std::uint64_t amount = std::uint64_t{1} << (i % 6);
        auto C_ = cashu::sign_blinded(*keyset.key_for(amount), *cashu::blind(secret, r));
        m.foreign.push_back(
            {amount, keyset.keyset.id, secret, *cashu::unblind(*C_, r, keyset.keyset.keys.at(amount))});
    }
    return m;
}
const Material& material() {
    static const Material made = make_material();
    return made;
}

/// The mint: it signs what is requested, once, and detects broken promises of the wallet.
struct MintModel {
    using Signatures = std::shared_ptr<const std::vector<BlindSignature>>;
    std::map<std::string, Signatures> answers;  ///< by body
    std::set<cashu::PublicKey33> signed_outputs, spent;
    std::map<std::string, std::uint64_t> quotes;  ///< id and amount, until minted
    std::uint64_t signed_amount{0}, spent_amount{0};

    /// The same body gets the same answer. An error is something a wallet must never do.
    Result<Signatures> serve(const std::string& path, const std::string& body) {
        if (auto at = answers.find(body); at != answers.end()) return at->second;
        std::vector<cashu::BlindedMessage> outputs;
        std::uint64_t in = 0;
        if (path == "/v1/swap") {
            auto request = cashu::swap_request_from_json(body);
            if (!request) return fail(Errc::invalid, request.error().detail);
            outputs = request->outputs;
            for (const auto& input : request->inputs) {
                if (!spent.insert(cashu::y_of(input.secret)).second)
                    return fail(Errc::invalid, "the wallet spends a proof twice");
                in += input.amount;
            }
            spent_amount += in;
        } else if (path == "/v1/mint/ehash") {
            auto request = cashu::mint_request_from_json(body);
            if (!request) return fail(Errc::invalid, request.error().detail);
            outputs = request->outputs;
            HP_DO(take_quote(request->quote, in));
        } else {
            auto request = cashu::batch_mint_request_from_json(body);
            if (!request) return fail(Errc::invalid, request.error().detail);
            outputs = request->outputs;
            for (const auto& id : request->quotes) HP_DO(take_quote(id, in));
        }
        std::uint64_t out = 0;
        for (const auto& output : outputs) {
            if (!signed_outputs.insert(output.B_).second)
                return fail(Errc::invalid, "I17: the wallet uses a counter for two requests");
            out += output.amount;
        }
        if (in != out) return fail(Errc::invalid, "I9: outputs are not what the request brings");
        signed_amount += out;
        auto made = cashu::sign_outputs(outputs, material().keysets);
        if (!made) return fail(Errc::invalid, made.error().detail);
        auto signatures = std::make_shared<const std::vector<BlindSignature>>(std::move(*made));
        answers[body] = signatures;
        return signatures;
    }
    Result<> take_quote(const std::string& id, std::uint64_t& sum) {
        auto at = quotes.find(id);
        if (at == quotes.end()) return fail(Errc::invalid, "the wallet mints a quote twice");
        sum += at->second;
        quotes.erase(at);
        return {};
    }
};

struct VaultOracle final : Oracle {
    std::unique_ptr<Oracle> clone() const override { return std::make_unique<VaultOracle>(*this); }
    std::size_t promised() const override { return begun.size() + tokens.size() + known_quotes.size(); }
    std::size_t unanswered() const override {
        std::size_t open = told_quotes.size();
        for (const auto& [op, is_ended] : begun) open += !is_ended;
        return open;
    }
    MintModel mint;
    std::map<std::string, std::uint64_t> told_quotes;  ///< given to a call that did not return
    std::set<std::string> known_quotes;                ///< the call returned
    std::map<std::int64_t, bool> begun;                ///< operations, and whether their end was promised
    std::vector<std::string> tokens;                   ///< handed out
    std::size_t next_quote{1}, next_foreign{0};
};

std::int64_t number(sqlite3* db, const char* sql) {
    Rows rows{db, sql};
    return rows.next() ? rows.integer(0) : 0;
}

class VaultSession final : public Session {
  public:
    static Result<std::unique_ptr<Session>> open(const std::string& path, VaultOracle& oracle) {
        HP_TRY(auto vault, Vault::open(path, material().identity));
        auto stored = vault.transact([&]() -> Result<> {
            vault.put_keyset(material().keyset.keyset);
            return {};
        });
        HP_DO(stored);
        return std::make_unique<VaultSession>(oracle, std::move(vault));
    }
    VaultSession(VaultOracle& oracle, Vault vault)
        : oracle_{oracle},
          vault_{std::move(vault)},
          operations_{vault_, *material().keyring, material().lock_key, "http://mint.test", "hash"} {}

    void work(Rng& rng) override {
        switch (rng.below(8)) {
            case 0:
            case 1:
            case 2:
                return mint(1 + rng.below(3), rng);
            case 3:
            case 4:
                return send(1 + rng.below(40), rng);
            case 5:
            case 6:
                return receive();
            default:
                return consolidate();
        }
    }

    std::string repeat(Rng&) override {
        // Like the operation runner after a start: sends open operations again, byte for byte.
        auto open = vault_.transact([&]() -> Result<std::vector<std::int64_t>> { return vault_.open_ops(); });
        if (!open) return open.error().what;
        for (std::int64_t op : *open) carry(op);
        // Quotes of a call that did not return are reported again (the pool's notification, or a lookup).
        if (!oracle_.told_quotes.empty()) begin_mint(oracle_.told_quotes);
        // And those that are known but not requested.
        while (wrong_.empty() && begin_mint({})) continue;
        auto left = vault_.transact([&]() -> Result<std::size_t> { return vault_.open_ops().size(); });
        if (wrong_.empty() && left && *left == 0) check_sums();
        return std::exchange(wrong_, {});
    }
    void rest() override {}
    bool is_dead() const override { return vault_.is_dead(); }

  private:
    static UnixMs now() { return kStart; }

    /// Sends an open operation's request and stores the answer.
    void carry(std::int64_t op) {
        auto row = vault_.transact([&]() -> Result<std::optional<OpRow>> { return vault_.op(op); });
        if (!row || !*row || (**row).state != OpState::open) return;
        auto signatures = oracle_.mint.serve((**row).path, (**row).body);
        if (!signatures) {
            wrong_ = signatures.error().what;
            return;
        }
        auto ended = operations_.settle(op, **signatures, {}, now());
        if (!ended) return;
        if (!ended->is_done) wrong_ = "an operation that was settled is not done";
        oracle_.begun[op] = true;
        if (!ended->token.empty()) oracle_.tokens.push_back(ended->token);
    }

    bool begin_mint(std::map<std::string, std::uint64_t> quotes) {
        std::vector<Operations::NewQuote> incoming;
        for (const auto& [id, amount] : quotes) incoming.push_back({id, amount});
        auto op = operations_.begin_mint(incoming, 3, now());
        if (!op) return false;
        for (const auto& [id, amount] : quotes) {
            oracle_.told_quotes.erase(id);
            oracle_.known_quotes.insert(id);
        }
        if (!*op) return false;
        oracle_.begun.emplace(**op, false);
        carry(**op);
        return true;
    }
    void mint(std::size_t count, Rng& rng) {
        for (std::size_t i = 0; i < count; ++i) {
            std::string id = "quote-" + std::to_string(oracle_.next_quote++);
            std::uint64_t amount = 1 + rng.below(20);
            oracle_.mint.quotes[id] = amount;
            oracle_.told_quotes[id] = amount;
        }
        begin_mint(oracle_.told_quotes);
    }

    void send(std::uint64_t amount, Rng& rng) {
        auto sending = operations_.begin_send(amount, "", Operations::Swap::allowed, now());
        if (!sending) return;  // not enough, or the disk failed
        if (sending->op) {
            oracle_.begun.emplace(*sending->op, false);
            carry(*sending->op);
        }
        if (!sending->token.empty()) oracle_.tokens.push_back(sending->token);
        // Every other token is received by its receiver, who swaps it at the mint.
        if (oracle_.tokens.empty() || rng.chance(1, 2)) return;
        States states;
        auto token = cashu::decode_token(oracle_.tokens.back());
        for (const auto& proof : token->proofs) {
            auto y = cashu::y_of(proof.secret);
            if (oracle_.mint.spent.insert(y).second) oracle_.mint.spent_amount += proof.amount;
            states.emplace_back(y, cashu::ProofState::spent);
        }
        oracle_.tokens.pop_back();
        (void)operations_.note_states(states);
    }

    void receive() {
        if (oracle_.next_foreign + 2 > material().foreign.size()) return;
        std::vector<cashu::Proof> proofs(
            material().foreign.begin() + static_cast<std::ptrdiff_t>(oracle_.next_foreign),
            material().foreign.begin() + static_cast<std::ptrdiff_t>(oracle_.next_foreign + 2));
        oracle_.next_foreign += 2;
        auto op = operations_.begin_receive(proofs, now());
        if (!op) return;
        oracle_.begun.emplace(*op, false);
        carry(*op);
    }

    void consolidate() {
        auto op = operations_.begin_consolidation(6, now());
        if (!op || !*op) return;
        oracle_.begun.emplace(**op, false);
        carry(**op);
    }

    /// I18: nothing is in progress, so the wallet has what the mint signed for it and has not seen spent.
    void check_sums() {
        std::uint64_t foreign = 0;
        for (const auto& proof : material().foreign)
            if (oracle_.mint.spent.contains(cashu::y_of(proof.secret))) foreign += proof.amount;
        auto balance = vault_.transact([&]() -> Result<Balance> { return vault_.balance(); });
        if (!balance) return;
        std::uint64_t have = balance->unspent + balance->reserved;
        // Tokens that were received, but unknown to the wallet: its commit did not happen.
        std::uint64_t unheard = 0;
        auto coins = vault_.transact([&]() -> Result<std::vector<CoinRow>> {
            auto all = vault_.coins(CoinState::reserved);
            auto more = vault_.coins(CoinState::unspent);
            all.insert(all.end(), more.begin(), more.end());
            return all;
        });
        if (!coins) return;
        for (const CoinRow& coin : *coins)
            if (oracle_.mint.spent.contains(coin.y)) unheard += coin.amount;
        std::uint64_t want = oracle_.mint.signed_amount + foreign - oracle_.mint.spent_amount;
        if (have - unheard != want)
            wrong_ = "I18: LOST or made: the wallet has " + std::to_string(have - unheard) + ", of " +
                     std::to_string(want);
    }

    VaultOracle& oracle_;
    Vault vault_;
    Operations operations_;
    std::string wrong_;
};

class VaultSubject final : public Subject {
  public:
    const char* name() const override { return "vault"; }
    const char* file() const override { return "wallet.db"; }
    std::unique_ptr<Oracle> fresh() const override { return std::make_unique<VaultOracle>(); }
    Result<std::unique_ptr<Session>> open(const std::string& path, Oracle& oracle) const override {
        return VaultSession::open(path, static_cast<VaultOracle&>(oracle));
    }
    /// One call is begin, request and end.
    std::size_t groups(std::size_t operations) const override { return operations / 2; }

    std::string verify(sqlite3* db, const Oracle& any) const override {
        const auto& oracle = static_cast<const VaultOracle&>(any);
        if (auto wrong = check_invariants(db, kInvariants); !wrong.empty()) return wrong;
        std::set<std::string> quotes;
        for (Rows rows{db, "SELECT id FROM quote"}; rows.next();) quotes.insert(rows.text(0));
        for (const auto& id : oracle.known_quotes)
            if (!quotes.contains(id)) return "LOST: a quote that the wallet knew";
        std::map<std::int64_t, std::string> ops;
        for (Rows rows{db, "SELECT id, state FROM op"}; rows.next();) ops[rows.integer(0)] = rows.text(1);
        for (const auto& [op, is_ended] : oracle.begun) {
            auto at = ops.find(op);
            if (at == ops.end()) return "LOST: an operation whose request has left";
            if (is_ended && at->second != "done") return "LOST: an operation's end";
        }
        std::set<std::string> tokens;
        for (Rows rows{db, "SELECT text FROM token WHERE state = 'open'"}; rows.next();)
            tokens.insert(rows.text(0));
        for (const auto& token : oracle.tokens)
            if (!tokens.contains(token)) return "LOST: a token that was handed out";
        // I17: everything the mint has signed is below the counter.
        if (number(db, "SELECT coalesce(sum(next), 0) FROM counter") <
            static_cast<std::int64_t>(oracle.mint.signed_outputs.size()))
            return "I17: LOST: counters whose outputs are signed";
        return {};
    }
};

}  // namespace

std::unique_ptr<Subject> vault_subject() { return std::make_unique<VaultSubject>(); }

}  // namespace hp::crash
