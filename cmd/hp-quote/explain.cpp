// hp-quote explain: one share or quote, from the miner's submit to the token, with times.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "ehash/quote_request.hpp"
#include "places.hpp"
#include "refused.hpp"
#include "rows.hpp"
#include "share_job.hpp"
#include "show_time.hpp"
#include "wire/share_refusal.hpp"

namespace hp::hp_quote {
namespace {

struct ExplainOptions {
    Places places;
    std::string id;
    bool json{false};
};

using Json = nlohmann::ordered_json;

/// What the user asked for.
struct Wanted {
    std::string quote_id;                ///< or empty
    std::vector<Bytes32> hashes;         ///< both byte orders, or empty
    std::optional<std::uint64_t> seq{};  ///< of the outbox
};

Result<Wanted> wanted_of(const std::string& id) {
    if (ehash::is_uuid(id)) return Wanted{.quote_id = id, .hashes = {}};
    if (auto hash = array_from_hex<32>(id)) {
        Bytes32 reversed = *hash;
        std::reverse(reversed.begin(), reversed.end());
        return Wanted{.quote_id = {}, .hashes = {*hash, reversed}};
    }
    std::uint64_t seq{};
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), seq);
    if (error == std::errc{} && end == id.data() + id.size() && seq <= INT64_MAX)
        return Wanted{.quote_id = {}, .hashes = {}, .seq = seq};
    return fail(Errc::usage, "'" + printable(id, 80) + "' is not a share hash, quote id or sequence number",
                "64 hex digits, 8-4-4-4-12 lower-case hex digits, or a row number of the outbox");
}

/// A step in its history.
struct Step {
    UnixMs at_ms;
    const char* where;
    std::string what;
};

/// Everything that was found.
struct Story {
    std::optional<OutboxRow> outbox;
    std::optional<ShareJob> job;
    std::optional<MintRow> mint;
    std::optional<MintRefusal> refusal;
    std::optional<WalletRow> wallet;
    std::vector<std::string> earlier_ids;  ///< of its quote
    std::vector<RefusedRow> refused;       ///< by the pool, as a share
    std::string no_refused;                ///< why there are none
    /// Why a part has no data.
    std::vector<std::pair<Part, std::string>> missing;

    std::string quote_id() const { return mint ? mint->quote_id : outbox ? outbox->quote_id : std::string(); }
    std::optional<Bytes32> share_hash() const {
        if (outbox) return outbox->share_hash;
        if (mint) return mint->share_hash;
        if (!refused.empty()) return refused.front().hash;
        return {};
    }
};

/// Runs `read` on the part's database; notes what it does not return as missing.
template <class Read>
Result<> tell(Story& story, const Places& places, Part part, Read&& read) {
    HP_TRY(auto opened, open_part(places, part));
    if (!opened.db) {
        story.missing.emplace_back(part, opened.why);
        return {};
    }
    try {
        if (!read(*opened.db)) story.missing.emplace_back(part, "not in '" + opened.path + "'");
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(opened.path, 4096) + "': " + error.what());
    }
}

bool read_outbox(Story& story, const Wanted& wanted, store::Database& db) {
    if (wanted.seq) story.outbox = outbox_row(db, *wanted.seq);
    if (!wanted.quote_id.empty()) story.outbox = outbox_row(db, wanted.quote_id);
    for (const auto& hash : wanted.hashes)
        if (!story.outbox) story.outbox = outbox_row(db, hash);
    if (!story.outbox) return false;
    story.job = share_job(db, story.outbox->seq);
    auto ids = earlier_ids(db);
    story.earlier_ids = std::move(ids[story.outbox->seq]);
    return true;
}

bool read_mint(Story& story, const Wanted& wanted, store::Database& db) {
    auto hashes = wanted.hashes;
    if (story.outbox) hashes = {story.outbox->share_hash};
    const std::string id = story.outbox ? story.outbox->quote_id : wanted.quote_id;
    if (!id.empty()) story.mint = mint_row(db, id);
    for (const auto& hash : hashes) {
        if (!story.mint) story.mint = mint_row(db, hash);
        if (!story.mint && !story.refusal) story.refusal = mint_refusal(db, hash);
    }
    return story.mint || story.refusal;
}

