#include "parts.hpp"

#include "cli/secrets.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "mint/mint_service.hpp"

namespace hp::hp_mint {
namespace {

Result<mint::MintOptions> mint_options(const Settings& s, const cli::Command& command) {
    mint::MintOptions out;
    HP_TRY(auto words, cli::read_mnemonic(command.resolve_secret(s.mint.seed_file), s.network.network));
    HP_TRY(out.seed, crypto::bip39_seed(words.reveal()));
    out.database = command.resolve(s.mint.database);
    out.mark_file = command.resolve(s.mint.mark_file);
    out.unit = s.shared.unit;
    out.take(s.mint);
    return out;
}

Result<mint::LinkClient::Options> link_options(const Settings& s, const cli::Daemon& daemon) {
    HP_TRY(auto link_key, daemon.read_key(s.mint.link_secret_key_file));
    mint::LinkClient::Options out{.pool = {},
                                  .pool_authority = {},
                                  .link_key = link_key,
                                  .valuation = ehash::Valuation::of(s.shared.valuation, s.shared.unit_bits,
                                                                    s.shared.minimum_difficulty)};
    HP_TRY(out.pool, net::endpoint_from_text(s.shared.link_address));
    HP_TRY(out.pool_authority, crypto::authority_key_from_text(s.shared.link_authority_public_key));
    return out;
}

}  // namespace

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon) {
    HP_TRY(auto options, mint_options(settings, daemon.command()));
    HP_TRY(auto http_listen, net::endpoint_from_text(settings.network.mint_listen));
    HP_TRY(auto link, link_options(settings, daemon));
    HP_TRY(options.events, daemon.open_events(settings.mint.events));
    HP_TRY(auto service,
           mint::MintService::start(
               daemon.loop(),
               {.mint = std::move(options),
                .http_listen = std::move(http_listen),
                .link = std::move(link),
                .wal_alarm_bytes = static_cast<std::uint64_t>(settings.mint.wal_alarm_mib) << 20}));
    service->on_fatal = [&daemon](const Error& why) { daemon.end_with(why); };
    daemon.ready();
    return std::make_unique<cli::OnePart<mint::MintService>>(std::move(service));
}

}  // namespace hp::hp_mint
