// The names that an SV1 connection has authorized, and who owns the ehash of each one's shares.
#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/secp.hpp"

namespace hp::proxy {

struct Worker {
    std::string name;             ///< ehash::worker_name
    crypto::PublicKey33 owner{};  ///< compressed
    bool is_wallets{};            ///< the proxy's own wallet is the owner
    std::uint64_t shares_accepted{}, shares_rejected{};
    double work_hashes{};  ///< expected hashes of those accepted
};

class Workers {
  public:
    /// Maximum number of names; further ones are refused.
    static constexpr std::size_t kMax = 256;
    explicit Workers(const crypto::PublicKey33& wallets_key) : wallets_key_{wallets_key} {}

    /// The worker for a name. An error: it was meant to be a key and is not, or there are too many names.
    Result<Worker> read(std::string_view untrusted) const;
    /// The worker, added if the name is new; its address is stable. REQUIRES: it came from `read`.
    Worker& add(Worker worker);
    /// Nothing: the name was not authorized. Does not allocate if the name needs no cleaning.
    Worker* find(std::string_view name);

    const crypto::PublicKey33& wallets_key() const { return wallets_key_; }
    /// In order of arrival.
    const std::list<Worker>& all() const { return all_; }
    const Worker* first() const { return all_.empty() ? nullptr : &all_.front(); }

  private:
    crypto::PublicKey33 wallets_key_;
    std::list<Worker> all_;
    std::map<std::string_view, Worker*> by_name_;
};

}  // namespace hp::proxy