bool read_wallet(Story& story, const Wanted& wanted, store::Database& db) {
    const std::string id = story.quote_id().empty() ? wanted.quote_id : story.quote_id();
    if (!id.empty()) story.wallet = wallet_row(db, id);
    // Minted before its mint was restored.
    for (const auto& earlier : story.earlier_ids)
        if (!story.wallet) story.wallet = wallet_row(db, earlier);
    return story.wallet.has_value();
}

Result<Story> find(const Places& places, const Wanted& wanted) {
    Story story;
    HP_DO(tell(story, places, Part::outbox, [&](auto& db) { return read_outbox(story, wanted, db); }));
    HP_DO(tell(story, places, Part::mint, [&](auto& db) { return read_mint(story, wanted, db); }));
    // The mint may know the share of a quote whose answer the pool has not stored yet.
    if (!story.outbox && story.mint && wanted.hashes.empty()) {
        std::erase_if(story.missing, [](const auto& one) { return one.first == Part::outbox; });
        HP_DO(tell(story, places, Part::outbox, [&](auto& db) {
            story.outbox = outbox_row(db, story.mint->share_hash);
            if (story.outbox) story.job = share_job(db, story.outbox->seq);
            return story.outbox.has_value();
        }));
    }
    HP_DO(tell(story, places, Part::wallet, [&](auto& db) { return read_wallet(story, wanted, db); }));
    const auto hash = story.share_hash();
    HP_TRY(auto refused, find_refused(places, hash ? std::vector{*hash} : wanted.hashes));
    story.refused = std::move(refused.rows);
    story.no_refused = std::move(refused.why);
    return story;
}

std::vector<Step> steps_of(const Story& story) {
    std::vector<Step> out;
    const auto amount = [](std::uint64_t units) { return "amount " + std::to_string(units); };
    // In causal order, also within a millisecond.
    const auto& share = story.outbox;
    const auto& quote = story.mint;
    const auto& held = story.wallet;
    if (share)
        out.push_back({share->accepted_ms, name_of(Part::outbox),
                       "share accepted and stored, " + amount(share->amount)});
    if (quote)
        out.push_back({quote->created_ms, name_of(Part::mint),
                       (quote->hold ? "quote created, and held, " : "quote created and paid, ") +
                           amount(quote->amount)});
    if (quote && quote->hold && quote->hold->released_ms)
        out.push_back({*quote->hold->released_ms, name_of(Part::mint),
                       "released by " + printable(quote->hold->released_by)});
    if (const auto& refusal = story.refusal)
        out.push_back(
            {refusal->at_ms, name_of(Part::mint), "refused for good, code " + std::to_string(refusal->code)});
    if (share && share->acked_ms)
        out.push_back({*share->acked_ms, name_of(Part::outbox), "the mint's answer is stored"});
    if (held) out.push_back({held->added_ms, name_of(Part::wallet), "quote received"});
    if (quote)
        for (const auto& op : quote->ops)
            out.push_back({op.at_ms, name_of(Part::mint),
                           "signed, operation " + std::to_string(op.id) + ", " + amount(op.amount)});
    if (held && held->done_ms)
        out.push_back({*held->done_ms, name_of(Part::wallet), "proofs stored, " + amount(held->amount)});
    for (const auto& row : story.refused) out.push_back({row.at_ms, "pool", "share refused: " + row.reason});
    std::ranges::stable_sort(out, {}, &Step::at_ms);
    return out;
}

std::string meaning_of(const std::string& reason) {
    const auto known = wire::share_refusal(reason);
    return known ? std::string(wire::meaning_of(*known)) : std::string();
}

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json or_null(const std::optional<UnixMs>& ms) { return ms ? Json(*ms) : Json(nullptr); }

Json json_of(const OutboxRow& row) {
    return {{"seq", row.seq},
            {"state", row.state},
            {"amount", row.amount},
            {"locking_key", to_hex(row.locking_key)},
            {"worker", row.worker},
            {"accepted_ms", row.accepted_ms},
            {"acked_ms", or_null(row.acked_ms)},
            {"dead_reason", or_null(row.dead_reason)}};
}

Json json_of(const ShareJob& job) {
    Json path = Json::array(), outputs = Json::array();
    for (const Bytes32& node : job.merkle_path) path.push_back(to_hex(node));
    for (const auto& output : job.outputs)
        outputs.push_back({{"value_sats", output.value_sats}, {"script", to_hex(output.script_pubkey)}});
    return {{"coinbase_tx", to_hex(job.coinbase_tx)},
            {"merkle_path", path},
            {"outputs", outputs},
            {"matches_header", job.matches_header}};
}

