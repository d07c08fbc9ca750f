#include "audit/wallet_coins.hpp"

namespace hp::audit {
namespace {

std::string y_name(const WalletFile& wallet, const WalletFile::Proof& proof) {
    return wallet.path + ": proof Y " + to_hex(proof.y);
}

}  // namespace

WalletCoins::WalletCoins(MintFile& mint, std::vector<WalletFile>& wallets, Report& report)
    : mint_{mint}, report_{report} {
    for (WalletFile& wallet : wallets) {
        if (!wallet.is_of(mint)) continue;
        for (Id id : {I10, I16, I18}) report_.checked(id, 0);
        compare_keysets(wallet);
        for (auto& quote : wallet.done_quotes) quotes_.push_back({&wallet, &quote});
        for (auto& output : wallet.outputs)
            if (output.is_done && is_ours(wallet, output.keyset)) outputs_.push_back({&wallet, &output});
        for (auto& proof : wallet.proofs)
            if (is_ours(wallet, proof.keyset)) by_y_.push_back({&wallet, &proof});
    }
    for (const auto& of : by_y_)
        if (of.one->has_e) by_e_.push_back(of);
    std::ranges::sort(
        quotes_, {}, [](const auto& of) -> const auto& { return of.one->id; });
    std::ranges::sort(
        outputs_, {}, [](const auto& of) -> const auto& { return of.one->b; });
    std::ranges::sort(
        by_y_, {}, [](const auto& of) -> const auto& { return of.one->y; });
    std::ranges::sort(
        by_e_, {}, [](const auto& of) -> const auto& { return of.one->e; });
}

/// The wallet's keys match the id, which covers the fee: if the mint has another fee, the mint is wrong.
void WalletCoins::compare_keysets(const WalletFile& wallet) {
    for (const auto& one : wallet.keysets) {
        auto index = mint_.keyset_index(one.id);
        if (!index || !one.input_fee_ppk) continue;
        const MintKeyset& there = mint_.keysets[*index];
        if (there.input_fee_ppk != *one.input_fee_ppk || there.key_count != one.key_count)
            report_.breach(I15, mint_.path, ": keyset ", hex(one.id), ": fee ", there.input_fee_ppk,
                           " ppk and ", there.key_count, " keys, in ", wallet.path, " ", *one.input_fee_ppk,
                           " and ", one.key_count);
    }
}

bool WalletCoins::is_ours(const WalletFile& wallet, std::uint16_t keyset) const {
    return mint_.keyset_index(wallet.keysets[keyset].id).has_value();
}

void WalletCoins::miss_quotes_before(const QuoteId* id) {
    for (; next_quote_ < quotes_.size() && (!id || quotes_[next_quote_].one->id < *id); ++next_quote_)
        report_.breach_of(quotes_[next_quote_].one->amount, I18, quotes_[next_quote_].wallet->path,
                          ": quote ", to_text(quotes_[next_quote_].one->id), ": done, but not in ",
                          mint_.path);
}

void WalletCoins::on_quote(const QuoteId& id, std::int64_t issued) {
    if (quotes_.empty()) return;
    miss_quotes_before(&id);
    for (; next_quote_ < quotes_.size() && quotes_[next_quote_].one->id == id; ++next_quote_)
        if (issued <= 0)
            report_.breach_of(quotes_[next_quote_].one->amount, I18, quotes_[next_quote_].wallet->path,
                              ": quote ", to_text(id), ": done, but not issued in ", mint_.path);
}

void WalletCoins::miss_outputs_before(const Bytes33* b) {
    for (; next_output_ < outputs_.size() && (!b || outputs_[next_output_].one->b < *b); ++next_output_) {
        report_.checked(I16);
        report_.breach_of(static_cast<Wide>(outputs_[next_output_].one->amount), I16,
                          outputs_[next_output_].wallet->path, ": output B_ ",
                          to_hex(outputs_[next_output_].one->b), ": its signature is not in ", mint_.path);
    }
}

void WalletCoins::on_signature(const Bytes33& b, ByteView e, ByteView keyset, std::int64_t amount) {
    if (outputs_.empty() && by_e_.empty()) return;
    auto agrees = [&](const WalletFile& wallet, std::uint64_t its_amount, std::uint16_t its_keyset) {
        return static_cast<std::int64_t>(its_amount) == amount &&
               std::ranges::equal(wallet.keysets[its_keyset].id, keyset);
    };
    miss_outputs_before(&b);
    for (; next_output_ < outputs_.size() && outputs_[next_output_].one->b == b; ++next_output_) {
        const auto& [wallet, output] = outputs_[next_output_];
        report_.checked(I16);
        if (!agrees(*wallet, output->amount, output->keyset))
            report_.breach(I16, wallet->path, ": output B_ ", to_hex(b), ": amount or keyset is not that in ",
                           mint_.path);
    }
    if (e.size() != 32) return;
    auto half = to_array<16>(e.first(16));
    auto at = std::ranges::lower_bound(
        by_e_, half, {}, [](const auto& of) -> const auto& { return of.one->e; });
    for (; at != by_e_.end() && at->one->e == half; ++at) {
        at->one->is_signed = true;
        if (!agrees(*at->wallet, at->one->amount, at->one->keyset))
            report_.breach(I18, y_name(*at->wallet, *at->one),
                           ": amount or keyset is not that of its signature in ", mint_.path);
    }
}

void WalletCoins::pass_proofs_before(const Bytes33* y) {
    for (; next_proof_ < by_y_.size() && (!y || by_y_[next_proof_].one->y < *y); ++next_proof_) {
        const auto& [wallet, proof] = by_y_[next_proof_];
        if (proof->coin == WalletFile::Coin::spent)
            report_.breach_of(static_cast<Wide>(proof->amount), I10, y_name(*wallet, *proof),
                              ": was spent, but is not spent in ", mint_.path);
    }
}

void WalletCoins::on_spent(const Bytes33& y) {
    if (by_y_.empty()) return;
    pass_proofs_before(&y);
    for (; next_proof_ < by_y_.size() && by_y_[next_proof_].one->y == y; ++next_proof_)
        if (by_y_[next_proof_].one->coin == WalletFile::Coin::unspent)
            suspects_.push_back(by_y_[next_proof_]);
}

void WalletCoins::finish() {
    miss_quotes_before(nullptr);
    miss_outputs_before(nullptr);
    pass_proofs_before(nullptr);
    for (const auto& [wallet, proof] : by_e_)
        if (!proof->is_signed)
            report_.breach_of(static_cast<Wide>(proof->amount), I18, y_name(*wallet, *proof),
                              ": no signature in ", mint_.path, " made it");
    WalletFile* renewed = nullptr;
    std::ranges::sort(suspects_, {}, [](const auto& of) { return of.wallet; });
    for (const auto& [wallet, proof] : suspects_) {
        if (renewed != wallet) {
            if (renewed) renewed->reading.release();
            renewed = wallet;
            renewed->reading.renew();
        }
        auto row = wallet->reading.db().prepare("SELECT 1 FROM proof WHERE y = ? AND state = 'unspent'");
        if (row.bind(proof->y).step())
            report_.breach_of(static_cast<Wide>(proof->amount), I18, y_name(*wallet, *proof),
                              ": unspent, but spent in ", mint_.path);
    }
    if (renewed) renewed->reading.release();
}

}  // namespace hp::audit
