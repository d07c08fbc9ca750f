#include "verbs.hpp"

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cashu/errors.hpp"
#include "cashu/tokens.hpp"
#include "ehash/mint_mark.hpp"

namespace hp::hp_wallet {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kAmountMax = std::uint64_t{1} << 62;
/// For a mint with much to sign; an interrupted wallet continues at its next start.
constexpr std::int64_t kMintingLimitMs = 600'000;

void print(const std::string& line) { std::printf("%s\n", line.c_str()); }

std::string time_text(UnixMs when) {
    if (when == 0) return "-";
    std::time_t seconds = when / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

void print_held(Form form, const cashu::Quote& quote) {
    const UnixMs held_ms = *quote.held_since * 1000;
    if (form == Form::words)
        return print(printable(quote.id) + " " + std::to_string(quote.amount) + " held " +
                     time_text(held_ms));
    print(Json{{"quote", quote.id}, {"amount", quote.amount}, {"state", "held"}, {"held_ms", held_ms}}.dump(
        -1, ' ', true, Json::error_handler_t::replace));
}

void print_quote(Form form, const wallet::Wallet::QuoteRow& row) {
    if (form == Form::words)
        return print(printable(row.quote_id) + " " + std::to_string(row.amount) + " " + row.state + " " +
                     time_text(row.added_ms) + (row.reason.empty() ? "" : " " + row.reason));
    Json json{
        {"quote", row.quote_id}, {"amount", row.amount}, {"state", row.state}, {"added_ms", row.added_ms}};
    if (row.done_ms != 0) json["done_ms"] = row.done_ms;
    if (!row.reason.empty()) json["reason"] = row.reason;
    if (row.locking_key) json["locking_key"] = to_hex(*row.locking_key);
    print(json.dump(-1, ' ', true, Json::error_handler_t::replace));
}

}  // namespace

Result<std::uint64_t> amount_from_text(const std::string& text) {
    bool is_decimal = !text.empty() && text.size() <= 19 && text[0] != '0' &&
                      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    std::uint64_t amount = is_decimal ? std::stoull(text) : 0;
    if (amount == 0 || amount > kAmountMax)
        return fail(Errc::usage, "AMOUNT '" + printable(text, 40) + "' is not a whole number from 1 to 2^62",
                    "write it in decimal digits, such as 250");
    return amount;
}

Result<std::string> read_stdin() {
    std::string text;
    char chunk[4096];
    while (std::cin.read(chunk, sizeof chunk) || std::cin.gcount() > 0) {
        text.append(chunk, static_cast<std::size_t>(std::cin.gcount()));
        if (text.size() > cashu::kTokenSizeMax + 16)
            return fail(Errc::usage, "stdin holds more than the 1 MiB that a token may have");
    }
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        return fail(Errc::usage, "there is no token on stdin", "hp-wallet receive < token.txt");
    return text;
}

/// Runs the loop until the answer is there.
template <class T>
Result<T> Verbs::wait_for(const std::function<void(std::function<void(Result<T>)>)>& start) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    start([answer, this](Result<T> result) {
        *answer = std::move(result);
        loop_.stop();
    });
    while (!*answer) loop_.run();
    return **answer;
}

Result<> Verbs::balance(Form form) {
    HP_TRY(auto balance, wait_for<wallet::Balance>([&](auto done) { wallet_.balance(std::move(done)); }));
    if (form == Form::json) {
        print(Json{{"unit", unit_},
                   {"unspent", balance.unspent},
                   {"reserved", balance.reserved},
                   {"pending", balance.pending}}
                  .dump());
        return {};
    }
    print("unspent " + std::to_string(balance.unspent));
    print("reserved " + std::to_string(balance.reserved));
    print("pending " + std::to_string(balance.pending));
    return {};
}

Result<> Verbs::send(std::uint64_t amount, const std::string& memo) {
    // If the mint is reachable, a token of many small proofs is shortened; otherwise use the existing proofs.
    auto connected = std::make_shared<bool>(false);
    wallet_.connect([connected, this](const Result<>&) {
        *connected = true;
        loop_.stop();
    });
    while (!*connected) loop_.run();
    HP_TRY(auto token,
           wait_for<std::string>([&](auto done) { wallet_.send(amount, memo, std::move(done)); }));
    print(token);
    return {};
}

Result<> Verbs::receive(const std::string& token) {
    auto amount = wait_for<std::uint64_t>([&](auto done) { wallet_.receive(token, std::move(done)); });
    if (!amount) {
        Error why = amount.error();
        std::error_code none;
        if (std::filesystem::is_regular_file(token, none))
            why.hint = "a file has this name: hp-wallet receive < '" + printable(token, 4096) + "'";
        else if (why.what.ends_with("(" + std::to_string(static_cast<int>(cashu::Code::already_spent)) + ")"))
            why.hint = "the token was already received, here or by someone else who had it";
        return fail(std::move(why));
    }
    print(std::to_string(*amount));
    return {};
}

/// Until the mint has nothing more for this key; returns how many quotes were found.
Result<std::size_t> Verbs::find_and_mint() {
    std::size_t total = 0;
    while (true) {
        HP_TRY(auto found, wait_for<std::size_t>([&](auto done) { wallet_.find_quotes(std::move(done)); }));
        total += found;
        HP_DO(wait_for<void>([&](auto done) { wallet_.when_idle(kMintingLimitMs, std::move(done)); }));
        if (found == 0) return total;
    }
}

