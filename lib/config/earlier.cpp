#include "config/earlier.hpp"

#include <algorithm>
#include <optional>

#include "base/bytes.hpp"
#include "config/declared.hpp"
#include "config/earlier_keys.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"

namespace hp::config {
namespace {

const EarlierKey* row_of(const std::string& file, const std::string& key) {
    for (const EarlierKey& row : earlier_keys()) {
        if (row.file != file) continue;
        const bool is_prefix = row.key.ends_with('*');
        if (is_prefix ? key.starts_with(row.key.substr(0, row.key.size() - 1)) : key == row.key) return &row;
    }
    return nullptr;
}

std::optional<std::string> text_of(const Entry& entry) {
    if (!entry.value) return {};
    if (const auto* text = std::get_if<std::string>(&*entry.value)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&*entry.value)) return std::to_string(*number);
    return {};
}

std::string_view host_of(std::string_view endpoint) { return endpoint.substr(0, endpoint.rfind(':')); }
bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "[::1]" || host == "::1" || host.starts_with("127.");
}

bool is_any(std::string_view host) { return host == "0.0.0.0" || host == "[::]"; }
bool is_elsewhere(std::string_view endpoint) {
    return !is_any(host_of(endpoint)) && !is_loopback(host_of(endpoint));
}

class Importer {
  public:
    Importer(std::string network, const Published& published)
        : network_{std::move(network)}, published_{published} {}

    Imported run(const std::vector<EarlierFile>& files);

  private:
    struct Halves {
        std::string host, port;
        std::vector<std::size_t> outcomes;
    };

    void apply(const Entry& entry, const EarlierKey& row);
    void take(const Entry& entry, std::string_view file, std::string_view key);
    void both_ends(const Entry& entry, const EarlierKey& row);
    void payout(const Entry& entry, const EarlierKey& row);
    void valuation(const Entry& entry, const EarlierKey& row);
    void secret_key(const Entry& entry, const EarlierKey& row);
    void words(const Entry& entry, const EarlierKey& row);
    void password(const Entry& entry, const EarlierKey& row);
    void pool_key(const Entry& entry, const EarlierKey& row);
    void join_halves();
    void raise_easiest_target();

    /// Sets the value unless another file has set it differently; returns what to report.
    void choose(Outcome& outcome, std::string_view file, std::string_view name, Setting value);
    void say(Became became, std::string text);
    bool may_use(bool is_published) const { return !is_published || published_.is_allowed_on(network_); }

    std::string network_;
    const Published& published_;
    Imported out_;
    bool has_pool_{false}, is_template_elsewhere_{false};
    std::map<std::pair<std::string, std::string>, Halves> halves_;  ///< of the current file
    std::map<std::pair<std::string, std::string>, std::string> chosen_by_;
};

void Importer::say(Became became, std::string text) {
    out_.outcomes.back().became = became;
    out_.outcomes.back().text = std::move(text);
}

void Importer::choose(Outcome& outcome, std::string_view file, std::string_view name, Setting value) {
    const Key* key = find_key(file, name);
    HP_ASSERT(key != nullptr);
    const std::string place = std::string(file) + ": " + std::string(name);
    const auto refuse = [&](const std::string& what) {
        outcome.became = Became::undecided;
        outcome.text = what + "; see " + place;
    };
    if (const auto* integer = std::get_if<std::int64_t>(&value); integer && key->type == Key::Type::real)
        value = Setting{static_cast<double>(*integer)};
    if (value.index() != static_cast<std::size_t>(key->type))
        return refuse("is not " + key->type_text() + ", allowed: " + key->allowed());
    if (const auto good = check(key->rule, value); !good) return refuse(good.error().what);
    const auto id = std::pair(std::string(file), std::string(name));
    const auto [by, is_first] = chosen_by_.emplace(id, outcome.file);
    if (!is_first && toml_text(out_.chosen[id.first][id.second].value) != toml_text(value))
        return refuse("is " + toml_text(value) + ", but " + by->second +
                      " says otherwise, and takes precedence");
    outcome.text += (outcome.text.empty() ? "" : ", ") + place + " = " + toml_text(value);
    out_.chosen[id.first][id.second] = {std::move(value)};
}

void Importer::take(const Entry& entry, std::string_view file, std::string_view key) {
    if (!entry.value)
        return say(Became::undecided,
                   "is " + entry.kind + "; see " + std::string(file) + ": " + std::string(key));
    say(Became::taken, {});
    choose(out_.outcomes.back(), file, key, *entry.value);
}

