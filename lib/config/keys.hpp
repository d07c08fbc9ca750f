// Every configuration key, declared once: file, name, default, what it means, what is allowed. Parsing,
// `check`, `show`, the flag (--pool-listen), the variable (HP_POOL_LISTEN) and the man page derive from
// describe().
//
// A visitor gets v(name, field, doc, rule). The struct's `file` says where the keys are; keys with an empty
// default and rule.required must be set.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/common_keys.hpp"
#include "config/rule.hpp"

namespace hp::config {

inline const std::vector<std::string> kServers{"hp-pool",  "hp-mint", "hp-proxy",
                                               "hp-stats", "hp-web",  "hp-template"};

/// Which program listens and dials where; the only file that every tool reads.
struct Network {
    static constexpr std::string_view file = "shared/network.toml";
    std::string network;
    std::vector<std::string> roles;
    std::string template_listen = "127.0.0.1:18447";
    std::string pool_listen = "0.0.0.0:34254";
    std::string link_listen = "127.0.0.1:34260";
    std::string mint_listen = "127.0.0.1:3338";
    std::string proxy_listen = "0.0.0.0:34255";
    std::string pool_stats_listen = "127.0.0.1:9108";
    std::string proxy_stats_listen = "127.0.0.1:9109";
    std::string pool_records_listen = "127.0.0.1:9110";
    std::string proxy_records_listen = "127.0.0.1:9111";
    std::string pool_web_listen = "127.0.0.1:8081";
    std::string proxy_web_listen = "127.0.0.1:3030";
    std::string proxy_api_listen = "127.0.0.1:3031";
    std::vector<std::string> public_names;
    std::vector<std::string> sources_exempt = {"127.0.0.0/8", "::1"};
    std::int64_t buffer_memory_mib = 128;

