// What hp-quote decode reads. `text` is from the command line; "" and "-" mean stdin.
#pragma once
#include <string>

#include "base/result.hpp"

namespace hp::hp_quote {

Result<> decode_frame(const std::string& text);
/// Without `secrets` the blinding factor r of a DLEQ is omitted.
Result<> decode_token(const std::string& text, bool secrets);
Result<> decode_request(const std::string& text);
struct DecodeKeyOptions {
    std::string text;
    std::string out;  ///< new file for a secret key in hex; empty: none
    bool json{false};
};
Result<> decode_key(const DecodeKeyOptions& options);

}  // namespace hp::hp_quote
