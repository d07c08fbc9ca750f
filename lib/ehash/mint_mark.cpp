#include "ehash/mint_mark.hpp"

#include <algorithm>
#include <charconv>

namespace hp::ehash {
namespace {

constexpr std::string_view kFirstLine = "hashpool mint mark 1";

std::string count_text(std::uint64_t count, const char* thing) {
    return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

template <class Number>
Number lack(Number has, Number known) {
    return known > has ? known - has : Number{0};
}

std::string_view next_mark_line(std::string_view& text) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

/// Decimal digits, below 2^127.
std::optional<Amount128> amount_from_text(std::string_view text) {
    if (text.empty() || text.size() > 38) return {};
    Amount128 value = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return {};
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
}

class MarkReader {
  public:
    explicit MarkReader(std::string_view text) : text_{text} {}
    /// The value of the next line, which must have this name.
    Result<std::string_view> take(std::string_view name) {
        ++number_;
        std::string_view line = next_mark_line(text_);
        if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ')
            return fail(Errc::invalid, where() + "expected '" + std::string(name) + " VALUE', got '" +
                                           printable(line, 60) + "'");
        return line.substr(name.size() + 1);
    }
    Result<std::uint64_t> take_number(std::string_view name) {
        HP_TRY(const Amount128 value, take_amount(name));
        if (value > INT64_MAX)
            return fail(Errc::invalid, where() + std::string(name) + ": expected less than 2^63");
        return static_cast<std::uint64_t>(value);
    }
    Result<Amount128> take_amount(std::string_view name) {
        HP_TRY(const auto digits, take(name));
        const auto value = amount_from_text(digits);
        if (!value)
            return fail(Errc::invalid, where() + std::string(name) + ": expected a number, got '" +
                                           printable(digits, 60) + "'");
        return *value;
    }
    bool is_at_end() const { return text_.empty(); }
    std::string where() const { return "line " + std::to_string(number_) + ": "; }

  private:
    std::string_view text_;
    int number_{1};
};

}  // namespace

std::string to_text(Amount128 value) {
    std::string out;
    do {
        out += static_cast<char>('0' + static_cast<int>(value % 10));
        value /= 10;
    } while (value > 0);
    std::ranges::reverse(out);
    return out;
}

std::optional<Setback> setback(const MintMark& has, const MintMark& known) {
    if (has.store != known.store)
        return Setback{true, 0, known.quotes, known.operations, known.issued, known.spent};
    Setback out{false,
                lack(has.generation, known.generation),
                lack(has.quotes, known.quotes),
                lack(has.operations, known.operations),
                lack(has.issued, known.issued),
                lack(has.spent, known.spent)};
    if (out.generations == 0 && out.quotes == 0 && out.operations == 0 && out.issued == 0 && out.spent == 0)
        return {};
    return out;
}

std::string describe(const MintMark& mark) {
    return "start " + std::to_string(mark.generation) + ", " + count_text(mark.quotes, "quote") + ", " +
           count_text(mark.operations, "operation") + ", issued " + to_text(mark.issued) + ", spent " +
           to_text(mark.spent);
}

std::string describe(const Setback& setback) {
    std::string out = setback.is_other_store ? "another database, without " : "";
    if (setback.generations > 0) out += count_text(setback.generations, "start") + ", ";
    return out + count_text(setback.quotes, "quote") + ", " + count_text(setback.operations, "operation") +
           ", issued " + to_text(setback.issued) + ", spent " + to_text(setback.spent) + ": at most " +
           to_text(setback.doubled_max()) + " can be doubled";
}

std::string file_text(const MintMark& mark) {
    return std::string(kFirstLine) + "\nstore " + to_hex(mark.store) + "\ngeneration " +
           std::to_string(mark.generation) + "\nquotes " + std::to_string(mark.quotes) + "\noperations " +
           std::to_string(mark.operations) + "\nissued " + to_text(mark.issued) + "\nspent " +
           to_text(mark.spent) + "\n";
}

Result<MintMark> mint_mark_from_text(std::string_view text) {
    if (!text.ends_with('\n'))
        return fail(Errc::invalid, "expected a newline at the end: the file is truncated");
    if (std::string_view line = next_mark_line(text); line != kFirstLine)
        return fail(Errc::invalid,
                    "line 1: expected '" + std::string(kFirstLine) + "', got '" + printable(line, 60) + "'");
    MintMark mark;
    MarkReader reader{text};
    HP_TRY(const auto store, reader.take("store"));
    auto bytes = array_from_hex<32>(store);
    if (!bytes) return fail(Errc::invalid, reader.where() + "store: " + bytes.error().what);
    mark.store = *bytes;
    HP_TRY(mark.generation, reader.take_number("generation"));
    HP_TRY(mark.quotes, reader.take_number("quotes"));
    HP_TRY(mark.operations, reader.take_number("operations"));
    HP_TRY(mark.issued, reader.take_amount("issued"));
    HP_TRY(mark.spent, reader.take_amount("spent"));
    if (!reader.is_at_end()) return fail(Errc::invalid, "line 8: expected the end");
    return mark;
}

sv2::link::MintMark to_message(const MintMark& mark) {
    auto high = [](Amount128 value) { return static_cast<std::uint64_t>(value >> 64); };
    auto low = [](Amount128 value) { return static_cast<std::uint64_t>(value); };
    return {mark.generation,  mark.quotes,      mark.operations, high(mark.issued),
            low(mark.issued), high(mark.spent), low(mark.spent)};
}

Result<MintMark> mint_mark_from_message(const sv2::link::MintMark& message, const Bytes32& store,
                                        std::uint64_t generation) {
    if (message.generation != generation)
        return fail(Errc::protocol, "MintMark: generation: expected that of LinkAuth, " +
                                        std::to_string(generation) + ", got " +
                                        std::to_string(message.generation));
    constexpr std::uint64_t kSumHighMax = (std::uint64_t{1} << 31) - 1;
    if (message.quotes > INT64_MAX || message.operations > INT64_MAX)
        return fail(Errc::protocol, "MintMark: quotes, operations: expected less than 2^63");
    if (message.issued_high > kSumHighMax || message.spent_high > kSumHighMax)
        return fail(Errc::protocol, "MintMark: issued, spent: expected less than 2^95");
    auto sum = [](std::uint64_t high, std::uint64_t low) { return (Amount128{high} << 64) | low; };
    return MintMark{store,
                    message.generation,
                    message.quotes,
                    message.operations,
                    sum(message.issued_high, message.issued_low),
                    sum(message.spent_high, message.spent_low)};
}

}  // namespace hp::ehash
