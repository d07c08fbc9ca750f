// The readers of configuration: our TOML and that of the earlier layout, and the check of every value against
// its key's rule. An accepted value must survive toml_text() and parsing.
#include "config/declared.hpp"
#include "config/earlier.hpp"
#include "config/parse.hpp"

using namespace hp;
using namespace hp::config;

namespace {

void read_ours(std::string_view text) {
    const auto entries = parse_toml(text);
    if (!entries) return HP_ASSERT(!entries.error().what.empty());
    for (const Entry& entry : *entries) {
        HP_ASSERT(entry.line > 0 && entry.column > 0);
        for (const auto& file : declared()) {
            const Key* key = find_key(file.file, entry.name);
            if (key == nullptr || !entry.value || !check(key->rule, *entry.value)) continue;
            const auto again = parse_toml("key = " + toml_text(*entry.value));
            HP_ASSERT(again && again->size() == 1 && again->front().value);
            HP_ASSERT(toml_text(*again->front().value) == toml_text(*entry.value));
        }
    }
}

void read_theirs(std::size_t which, std::string_view text) {
    auto entries = parse_toml_with_tables(text);
    if (!entries) return;
    const std::size_t count = entries->size();
    const auto& names = earlier_files();
    static constexpr Published kNone{[](const crypto::SecretKey&) { return false; },
                                     [](std::string_view) { return false; },
                                     [](std::string_view) { return true; }};
    const auto imported = from_earlier({{names[which % names.size()], std::move(*entries)}}, "sim", kNone);
    HP_ASSERT(imported.outcomes.size() == count);
    for (const Outcome& one : imported.outcomes) {
        HP_ASSERT(!one.text.empty());
        for (const auto& [file, secret] : imported.secrets)
            if (file != "secrets/rpc-password") HP_ASSERT(one.text.find(secret) == std::string::npos);
    }
    for (const auto& [file, values] : imported.chosen)
        for (const auto& [name, chosen] : values) HP_ASSERT(check(find_key(file, name)->rule, chosen.value));
}

}  // namespace

/// The first byte: ours, or which of their files.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text{reinterpret_cast<const char*>(bytes + 1), size - 1};
    bytes[0] % 2 == 0 ? read_ours(text) : read_theirs(bytes[0] / 2, text);
    return 0;
}