Json json_of(const MintHold& hold) {
    return {{"at_ms", hold.at_ms},
            {"let_in_ms", or_null(hold.let_in_ms)},
            {"released_ms", or_null(hold.released_ms)},
            {"released_by", or_null(hold.released_by)}};
}

Json json_of(const MintRow& row) {
    Json ops = Json::array();
    for (const auto& op : row.ops) ops.push_back({{"op", op.id}, {"at_ms", op.at_ms}, {"amount", op.amount}});
    return {{"state", row.state()},
            {"unit", row.unit},
            {"amount", row.amount},
            {"issued", row.issued},
            {"pubkey", to_hex(row.pubkey)},
            {"created_ms", row.created_ms},
            {"updated_ms", row.updated_ms},
            {"held", row.hold ? json_of(*row.hold) : Json(nullptr)},
            {"ops", ops}};
}

Json json_of(const WalletRow& row) {
    return {{"state", row.state},
            {"reason", or_null(row.reason)},
            {"amount", row.amount},
            {"added_ms", row.added_ms},
            {"done_ms", or_null(row.done_ms)}};
}

Json json_of(const MintRefusal& refusal) { return {{"code", refusal.code}, {"at_ms", refusal.at_ms}}; }

Json json_of(const RefusedRow& row) {
    return {{"at_ms", row.at_ms},
            {"reason", row.reason},
            {"meaning", or_null(meaning_of(row.reason))},
            {"detail", or_null(row.detail)},
            {"worker", row.worker},
            {"locking_key", or_null(row.locking_key)},
            {"peer", row.peer},
            {"connection_id", row.connection_id},
            {"channel_id", row.channel_id},
            {"sequence_number", row.sequence_number}};
}

template <class Row>
Json json_or_null(const std::optional<Row>& row) {
    return row ? json_of(*row) : Json(nullptr);
}

void print_json(const Story& story, const std::vector<Step>& steps) {
    const auto hash = story.share_hash();
    Json out = {{"share_hash", hash ? Json(to_hex(*hash)) : Json(nullptr)},
                {"share_hash_displayed", hash ? Json(to_hex_reversed(*hash)) : Json(nullptr)},
                {"quote_id", or_null(story.quote_id())},
                {"earlier_ids", story.earlier_ids},
                {"outbox", json_or_null(story.outbox)},
                {"job", json_or_null(story.job)},
                {"mint", json_or_null(story.mint)},
                {"refusal", json_or_null(story.refusal)},
                {"wallet", json_or_null(story.wallet)},
                {"refused_shares", Json::array()},
                {"timeline", Json::array()},
                {"missing", Json::object()}};
    for (const auto& row : story.refused) out["refused_shares"].push_back(json_of(row));
    for (const auto& step : steps)
        out["timeline"].push_back({{"at_ms", step.at_ms},
                                   {"after_ms", step.at_ms - steps.front().at_ms},
                                   {"where", step.where},
                                   {"what", step.what}});
    for (const auto& [part, why] : story.missing) out["missing"][name_of(part)] = why;
    std::printf("%s\n", out.dump(-1, ' ', true, Json::error_handler_t::replace).c_str());
}

std::string text_of(const MintHold& hold) {
    std::string out = "held since " + time_text(hold.at_ms) + ", after the rollback ";
    out += hold.let_in_ms ? "of " + time_text(*hold.let_in_ms) : "that the pool noticed";
    if (hold.released_ms)
        return out + ", until " + printable(hold.released_by) + " released it at " +
               time_text(*hold.released_ms);
    return out + ": it cannot be minted until 'hp-quote release'";
}

