// Several processes on one wallet file (hp-proxy and hp-wallet): each with its own connection, like them.
#include <algorithm>
#include <map>
#include <set>

#include "audited.hpp"
#include "cashu/nut03.hpp"
#include "cashu/nut29.hpp"
#include "cashu/tokens.hpp"
#include "race.hpp"
#include "wallet/operations.hpp"

namespace hp::crash {
namespace {

using namespace hp::wallet;
using cashu::BlindSignature;

constexpr const char* kUnit = "hash";
constexpr const char* kUrl = "http://mint.test";
constexpr UnixMs kNow = 1'800'000'000'000;
/// How long a transaction may wait for others: SQLite's busy timeout (AC-272).
constexpr std::chrono::seconds kBusyLimit{10};

/// The mint of all processes: signs once, accepts once, gives the same answer to the same request.
class SigningMint {
  public:
    explicit SigningMint(const cashu::MintKeysets& keysets) : keysets_{keysets} {}
    Result<std::vector<BlindSignature>> serve(const std::string& path, const std::string& body) {
        std::lock_guard lock{mutex_};
        if (auto at = answers_.find(body); at != answers_.end()) return at->second;
        std::vector<cashu::BlindedMessage> outputs;
        if (path == "/v1/swap") {
            auto request = cashu::swap_request_from_json(body);
            if (!request) return fail(Errc::invalid, request.error().detail);
            for (const auto& input : request->inputs)
                if (!spent_.insert(cashu::y_of(input.secret)).second)
                    return fail(Errc::invalid, "a proof is the input of two operations");
            outputs = request->outputs;
        } else {
            std::vector<std::string> quotes;
            if (path.ends_with("/batch")) {
                auto request = cashu::batch_mint_request_from_json(body);
                if (!request) return fail(Errc::invalid, request.error().detail);
                quotes = request->quotes;
                outputs = request->outputs;
            } else {
                auto request = cashu::mint_request_from_json(body);
                if (!request) return fail(Errc::invalid, request.error().detail);
                quotes = {request->quote};
                outputs = request->outputs;
            }
            for (const auto& quote : quotes)
                if (!minted_.insert(quote).second)
                    return fail(Errc::invalid, "a quote is minted by two operations");
        }
        for (const auto& output : outputs)
            if (!signed_.insert(output.B_).second)
                return fail(Errc::invalid, "a counter is used for two outputs");
        auto signatures = cashu::sign_outputs(outputs, keysets_);
        if (!signatures) return fail(Errc::invalid, signatures.error().detail);
        return answers_[body] = *std::move(signatures);
    }

  private:
    const cashu::MintKeysets& keysets_;
    std::mutex mutex_;
    std::map<std::string, std::vector<BlindSignature>> answers_;
    std::set<cashu::PublicKey33> signed_, spent_;
    std::set<std::string> minted_;
};

struct Material {
    cashu::MintKeysets keysets;
    std::vector<cashu::Keyset> both;
    Bytes64 seed{};
    crypto::SecretKey lock_key = crypto::SecretKey::generate();
};
const Material& material() {
    static const Material made = [] {
        Material m;
        m.seed.fill(7);
        for (std::uint32_t index = 0; index < 2; ++index) {
            auto keyset = cashu::derive_keyset(Bytes(64, 0x5a), kUnit, index, 0, std::nullopt, 12);
            HP_ASSERT(keyset.has_value());
            m.both.push_back(keyset->keyset);
            HP_ASSERT(m.keysets.insert(*std::move(keyset)).has_value());
        }
        return m;
    }();
    return made;
}

/// One process's state.
struct Process {
    explicit Process(Vault opened)
        : vault{std::move(opened)},
          keyring{kUnit, material().seed},
          operations{vault, keyring, material().lock_key, kUrl, kUnit} {
        for (const auto& keyset : material().both) HP_ASSERT(keyring.insert(keyset).has_value());
    }
    Vault vault;
    Keyring keyring;
    Operations operations;
};

class WalletHouse final : public Stage {
  public:
    WalletHouse(const std::string& directory, std::size_t threads) : file_{directory + "/wallet.db"} {
        // All are open before any has work: closing a file, as opening it does, drops a process's locks on
        // it.
        for (std::size_t i = 0; i < threads; ++i) {
            auto vault = Vault::open(file_, {kUnit, kUrl, {}});
            if (!vault) assertion_failed(vault.error().what.c_str(), "races", 0);
            processes_.push_back(std::make_unique<Process>(*std::move(vault)));
        }
        auto& first = processes_.front()->vault;
        auto stored = first.transact([&]() -> Result<> {
            for (const auto& keyset : material().both) first.put_keyset(keyset);
            return {};
        });
        HP_ASSERT(stored.has_value());
    }