    template <class V>
    void describe(V&& v) {
        v("network", network, "Bitcoin network: sim (built-in chain), regtest, testnet4, signet or mainnet",
          one_of({"sim", "regtest", "testnet4", "signet", "mainnet"}).and_required());
        v("roles", roles,
          "roles of this machine: pool (with hp-template), mint, proxy (with a wallet), wallet; [] for all. "
          "hp-config looks only at the files of these roles",
          one_of({"pool", "mint", "proxy", "wallet"}).or_empty().used_by({"hp-config", "hp-wallet"}));
        v("template_listen", template_listen, "where hp-template serves SV2 Template Distribution",
          endpoint().used_by({"hp-template"}));
        v("pool_listen", pool_listen, "where hp-pool serves SV2 mining",
          endpoint().used_by({"hp-pool", "hp-web"}));
        v("link_listen", link_listen, "where hp-pool accepts its mints", endpoint().used_by({"hp-pool"}));
        v("mint_listen", mint_listen, "where hp-mint serves the Cashu API", endpoint().used_by({"hp-mint"}));
        v("proxy_listen", proxy_listen, "where hp-proxy serves SV1 miners",
          endpoint().used_by({"hp-proxy", "hp-web"}));
        v("pool_stats_listen", pool_stats_listen, "where hp-stats serves the pool side's figures",
          endpoint().used_by({"hp-stats", "hp-web"}));
        v("proxy_stats_listen", proxy_stats_listen, "where hp-stats serves the proxy side's figures",
          endpoint().used_by({"hp-stats", "hp-web"}));
        v("pool_records_listen", pool_records_listen,
          "where hp-stats ingest --listen-records accepts records of the pool side",
          endpoint().used_by({"hp-stats"}));
        v("proxy_records_listen", proxy_records_listen,
          "where hp-stats ingest --listen-records accepts records of the proxy side",
          endpoint().used_by({"hp-stats"}));
        v("pool_web_listen", pool_web_listen, "where hp-web serves the pool side's page",
          endpoint().used_by({"hp-web"}));
        v("proxy_web_listen", proxy_web_listen, "where hp-web serves the proxy side's page",
          endpoint().used_by({"hp-web"}));
        v("proxy_api_listen", proxy_api_listen,
          "where hp-proxy serves balance and tokens, if faucet_amount is set",
          endpoint().used_by({"hp-proxy", "hp-web"}));
        v("public_names", public_names,
          "host names, without port, under which browsers reach hp-web and the faucet, in addition to "
          "loopback and the listening address; requests that change something are refused under any other "
          "name",
          host_name().or_empty().used_by({"hp-proxy", "hp-web"}));
        v("sources_exempt", sources_exempt,
          "addresses and networks that may have any number of unproven connections, and where one peer's "
          "invalid shares do not count against the next"
          ", such as a TLS proxy or a large "
          "farm; [] for none",
          net().or_empty().used_by(kServers));
        v("buffer_memory_mib", buffer_memory_mib,
          "MiB that each program may hold in unfinished input and unread output of its connections; beyond "
          "that, the connections that hold most are closed",
          range(1, 65'536).used_by(kServers));
    }
};

/// What the pool-side tools agree on (hp-pool, hp-mint).
struct PoolShared {
    static constexpr std::string_view file = "shared/pool.toml";
    std::string template_address = "127.0.0.1:18447";
    std::string template_authority_public_key;
    std::string link_address = "127.0.0.1:34260";
    std::string link_authority_public_key;
    std::string unit = "hash";
    std::string valuation = "target";
    std::int64_t unit_bits = 32;
    std::int64_t minimum_difficulty = 32;

    template <class V>
    void describe(V&& v) {
        v("template_address", template_address, "the Template Provider that hp-pool connects to",
          endpoint().used_by({"hp-pool"}));
        v("template_authority_public_key", template_authority_public_key,
          "the Template Provider's authority key (base58check)",
          authority_key().and_required().used_by({"hp-pool"}));
        v("link_address", link_address, "where hp-mint reaches the pool's link port",
          endpoint().used_by({"hp-mint"}));
        v("link_authority_public_key", link_authority_public_key,
          "the pool's link authority key, which the mint pins (base58check)",
          authority_key().and_required().used_by({"hp-mint"}));
        v("unit", unit, "Cashu unit of the ehash, lower case",
          pattern("[a-z0-9_]+").in_variable("HP_POOL_UNIT"));
        v("valuation", valuation,
          "what a share is worth: target (expected work of the credited target) or leading_zeros (of the "
          "hash)",
          one_of({"target", "leading_zeros"}));
        v("unit_bits", unit_bits, "valuation target: one unit is 2^unit_bits expected hashes", range(0, 200));
        v("minimum_difficulty", minimum_difficulty,
          "valuation leading_zeros: number of leading zero bits worth one unit", range(0, 255));
    }
};

/// What the miner-side tools agree on (hp-proxy, hp-wallet).
struct ProxyShared {
    static constexpr std::string_view file = "shared/proxy.toml";
    std::string mint_url = "http://127.0.0.1:3338";
    std::vector<std::string> mint_aliases;
    std::string unit = "hash";
    std::string wallet_database = "data/wallet.db";
    std::string wallet_seed_file = "secrets/wallet.seed";

    template <class V>
    void describe(V&& v) {
        v("mint_url", mint_url, "URL of the mint's Cashu API, as seen from this machine", url());
        v("mint_aliases", mint_aliases,
          "other URLs of the same mint, which you trust to be it: hp-wallet sends proofs of tokens that name "
          "them "
          "to mint_url",
          url().used_by({"hp-wallet"}));
        v("unit", unit, "Cashu unit of the wallet, lower case",
          pattern("[a-z0-9_]+").in_variable("HP_WALLET_UNIT"));
        v("wallet_database", wallet_database, "the wallet's SQLite file", path());
        v("wallet_seed_file", wallet_seed_file, "file with the wallet's BIP 39 words, mode 0600",
          secret_file());
    }
};

struct Template {
    static constexpr std::string_view file = "template.toml";
    std::string source = "sim";
    std::string authority_secret_key_file = "secrets/template-authority.key";
    std::int64_t certificate_validity_s = 86400;
    std::int64_t sim_block_bits = 26;
    std::int64_t sim_block_interval_s = 0;
    std::string sim_chain_file = "data/sim-chain.dat";
    std::string rpc_url = "http://127.0.0.1:8332";
    std::string rpc_cookie_file;
    std::string rpc_user;
    std::string rpc_password_file;
    std::int64_t fee_refresh_s = 30;
    bool allow_ibd = false;
    std::int64_t max_template_age_s = 600;
    Events events{"secrets/template-events.key"};
    Log log;

    template <class V>
    void describe(V&& v) {
        v("source", source,
          "sim: a built-in chain with real PoW at toy difficulty; rpc: a node's getblocktemplate",
          one_of({"sim", "rpc"}));
        v("authority_secret_key_file", authority_secret_key_file,
          "file with the authority secret key, mode 0600",
          secret_file().in_variable("HP_TEMPLATE_AUTHORITY_SECRET_KEY_FILE"));
        v("certificate_validity_s", certificate_validity_s,
          "validity of Noise certificates in seconds; renewed at half-life", range(2, 4'000'000));
        v("sim_block_bits", sim_block_bits, "sim: expected hashes for a block, as a power of two",
          range(1, 60));
        v("sim_block_interval_s", sim_block_interval_s,
          "sim: seconds between competing blocks; 0: only the pool's blocks", range(0, 86400));
        v("sim_chain_file", sim_chain_file, "sim: file for accepted blocks", path());
        v("rpc_url", rpc_url, "rpc: URL of the node's JSON-RPC", url());
        v("rpc_cookie_file", rpc_cookie_file,
          "rpc: the node's .cookie file; alternatively set rpc_user and rpc_password_file", path());
        v("rpc_user", rpc_user, "rpc: user name", any());
        v("rpc_password_file", rpc_password_file, "rpc: file with the password, mode 0600", secret_file());
        v("fee_refresh_s", fee_refresh_s, "rpc: maximum seconds until a new template when fees have risen",
          range(1, 3600));
        v("allow_ibd", allow_ibd,
          "rpc: take templates of a node in initial block download, or without the blocks of its newest "
          "headers, for test networks without miners; regtest allows it always",
          any());
        v("max_template_age_s", max_template_age_s,
          "rpc: seconds that clients keep work while the node gives none; then they are disconnected and get "
          "no work until it does; 0: never",
          range(0, 604'800));
        events.describe(v);
        log.describe(v);
    }
};

struct Pool {
    static constexpr std::string_view file = "pool.toml";
    std::int64_t server_id = 0;
    std::string authority_secret_key_file = "secrets/pool-authority.key";
    std::string link_authority_secret_key_file = "secrets/link-authority.key";
    std::int64_t certificate_validity_s = 86400;
    std::string payout_script;
    std::string coinbase_tag = "Hashpool";
    double shares_per_minute = 20;
    std::int64_t easiest_target_bits = 32;
    std::int64_t vardiff_interval_s = 60;
    std::int64_t channels_per_connection = 4096;
    std::int64_t idle_channel_s = 0;
    std::int64_t invalid_shares_max = 1000;
    std::int64_t stale_grace_ms = 0;
    bool pay_stale_in_grace = true;
    std::int64_t ack_batch = 1;
    std::int64_t ack_batch_ms = 1000;
    bool version_rolling_allowed = true;
    std::vector<std::string> allowed_mint_keys;
    bool allow_new_mint_store = true;
    bool allow_mint_rollback = false;
    std::string route_to;
    std::string default_locking_key;
    std::string outbox_database = "data/outbox.db";
    std::int64_t keep_days = 90;
    std::string keep_refused = "data/refused-shares.jsonl";
    std::string blocks_directory = "data/blocks";
    std::int64_t wal_alarm_mib = 64;
    std::int64_t max_inflight = 1024;
    Events events{"secrets/pool-events.key"};
    Log log;

    template <class V>
    void describe(V&& v) {
        v("server_id", server_id,
          "number of this pool among pools that share work; part of every extranonce_prefix",
          range(0, 65535));
        v("authority_secret_key_file", authority_secret_key_file,
          "file with the miner-facing authority secret key, mode 0600",
          secret_file().in_variable("HP_POOL_AUTHORITY_SECRET_KEY_FILE"));
        v("link_authority_secret_key_file", link_authority_secret_key_file,
          "file with the link's authority secret key, mode 0600; must differ from the miner-facing one",
          secret_file());
        v("certificate_validity_s", certificate_validity_s,
          "validity of Noise certificates in seconds; renewed at half-life", range(2, 4'000'000));
        v("payout_script", payout_script, "where block rewards go: an address of this network, or raw(HEX)",
          any().and_required());
        v("coinbase_tag", coinbase_tag, "text in the coinbase", pattern("[ -~]{0,40}").or_empty());
        v("shares_per_minute", shares_per_minute, "shares per minute and channel that vardiff aims at",
          range(0.1, 100000));
        v("easiest_target_bits", easiest_target_bits,
          "expected hashes of the easiest share, as a power of two; at least unit_bits", range(0, 200));
        v("vardiff_interval_s", vardiff_interval_s,
          "seconds between changes of a channel's target by less than half; larger ones are made as soon as "
          "its shares, or their absence, show them",
          range(1, 3600));
        v("channels_per_connection", channels_per_connection,
          "channels that one SV2 connection may open; further ones are refused with too-many-channels, and "
          "hp-proxy opens another connection",
          range(1, 1'000'000).in_variable("HP_POOL_CHANNELS_PER_CONNECTION"));
        v("idle_channel_s", idle_channel_s,
          "seconds after which an SV2 connection without a channel is closed; 0: never, since a translator "
          "without miners waits for its first one",
          range(0, 31'536'000));
        v("invalid_shares_max", invalid_shares_max,
          "invalid shares of a channel before it is closed; each accepted share makes up for one, and so "
          "does each "
          "second",
          range(10, 1'000'000).in_variable("HP_POOL_INVALID_SHARES_MAX"));
        v("stale_grace_ms", stale_grace_ms,
          "milliseconds after a new tip in which shares of the previous tip's jobs are excused (see "
          "pay_stale_in_grace); 0: they are stale at once",
          range(0, 60'000));
        v("pay_stale_in_grace", pay_stale_in_grace,
          "whether shares within stale_grace_ms are accepted and paid; false: they are refused as stale, but "
          "not held against the miner as invalid",
          any());
        v("ack_batch", ack_batch,
          "accepted shares of a channel that are acknowledged together, once they are on disk; 1: as many as "
          "are "
          "there",
          range(1, 10'000));
        v("ack_batch_ms", ack_batch_ms,
          "milliseconds that an accepted share waits for others of its batch (ack_batch)", range(1, 60'000));
        v("version_rolling_allowed", version_rolling_allowed,
          "whether miners may roll the BIP 323 version bits (1fffffe0)", any());
        v("allowed_mint_keys", allowed_mint_keys,
          "link keys of the mints that may serve this pool: KEY, or NAME:KEY if there are several mints; two "
          "per mint during a key rotation",
          mint_key().and_required());
        v("allow_new_mint_store", allow_new_mint_store,
          "whether an allowed mint that has never linked before is accepted (first contact)", any());
        v("allow_mint_rollback", allow_mint_rollback,
          "whether a mint may come with another or an older database than last time; set it only for the "
          "first start after its database was restored from a backup",
          any());
        v("route_to", route_to,
          "name of the mint for all new quotes; empty: each owner's mint is chosen by the hash of the "
          "locking key",
          pattern("[a-z0-9_-]{1,32}").or_empty());
        v("default_locking_key", default_locking_key,
          "owner (66 hex digits) of shares whose channel names no key; empty: such channels are refused",
          pubkey_hex());
        v("outbox_database", outbox_database, "the outbox's SQLite file", path());
        v("keep_days", keep_days,
          "days of answered shares that hp-pool archive leaves in the outbox; more than the age of the "
          "oldest "
          "backup of a mint that you would restore",
          range(1, 36'500));
        v("keep_refused", keep_refused,
          "file for recently refused shares and their reasons, for hp-quote explain and hp-pool "
          "check-shares: up to 8 MiB, and as much in FILE.1; empty: none",
          path().or_empty());
        v("blocks_directory", blocks_directory,
          "directory for the newest 64 blocks found, each whole in a file that hp-template submit takes; "
          "needs "
          "the transactions of each template from the Template Provider, up to 4 MB; empty: none",
          path().or_empty());
        v("wal_alarm_mib", wal_alarm_mib,
          "size in MiB of the database's write-ahead log that raises an alarm, e.g. if a reader does not "
          "finish"
          "; 0: never",
          range(0, 1'000'000));
        v("max_inflight", max_inflight, "maximum number of unanswered quote requests on the link",
          range(1, 65535));
        events.describe(v);
        log.describe(v);
    }
};

struct Mint {
    static constexpr std::string_view file = "mint.toml";
    std::string name = "Hashpool mint";
    std::string description;
    std::vector<std::string> public_urls;
    std::string database = "data/mint.db";
    std::string mark_file = "marks/mint.mark";
    std::int64_t wal_alarm_mib = 64;
    std::string seed_file = "secrets/mint.seed";
    std::string link_secret_key_file = "secrets/mint-link.key";
    std::int64_t input_fee_ppk = 0;
    std::int64_t keyset_amounts = 63;
    std::int64_t keyset_index_min = 0;
    bool accept_legacy_quote_signatures = false;
    Events events{"secrets/mint-events.key"};
    Log log;

    template <class V>
    void describe(V&& v) {
        v("name", name, "the mint's name for wallets", pattern("[ -~]{1,100}").in_variable("HP_MINT_NAME"));
        v("description", description, "one-line description of the mint for wallets",
          any().or_empty().in_variable("HP_MINT_DESCRIPTION"));
        v("public_urls", public_urls,
          "URLs under which wallets reach the mint, announced in /v1/info; hp-wallet and hp-proxy put the "
          "first one into tokens; empty: each names the URL that it uses itself",
          url().or_empty());
        v("database", database, "the ledger's SQLite file", path().in_variable("HP_MINT_DATABASE"));
        v("mark_file", mark_file,
          "file that records how far the ledger has come, so that a database restored from a backup is "
          "noticed: keep it out of the backups of the database, one file per mint",
          path());
        v("wal_alarm_mib", wal_alarm_mib,
          "size in MiB of the database's write-ahead log that raises an alarm, e.g. if a reader does not "
          "finish"
          "; 0: never",
          range(0, 1'000'000));
        v("seed_file", seed_file, "file with the BIP 39 words that all keysets derive from, mode 0600",
          secret_file());
        v("link_secret_key_file", link_secret_key_file,
          "file with the secret key of the mint's link identity, mode 0600; never a keyset key",
          secret_file());
        v("input_fee_ppk", input_fee_ppk, "swap fee per input in thousandths of a unit", range(0, 100000));
        v("keyset_amounts", keyset_amounts, "number of keys in a keyset: amounts 2^0 to 2^(n-1)",
          range(1, 63));
        v("keyset_index_min", keyset_index_min,
          "lowest derivation index of the signing keyset: raise it above the index in the log to start a new "
          "keyset",
          range(0, 0x7fffffff));
        v("accept_legacy_quote_signatures", accept_legacy_quote_signatures,
          "whether to accept the NUT-20 message that does not cover amounts", any());
        events.describe(v);
        log.describe(v);
    }
};

struct Proxy {
    static constexpr std::string_view file = "proxy.toml";
    std::string pool_address = "127.0.0.1:34254";
    std::string pool_authority_public_key;
    std::int64_t channels_per_connection = 4096;
    std::int64_t min_extranonce_size = 8;
    double initial_hash_rate_hps = 1e12;
    std::int64_t invalid_shares_max = 300;
    std::int64_t outage_patience_s = 300;
    std::int64_t faucet_amount = 0;
    std::int64_t faucet_interval_s = 30;
    Events events{"secrets/proxy-events.key"};
    Log log;

    template <class V>
    void describe(V&& v) {
        v("pool_address", pool_address, "address of the SV2 pool", endpoint());
        v("pool_authority_public_key", pool_authority_public_key, "the pool's authority key (base58check)",
          authority_key().and_required());
        v("channels_per_connection", channels_per_connection,
          "maximum number of miners per connection to the pool; when all connections are full, another one "
          "is opened, up to 64 (a pool that says too-many-channels earlier is believed)",
          range(1, 1'000'000).in_variable("HP_PROXY_CHANNELS_PER_CONNECTION"));
        v("min_extranonce_size", min_extranonce_size, "minimum size in bytes of a miner's extranonce2",
          range(2, 16));
        v("initial_hash_rate_hps", initial_hash_rate_hps,
          "hash rate in hashes per second assumed for a new miner, until vardiff knows better",
          range(1, 1e18));
        v("invalid_shares_max", invalid_shares_max,
          "invalid shares of a miner before its connection is closed; each accepted share makes up for one, "
          "and so does each second",
          range(10, 1'000'000).in_variable("HP_PROXY_INVALID_SHARES_MAX"));
        v("outage_patience_s", outage_patience_s,
          "seconds that miners wait for an unreachable pool before they are disconnected, so that they try "
          "another pool"
          "; 0: for ever",
          range(0, 86'400));
        v("faucet_amount", faucet_amount,
          "maximum ehash of a token that the wallet gives to anyone who can reach proxy_api_listen; 0: no "
          "faucet",
          range(0, 1e15));
        v("faucet_interval_s", faucet_interval_s, "seconds between the faucet's tokens", range(1, 86'400));
        events.describe(v);
        log.describe(v);
    }
};

struct Stats {
    static constexpr std::string_view file = "stats.toml";
    std::string database = "data/stats.db";
    std::string proxy_database = "data/proxy-stats.db";
    std::string records_secret_key_file = "secrets/stats-authority.key";
    std::int64_t certificate_validity_s = 86400;
    std::vector<std::string> allowed_writer_keys;
    std::string tokens_file;
    std::int64_t metrics_workers = 0;
    std::int64_t wal_alarm_mib = 64;
    std::int64_t stale_after_s = 60;
    std::int64_t keep_1m_min = 1440;
    std::int64_t keep_5m_min = 20'160;
    std::int64_t keep_1h_d = 180;
    std::int64_t keep_1d_d = 3650;
    Log log;

    template <class V>
    void describe(V&& v) {
        v("database", database,
          "time series of the pool side: an SQLite file, or a PostgreSQL database as "
          "postgresql://USER@HOST/NAME (with its password in the file that PGPASSFILE names)",
          path().in_variable("HP_STATS_DATABASE"));
        v("proxy_database", proxy_database, "the same for the proxy side (--side proxy)",
          path().in_variable("HP_PROXY_STATS_DATABASE"));
        v("records_secret_key_file", records_secret_key_file,
          "file with the authority secret key of ingest --listen-records, mode 0600", secret_file());
        v("certificate_validity_s", certificate_validity_s,
          "validity of Noise certificates in seconds; renewed at half-life", range(2, 4'000'000));
        v("allowed_writer_keys", allowed_writer_keys,
          "keys (base58check) of the programs from which --listen-records accepts records: the public halves "
          "of their events_secret_key_file",
          authority_key().or_empty());
        v("tokens_file", tokens_file,
          "file with lines of SCOPE TOKEN, mode 0600; empty: no tokens are needed, and serve listens on "
          "loopback only",
          secret_file());
        v("metrics_workers", metrics_workers,
          "number of workers that /metrics names, those with the most work; the others form one series",
          range(0, 10'000));
        v("wal_alarm_mib", wal_alarm_mib,
          "size in MiB of the database's write-ahead log that raises an alarm, e.g. if a reader does not "
          "finish"
          "; 0: never",
          range(0, 1'000'000));
        v("stale_after_s", stale_after_s, "seconds after its newest record when a figure becomes stale",
          range(1, 86'400));
        v("keep_1m_min", keep_1m_min, "minutes for which per-minute figures are kept", range(1, 10'000'000));
        v("keep_5m_min", keep_5m_min, "minutes for which 5-minute figures are kept", range(5, 10'000'000));
        v("keep_1h_d", keep_1h_d, "days for which hourly figures are kept", range(1, 100'000));
        v("keep_1d_d", keep_1d_d, "days for which daily figures are kept", range(1, 100'000));
        log.describe(v);
    }
};

}  // namespace hp::config
