// Any bytes as a line: both directions parse or refuse, and what we answer is one line of JSON that we can
// read.
#include "sv1/build.hpp"
#include "sv1/parse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace hp;
    static sv1::Parser parser;
    static sv1::Parser reader;
    const std::string_view line = as_text({bytes, size});

    std::string answer;
    if (auto message = parser.from_client(line)) {
        if (const auto* configure = std::get_if<sv1::Configure>(&message->body))
            sv1::append_configured(answer, message->id, *configure, {.version_rolling_mask = 0x1fffe000});
        else
            sv1::append_true(answer, message->id);
    } else {
        sv1::append_error(answer, message.error());
    }
    HP_ASSERT(answer.find('\n') == answer.size() - 1);
    answer.pop_back();
    HP_ASSERT(reader.from_server(answer).has_value());

    if (auto message = parser.from_server(line)) {
        if (const auto* notify = std::get_if<sv1::Notify>(&*message)) {
            std::string again;
            sv1::append_notify(again, *notify);
            again.pop_back();
            const auto same = reader.from_server(again);
            HP_ASSERT(same.has_value() && std::get<sv1::Notify>(*same) == *notify);
        }
    }
    return 0;
}
