// hp-quote decode frame, encode frame.
#include "input.hpp"
#include "sv2/describe.hpp"
#include "verbs.hpp"

namespace hp::hp_quote {

Result<> decode_frame(const std::string& text) { return convert_each(text, sv2::frame_to_json); }

Result<> encode_frame(const std::string& text) { return convert_each(text, sv2::json_to_frame); }

}  // namespace hp::hp_quote