void print_text(const Story& story, const std::vector<Step>& steps) {
    if (const auto hash = story.share_hash())
        std::printf("share   %s (displayed)\n        %s (header order)\n", to_hex_reversed(*hash).c_str(),
                    to_hex(*hash).c_str());
    if (const auto id = story.quote_id(); !id.empty()) std::printf("quote   %s\n", id.c_str());
    for (const auto& id : story.earlier_ids)
        std::printf("        was %s before the mint was restored\n", printable(id).c_str());
    if (const auto& row = story.outbox) {
        std::printf("outbox  seq %llu, %s, key %s, worker %s\n", static_cast<unsigned long long>(row->seq),
                    row->state.c_str(), to_hex(row->locking_key).c_str(), printable(row->worker).c_str());
        if (!row->dead_reason.empty()) std::printf("        dead: %s\n", printable(row->dead_reason).c_str());
    }
    if (const auto& job = story.job) {
        std::printf("job     its coinbase %s the header\n",
                    job->matches_header ? "is that of" : "is NOT that of");
        for (const auto& output : job->outputs)
            if (output.value_sats > 0)
                std::printf("        pays %llu sats to script %s\n",
                            static_cast<unsigned long long>(output.value_sats),
                            to_hex(output.script_pubkey).c_str());
    }
    if (const auto& row = story.mint)
        std::printf("mint    %s, issued %llu of %llu, key %s\n", row->state(),
                    static_cast<unsigned long long>(row->issued),
                    static_cast<unsigned long long>(row->amount), to_hex(row->pubkey).c_str());
    if (story.mint && story.mint->hold) std::printf("        %s\n", text_of(*story.mint->hold).c_str());
    if (const auto& row = story.wallet)
        std::printf("wallet  %s%s%s\n", row->state.c_str(), row->reason.empty() ? "" : ": ",
                    printable(row->reason).c_str());
    for (const auto& row : story.refused)
        std::printf("refused %s%s%s; worker %s at %s, key %s\n        %s\n", row.reason.c_str(),
                    row.detail.empty() ? "" : ": ", printable(row.detail).c_str(),
                    printable(row.worker).c_str(), printable(row.peer).c_str(),
                    row.locking_key.empty() ? "-" : printable(row.locking_key).c_str(),
                    meaning_of(row.reason).c_str());
    for (const auto& [part, why] : story.missing)
        std::printf("%-7s nothing: %s\n", name_of(part), printable(why, 4096).c_str());
    std::puts("");
    for (const auto& step : steps)
        std::printf("%s  %+8lld ms  %-6s  %s\n", time_text(step.at_ms).c_str(),
                    static_cast<long long>(step.at_ms - steps.front().at_ms), step.where, step.what.c_str());
}

Result<> run_explain(ExplainOptions& options) {
    HP_DO(use_usual_dir(options.places));
    HP_TRY(const auto wanted, wanted_of(options.id));
    const auto& places = options.places;
    if (places.config_dir.empty() && places.outbox.empty() && places.mint_db.empty() &&
        places.wallet_db.empty() && places.refused.empty())
        return fail(Errc::usage, "no database given",
                    "--config-dir DIR, or any of --outbox, --mint-db, --wallet-db and --refused");
    HP_TRY(const auto story, find(places, wanted));
    const auto steps = steps_of(story);
    if (steps.empty()) {
        std::string where;
        for (const auto& [part, why] : story.missing)
            where += std::string(where.empty() ? "" : "; ") + name_of(part) + ": " + why;
        if (!story.no_refused.empty()) where += "; refused shares: " + story.no_refused;
        return fail(Errc::invalid,
                    "no share or quote '" + printable(options.id, 80) + "' is known (" + where + ")");
    }
    if (options.json)
        print_json(story, steps);
    else
        print_text(story, steps);
    return {};
}

}  // namespace

cli::Verb explain() {
    return {
        .name = "explain",
        .summary =
            "follow one share or quote from the miner's submit to the token, or say why it was refused",
        .examples = {"hp-quote explain 17 --config-dir ./demo",
                     "hp-quote explain 01890a5d-ac96-774b-bcce-b302099a8057 --outbox outbox.db "
                     "--mint-db mint.db --json"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<ExplainOptions>();
            add.text("ID", options->id,
                     "share hash in either byte order, quote id, or sequence number of the outbox")
                .required();
            add_config_dir(add, options->places.config_dir,
                           "take the databases from there, or HP_CONFIG_DIR, those that there are");
            add_outbox(add, options->places);
            add_mint_db(add, options->places);
            add.text("--wallet-db", options->places.wallet_db, "the wallet").value_name("FILE");
            add.text("--refused", options->places.refused,
                     "the pool's file of refused shares [key keep_refused]")
                .value_name("FILE");
            add.json(options->json);
            return [options] { return run_explain(*options); };
        },
    };
}

}  // namespace hp::hp_quote
