// Whether the mint that a token names is this wallet's, if the URLs differ. Keysets are public: a mint that
// copies another's would be given the other's proofs, and could spend them there. So a trusted party must
// confirm it: the user, the user's own mint, or the mint that the token names.
#include "log/log.hpp"
#include "wallet/impl.hpp"

namespace hp::wallet {
namespace {

constexpr std::int64_t kInfoLimitMs = 5'000;
constexpr std::size_t kInfoBytesMax = 64 * 1024;

Error not_joined(const std::string& other, const std::string& mine, const std::string& why) {
    return {Errc::refused,
            "the token names mint '" + printable(other) + "', this wallet's is '" + printable(mine) +
                "'; the same public keysets do not prove that they are the same mint, and " + why,
            "its keysets are those of your mint at '" + printable(mine) +
                "'; if you know that both are the same mint, add '" + printable(other) +
                "' to mint_aliases in shared/proxy.toml"};
}

}  // namespace

Result<MintNames> Wallet::Impl::mint_names() {
    MintNames names{options.mint_url, options.mint_aliases};
    if (options.has_own_mint) names.told = mint_view.info().urls;
    HP_TRY(const auto former,
           vault.transact([&]() -> Result<std::vector<std::string>> { return vault.former_urls(); }));
    names.aliases.insert(names.aliases.end(), former.begin(), former.end());
    return names;
}

/// If a token names another mint, only this wallet's can tell whether it is the same.
Error Wallet::Impl::not_compared(const cashu::Token& token, const Error& why) {
    if (const auto names = mint_names(); !names || names->has(token.mint)) return why;
    return {why.code,
            "the token is from mint '" + printable(token.mint) + "', this wallet's is '" +
                printable(options.mint_url) + "': " + why.what,
            "once it answers, the wallet can tell whether they are the same mint"};
}

void Wallet::Impl::take_if_ours(const cashu::Token& token, const MintNames& names,
                                CallPtr<Result<std::uint64_t>> asked) {
    if (names.has(token.mint)) return swap_in(token, 0, asked);
    const auto proofs = check_proofs(token, keyring);
    if (!proofs) return asked->answer(fail(proofs.error()));
    const auto is_own = was_made_here(*proofs);
    if (!is_own) return asked->answer(fail(is_own.error()));
    if (!*is_own && !names.is_told(token.mint)) return ask_named_mint(token, names, asked);
    log::info("the token names mint '{}', which is this wallet's mint", printable(token.mint));
    swap_in(token, 0, asked);
}

/// Its proofs are this wallet's, which sends them to its mint anyway.
Result<bool> Wallet::Impl::was_made_here(const std::vector<cashu::Proof>& proofs) {
    return vault.transact([&]() -> Result<bool> {
        return std::ranges::all_of(
            proofs, [&](const cashu::Proof& proof) { return vault.has_proof(cashu::y_of(proof.secret)); });
    });
}

/// It is that mint's money, so its confirmation is enough. It is asked for its public info and gets nothing.
void Wallet::Impl::ask_named_mint(const cashu::Token& token, const MintNames& names,
                                  CallPtr<Result<std::uint64_t>> asked) {
    if (const auto why = names.why_not_asked(token.mint); !why.empty())
        return asked->answer(fail(not_joined(token.mint, names.url, "the named one was not asked: " + why)));
    auto client = MintClient::create(loop, normal_url(token.mint), kInfoLimitMs, kInfoBytesMax);
    if (!client) return asked->answer(fail(client.error()));
    named_mint = *std::move(client);
    named_mint->info([=, this](const Reply<cashu::MintInfoSeen>& reply) {
        // From the loop: what follows may destroy the client.
        loop.post([=, this] {
            if (asked->is_over()) return;
            if (!reply)
                return asked->answer(
                    fail(not_joined(token.mint, names.url,
                                    "the named one does not confirm it: " + reply.error().error.what)));
            const bool has_ours = std::ranges::any_of(
                reply->urls, [&](const std::string& url) { return normal_url(url) == names.url; });
            if (!has_ours)
                return asked->answer(fail(not_joined(
                    token.mint, names.url, "the named one does not list this wallet's mint among its URLs")));
            log::info("the token names mint '{}', which confirms that it is this wallet's mint",
                      printable(token.mint));
            swap_in(token, 0, asked);
        });
    });
}

}  // namespace hp::wallet
