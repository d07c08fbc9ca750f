// NUT-06: GET /v1/info. Announces only what works, because wallets rely on it.
#pragma once
#include "base/clock.hpp"
#include "cashu/nut00.hpp"

namespace hp::cashu {

struct MintInfo {
    std::string name;
    std::string description;
    PublicKey33 pubkey{};  ///< the mint's identity; signed into quote lookups
    std::string version;   ///< "hp-mint/1.2.3": exactly one slash, or CDK rejects everything
    std::vector<std::pair<std::string, std::string>> contact{};  ///< method, address
    std::string motd{};
    std::vector<std::string> urls{};  ///< under which wallets reach it, without trailing slashes
    std::string method{"ehash"};
    std::string unit{"hash"};
    std::uint64_t batch_size_max{100};
};
/// `now` is the field `time`, in seconds. Empty optional texts are left out.
std::string to_json(const MintInfo& info, UnixSeconds now);

/// What our wallet needs to know about a mint.
struct MintInfoSeen {
    std::string name;
    std::optional<PublicKey33> pubkey;
    std::string version;
    std::vector<std::pair<std::string, std::string>> mint_methods;  ///< method, unit
    bool minting_disabled{false};
    std::optional<std::uint64_t> batch_size_max;  ///< nothing: no NUT-29
    std::vector<std::string> urls;                ///< announced by the mint
};
Result<MintInfoSeen> mint_info_from_json(std::string_view body);

}  // namespace hp::cashu
