// The first byte gives the size of the pieces in which the rest is fed to a reader. Records come in order,
// each undamaged one can be written in every layout and read again, and is added to a batch of figures, or
// refused as a whole.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "stats/batch.hpp"
#include "wire/records.hpp"

using namespace hp;
using namespace hp::wire;

namespace {

constexpr UnixMs kNow = 1'760'000'000'000;

void require(bool holds, int line = __builtin_LINE()) {
    if (holds) return;
    std::fprintf(stderr, "records_fuzz: what line %d requires does not hold\n", line);
    std::abort();
}

std::vector<ReadRecord> read_all(std::string_view bytes, std::size_t step) {
    RecordReader reader;
    std::vector<ReadRecord> out;
    const auto take = [&] {
        while (auto next = reader.next()) out.push_back(*std::move(next));
    };
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
        reader.feed(bytes.substr(0, step));
        take();
    }
    reader.finish();
    take();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view stream = as_text({bytes + 1, size - 1});
    const auto records = read_all(stream, std::size_t{bytes[0]} + 1);
    stats::Batch batch;
    std::uint64_t next_offset = 0, taken = 0;
    for (const ReadRecord& record : records) {
        require(record.offset >= next_offset && record.offset < stream.size());
        next_offset = record.offset + 1;
        require(record.ok() != record.json.empty());
        if (!record.ok()) continue;
        require(record.json.find('\n') == std::string::npos);
        if (batch.add(record, kNow)) ++taken;
        require(batch.records() == taken);
        for (RecordLayout layout :
             {RecordLayout::lines, RecordLayout::length_json, RecordLayout::length_msgpack}) {
            std::string written;
            append_record(written, record.json, layout);
            if (written.size() > kRecordSizeMax) continue;
            const auto again = read_all(written, written.size());
            require(again.size() == 1 && again[0].ok());
            require(again[0].type == record.type && again[0].source == record.source &&
                    again[0].ts_ms == record.ts_ms);
        }
    }
    return 0;
}
