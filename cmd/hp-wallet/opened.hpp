// What most verbs do first: the wallet of the configuration, opened, and its answers awaited.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>

#include "net/loop.hpp"
#include "verbs.hpp"
#include "wallet/wallet.hpp"

namespace hp::hp_wallet {

using Json = nlohmann::ordered_json;

/// For a mint with much to sign; an interrupted wallet continues at its next start.
inline constexpr std::int64_t kMintingLimitMs = 600'000;

/// --locking-key-file
void add_locking_key(cli::Options& add, std::string& file);
/// The seed of the configured words.
Result<Bytes64> read_seed(const Program& program);
Result<crypto::SecretKey> read_locking_key(const Program& program, const std::string& file);

struct OpenOptions {
    bool mints_quotes{false};
    std::string locking_key_file{};  ///< empty: quotes are locked to the key of the words
};

/// A wallet with the loop that it runs on.
class Opened {
  public:
    static Result<std::unique_ptr<Opened>> open(const Program& program, const OpenOptions& options = {});

    wallet::Wallet& wallet() { return *wallet_; }
    net::Loop& loop() { return loop_; }
    /// Runs the loop until the answer is there.
    template <class T>
    Result<T> wait_for(const std::function<void(std::function<void(Result<T>)>)>& start) {
        auto answer = std::make_shared<std::optional<Result<T>>>();
        start([answer, this](Result<T> result) {
            *answer = std::move(result);
            loop_.stop();
        });
        while (!*answer) loop_.run();
        return **answer;
    }
    /// Until nothing is being minted.
    Result<> wait_until_idle();

  private:
    Opened() = default;
    net::Loop loop_;
    std::unique_ptr<wallet::Wallet> wallet_;
};

void print(const std::string& line);
void print(const Json& object);
/// "2026-08-01T12:00:00Z"; "-" for 0.
std::string time_text(UnixMs when);

}  // namespace hp::hp_wallet
