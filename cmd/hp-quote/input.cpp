#include "input.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <istream>

namespace hp::hp_quote {

Result<std::string> text_or_stdin(const std::string& text, std::size_t size_max) {
    if (!is_stdin(text)) return text;
    std::string out(size_max + 1, '\0');
    std::cin.read(out.data(), static_cast<std::streamsize>(out.size()));
    if (std::cin.bad()) return fail(Errc::io, "cannot read stdin");
    out.resize(static_cast<std::size_t>(std::cin.gcount()));
    if (out.size() > size_max)
        return fail(Errc::invalid, "stdin has more than " + std::to_string(size_max) + " bytes");
    return out;
}

Result<> convert_each(const std::string& text,
                      const std::function<Result<std::string>(std::string_view)>& convert) {
    if (!is_stdin(text)) {
        HP_TRY(const auto converted, convert(text));
        std::printf("%s\n", converted.c_str());
        return {};
    }
    std::string line;
    std::size_t number = 0, wrong = 0;
    while (std::getline(std::cin, line)) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const auto converted = convert(line);
        if (!converted) {
            std::fprintf(stderr, "hp-quote: error: <stdin>:%zu: %s\n", number,
                         converted.error().what.c_str());
            ++wrong;
            continue;
        }
        // The reader waits for this line, not for a full buffer.
        if (std::printf("%s\n", converted->c_str()) < 0 || std::fflush(stdout) != 0)
            return fail(Errc::io, "cannot write to stdout");
    }
    if (std::cin.bad()) return fail(Errc::io, "cannot read stdin");
    if (wrong > 0)
        return fail(Errc::invalid,
                    std::to_string(wrong) + " of " + std::to_string(number) + " lines are bad");
    return {};
}

Result<> all_were(const char* what, const std::vector<std::string>& wrong, std::size_t asked,
                  std::string hint) {
    constexpr std::size_t kShownMax = 10;
    if (wrong.empty()) return {};
    std::string text = std::to_string(wrong.size()) + " of " + std::to_string(asked) + " " + what + ": ";
    for (std::size_t i = 0; i < std::min(wrong.size(), kShownMax); ++i)
        text += (i == 0 ? "" : "; ") + wrong[i];
    if (wrong.size() > kShownMax) text += "; and others";
    return fail(Errc::refused, std::move(text), std::move(hint));
}

}  // namespace hp::hp_quote
