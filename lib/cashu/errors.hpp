// Failures that a wallet sees: HTTP 400 with {"detail": text, "code": number}. Codes: the NUTs'
// error_codes.md.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/result.hpp"

namespace hp::cashu {

enum class Code : std::uint16_t {
    proof_invalid = 10001,
    already_spent = 11001,
    inputs_pending = 11002,
    outputs_already_signed = 11003,
    outputs_pending = 11004,
    not_balanced = 11005,
    amount_outside_limits = 11006,
    duplicate_inputs = 11007,
    duplicate_outputs = 11008,
    several_units = 11009,
    unit_mismatch = 11010,
    amountless_invoice = 11011,
    invoice_amount_differs = 11012,
    unit_not_supported = 11013,
    too_many_inputs = 11014,
    too_many_outputs = 11015,
    duplicate_quotes = 11016,
    batch_too_large = 11017,
    keyset_unknown = 12001,
    keyset_inactive = 12002,
    keyset_expired = 12003,
    quote_not_paid = 20001,
    quote_already_issued = 20002,
    disabled = 20003,
    lightning_failed = 20004,
    quote_pending = 20005,
    invoice_already_paid = 20006,
    quote_expired = 20007,
    signature_invalid = 20008,
    pubkey_required = 20009,
    clear_auth_required = 30001,
    clear_auth_failed = 30002,
    blind_auth_required = 31001,
    blind_auth_failed = 31002,
    too_many_bats = 31003,
    bat_rate_limit = 31004,
    unspecified = 50000,  ///< malformed requests, unknown quotes: CDK's answer where no NUT names a code
};

/// The code's meaning in a few words; "unknown code" for other numbers.
std::string_view text(Code code);

/// Every code above, in order.
std::span<const Code> all_codes();

struct CashuError {
    Code code{Code::unspecified};
    std::string detail;
    friend bool operator==(const CashuError&, const CashuError&) = default;
};
/// {"detail":"...","code":11001}
std::string to_json(const CashuError& error);
/// Reads an error body (wallet side); any 16-bit code is kept unchanged.
Result<CashuError> error_from_json(std::string_view body);

/// The result of a mint's check: a value, or the error for the wallet. HP_TRY and HP_DO work with it.
template <class T = void>
using Answer = tl::expected<T, CashuError>;

inline tl::unexpected<CashuError> refuse(Code code, std::string detail) {
    return tl::unexpected<CashuError>(CashuError{code, std::move(detail)});
}
inline tl::unexpected<CashuError> refuse(Code code) { return refuse(code, std::string(text(code))); }
/// A body that does not parse gets 50000 and the parser's text.
template <class T>
Answer<T> or_malformed(Result<T> parsed) {
    if (!parsed) return refuse(Code::unspecified, std::move(parsed).error().what);
    return *std::move(parsed);
}

}  // namespace hp::cashu
