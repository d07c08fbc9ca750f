// Quotes that the mint has for this wallet's key: by the key, or by their ids.
#include "crypto/random.hpp"
#include "log/log.hpp"
#include "wallet/impl.hpp"

namespace hp::wallet {
namespace {

/// The end of the year 9999: anything beyond is not a valid time.
constexpr UnixSeconds kHeldSinceMax = 253'402'300'799;

}  // namespace

bool is_quote_id(const std::string& id) {
    return !id.empty() && id.size() <= kQuoteIdSizeMax &&
           std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void Wallet::Impl::find_quotes(std::function<void(Result<std::size_t>)> done) {
    auto answer = [this, done = std::move(done)](const Result<std::size_t>& found) {
        loop.post([done, found] { done(found); });
    };
    if (mint_view.is_ready()) return ask_for_quotes(answer);
    connect([this, answer](const Result<>& connected) {
        if (!connected) return answer(fail(connected.error()));
        ask_for_quotes(answer);
    });
}

void Wallet::Impl::ask_for_quotes(std::function<void(Result<std::size_t>)> done) {
    auto request = lookup_request();
    if (!request) return done(fail(request.error()));
    request->only_mintable = true;
    ++finding;
    mint->find_quotes(*request, [this, done = std::move(done)](Reply<cashu::LookupResponse> reply) {
        --finding;
        Result<std::size_t> found =
            reply ? take_quotes(*reply) : Result<std::size_t>{fail(reply.error().error)};
        done(found);
        if (reply) adopt_open_ops();
        pump();
        look_if_idle();
    });
}

Result<cashu::LookupRequest> Wallet::Impl::lookup_request() const {
    if (!mint_view.info().pubkey)
        return fail(Errc::refused,
                    "the mint publishes no key (pubkey in /v1/info), which a signed lookup needs");
    cashu::LookupRequest out;
    out.pubkeys = {locking_key};
    out.pubkey_signatures = {
        to_hex(cashu::sign_lookup(lock_key, *mint_view.info().pubkey, {}, crypto::random_array<32>()))};
    return out;
}

void Wallet::Impl::held_quotes(std::function<void(Result<std::vector<cashu::Quote>>)> done) {
    auto answer = [this, done = std::move(done)](const Result<std::vector<cashu::Quote>>& found) {
        loop.post([done, found] { done(found); });
    };
    if (mint_view.is_ready()) return ask_for_held(answer);
    connect([this, answer](const Result<>& connected) {
        if (!connected) return answer(fail(connected.error()));
        ask_for_held(answer);
    });
}

void Wallet::Impl::ask_for_held(std::function<void(Result<std::vector<cashu::Quote>>)> done) {
    auto request = lookup_request();
    if (!request) return done(fail(request.error()));
    request->only_held = true;
    ++finding;
    mint->find_quotes(*request, [this, done = std::move(done)](Reply<cashu::LookupResponse> reply) {
        --finding;
        if (!reply) {
            done(fail(reply.error().error));
        } else {
            // A mint that ignores the filter returns all.
            std::erase_if(reply->quotes, [](const cashu::Quote& quote) {
                return !quote.held_since || *quote.held_since > kHeldSinceMax || quote.amount > kAmountMax;
            });
            done(std::move(reply->quotes));
        }
        look_if_idle();
    });
}

Result<> Wallet::Impl::check_quote(const cashu::Quote& quote) const {
    const std::string name = "quote '" + printable(quote.id) + "' ";
    auto no = [](std::string what, std::string hint = {}) {
        return fail(Errc::refused, std::move(what), std::move(hint));
    };
    if (!is_quote_id(quote.id)) return no(name + "has a bad id");
    if (!quote.pubkey) return no(name + "is not locked to a key");
    // 02 and 03 with the same x are one signer.
    if (!std::equal(quote.pubkey->begin() + 1, quote.pubkey->end(), locking_key.begin() + 1))
        return no(name + "is locked to key " + to_hex(*quote.pubkey) + ", not to " + to_hex(locking_key),
                  "give the file of that key with --locking-key-file");
    if (!quote.method.empty() && quote.method != "ehash")
        return no(name + "is of method '" + printable(quote.method, 32) + "', not 'ehash'");
    if (!quote.unit.empty() && quote.unit != options.unit)
        return no(name + "is of unit '" + printable(quote.unit, 32) + "', not '" + options.unit + "'");
    if (quote.held_since)
        return no(
            name +
                "is held: the mint was restored from a backup, and cannot know whether it was minted before",
            "ask the mint's operator to release it");
    if (quote.mintable() == 0)
        return no(name + (quote.amount_issued > 0 ? "is already minted"
                                                  : "cannot be minted yet: the mint reports it as unpaid"));
    if (quote.mintable() > kAmountMax) return no(name + "is worth more than 2^62");
    return {};
}

Result<std::size_t> Wallet::Impl::take_quotes(const cashu::LookupResponse& found_there) {
    const auto& quotes = found_there.quotes;
    auto found = vault.transact([&]() -> Result<std::size_t> {
        std::size_t count = 0;
        UnixMs now = unix_ms_now();
        for (const cashu::Quote& quote : quotes)
            if (check_quote(quote) && (vault.add_quote(quote.id, quote.mintable(), now) ||
                                       vault.reopen_parked(quote.id, quote.mintable())))
                ++count;
        return count;
    });
    if (found && options.mints_quotes) has_more_to_find = found_there.more && *found > 0;
    if (found_there.more && !options.mints_quotes)
        log::warn(
            "the mint has more quotes for this key than the {} that it lists at once; the others follow when "
            "these are minted",
            quotes.size());
    return found;
}

void Wallet::Impl::take_quote(const std::string& id, std::function<void(Result<>)> done) {
    auto answer = [this, done = std::move(done)](const Result<>& taken) {
        loop.post([done, taken] { done(taken); });
    };
    if (!is_quote_id(id)) return answer(fail(Errc::usage, "'" + printable(id) + "' is not a quote id"));
    auto known = vault.transact([&]() -> Result<std::optional<QuoteRow>> { return vault.quote(id); });
    if (!known) return answer(fail(known.error()));
    const std::string state = *known ? (*known)->state : std::string{};
    if (state == "done") return answer({});
    // Connecting resumes interrupted operations and queued ones.
    const bool is_taken =
        state == "minting" || (state == "open" && (*known)->locking_key == vault.locking_key());
    auto go_on = [this, id, is_taken, answer](const Result<>& connected) {
        if (!connected) return answer(fail(connected.error()));
        if (!is_taken) return ask_for_quote(id, answer);
        pump();
        answer({});
    };
    if (mint_view.is_ready()) return go_on({});
    connect(go_on);
}

void Wallet::Impl::ask_for_quote(const std::string& id, std::function<void(Result<>)> done) {
    ++finding;
    mint->check_quotes({id}, [this, done = std::move(done)](Reply<std::vector<cashu::Quote>> reply) {
        --finding;
        Result<> taken;
        if (!reply)
            taken = fail(reply.error().error);
        else if (taken = check_quote(reply->front()); taken)
            taken = vault.transact([&]() -> Result<> {
                const cashu::Quote& quote = reply->front();
                if (!vault.add_quote(quote.id, quote.mintable(), unix_ms_now()))
                    vault.reopen_parked(quote.id, quote.mintable());
                return {};
            });
        done(taken);
        pump();
        look_if_idle();
    });
}

}  // namespace hp::wallet
