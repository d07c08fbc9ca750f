// Requests that count as refused although the mint may have signed their outputs: asks for the signatures
// again (NUT-09), after one minute, two, four, and so on. This recovers what the mint lied about, or had lost
// for a while.
#include "log/log.hpp"
#include "wallet/impl.hpp"

namespace hp::wallet {
namespace {

constexpr std::size_t kLooksAtOnce = 200;

}  // namespace

void Wallet::Impl::look_again() {
    if (is_looking || is_stopped || !options.mints_quotes) return;
    look_timer.after(options.look_first_ms, [this] { look_again(); });
    if (!mint_view.is_ready()) return;
    auto due = vault.transact(
        [&]() -> Result<std::vector<Vault::Look>> { return vault.due_looks(unix_ms_now(), kLooksAtOnce); });
    if (!due) return log::warn("cannot look for signatures of refused requests: {}", due.error().what);
    if (due->empty()) return;
    is_looking = true;
    look_at(*std::move(due));
}

void Wallet::Impl::look_at(std::vector<Vault::Look> due) {
    if (due.empty()) {
        end_looks();
        return look_again();  // there may be more than kLooksAtOnce
    }
    if (is_stopped) return end_looks();
    const Vault::Look look = due.back();
    due.pop_back();
    auto outputs = vault.transact([&]() -> Result<std::vector<Output>> { return vault.outputs_of(look.op); });
    if (!outputs) return end_looks();
    const std::size_t count = outputs->size();
    scanner.take(*std::move(outputs), 0, [this, look, count, due](const Reply<Scanner::Found>& found) {
        if (!found && found.error().kind == MintFailure::Kind::away) return end_looks();
        if (found && found->amount > 0)
            log::info("{} {} recovered that the mint had refused or answered wrongly before", found->amount,
                      options.unit);
        note_look(look, {count, found ? found->ys : std::vector<cashu::PublicKey33>{}}, due);
    });
}

void Wallet::Impl::note_look(const Vault::Look& look, const Operations::Looked& looked,
                             std::vector<Vault::Look> due) {
    auto ended = operations.note_look(look, looked, unix_ms_now());
    if (!ended) {
        log::warn("cannot look for signatures of refused requests: {}", ended.error().what);
        return end_looks();
    }
    if (*ended) on_minted(**ended);
    look_at(std::move(due));
}

void Wallet::Impl::end_looks() {
    is_looking = false;
    pump();
    look_if_idle();
}

}  // namespace hp::wallet
