#include "mint/upkeep.hpp"

#include "log/log.hpp"
#include "mint/release_file.hpp"

namespace hp::mint {
namespace {

constexpr std::int64_t kUpkeepMs = 1000;
/// Ticks between two counts of what is held.
constexpr std::uint64_t kCountTicks = 10;
/// Quotes that one request releases, at most.
constexpr std::size_t kReleaseOnceMax = 100'000;

}  // namespace

Upkeep::Upkeep(net::Loop& loop, Mint& mint, Options options)
    : mint_{mint},
      options_{std::move(options)},
      log_watch_{options_.database, options_.wal_alarm_bytes},
      clock_{loop, "the ledger's times follow it, but amounts do not; 'timedatectl' shows and sets it",
             [this](const std::string& what) { mint_.events().alarm(what); }},
      tick_{loop} {
    tick_.every(kUpkeepMs, [this] { tick(); });
}

void Upkeep::tick() {
    const auto log = mint_.log_state();
    if (auto what = log_watch_.look(log); !what.empty()) {
        log::warn("{}", what);
        mint_.events().alarm(what);
    }
    look_for_request();
    if (ticks_++ % kCountTicks == 0)
        mint_.transact<HeldQuotes>([](Ledger& ledger) { return ledger.held(); },
                                   [this, alive = std::weak_ptr{alive_}](Result<HeldQuotes> held) {
                                       if (alive.lock() && held) held_ = *held;
                                   });
    mint_.events().ledger_status(mint_.mark(), held_, log, mint_.signing_paused_because().empty(),
                                 options_.is_link_up());
}

void Upkeep::look_for_request() {
    if (is_releasing_) return;
    auto request = find_request(options_.database);
    if (!request) {
        if (std::exchange(last_trouble_, request.error().what) == request.error().what) return;
        log::warn("{}", request.error().what);
        return mint_.events().alarm(request.error().what);
    }
    last_trouble_.clear();
    if (!*request) return;
    is_releasing_ = true;
    mint_.transact<HeldQuotes>(
        [asked = **request](Ledger& ledger) {
            return asked.ids.empty()
                       ? ledger.release_until(asked.last, kReleaseOnceMax, asked.by, unix_ms_now())
                       : ledger.release(asked.ids, asked.by, unix_ms_now());
        },
        [this, alive = std::weak_ptr{alive_}, by = (*request)->by,
         is_all = (*request)->ids.empty()](Result<HeldQuotes> released) {
            if (!alive.lock()) return;
            is_releasing_ = false;
            if (!released)
                return mint_.events().alarm("cannot release held quotes: " + released.error().what);
            const bool may_have_more = is_all && released->quotes == kReleaseOnceMax;
            if (may_have_more)
                look_for_request();
            else if (auto removed = remove_request(options_.database); !removed)
                mint_.events().alarm(removed.error().what);
            log::info("{} held quotes of {} released by {}", released->quotes,
                      ehash::to_text(released->amount), printable(by));
            mint_.events().tell(records::QuotesReleased{released->quotes, by});
            ticks_ = 0;
        });
}

}  // namespace hp::mint