    std::string end() override {
        processes_.clear();
        audit::Places places;
        places.wallets = {file_};
        places.deep = true;
        return audited(places);
    }

    Process& process(std::size_t thread) { return *processes_.at(thread); }
    std::string new_quote_id() { return "quote-" + std::to_string(next_quote_++); }

    /// Requests what an operation needs, and ends it, like every process that finds it open.
    Result<Ended> carry(std::size_t thread, std::int64_t op) {
        auto& vault = process(thread).vault;
        auto& operations = process(thread).operations;
        HP_TRY(auto row, vault.transact([&]() -> Result<std::optional<OpRow>> { return vault.op(op); }));
        if (!row) return fail(Errc::invalid, "an operation is gone");
        if (row->state != OpState::open) return operations.ended(op);
        HP_TRY(auto signatures, mint_.serve(row->path, row->body));
        return operations.settle(op, signatures, {}, kNow);
    }
    Result<Balance> balance() {
        auto& vault = process(0).vault;
        return vault.transact([&]() -> Result<Balance> { return vault.balance(); });
    }
    std::string check() override {
        auto has = balance();
        if (!has) return has.error().what;
        if (has->unspent == unspent && has->reserved == reserved) return {};
        return "the wallet has " + std::to_string(has->unspent) + " and in tokens " +
               std::to_string(has->reserved) + ", not " + std::to_string(unspent) + " and " +
               std::to_string(reserved);
    }

    std::uint64_t unspent{0}, reserved{0};

