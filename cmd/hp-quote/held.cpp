// hp-quote held: quotes that a mint created again after its database had lost them.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "mint/ledger.hpp"
#include "places.hpp"
#include "rows.hpp"
#include "show_time.hpp"

namespace hp::hp_quote {
namespace {

struct HeldOptions {
    Places places;
    std::string key;  ///< only of this owner; empty: of all
    std::int64_t limit{20};
    bool json{false};
};

using Json = nlohmann::ordered_json;

/// The ids that the pool had for its rows before their mint was restored.
class EarlierIds {
  public:
    /// `outbox`: nothing if unavailable.
    explicit EarlierIds(store::Database* outbox) {
        if (!outbox) return;
        by_seq_ = earlier_ids(*outbox);
        share_of_.emplace(outbox->prepare("SELECT share_hash FROM share WHERE seq = ?"));
    }
    /// Nothing: this outbox has no share with this number.
    std::optional<std::vector<std::string>> of(std::uint64_t seq, const Bytes32& share_hash) {
        if (!share_of_ || !share_of_->bind(seq).step()) return {};
        const bool is_it = share_of_->array<32>(0) == share_hash;
        share_of_->reset();
        if (!is_it) return {};
        const auto found = by_seq_.find(seq);
        return found == by_seq_.end() ? std::vector<std::string>{} : found->second;
    }

  private:
    std::map<std::uint64_t, std::vector<std::string>> by_seq_;
    std::optional<store::Statement> share_of_;
};

void print_all(store::Database& db, const HeldOptions& options, const std::optional<Bytes33>& key,
               EarlierIds earlier) {
    auto row = db.prepare(
        "SELECT id, amount, at_ms, pubkey, share_hash, seq FROM held JOIN quote ON id = held.quote WHERE "
        "released_ms IS NULL AND (?2 IS NULL OR pubkey = ?2) ORDER BY id DESC LIMIT ?1");
    row.bind(options.limit, key);
    while (row.step()) {
        const std::string id = mint::uuid_text(row.array<16>(0));
        const auto ids = earlier.of(static_cast<std::uint64_t>(row.integer(5)), row.array<32>(4));
        if (options.json) {
            Json out{{"quote_id", id},
                     {"amount", row.integer(1)},
                     {"held_ms", row.integer(2)},
                     {"pubkey", to_hex(row.blob(3))},
                     {"earlier_ids", nullptr}};
            if (ids) out["earlier_ids"] = *ids;
            std::printf("%s\n", out.dump(-1, ' ', true, Json::error_handler_t::replace).c_str());
        } else {
            std::printf("%s  %12lld  %s  %s  %s\n", id.c_str(), static_cast<long long>(row.integer(1)),
                        time_text(row.integer(2)).c_str(), to_hex(row.blob(3)).c_str(),
                        ids && !ids->empty() ? printable(ids->back()).c_str() : "-");
        }
    }
}

Result<> run_held(HeldOptions& options) {
    HP_DO(use_usual_dir(options.places));
    std::optional<Bytes33> key;
    if (!options.key.empty()) {
        const auto given = array_from_hex<33>(options.key);
        if (!given) return fail(Errc::usage, "--key: expected 66 hex digits: " + given.error().what);
        key = *given;
    }
    HP_TRY(auto opened, open_part(options.places, Part::mint));
    if (!opened.db) return fail(Errc::io, opened.why);
    HP_TRY(auto outbox, open_part(options.places, Part::outbox));
    try {
        print_all(*opened.db, options, key, EarlierIds{outbox.db ? &*outbox.db : nullptr});
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, std::string("the mint's ledger, or the pool's outbox: ") + error.what());
    }
}

}  // namespace

cli::Verb held() {
    return {
        .name = "held",
        .summary = "list the quotes that a restored mint made again and that nobody can mint",
        .examples = {"hp-quote held --config-dir /etc/hashpool",
                     "hp-quote held --mint-db data/mint.db --json | jq .amount"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<HeldOptions>();
            add_mint_db(add, options->places);
            add_config_dir(add, options->places.config_dir,
                           "take the ledger from mint.toml there, the outbox from pool.toml");
            add_outbox(add, options->places, "the pool's outbox, which knows the ids that they had before");
            add.text("--key", options->key, "only those of this owner, 66 hex digits").value_name("KEY");
            add_limit(add, options->limit, "how many at most, newest first [20]");
            add.json(options->json, "print one JSON object a line");
            return [options] { return run_held(*options); };
        },
    };
}

}  // namespace hp::hp_quote
