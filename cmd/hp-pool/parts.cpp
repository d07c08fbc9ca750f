#include "parts.hpp"

#include "bitcoin/script.hpp"
#include "config/limits.hpp"
#include "config/mint_key.hpp"
#include "config/together.hpp"
#include "crypto/base58.hpp"
#include "log/log.hpp"
#include "pool/pool_service.hpp"

namespace hp::hp_pool {
namespace {

Result<> take_keys(const Settings& s, const cli::Daemon& daemon, pool::ServiceOptions& out) {
    HP_TRY(auto authority, daemon.read_key(s.pool.authority_secret_key_file));
    HP_TRY(auto link_authority, daemon.read_key(s.pool.link_authority_secret_key_file));
    auto misfits = config::misfits_of_keys(s.shared, authority, link_authority);
    for (auto& one : config::misfits(s.pool, s.shared)) misfits.push_back(std::move(one));
    for (const auto& one : misfits)
        return fail(daemon.command().wrong_value(one.file, one.key, one.what, one.hint));
    out.mining_identity = net::renewing_identity(authority, s.pool.certificate_validity_s);
    out.link.authority = link_authority.xonly();
    out.link.identity = net::renewing_identity(link_authority, s.pool.certificate_validity_s);
    return {};
}

Result<> take_templates(const Settings& s, const cli::Command& command, pool::ServiceOptions& out) {
    HP_TRY(out.templates.address, net::endpoint_from_text(s.shared.template_address));
    HP_TRY(out.templates.authority, crypto::authority_key_from_text(s.shared.template_authority_public_key));
    HP_TRY(auto bitcoin_network, bitcoin::network_from_name(s.network.network));
    auto payout = bitcoin::script_from_text(s.pool.payout_script, bitcoin_network);
    if (!payout)
        return fail(command.wrong_value(config::Pool::file, "payout_script", payout.error().what,
                                        payout.error().hint));
    out.work.payout_script = std::move(*payout);
    out.work.coinbase_tag = s.pool.coinbase_tag;
    out.work.version_rolling_allowed = s.pool.version_rolling_allowed;
    out.templates.coinbase_output_bytes = static_cast<std::uint32_t>(8 + 1 + out.work.payout_script.size());
    return {};
}

Result<> take_link(const Settings& s, const cli::Command& command, pool::ServiceOptions& out) {
    HP_TRY(out.link.listen, net::endpoint_from_text(s.network.link_listen));
    auto mints = config::mint_keys_from_list(s.pool.allowed_mint_keys);
    if (!mints) return fail(command.wrong_value(config::Pool::file, "allowed_mint_keys", mints.error().what));
    for (auto& [name, key] : *mints) out.link.allowed_mints.push_back({name, key});
    out.link.allow_mint_rollback = s.pool.allow_mint_rollback;
    out.link.allow_new_mint_store = s.pool.allow_new_mint_store;
    out.link.unit = s.shared.unit;
    out.link.valuation = out.terms.valuation;
    out.link.max_inflight = static_cast<std::uint16_t>(s.pool.max_inflight);
    out.route_to = s.pool.route_to;
    return {};
}

Result<> take_terms(const Settings& s, pool::ServiceOptions& out) {
    out.terms.valuation =
        ehash::Valuation::of(s.shared.valuation, s.shared.unit_bits, s.shared.minimum_difficulty);
    HP_DO(out.terms.take(s.pool));
    out.easiest_target_bits = static_cast<unsigned>(s.pool.easiest_target_bits);
    out.server_id = static_cast<std::uint16_t>(s.pool.server_id);
    out.channels_of_all = {config::kChannels, config::kChannelsUnproven};
    return {};
}

void take_files(const Settings& s, const cli::Command& command, pool::ServiceOptions& out) {
    out.outbox_path = command.resolve(s.pool.outbox_database);
    out.templates.blocks.solutions_file = out.outbox_path + ".solutions";
    if (!s.pool.blocks_directory.empty())
        out.templates.blocks.folder = command.resolve(s.pool.blocks_directory);
    if (!s.pool.keep_refused.empty()) out.keep_refused = command.resolve(s.pool.keep_refused);
    out.wal_alarm_bytes = static_cast<std::uint64_t>(s.pool.wal_alarm_mib) << 20;
}

}  // namespace

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon) {
    pool::ServiceOptions options;
    HP_TRY(options.mining_listen, net::endpoint_from_text(settings.network.pool_listen));
    HP_DO(take_terms(settings, options));
    HP_DO(take_templates(settings, daemon.command(), options));
    HP_DO(take_keys(settings, daemon, options));
    HP_DO(take_link(settings, daemon.command(), options));
    take_files(settings, daemon.command(), options);
    HP_TRY(options.events, daemon.open_events(settings.pool.events));
    HP_TRY(auto service, pool::PoolService::start(daemon.loop(), std::move(options)));
    service->on_ready = [&daemon] {
        log::info("ready: miners have work");
        daemon.ready();
    };
    service->on_fatal = [&daemon](const Error& why) { daemon.end_with(why); };
    return std::make_unique<cli::OnePart<pool::PoolService>>(std::move(service));
}

}  // namespace hp::hp_pool
