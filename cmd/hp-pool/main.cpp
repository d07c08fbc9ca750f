// hp-pool: the pool service.
#include <optional>
#include <string_view>

#include "bitcoin/script.hpp"
#include "cli/command.hpp"
#include "cli/secrets.hpp"
#include "config/keys.hpp"
#include "config/limits.hpp"
#include "config/mint_key.hpp"
#include "config/together.hpp"
#include "crypto/base58.hpp"
#include "log/log.hpp"
#include "net/protection.hpp"
#include "net/sd_notify.hpp"
#include "pool/pool_service.hpp"
#include "verbs.hpp"

using namespace hp;

namespace {

struct Settings {
    config::Pool pool;
    config::PoolShared shared;
    config::Network network;
};

Result<ehash::Valuation> valuation_of(const config::PoolShared& shared) {
    ehash::Valuation out;
    out.rule =
        shared.valuation == "target" ? ehash::Valuation::Rule::target : ehash::Valuation::Rule::leading_zeros;
    out.unit_bits = static_cast<unsigned>(shared.unit_bits);
    out.minimum_difficulty = static_cast<unsigned>(shared.minimum_difficulty);
    return out;
}

Result<pool::ServiceOptions> options_from(const Settings& s, const cli::Command& command) {
    pool::ServiceOptions o;
    HP_TRY(o.mining_listen, net::endpoint_from_text(s.network.pool_listen));
    HP_TRY(auto authority,
           cli::read_secret_key(command.resolve_secret(s.pool.authority_secret_key_file), s.network.network));
    o.mining_identity = net::renewing_identity(authority, s.pool.certificate_validity_s);

    HP_TRY(o.templates.address, net::endpoint_from_text(s.shared.template_address));
    HP_TRY(o.templates.authority, crypto::authority_key_from_text(s.shared.template_authority_public_key));
    HP_TRY(auto bitcoin_network, bitcoin::network_from_name(s.network.network));
    auto payout = bitcoin::script_from_text(s.pool.payout_script, bitcoin_network);
    if (!payout)
        return fail(command.wrong_value(config::Pool::file, "payout_script", payout.error().what,
                                        payout.error().hint));
    o.work.payout_script = std::move(*payout);
    o.work.coinbase_tag = s.pool.coinbase_tag;
    o.work.version_rolling_allowed = s.pool.version_rolling_allowed;
    o.templates.coinbase_output_bytes = static_cast<std::uint32_t>(8 + 1 + o.work.payout_script.size());

    HP_TRY(o.terms.valuation, valuation_of(s.shared));
    HP_TRY(o.link.listen, net::endpoint_from_text(s.network.link_listen));
    HP_TRY(auto link_authority,
           cli::read_secret_key(command.resolve_secret(s.pool.link_authority_secret_key_file),
                                s.network.network));
    auto misfits = config::misfits_of_keys(s.shared, authority, link_authority);
    for (auto& one : config::misfits(s.pool, s.shared)) misfits.push_back(std::move(one));
    for (const auto& one : misfits) return fail(command.wrong_value(one.file, one.key, one.what, one.hint));
    o.link.authority = link_authority.xonly();
    o.link.identity = net::renewing_identity(link_authority, s.pool.certificate_validity_s);
    auto mints = config::mint_keys_from_list(s.pool.allowed_mint_keys);
    if (!mints) return fail(command.wrong_value(config::Pool::file, "allowed_mint_keys", mints.error().what));
    for (auto& [name, key] : *mints) o.link.allowed_mints.push_back({name, key});
    o.link.allow_mint_rollback = s.pool.allow_mint_rollback;
    o.route_to = s.pool.route_to;
    o.link.allow_new_mint_store = s.pool.allow_new_mint_store;
    o.link.unit = s.shared.unit;
    o.link.valuation = o.terms.valuation;
    o.link.max_inflight = static_cast<std::uint16_t>(s.pool.max_inflight);

    o.server_id = static_cast<std::uint16_t>(s.pool.server_id);
    o.terms.vardiff.shares_per_minute = s.pool.shares_per_minute;
    o.terms.invalid_shares_max = static_cast<std::uint32_t>(s.pool.invalid_shares_max);
    o.easiest_target_bits = static_cast<unsigned>(s.pool.easiest_target_bits);
    o.terms.vardiff.period_ms = s.pool.vardiff_interval_s * 1000;
    o.terms.channels_max = static_cast<std::size_t>(s.pool.channels_per_connection);
    o.channels_of_all = {config::kChannels, config::kChannelsUnproven};
    o.terms.idle_channel_ms = s.pool.idle_channel_s * 1000;
    if (!s.pool.default_locking_key.empty()) {
        HP_TRY(o.terms.default_locking_key, array_from_hex<33>(s.pool.default_locking_key));
    }
    o.outbox_path = command.resolve(s.pool.outbox_database);
    if (!s.pool.keep_refused.empty()) o.keep_refused = command.resolve(s.pool.keep_refused);
    o.wal_alarm_bytes = static_cast<std::uint64_t>(s.pool.wal_alarm_mib) << 20;
    o.templates.solutions_file = o.outbox_path + ".solutions";
    const auto& events = s.pool.events;
    HP_TRY(o.events,
           recordio::event_options(command.resolve_records(events.to), events.framing, events.encoding));
    if (recordio::is_noise_target(o.events.to)) {
        HP_TRY(o.events.key,
               cli::read_secret_key(command.resolve_secret(events.secret_key_file), s.network.network));
    }
    return o;
}

Result<> serve(const Settings& settings, const cli::Command& command) {
    HP_TRY(auto options, options_from(settings, command));
    net::Loop loop;
    HP_TRY(auto protection,
           net::Protection::from(settings.network.sources_exempt, settings.network.buffer_memory_mib));
    net::protect(loop, std::move(protection));
    std::unique_ptr<pool::PoolService> service;
    // First: a signal during the start waits for run() and kills nothing.
    loop.handle_signals(
        [&] {
            net::sd_notify("STOPPING=1");
            log::info("stopping");
            service->stop([&] { loop.stop(); });
        },
        [&] { command.reload_log(); });
    HP_TRY(service, pool::PoolService::start(loop, std::move(options)));
    service->on_ready = [] {
        log::info("ready: miners have work");
        net::sd_notify("READY=1");
    };
    std::optional<Error> fatal;
    service->on_fatal = [&](const Error& why) {
        fatal = why;
        loop.stop();
    };
    loop.run();
    if (fatal) return fail(*fatal);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    cli::Command command{
        {.name = "hp-pool",
         .summary =
             "Serve SV2 miners: jobs from a Template Provider, shares checked, a quote at the mint for each.",
         .examples = {"hp-pool --config-dir /etc/hashpool",
                      "hp-pool --config-dir d --events - | hp-stats ingest --db pool.db",
                      "hp-pool check-shares < shares.jsonl"}}};
    command.configure(settings.pool, settings.shared, settings.network);
    CheckSharesOptions shares;
    const auto& checks = add_check_shares(command, shares);
    command.app().require_subcommand(0, 1);
    command.load_when([&] { return !checks.parsed(); });
    return command.run(argc, argv,
                       [&] { return checks.parsed() ? check_shares(shares) : serve(settings, command); });
}
