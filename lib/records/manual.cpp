#include "records/manual.hpp"

#include "records/declared.hpp"

namespace hp::records {
namespace {

/// scdoc takes these for markup.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '_' || c == '*' || c == '\\' || c == '#' || c == '[' || c == '|') out += '\\';
        out += c;
    }
    return out;
}

std::string upper(std::string_view name) {
    std::string out{name};
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

/// The unit, from the suffix of the name.
std::string_view unit_of(std::string_view name) {
    constexpr std::pair<std::string_view, std::string_view> kUnits[]{
        {"_ms", "ms"}, {"_s", "s"}, {"_hps", "H/s"}};
    for (const auto& [ending, unit] : kUnits)
        if (name.ends_with(ending)) return unit;
    return {};
}

std::string type_text(const Field& field) {
    switch (field.json) {
        case Json::boolean:
            return "true or false";
        case Json::integer:
        case Json::number: {
            const std::string kind = field.json == Json::integer ? "integer" : "number";
            const auto unit = unit_of(field.name);
            return unit.empty() ? kind : kind + ", " + std::string(unit);
        }
        case Json::object:
            return "object";
        case Json::list:
            return "list of objects";
        case Json::text:
            break;
    }
    if (!field.hex_digits) return "text";
    return *field.hex_digits == 0 ? "hex" : std::to_string(*field.hex_digits) + " hex digits";
}

std::string meaning_of(const Field& field) {
    std::string out{field.doc};
    if (field.is_optional && field.doc.find("absent") == std::string_view::npos) out += "; may be absent";
    if (field.items.empty()) return out;
    out += ":";
    for (const Field& item : field.items)
        out += (&item == &field.items.front() ? " " : ", ") + std::string(item.name);
    return out;
}

std::string table_of(const Declared& record) {
    std::string out = "## " + escaped(record.info.type) + "\n\n" + escaped(record.info.doc) + "\n\n";
    // No border; the meaning takes the remaining width.
    for (const Field& field : record.fields) {
        const bool is_first = &field == &record.fields.front();
        out += (is_first ? "|[ _" : "|  _") + escaped(field.name) + "_\n" + (is_first ? ":[ " : ":  ") +
               escaped(type_text(field)) + "\n" + (is_first ? ":< " : ":  ") + escaped(meaning_of(field)) +
               "\n";
    }
    return out + "\n";
}

}  // namespace

std::string manual_of_records() {
    std::string out;
    for (const Program& program : programs()) {
        out += program.name.empty() ? "# RECORDS OF EVERY PROGRAM\n\n"
                                    : "# RECORDS OF " + upper(program.name) + "\n\n";
        for (const Declared& record : program.records) out += table_of(record);
    }
    return out;
}

}  // namespace hp::records
