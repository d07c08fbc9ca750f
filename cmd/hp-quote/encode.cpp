// hp-quote encode: a frame out of the JSON of decode.
#include "input.hpp"
#include "sv2/describe.hpp"
#include "verbs.hpp"

namespace hp::hp_quote {
namespace {

struct EncodeOptions {
    std::string kind, text;
    bool json{false};
};

}  // namespace

cli::Verb encode() {
    return {
        .name = "encode",
        .summary = "make a frame out of the JSON of decode",
        .examples =
            {R"(hp-quote encode frame '{"name":"SetupConnection.Success","fields":{"used_version":2,"flags":3}}')"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<EncodeOptions>();
            add.text("KIND", options->kind, "frame").required().one_of({"frame"});
            add.text("JSON", options->text, "what to encode; - is stdin, one a line [-]");
            add.json(options->json, "print one JSON object a frame, with the frame in hex");
            return [options] {
                return convert_each(options->text, [&](std::string_view json) -> Result<std::string> {
                    HP_TRY(auto frame, sv2::json_to_frame(json));
                    return options->json ? R"({"frame":")" + frame + "\"}" : std::move(frame);
                });
            };
        },
    };
}

}  // namespace hp::hp_quote
