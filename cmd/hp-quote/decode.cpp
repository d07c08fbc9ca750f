// hp-quote decode: what a frame, token, request body or key says.
#include "decode.hpp"

#include "input.hpp"
#include "sv2/describe.hpp"
#include "verbs.hpp"

namespace hp::hp_quote {
namespace {

struct DecodeOptions {
    std::string kind, text, out;
    bool secrets{false}, json{false};
};

Result<> run_decode(const DecodeOptions& options) {
    if (!options.out.empty() && options.kind != "key") return fail(Errc::usage, "--out is for keys");
    if (options.kind == "token") return decode_token(options.text, options.secrets);
    if (options.kind == "request") return decode_request(options.text);
    if (options.kind == "key") return decode_key({options.text, options.out, options.json});
    return decode_frame(options.text);
}

}  // namespace

Result<> decode_frame(const std::string& text) { return convert_each(text, sv2::frame_to_json); }

cli::Verb decode() {
    return {
        .name = "decode",
        .summary = "tell what a frame, token, request body or key says",
        .examples = {"hp-quote decode frame 000001060000020003000000",
                     "hp-quote decode frame - < frames.hex | jq .name", "hp-quote decode token - < token.txt",
                     "hp-quote decode request - < body.json",
                     ("hp-quote decode key "
                      "02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17")},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<DecodeOptions>();
            add.text("KIND", options->kind, "frame, token, request or key")
                .required()
                .one_of({"frame", "token", "request", "key"});
            add.text("TEXT", options->text, "what to decode; - is stdin, for frames one a line [-]");
            add.flag("--secrets", options->secrets, "tokens: show the blinding factors r too");
            add.json(options->json, "keys: print one JSON object, as the other kinds always do");
            add.text("--out", options->out,
                     "secret keys: write the secret as 64 hex digits to this new file, mode 0600")
                .value_name("FILE");
            return [options] { return run_decode(*options); };
        },
    };
}

}  // namespace hp::hp_quote