Result<> Verbs::quotes(Form form, const Quotes& which) {
    if (!which.ids.empty()) return quotes_by_id(form, which);
    Result<> looked_up;
    if (which.mint) {
        if (auto found = find_and_mint(); !found) looked_up = fail(found.error());
    } else {
        auto found = wait_for<std::size_t>([&](auto done) { wallet_.find_quotes(std::move(done)); });
        if (!found) looked_up = fail(found.error());
    }
    std::size_t held = 0;
    if (looked_up) {
        if (auto printed = print_held_quotes(form, which.limit))
            held = *printed;
        else
            looked_up = fail(printed.error());
    }
    // Show what is known here even if the mint is down.
    HP_TRY(const std::size_t printed, print_quotes(form, which.limit - held));
    if (printed + held == 0 && looked_up)
        std::fprintf(stderr, "hp-wallet: hint: the mint has no quotes for key %s yet\n",
                     to_hex(wallet_.locking_key()).c_str());
    return looked_up;
}

Result<std::size_t> Verbs::print_held_quotes(Form form, std::size_t limit) {
    HP_TRY(const auto held,
           wait_for<std::vector<cashu::Quote>>([&](auto done) { wallet_.held_quotes(std::move(done)); }));
    if (held.empty()) return 0;
    ehash::Amount128 sum = 0;
    for (const auto& quote : held) sum += quote.amount;
    std::fprintf(stderr,
                 "hp-wallet: hint: %zu quotes of %s are held: the mint was restored, and cannot know whether "
                 "they were minted before; ask who runs it\n",
                 held.size(), ehash::to_text(sum).c_str());
    const std::size_t count = std::min(held.size(), limit);
    for (std::size_t i = 0; i < count; ++i) print_held(form, held[i]);
    return count;
}

/// Try all; the first failure is the error.
Result<> Verbs::quotes_by_id(Form form, const Quotes& which) {
    Result<> out;
    auto note = [&out](Result<> one) {
        if (out && !one) out = std::move(one);
    };
    for (const std::string& id : which.ids)
        note(wait_for<void>([&](auto done) { wallet_.take_quote(id, std::move(done)); }));
    if (which.mint)
        note(wait_for<void>([&](auto done) { wallet_.when_idle(kMintingLimitMs, std::move(done)); }));
    for (const std::string& id : which.ids) {
        HP_TRY(const auto row, wait_for<std::optional<wallet::Wallet::QuoteRow>>(
                                   [&](auto done) { wallet_.quote(id, std::move(done)); }));
        if (!row) continue;
        print_quote(form, *row);
        if (which.mint && row->state != "done")
            note(fail(Errc::refused, "quote '" + printable(id) + "' is " + row->state +
                                         (row->reason.empty() ? "" : ": " + row->reason)));
    }
    return out;
}

Result<std::size_t> Verbs::print_quotes(Form form, std::size_t limit) {
    HP_TRY(auto rows, wait_for<std::vector<wallet::Wallet::QuoteRow>>(
                          [&](auto done) { wallet_.quotes(limit + 1, std::move(done)); }));
    if (rows.size() > limit) {
        rows.pop_back();
        std::fprintf(stderr, "hp-wallet: hint: there are more than these %zu; see --limit\n", limit);
    }
    for (const auto& row : rows) print_quote(form, row);
    return rows.size();
}

Result<> Verbs::tokens(Form form) {
    auto checked = wait_for<void>([&](auto done) { wallet_.check_tokens(std::move(done)); });
    HP_TRY(auto rows, wait_for<std::vector<wallet::Wallet::TokenRow>>(
                          [&](auto done) { wallet_.tokens(std::move(done)); }));
    for (const auto& row : rows) {
        if (form == Form::json)
            print(Json{{"id", row.id}, {"amount", row.amount}, {"made_ms", row.made_ms}, {"token", row.token}}
                      .dump());
        else
            print(std::to_string(row.id) + " " + std::to_string(row.amount) + " " + time_text(row.made_ms) +
                  " " + row.token);
    }
    return checked;
}

Result<> Verbs::reclaim(std::int64_t id) {
    HP_TRY(auto amount, wait_for<std::uint64_t>([&](auto done) { wallet_.reclaim(id, std::move(done)); }));
    print(std::to_string(amount));
    return {};
}

Result<> Verbs::restore(Form form, std::uint64_t gap) {
    HP_TRY(auto restored,
           wait_for<wallet::Wallet::Restored>([&](auto done) { wallet_.restore(gap, std::move(done)); }));
    HP_DO(wait_for<void>([&](auto done) { wallet_.when_idle(kMintingLimitMs, std::move(done)); }));
    if (form == Form::json) {
        Json keysets = Json::array();
        for (const auto& keyset : restored.keysets)
            keysets.push_back(
                {{"id", keyset.id}, {"signed_to", keyset.signed_to}, {"looked_to", keyset.looked_to}});
        print(Json{{"unit", unit_},
                   {"amount", restored.amount},
                   {"proofs", restored.proofs},
                   {"quotes_found", restored.quotes_found},
                   {"gap", gap},
                   {"keysets", std::move(keysets)}}
                  .dump());
        return {};
    }
    print("amount " + std::to_string(restored.amount));
    print("proofs " + std::to_string(restored.proofs));
    print("quotes_found " + std::to_string(restored.quotes_found));
    for (const auto& keyset : restored.keysets)
        print("keyset " + keyset.id + " signed_to " + std::to_string(keyset.signed_to) + " looked_to " +
              std::to_string(keyset.looked_to));
    return {};
}

}  // namespace hp::hp_wallet