/// A listener on all interfaces is dialled through loopback.
void Importer::both_ends(const Entry& entry, const EarlierKey& row) {
    take(entry, row.to_file, row.to_key);
    Outcome& outcome = out_.outcomes.back();
    if (outcome.became != Became::taken) return;
    Setting& address = out_.chosen[std::string(row.to_file)][std::string(row.to_key)].value;
    const std::string text = std::get<std::string>(address);
    const std::string_view host = host_of(text);
    if (is_elsewhere(text)) {
        say(Became::undecided, outcome.text + ", on another machine; its public key must be set too");
        return;
    }
    outcome.became = Became::changed;
    outcome.text.clear();
    if (is_any(host)) address = Setting{"127.0.0.1" + text.substr(host.size())};
    choose(outcome, row.to_file, row.to_key, Setting{address});
    choose(outcome, Network::file, row.to_key == "link_address" ? "link_listen" : "template_listen",
           Setting{text});
}

void Importer::payout(const Entry& entry, const EarlierKey& row) {
    const auto descriptor = text_of(entry);
    if (descriptor && descriptor->starts_with("addr(") && descriptor->ends_with(")")) {
        say(Became::changed, {});
        return choose(out_.outcomes.back(), row.to_file, row.to_key,
                      Setting{descriptor->substr(5, descriptor->size() - 6)});
    }
    if (descriptor && descriptor->starts_with("raw(")) return take(entry, row.to_file, row.to_key);
    say(Became::undecided, "only addr(ADDRESS) and raw(HEX) are read; see pool.toml: payout_script");
}

void Importer::valuation(const Entry& entry, const EarlierKey& row) {
    take(entry, row.to_file, row.to_key);
    if (out_.outcomes.back().became == Became::taken)
        choose(out_.outcomes.back(), row.to_file, "valuation", Setting{std::string("leading_zeros")});
}

void Importer::secret_key(const Entry& entry, const EarlierKey& row) {
    const std::string file(row.to_file);
    const auto text = text_of(entry);
    const auto key = crypto::secret_key_from_text(text.value_or(""));
    if (!key) return say(Became::undecided, "is not a secret key in base58check; " + file + " has a new one");
    if (!may_use(published_.is_key(*key)))
        return say(Became::changed,
                   "is a published test key; " + file + " has a new one; give its public key to the proxies");
    out_.secrets[file] = *text;
    say(Became::changed, "moved to " + file + ", mode 0600");
}

void Importer::words(const Entry& entry, const EarlierKey& row) {
    const std::string file(row.to_file);
    const auto text = text_of(entry);
    if (!text || !crypto::bip39_check(*text))
        return say(Became::undecided, "does not hold BIP 39 words; " + file + " has new ones");
    if (!may_use(published_.is_words(*text)))
        return say(Became::changed, "are published test words; " + file + " has new ones");
    out_.secrets[file] = *text;
    say(Became::changed, "moved to " + file + ", mode 0600");
}

void Importer::password(const Entry& entry, const EarlierKey& row) {
    const auto text = text_of(entry);
    if (!text || text->empty()) return say(Became::undecided, "is not a password; see template.toml");
    out_.secrets[std::string(row.to_file)] = *text;
    out_.chosen[std::string(Template::file)][std::string(row.to_key)] = {Setting{std::string(row.to_file)}};
    say(Became::changed, "moved to " + std::string(row.to_file) + ", mode 0600");
}

/// A pool on this machine has its key in secrets/; the public key is computed from it.
void Importer::pool_key(const Entry& entry, const EarlierKey& row) {
    if (!has_pool_) return take(entry, row.to_file, row.to_key);
    const auto secret = out_.secrets.find("secrets/pool-authority.key");
    const std::string place = "proxy.toml: pool_authority_public_key is that of secrets/pool-authority.key";
    if (secret == out_.secrets.end()) return say(Became::changed, place);
    const auto key = crypto::secret_key_from_text(secret->second);
    const bool is_same = text_of(entry) == crypto::authority_key_text(key->xonly());
    is_same ? say(Became::taken, place) : say(Became::undecided, "belongs to another pool; " + place);
}

void Importer::apply(const Entry& entry, const EarlierKey& row) {
    const auto half = [&](std::string Halves::*member) {
        const auto text = text_of(entry);
        if (!text) return say(Became::undecided, "is " + entry.kind);
        Halves& halves = halves_[{std::string(row.to_file), std::string(row.to_key)}];
        halves.*member = *text;
        halves.outcomes.push_back(out_.outcomes.size() - 1);
    };
    switch (row.treatment) {
        case Treatment::take:
            return take(entry, row.to_file, row.to_key);
        case Treatment::host:
            return half(&Halves::host);
        case Treatment::port:
            return half(&Halves::port);
        case Treatment::both_ends:
            return both_ends(entry, row);
        case Treatment::network:
            if (network_.empty()) return say(Became::undecided, "is not a network that hp-template serves");
            return say(text_of(entry) == network_ ? Became::taken : Became::changed,
                       "shared/network.toml: network = " + network_);
        case Treatment::payout:
            return payout(entry, row);
        case Treatment::valuation:
            return valuation(entry, row);
        case Treatment::pool_key:
            return pool_key(entry, row);
        case Treatment::template_key:
            if (is_template_elsewhere_) return take(entry, row.to_file, row.to_key);
            return say(Became::undecided, std::string(row.why));
        case Treatment::secret_key:
            return secret_key(entry, row);
        case Treatment::words:
            return words(entry, row);
        case Treatment::password:
            return password(entry, row);
        case Treatment::drop:
            return say(Became::dropped, std::string(row.why));
        case Treatment::decide:
            return say(Became::undecided, std::string(row.why));
        case Treatment::decide_if_on: {
            const bool is_on = entry.value && *entry.value == Setting{true};
            return say(is_on ? Became::undecided : Became::dropped, std::string(row.why));
        }
    }
}

