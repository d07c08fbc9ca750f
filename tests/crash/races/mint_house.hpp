// A mint as in hp-mint (one loop, its HTTP API, one writer), and its wallets: their proofs, and the expected
// sums.
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

/// A request that returns signatures, and what it changes if granted.
struct Request {
    std::string path, body;
    std::vector<Output> outputs;
    std::uint64_t issued{0};
    std::uint64_t spent{0};
};

/// One thread's answer.
struct Reply {
    int status{0};
    std::string body;
    bool is_granted() const { return status == 200; }
    /// The refusal's code. 0: the body is not a refusal, or nothing came.
    int code() const;
};

class MintHouse final : public Stage {
  public:
    MintHouse(const std::string& directory, Rng& rng, std::size_t threads);
    ~MintHouse() override;
    /// Checks that the ledger's sums equal what was granted, to the unit.
    std::string check() override;
    std::string end() override;

    /// Over HTTP, on the thread's own connection, and waits.
    Reply ask(std::size_t thread, std::string_view method, const std::string& path,
              const std::string& body = {});
    Reply post(std::size_t thread, const Request& request) {
        return ask(thread, "POST", request.path, request.body);
    }
    /// For the mint's parts besides its API; both belong to the loop's thread.
    net::Loop& loop() { return loop_; }
    mint::Mint& mint() { return *mint_; }

    /// Runs on the ledger, like the link, and waits. From any thread.
    template <class T>
    Result<T> transact(std::function<T(mint::Ledger&)> work);
    /// A job that writes and fails, possibly in the same group as the racing jobs: the group is rolled back,
    /// and each job runs once more.
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

    /// Proofs worth at least `sum_min` after the fee; mints some if the purse is empty.
    std::vector<cashu::Proof> take_coins(std::size_t count, std::uint64_t sum_min = 1);
    void put_back(std::span<const cashu::Proof> coins) {
        purse_.insert(purse_.end(), coins.begin(), coins.end());
    }

    /// A request was granted: checks the signatures, adds the proofs to the purse and to the sums. Returns
    /// the first error.
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
