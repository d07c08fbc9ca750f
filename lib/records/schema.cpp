#include "records/schema.hpp"

#include <nlohmann/json.hpp>

#include "wire/records.hpp"

namespace hp::records {
namespace {

using Tree = nlohmann::ordered_json;

constexpr const char* kDialect = "https://json-schema.org/draft/2020-12/schema";

Tree object_schema(const std::vector<Field>& fields, Tree properties);

Tree type_schema(const Field& field) {
    switch (field.json) {
        case Json::boolean:
            return {{"type", "boolean"}};
        case Json::integer:
            return {{"type", "integer"}, {"minimum", field.min}, {"maximum", field.max}};
        case Json::number:
            return {{"type", "number"}};
        case Json::object:
            return {{"type", "object"},
                    {"additionalProperties", {{"type", "integer"}, {"minimum", 0}, {"maximum", field.max}}}};
        case Json::list:
            return {{"type", "array"}, {"items", object_schema(field.items, Tree::object())}};
        case Json::text:
            break;
    }
    Tree out = {{"type", "string"}};
    if (field.hex_digits)
        out["pattern"] = *field.hex_digits == 0 ? "^([0-9a-f]{2})*$"
                                                : "^[0-9a-f]{" + std::to_string(*field.hex_digits) + "}$";
    return out;
}

Tree field_schema(const Field& field) {
    Tree out = type_schema(field);
    if (!field.doc.empty()) out["description"] = field.doc;
    // Not an enumeration: another pool or a newer program may use other words.
    if (field.known && field.json == Json::text) {
        const Labels known = field.known();
        out["examples"] = Tree(known);
    }
    return out;
}

Tree object_schema(const std::vector<Field>& fields, Tree properties) {
    Tree required = Tree::array();
    for (const auto& [name, schema] : properties.items()) required.push_back(name);
    for (const Field& field : fields) {
        properties[std::string(field.name)] = field_schema(field);
        if (!field.is_optional) required.push_back(field.name);
    }
    return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

Tree envelope(Tree type) {
    return {{"v", {{"const", wire::kRecordVersion}, {"description", "version of the record format"}}},
            {"ts_ms",
             {{"type", "integer"},
              {"minimum", 0},
              {"description", "when it happened, milliseconds since 1970 UTC"}}},
            {"type", std::move(type)},
            {"source", {{"type", "string"}, {"minLength", 1}, {"description", "the program that wrote it"}}}};
}

Tree record_schema(const Declared& record) {
    Tree out = object_schema(record.fields, envelope({{"const", record.info.type}}));
    out["description"] = record.info.doc;
    return out;
}

}  // namespace

std::string schema_of(const Declared& record) {
    Tree out = {{"$schema", kDialect}, {"title", record.info.type}};
    out.update(record_schema(record));
    return out.dump(2) + "\n";
}

std::string schema_of_all() {
    Tree by_type = Tree::array(), definitions = Tree::object();
    for (const Program& program : programs())
        for (const Declared& record : program.records) {
            const std::string type{record.info.type};
            definitions[type] = record_schema(record);
            by_type.push_back(
                {{"if", {{"properties", {{"type", {{"const", type}}}}}, {"required", {"type"}}}},
                 {"then", {{"$ref", "#/$defs/" + type}}}});
        }
    Tree out = {{"$schema", kDialect}, {"title", "Hashpool event record"}};
    out.update(object_schema({}, envelope({{"type", "string"}, {"minLength", 1}})));
    out["allOf"] = std::move(by_type);
    out["$defs"] = std::move(definitions);
    return out.dump(2) + "\n";
}

}  // namespace hp::records
