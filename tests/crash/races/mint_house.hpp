// A mint as hp-mint runs it (one loop, its HTTP API, one writer), and the wallets around it: what they hold,
// and what the sums must be.
#pragma once
#include <thread>

#include "cashu/nut29.hpp"
#include "mint/api.hpp"
#include "race.hpp"
#include "waiting.hpp"

namespace hp::crash {

/// A wallet's side of one output.
struct Output {
    std::string secret;
    crypto::SecretKey r;
    cashu::BlindedMessage message;
};

/// A request that ends in signatures, and what it changes if it is granted.
struct Request {
    std::string path, body;
    std::vector<Output> outputs;
    std::uint64_t issued{0};
    std::uint64_t spent{0};
};

/// What one thread was answered.
struct Reply {
    int status{0};
    std::string body;
    bool is_granted() const { return status == 200; }
    /// Of a refusal. 0 where there is none: the body is no refusal, or nothing came.
    int code() const;
};

class MintHouse final : public Stage {
  public:
    MintHouse(const std::string& directory, Rng& rng, std::size_t threads);
    ~MintHouse() override;
    /// The ledger's sums are what was granted, to the unit.
    std::string check() override;
    std::string end() override;

    /// Over HTTP, on the thread's own connection, and waits.
    Reply ask(std::size_t thread, std::string_view method, const std::string& path,
              const std::string& body = {});
    Reply post(std::size_t thread, const Request& request) {
        return ask(thread, "POST", request.path, request.body);
    }
    /// For what a mint has beside its API; both are the loop's thread's.
    net::Loop& loop() { return loop_; }
    mint::Mint& mint() { return *mint_; }

    /// On the ledger, as the link does, and waits. From any thread.
    template <class T>
    Result<T> transact(std::function<T(mint::Ledger&)> work);
    /// A job that writes and fails, in the same group as what races when it meets it: the group is rolled
    /// back, and each job of it runs once more.
    void spoil_group();

    struct NewQuote {
        std::string id;
        std::uint64_t amount{};
    };
    NewQuote new_quote(std::uint64_t amount);
    ehash::Intent new_share(std::uint64_t amount);
    cashu::Quote quote(const std::string& id);

    std::vector<Output> outputs(std::uint64_t sum) const;
    std::vector<Output> outputs_of(std::span<const std::uint64_t> amounts) const;
    Request mint_request(const NewQuote& quote, std::vector<Output> outputs) const;
    Request mint_request(const NewQuote& quote) const { return mint_request(quote, outputs(quote.amount)); }
    Request batch_request(std::span<const NewQuote> quotes) const;
    /// Outputs: what the inputs leave after the fee.
    Request swap_request(std::span<const cashu::Proof> inputs) const;
    Request swap_request(std::span<const cashu::Proof> inputs, std::vector<Output> outputs) const;
    std::uint64_t after_fee(std::span<const cashu::Proof> inputs) const;

    /// Proofs worth `sum_min` after the fee at least; mints some when the purse is empty.
    std::vector<cashu::Proof> take_coins(std::size_t count, std::uint64_t sum_min = 1);
    void put_back(std::span<const cashu::Proof> coins) {
        purse_.insert(purse_.end(), coins.begin(), coins.end());
    }

    /// A request was granted: the signatures are looked at, the proofs go into the purse, the sums grow. The
    /// first thing that is wrong.
    std::string granted(const Request& request, const std::string& body);
    void quoted(std::uint64_t amount) { quoted_ += amount; }

    std::uint64_t next_number() { return next_number_++; }
    /// For one round in eight: jobs that spoil the racers' groups.
    std::function<void()> mischief(Rng& rng);

  private:
    struct Peer;
    void fill_purse();
    void close();
    std::string database_;
    std::uint64_t fee_ppk_;
    net::Loop loop_;
    std::unique_ptr<mint::Mint> mint_;
    std::unique_ptr<mint::Api> api_;
    std::thread thread_;
    std::vector<std::unique_ptr<Peer>> peers_;
    crypto::SecretKey owner_;
    std::vector<cashu::Proof> purse_;
    std::uint64_t next_number_{1};
    std::uint64_t quoted_{0}, issued_{0}, signed_{0}, spent_{0};
};

/// The proofs' sum.
std::uint64_t sum_of(std::span<const cashu::Proof> coins);
std::vector<cashu::BlindedMessage> messages(std::span<const Output> outputs);

// The kinds of rounds: mint_rounds.cpp, swap_rounds.cpp, read_rounds.cpp, link_rounds.cpp.
Outcome race_one_quote(MintHouse&, Rng&, Crew&);
Outcome race_parts_of_a_quote(MintHouse&, Rng&, Crew&);
Outcome race_batch_and_single(MintHouse&, Rng&, Crew&);
Outcome race_batches(MintHouse&, Rng&, Crew&);
Outcome race_one_input(MintHouse&, Rng&, Crew&);
Outcome race_overlapping_inputs(MintHouse&, Rng&, Crew&);
Outcome race_one_output(MintHouse&, Rng&, Crew&);
Outcome race_readers(MintHouse&, Rng&, Crew&);
Outcome race_link_sessions(MintHouse&, Rng&, Crew&);

// ---- implementation

template <class T>
Result<T> MintHouse::transact(std::function<T(mint::Ledger&)> work) {
    return wait_for<T>([&](auto done) { mint_->transact<T>(std::move(work), std::move(done)); });
}

}  // namespace hp::crash
