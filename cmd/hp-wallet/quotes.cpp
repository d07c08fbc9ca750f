// hp-wallet quotes: those of the wallet's key, known here or to the mint, minted where that is asked for.
#include <cstdio>

#include "ehash/mint_mark.hpp"
#include "opened.hpp"

namespace hp::hp_wallet {
namespace {

struct QuotesOptions {
    std::vector<std::string> ids;  ///< empty: all of the key
    bool mint{false}, json{false};
    std::size_t limit{1000};
    std::string locking_key_file;
};

void print_held(bool is_json, const cashu::Quote& quote) {
    const UnixMs held_ms = *quote.held_since * 1000;
    if (!is_json)
        return print(printable(quote.id) + " " + std::to_string(quote.amount) + " held " +
                     time_text(held_ms));
    print(Json{{"quote", quote.id}, {"amount", quote.amount}, {"state", "held"}, {"held_ms", held_ms}});
}

void print_quote(bool is_json, const wallet::Wallet::QuoteRow& row) {
    if (!is_json)
        return print(printable(row.quote_id) + " " + std::to_string(row.amount) + " " + row.state + " " +
                     time_text(row.added_ms) + (row.reason.empty() ? "" : " " + row.reason));
    Json json{
        {"quote", row.quote_id}, {"amount", row.amount}, {"state", row.state}, {"added_ms", row.added_ms}};
    if (row.done_ms != 0) json["done_ms"] = row.done_ms;
    if (!row.reason.empty()) json["reason"] = row.reason;
    if (row.locking_key) json["locking_key"] = to_hex(*row.locking_key);
    print(json);
}

class Quotes {
  public:
    Quotes(Opened& opened, const QuotesOptions& options) : opened_{opened}, options_{options} {}

    Result<> run() {
        if (!options_.ids.empty()) return quotes_by_id();
        Result<> looked_up;
        if (options_.mint) {
            if (auto found = find_and_mint(); !found) looked_up = fail(found.error());
        } else {
            auto found = opened_.wait_for<std::size_t>(
                [&](auto done) { opened_.wallet().find_quotes(std::move(done)); });
            if (!found) looked_up = fail(found.error());
        }
        std::size_t held = 0;
        if (looked_up) {
            if (auto printed = print_held_quotes(options_.limit))
                held = *printed;
            else
                looked_up = fail(printed.error());
        }
        // Show what is known here even if the mint is down.
        HP_TRY(const std::size_t printed, print_quotes(options_.limit - held));
        if (printed + held == 0 && looked_up)
            std::fprintf(stderr, "hp-wallet: hint: the mint has no quotes for key %s yet\n",
                         to_hex(opened_.wallet().locking_key()).c_str());
        return looked_up;
    }

  private:
    /// Until the mint has nothing more for this key; returns how many quotes were found.
    Result<std::size_t> find_and_mint() {
        std::size_t total = 0;
        while (true) {
            HP_TRY(auto found, opened_.wait_for<std::size_t>(
                                   [&](auto done) { opened_.wallet().find_quotes(std::move(done)); }));
            total += found;
            HP_DO(opened_.wait_until_idle());
            if (found == 0) return total;
        }
    }

    /// Those that the mint's operator holds; gives how many there are to print.
    Result<std::size_t> print_held_quotes(std::size_t limit) {
        HP_TRY(const auto held, opened_.wait_for<std::vector<cashu::Quote>>(
                                    [&](auto done) { opened_.wallet().held_quotes(std::move(done)); }));
        if (held.empty()) return 0;
        ehash::Amount128 sum = 0;
        for (const auto& quote : held) sum += quote.amount;
        std::fprintf(
            stderr,
            "hp-wallet: hint: %zu quotes of %s are held: the mint was restored, and cannot know whether "
            "they were minted before; ask who runs it\n",
            held.size(), ehash::to_text(sum).c_str());
        const std::size_t count = std::min(held.size(), limit);
        for (std::size_t i = 0; i < count; ++i) print_held(options_.json, held[i]);
        return count;
    }

    /// Try all; the first failure is the error.
    Result<> quotes_by_id() {
        Result<> out;
        auto note = [&out](Result<> one) {
            if (out && !one) out = std::move(one);
        };
        for (const std::string& id : options_.ids)
            note(
                opened_.wait_for<void>([&](auto done) { opened_.wallet().take_quote(id, std::move(done)); }));
        if (options_.mint) note(opened_.wait_until_idle());
        for (const std::string& id : options_.ids) {
            HP_TRY(const auto row, opened_.wait_for<std::optional<wallet::Wallet::QuoteRow>>(
                                       [&](auto done) { opened_.wallet().quote(id, std::move(done)); }));
            if (!row) continue;
            print_quote(options_.json, *row);
            if (options_.mint && row->state != "done")
                note(fail(Errc::refused, "quote '" + printable(id) + "' is " + row->state +
                                             (row->reason.empty() ? "" : ": " + row->reason)));
        }
        return out;
    }

    Result<std::size_t> print_quotes(std::size_t limit) {
        HP_TRY(auto rows, opened_.wait_for<std::vector<wallet::Wallet::QuoteRow>>(
                              [&](auto done) { opened_.wallet().quotes(limit + 1, std::move(done)); }));
        if (rows.size() > limit) {
            rows.pop_back();
            std::fprintf(stderr, "hp-wallet: hint: there are more than these %zu; see --limit\n", limit);
        }
        for (const auto& row : rows) print_quote(options_.json, row);
        return rows.size();
    }

    Opened& opened_;
    const QuotesOptions& options_;
};

}  // namespace

cli::Verb quotes(const Program& program) {
    return {
        .name = "quotes",
        .summary = "quotes that are known here, or to the mint for this wallet's key",
        .examples = {"hp-wallet quotes --mint", "hp-wallet quotes --json | jq .state",
                     "hp-wallet quotes --mint --locking-key-file my.key"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<QuotesOptions>();
            add.texts("ID", options->ids, "only these quotes, asked for by id [all of the key]");
            add.flag("--mint", options->mint, "mint them, and wait until it is done");
            add.whole("--limit", options->limit, "list so many, newest first [1000]", 1, 1'000'000);
            add.json(options->json, "print JSON, one object a line");
            add_locking_key(add, options->locking_key_file);
            return [&program, options]() -> Result<> {
                HP_TRY(const auto opened,
                       Opened::open(program, {.mints_quotes = options->mint,
                                              .locking_key_file = options->locking_key_file}));
                return Quotes{*opened, *options}.run();
            };
        },
    };
}

}  // namespace hp::hp_wallet
