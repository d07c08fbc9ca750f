// hp-quote list and dead: the newest shares of an outbox, or quotes of a mint.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "config/declared.hpp"
#include "places.hpp"
#include "rows.hpp"
#include "show_time.hpp"

namespace hp::hp_quote {
namespace {

struct ListOptions {
    Places places;
    std::string state;
    std::string worker, key;  ///< only of these; the key as 66 hex digits
    std::int64_t limit{20};
    bool json{false};
};

using Json = nlohmann::ordered_json;

void print_line(const Json& object) {
    std::printf("%s\n", object.dump(-1, ' ', true, Json::error_handler_t::replace).c_str());
}

void print_json(const OutboxRow& row) {
    print_line({{"seq", row.seq},
                {"state", row.state},
                {"share_hash", to_hex(row.share_hash)},
                {"amount", row.amount},
                {"locking_key", to_hex(row.locking_key)},
                {"worker", row.worker},
                {"accepted_ms", row.accepted_ms},
                {"quote_id", row.quote_id.empty() ? Json(nullptr) : Json(row.quote_id)},
                {"acked_ms", row.acked_ms ? Json(*row.acked_ms) : Json(nullptr)},
                {"dead_reason", row.dead_reason.empty() ? Json(nullptr) : Json(row.dead_reason)}});
}

void print_row(const OutboxRow& row) {
    const std::string& last = row.state == "dead" ? row.dead_reason : row.quote_id;
    std::printf("%8llu  %-7s  %12llu  %s  %s  %s  %s\n", static_cast<unsigned long long>(row.seq),
                row.state.c_str(), static_cast<unsigned long long>(row.amount),
                time_text(row.accepted_ms).c_str(), to_hex_reversed(row.share_hash).c_str(),
                last.empty() ? "-" : printable(last).c_str(), printable(row.worker, 40).c_str());
}

void print_json(const MintRow& row) {
    print_line({{"quote_id", row.quote_id},
                {"state", row.state()},
                {"share_hash", to_hex(row.share_hash)},
                {"seq", row.seq},
                {"unit", row.unit},
                {"amount", row.amount},
                {"issued", row.issued},
                {"pubkey", to_hex(row.pubkey)},
                {"created_ms", row.created_ms},
                {"updated_ms", row.updated_ms}});
}

void print_row(const MintRow& row) {
    std::printf("%s  %-6s  %12llu  %s  %s\n", row.quote_id.c_str(), row.state(),
                static_cast<unsigned long long>(row.amount), time_text(row.created_ms).c_str(),
                to_hex_reversed(row.share_hash).c_str());
}

template <class Rows>
void print_all(Rows rows, const ListOptions& options, const char* heading) {
    const bool json = options.json;
    if (!json) std::puts(heading);
    if (rows.size() > static_cast<std::size_t>(options.limit)) {
        rows.pop_back();
        std::fprintf(stderr, "hp-quote: hint: there are more than these %lld; see --limit\n",
                     static_cast<long long>(options.limit));
    }
    for (const auto& row : rows) {
        if (json)
            print_json(row);
        else
            print_row(row);
    }
}

Result<> check(const ListOptions& options, bool of_mint) {
    if (of_mint && !options.places.outbox.empty())
        return fail(Errc::usage, "--outbox and --mint-db exclude each other: a list is from one database");
    if (options.places.outbox.empty() && !of_mint && options.places.config_dir.empty())
        return fail(Errc::usage, "no database given", "--outbox FILE, --mint-db FILE or --config-dir DIR");
    if (of_mint && !options.worker.empty())
        return fail(Errc::usage, "--worker needs an outbox: a mint does not know workers",
                    "--key KEY finds an owner's quotes");
    if (options.state.empty()) return {};
    const bool is_mints = options.state == "paid" || options.state == "issued" || options.state == "held";
    if (is_mints != of_mint)
        return fail(Errc::usage, "--state " + options.state + " is not a state of " +
                                     (of_mint ? "a mint's quote, allowed: paid, issued, held"
                                              : "an outbox's share, allowed: pending, acked, dead"));
    return {};
}

/// An empty list is an answer only if the worker exists.
Result<> check_worker(store::Database& db, const std::string& worker) {
    const auto known = outbox_workers(db);
    if (worker.empty() || std::ranges::find(known, worker) != known.end()) return {};
    return fail(Errc::refused, "no share of worker '" + printable(worker, 80) + "' is in the outbox",
                printable(config::did_you_mean(worker, known)));
}

Result<> run_list(ListOptions& options) {
    HP_DO(use_usual_dir(options.places));
    const bool of_mint = !options.places.mint_db.empty();
    HP_DO(check(options, of_mint));
    RowFilter filter{.state = options.state, .limit = options.limit + 1};
    if (!options.worker.empty()) filter.worker = options.worker;
    if (!options.key.empty()) {
        const auto key = array_from_hex<33>(options.key);
        if (!key) return fail(Errc::usage, "--key: expected 66 hex digits: " + key.error().what);
        filter.key = *key;
    }
    HP_TRY(auto opened, open_part(options.places, of_mint ? Part::mint : Part::outbox));
    if (!opened.db) return fail(Errc::io, opened.why);
    try {
        if (of_mint) {
            print_all(mint_rows(*opened.db, filter), options,
                      "quote                                 state         amount  created                   "
                      "share");
            return {};
        }
        auto rows = outbox_rows(*opened.db, filter);
        if (rows.empty()) HP_DO(check_worker(*opened.db, options.worker));
        print_all(std::move(rows), options,
                  "     seq  state          amount  accepted                  share"
                  "                                                             quote or reason, worker");
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(opened.path, 4096) + "': " + error.what());
    }
}

}  // namespace

cli::Verb list() {
    return {
        .name = "list",
        .summary = "list the newest shares of an outbox, or quotes of a mint",
        .examples = {"hp-quote list --outbox data/outbox.db --state dead",
                     "hp-quote list --mint-db data/mint.db --json",
                     "hp-quote list --config-dir /etc/hashpool --worker rig1"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<ListOptions>();
            add_outbox(add, options->places);
            add_mint_db(add, options->places);
            add_config_dir(add, options->places.config_dir, "take the outbox from pool.toml there");
            add.text("--state", options->state, "only pending, acked or dead shares; paid or issued quotes")
                .one_of({"pending", "acked", "dead", "paid", "issued", "held"});
            add.text("--worker", options->worker, "only shares of this worker").value_name("NAME");
            add.text("--key", options->key, "only shares or quotes of this owner, 66 hex digits")
                .value_name("KEY");
            add_limit(add, options->limit, "how many at most [20]");
            add.json(options->json, "print one JSON object a line");
            return [options] { return run_list(*options); };
        },
    };
}

cli::Verb dead() {
    return {
        .name = "dead",
        .summary = "list the shares whose quote a mint refused for good, with the reasons",
        .examples = {"hp-quote dead --config-dir /etc/hashpool",
                     "hp-quote dead --outbox data/outbox.db --json | jq .dead_reason"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<ListOptions>();
            options->state = "dead";
            add_outbox(add, options->places);
            add_config_dir(add, options->places.config_dir, "take the outbox from pool.toml there");
            add_limit(add, options->limit, "how many at most, newest first [20]");
            add.json(options->json, "print one JSON object a line");
            return [options] { return run_list(*options); };
        },
    };
}

}  // namespace hp::hp_quote
