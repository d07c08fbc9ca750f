// hp-stats schema: the JSON Schema of event records.
#include "records/schema.hpp"

#include <cstdio>

#include "base/bytes.hpp"
#include "config/declared.hpp"
#include "records/manual.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {

Result<> schema(const SchemaOptions& options) {
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

}  // namespace hp::hp_stats
