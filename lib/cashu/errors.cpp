#include "cashu/errors.hpp"

#include <vector>

#include "cashu/json.hpp"

namespace hp::cashu {
namespace {
constexpr std::string_view kUnknownCode = "unknown code";
}  // namespace

std::string_view text(Code code) {
    switch (code) {
        case Code::proof_invalid:
            return "proof verification failed";
        case Code::already_spent:
            return "proofs are already spent";
        case Code::inputs_pending:
            return "inputs are pending";
        case Code::outputs_already_signed:
            return "outputs are already signed";
        case Code::outputs_pending:
            return "outputs are pending";
        case Code::not_balanced:
            return "inputs, outputs and fee do not balance";
        case Code::amount_outside_limits:
            return "amount is outside the limits";
        case Code::duplicate_inputs:
            return "duplicate input";
        case Code::duplicate_outputs:
            return "duplicate output";
        case Code::several_units:
            return "inputs or outputs have different units";
        case Code::unit_mismatch:
            return "inputs and outputs do not have the same unit";
        case Code::amountless_invoice:
            return "invoices without an amount are not supported";
        case Code::invoice_amount_differs:
            return "the amount differs from the invoice";
        case Code::unit_not_supported:
            return "the unit is not supported";
        case Code::too_many_inputs:
            return "too many inputs";
        case Code::too_many_outputs:
            return "too many outputs";
        case Code::duplicate_quotes:
            return "duplicate quote";
        case Code::batch_too_large:
            return "the batch is too large";
        case Code::keyset_unknown:
            return "the keyset is unknown";
        case Code::keyset_inactive:
            return "the keyset is inactive";
        case Code::keyset_expired:
            return "the keyset has expired";
        case Code::quote_not_paid:
            return "the quote is not paid";
        case Code::quote_already_issued:
            return "the quote is already issued";
        case Code::disabled:
            return "this operation is disabled";
        case Code::lightning_failed:
            return "the Lightning payment failed";
        case Code::quote_pending:
            return "the quote is pending";
        case Code::invoice_already_paid:
            return "the invoice is already paid";
        case Code::quote_expired:
            return "the quote has expired";
        case Code::signature_invalid:
            return "a signature is missing or invalid";
        case Code::pubkey_required:
            return "a public key is required";
        case Code::clear_auth_required:
            return "clear authentication is required";
        case Code::clear_auth_failed:
            return "clear authentication failed";
        case Code::blind_auth_required:
            return "blind authentication is required";
        case Code::blind_auth_failed:
            return "blind authentication failed";
        case Code::too_many_bats:
            return "too many blind authentication tokens";
        case Code::bat_rate_limit:
            return "too many blind authentication tokens at this rate";
        case Code::unspecified:
            return "the request cannot be served";
    }
    return kUnknownCode;
}

std::span<const Code> all_codes() {
    static const std::vector<Code> codes = [] {
        constexpr unsigned kLast = static_cast<unsigned>(Code::unspecified);
        std::vector<Code> out;
        for (unsigned number = 0; number <= kLast; ++number)
            if (text(static_cast<Code>(number)) != kUnknownCode) out.push_back(static_cast<Code>(number));
        return out;
    }();
    return codes;
}

std::string to_json(const CashuError& error) {
    std::string out = "{\"detail\":";
    append_json_string(out, error.detail);
    out += ",\"code\":";
    append_decimal(out, static_cast<std::uint16_t>(error.code));
    out += '}';
    return out;
}

Result<CashuError> error_from_json(std::string_view body) {
    HP_TRY(auto json, parse_json(body));
    HP_TRY(auto code, json.need_integer("code"));
    if (code > 0xffff)
        return fail(Errc::invalid, "code: expected at most 65535, got " + std::to_string(code));
    const JsonValue* detail = json.find("detail");
    return CashuError{static_cast<Code>(code),
                      detail && detail->kind == JsonValue::Kind::string ? detail->string : std::string()};
}

}  // namespace hp::cashu