/// A missing half is taken from the default.
void Importer::join_halves() {
    for (auto& [target, halves] : halves_) {
        const auto fallback = std::get<std::string>(find_key(target.first, target.second)->current());
        std::string host = halves.host.empty() ? std::string(host_of(fallback)) : halves.host;
        const bool is_bare_v6 = host.find("://") == std::string::npos &&
                                host.find(':') != std::string::npos && !host.starts_with('[');
        if (is_bare_v6) host = "[" + host + "]";
        const std::string port = halves.port.empty() ? fallback.substr(fallback.rfind(':') + 1) : halves.port;
        for (const std::size_t index : halves.outcomes) {
            out_.outcomes[index].became = Became::changed;
            choose(out_.outcomes[index], target.first, target.second, Setting{host + ":" + port});
        }
    }
    halves_.clear();
}

/// The earlier pool accepted shares worth nothing; hp-pool refuses such settings.
void Importer::raise_easiest_target() {
    const auto shared = out_.chosen.find(std::string(PoolShared::file));
    if (shared == out_.chosen.end() || !shared->second.contains("minimum_difficulty")) return;
    const auto least = std::get<std::int64_t>(shared->second.at("minimum_difficulty").value);
    auto& pool = out_.chosen[std::string(Pool::file)];
    const auto given = pool.find("easiest_target_bits");
    const auto bits =
        given == pool.end() ? Pool{}.easiest_target_bits : std::get<std::int64_t>(given->second.value);
    if (bits >= least) return;
    pool["easiest_target_bits"] = {Setting{least},
                                   "raised to minimum_difficulty, so that every share is worth something"};
    for (Outcome& outcome : out_.outcomes) {
        if (outcome.became != Became::taken || !outcome.key.ends_with("minimum_share_difficulty_bits"))
            continue;
        outcome.became = Became::changed;
        outcome.text = "pool.toml: easiest_target_bits = " + std::to_string(least) +
                       ", raised to minimum_difficulty, so that every share is worth something";
    }
}

Imported Importer::run(const std::vector<EarlierFile>& files) {
    for (const EarlierFile& file : files) {
        if (file.name != "pool.config.toml") continue;
        has_pool_ = true;
        for (const Entry& entry : file.entries)
            if (entry.name == "tp_address")
                is_template_elsewhere_ = is_elsewhere(text_of(entry).value_or(""));
    }
    for (const EarlierFile& file : files) {
        for (const Entry& entry : file.entries) {
            const std::string shown = printable(entry.name, 100);
            out_.outcomes.push_back({file.name, entry.line, entry.column, shown, {}, {}});
            if (const EarlierKey* row = row_of(file.name, entry.name))
                apply(entry, *row);
            else
                say(Became::undecided, "not a key of the earlier Hashpool");
        }
        join_halves();
    }
    raise_easiest_target();
    if (!network_.empty()) out_.chosen[std::string(Network::file)]["network"] = {Setting{network_}};
    return std::move(out_);
}

/// The names under which the earlier pool and its node knew the networks.
std::string network_of(const std::vector<EarlierFile>& files) {
    for (const EarlierFile& file : files) {
        for (const Entry& entry : file.entries) {
            const EarlierKey* row = row_of(file.name, entry.name);
            if (row == nullptr || row->treatment != Treatment::network) continue;
            const std::string name = text_of(entry).value_or("");
            if (name == "main" || name == "bitcoin") return "mainnet";
            const Key* key = find_key(Network::file, "network");
            return check(key->rule, Setting{name}) ? name : std::string{};
        }
    }
    return {};
}

}  // namespace

const std::vector<std::string>& earlier_files() {
    static const std::vector<std::string> names = {
        "pool.config.toml",      "tproxy.config.toml", "mint.config.toml",
        "shared/pool.toml",      "shared/miner.toml",  "web-pool.config.toml",
        "web-proxy.config.toml", "jds.config.toml",    "jdc.config.toml"};
    return names;
}

std::string_view became_text(Became became) {
    switch (became) {
        case Became::taken:
            return "taken";
        case Became::changed:
            return "changed";
        case Became::dropped:
            return "dropped";
        case Became::undecided:
            return "needs a decision";
    }
    return {};
}

Imported from_earlier(const std::vector<EarlierFile>& files, const std::string& network,
                      const Published& published) {
    return Importer{network.empty() ? network_of(files) : network, published}.run(files);
}

}  // namespace hp::config
