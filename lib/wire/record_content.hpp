// The content of one record, JSON or MessagePack: checks it and reads its envelope, in one pass without a
// tree.
#pragma once
#include "wire/records.hpp"

namespace hp::wire {

/// Whether these may be the first bytes (checks up to kLookSize) of a record, in either encoding.
inline constexpr std::size_t kLookSize = 6;
bool starts_record(std::string_view content);
/// Sets json, type, source and ts_ms, or damage. Not the offset.
ReadRecord read_record(std::string_view content);
/// REQUIRES: valid JSON.
std::string msgpack_from_json(std::string_view json);

}  // namespace hp::wire