  private:
    std::string file_;
    std::vector<std::unique_ptr<Process>> processes_;
    SigningMint mint_{material().keysets};
    std::uint64_t next_quote_{1};
};

struct Range {
    std::uint64_t first{}, end{};
    std::size_t thread{};
};

/// AC-272: counters of two keysets, taken in one order here and in the other there. Every number is used
/// once, none is skipped, and no one waits longer than the busy limit.
Outcome race_counters(WalletHouse& house, Rng& rng, Crew& crew) {
    constexpr int kTransactions = 2;
    const auto& keysets = material().both;
    std::vector<std::uint64_t> before, counts;
    for (const auto& keyset : keysets) {
        auto& vault = house.process(0).vault;
        auto next = vault.transact([&]() -> Result<std::uint64_t> { return vault.next_counter(keyset.id); });
        if (!next) return wrong(next.error().what);
        before.push_back(*next);
    }
    for (std::size_t i = 0; i < crew.size() * kTransactions * 2; ++i) counts.push_back(1 + rng.below(5));
    std::vector<std::vector<Range>> taken(crew.size() * 2);  // by thread and keyset
    std::vector<std::string> errors(crew.size());
    crew.race(rng, [&](std::size_t thread) {
        auto& vault = house.process(thread).vault;
        for (int i = 0; i < kTransactions; ++i) {
            auto begun = std::chrono::steady_clock::now();
            std::array<Range, 2> ranges;
            auto done = vault.transact([&]() -> Result<> {
                for (std::size_t step = 0; step < 2; ++step) {
                    std::size_t keyset = thread % 2 == 0 ? step : 1 - step;
                    auto count = counts[(thread * kTransactions + static_cast<std::size_t>(i)) * 2 + keyset];
                    HP_TRY(auto counters, vault.take_counters(keysets[keyset].id, count));
                    ranges[keyset] = {counters.front(), counters.back() + 1, thread};
                }
                return {};
            });
            if (!done) errors[thread] = done.error().what;
            if (std::chrono::steady_clock::now() - begun > kBusyLimit)
                errors[thread] = "waited beyond the busy limit";
            if (!errors[thread].empty()) return;
            for (std::size_t keyset = 0; keyset < 2; ++keyset)
                taken[thread * 2 + keyset].push_back(ranges[keyset]);
        }
    });
    for (const auto& error : errors)
        if (!error.empty()) return wrong(error);
    Outcome outcome;
    for (std::size_t keyset = 0; keyset < 2; ++keyset) {
        std::vector<Range> all;
        for (std::size_t thread = 0; thread < crew.size(); ++thread)
            all.insert(all.end(), taken[thread * 2 + keyset].begin(), taken[thread * 2 + keyset].end());
        std::ranges::sort(all, {}, &Range::first);
        if (keyset == 0) outcome.winner = all.front().thread % 2;
        std::uint64_t next = before[keyset];
        for (const Range& range : all) {
            if (range.first < next)
                return wrong("counter " + std::to_string(range.first) + " was given twice");
            if (range.first > next) return wrong("counter " + std::to_string(next) + " was given to nobody");
            next = range.end;
        }
    }
    return outcome;
}

/// All are notified of the same quotes and want to mint them; then all end the same operations.
Outcome race_minting(WalletHouse& house, Rng& rng, Crew& crew) {
    std::vector<Operations::NewQuote> quotes;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 1 + rng.below(5); i > 0; --i) {
        quotes.push_back({house.new_quote_id(), 1 + rng.below(60)});
        sum += quotes.back().amount;
    }
    const std::size_t quotes_max = 1 + rng.below(quotes.size());
    std::vector<Result<std::optional<std::int64_t>>> begun(crew.size());
    crew.race(rng, [&](std::size_t thread) {
        begun[thread] = house.process(thread).operations.begin_mint(quotes, quotes_max, kNow);
    });
    Outcome outcome;
    std::vector<std::int64_t> ops;
    for (std::size_t thread = 0; thread < crew.size(); ++thread) {
        if (!begun[thread]) return wrong(begun[thread].error().what);
        if (!*begun[thread]) continue;
        if (ops.empty() || **begun[thread] < ops.front()) outcome.winner = thread % 2;
        ops.push_back(**begun[thread]);
        std::ranges::sort(ops);
    }
    // What is left when each has begun one operation.
    while (true) {
        auto more = house.process(0).operations.begin_mint({}, quotes_max, kNow);
        if (!more) return wrong(more.error().what);
        if (!*more) break;
        ops.push_back(**more);
    }
    std::vector<std::string> errors(crew.size());
    crew.race(rng, [&](std::size_t thread) {
        for (std::int64_t op : ops) {
            auto ended = house.carry(thread, op);
            if (!ended)
                errors[thread] = ended.error().what;
            else if (!ended->is_done)
                errors[thread] = "an operation ended in: " + ended->reason;
        }
    });
    for (const auto& error : errors)
        if (!error.empty()) return wrong(error);
    house.unspent += sum;
    return outcome;
}

/// All send at once, sometimes more than there is: no proof is in two tokens, and all sums are preserved.
Outcome race_sending(WalletHouse& house, Rng& rng, Crew& crew) {
    if (house.unspent < 40)
        if (auto minted = race_minting(house, rng, crew); !minted.wrong.empty()) return minted;
    const std::uint64_t amount = 1 + rng.below(house.unspent);
    std::vector<std::string> tokens(crew.size()), errors(crew.size());
    crew.race(rng, [&](std::size_t thread) {
        auto sending =
            house.process(thread).operations.begin_send(amount, "", Operations::Swap::allowed, kNow);
        if (!sending) {
            // Others were faster.
            if (sending.error().code != Errc::refused) errors[thread] = sending.error().what;
            return;
        }
        tokens[thread] = sending->token;
        if (!sending->op) return;
        auto ended = house.carry(thread, *sending->op);
        if (!ended)
            errors[thread] = ended.error().what;
        else
            tokens[thread] = ended->token;
    });
    for (const auto& error : errors)
        if (!error.empty()) return wrong(error);
    Outcome outcome;
    std::set<std::string> secrets;
    States states;
    std::uint64_t sent = 0;
    for (std::size_t thread = 0; thread < crew.size(); ++thread) {
        if (tokens[thread].empty()) continue;
        if (outcome.winner == kNobody) outcome.winner = thread % 2;
        auto token = cashu::decode_token(tokens[thread]);
        if (!token) return wrong("a token does not parse: " + token.error().what);
        std::uint64_t sum = 0;
        for (const auto& proof : token->proofs) {
            if (!secrets.insert(proof.secret).second) return wrong("a proof is in two tokens");
            states.emplace_back(cashu::y_of(proof.secret), cashu::ProofState::spent);
            sum += proof.amount;
        }
        if (sum != amount)
            return wrong("a token is worth " + std::to_string(sum) + ", not " + std::to_string(amount));
        sent += sum;
    }
    if (sent > house.unspent) return wrong("more was sent than there was");
    house.unspent -= sent;
    house.reserved += sent;
    outcome.wrong = house.check();
    if (!outcome.wrong.empty()) return outcome;
    // Their receivers receive them, and all processes learn of it.
    crew.race(rng, [&](std::size_t thread) {
        auto noted = house.process(thread).operations.note_states(states);
        if (!noted) errors[thread] = noted.error().what;
    });
    for (const auto& error : errors)
        if (!error.empty()) return wrong(error);
    house.reserved -= sent;
    return outcome;
}

std::unique_ptr<Stage> open_house(const std::string& directory, Rng&, std::size_t threads) {
    return std::make_unique<WalletHouse>(directory, threads);
}

}  // namespace

StageType wallet_stage() {
    return {"wallet",
            open_house,
            {kind("counters", {"one order", "the other"}, race_counters),
             kind("wallet-mint", {"even processes", "odd processes"}, race_minting),
             kind("wallet-send", {"even processes", "odd processes"}, race_sending)}};
}

}  // namespace hp::crash
