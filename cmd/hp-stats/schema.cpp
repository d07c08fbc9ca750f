// hp-stats schema: the JSON Schema of event records.
#include "records/schema.hpp"

#include <cstdio>

#include "base/bytes.hpp"
#include "config/declared.hpp"
#include "records/manual.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {

namespace {

struct SchemaOptions {
    std::string type;       ///< empty: all
    bool is_manual{false};  ///< the tables of hp-records(5) instead
};

Result<> print_schema(const SchemaOptions& options) {
    if (options.is_manual) {
        std::fputs(records::manual_of_records().c_str(), stdout);
        return {};
    }
    if (options.type.empty()) {
        std::fputs(records::schema_of_all().c_str(), stdout);
        return {};
    }
    if (const auto* record = records::find(options.type)) {
        std::fputs(records::schema_of(*record).c_str(), stdout);
        return {};
    }
    std::vector<std::string> known;
    for (const auto& program : records::programs())
        for (const auto& record : program.records) known.emplace_back(record.info.type);
    return fail(Errc::usage, "there are no records of type '" + printable(options.type, 80) + "'",
                config::did_you_mean(options.type, known));
}

}  // namespace

cli::Verb schema(const Program&) {
    return {.name = "schema",
            .summary = "print what event records are, as JSON Schema (2020-12)",
            .examples = {"hp-stats schema share_accepted", "hp-stats schema >records.schema.json"},
            .declare = [](cli::Options& add) -> cli::Action {
                auto options = std::make_shared<SchemaOptions>();
                const auto type = add.text("TYPE", options->type, "only the records of this type [all]");
                add.flag("--man5", options->is_manual, "print the tables of hp-records(5) instead")
                    .excludes(type);
                return [options] { return print_schema(*options); };
            },
            .needs = cli::Needs::nothing};
}

}  // namespace hp::hp_stats
