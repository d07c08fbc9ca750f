// Everything of the Cashu room that reads bytes from strangers: tokens, CBOR, JSON bodies. The first byte
// chooses the reader. What is accepted must survive writing and reading again.
#include "cashu/cbor.hpp"
#include "cashu/nut06.hpp"
#include "cashu/nut07.hpp"
#include "cashu/nut09.hpp"
#include "cashu/nut10.hpp"
#include "cashu/nut29.hpp"
#include "cashu/quote_lookup.hpp"
#include "cashu/tokens.hpp"
#include "crypto/base64url.hpp"

using namespace hp;
using namespace hp::cashu;

namespace {

void fuzz_token(const Result<Token>& token) {
    if (!token || token->unit.empty() || token->mint.empty()) return;
    auto again = decode_token(encode_token(*token, TokenIds::full));
    // Proofs of one keyset move together, so compare the second writing with the first.
    HP_ASSERT(again.has_value());
    HP_ASSERT(again->proofs.size() == token->proofs.size());
    HP_ASSERT(again->mint == token->mint && again->unit == token->unit && again->memo == token->memo);
    HP_ASSERT(encode_token(*again, TokenIds::full) == encode_token(*token, TokenIds::full));
}

template <class Request>
void fuzz_request(const Answer<Request>& request, Answer<Request> (*read)(std::string_view)) {
    if (!request) return;
    auto again = read(to_json(*request));
    HP_ASSERT(again.has_value());
    HP_ASSERT(to_json(*again) == to_json(*request));
}

/// A mint with a known seed, so that the checks go deeper than "keyset unknown" if the fuzzer finds its id.
const MintKeysets& keysets() {
    static const MintKeysets mint = [] {
        MintKeysets out;
        auto keyset = derive_keyset(Bytes(32, 1), "hash", 0, 0, std::nullopt, 4);
        HP_ASSERT(keyset && out.insert(*keyset));
        return out;
    }();
    return mint;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    ByteView input{bytes + 1, size - 1};
    std::string_view text = as_text(input);
    switch (bytes[0] % 14) {
        case 0:
            fuzz_token(decode_token(text));
            break;
        case 1:
            fuzz_token(decode_token_raw(input));
            break;
        case 2:
            fuzz_token(decode_token("cashuA" + crypto::base64url_encode(input)));
            break;
        case 3: {
            cbor::Reader in{input};
            while (in.ok() && !in.at_end()) in.skip();
            break;
        }
        case 4: {
            auto request = swap_request_from_json(text);
            fuzz_request(request, swap_request_from_json);
            if (request) (void)check_swap(*request, keysets(), 0);
            break;
        }
        case 5: {
            auto request = mint_request_from_json(text);
            fuzz_request(request, mint_request_from_json);
            if (request) (void)check_outputs(request->outputs, keysets(), 0);
            break;
        }
        case 6: {
            auto request = batch_mint_request_from_json(text);
            fuzz_request(request, batch_mint_request_from_json);
            if (request) (void)check_batch_form(*request, MintPolicy{});
            break;
        }
        case 7:
            fuzz_request(check_state_request_from_json(text), check_state_request_from_json);
            break;
        case 8:
            fuzz_request(restore_request_from_json(text), restore_request_from_json);
            break;
        case 9:
            fuzz_request(lookup_request_from_json(text), lookup_request_from_json);
            break;
        case 10:
            (void)secret_kind(text);
            break;
        case 11:
            (void)keysets_with_keys_from_json(text);
            break;
        case 12:
            (void)mint_info_from_json(text);
            break;
        case 13: {
            auto quotes = quotes_from_json(text);
            if (quotes) HP_ASSERT(quotes_from_json(quotes_json(*quotes)).has_value());
            break;
        }
    }
    return 0;
}
