// The values of fields as JSON and back: the inner half of sv2/describe.hpp, which documents the format.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "sv2/frame.hpp"
#include "sv2/registry.hpp"

namespace hp::sv2 {

/// Adds the fields of a payload to the object `fields`; returns the bytes after the last one.
Result<ByteView> show_fields(const MessageRow& message, ByteView payload, nlohmann::ordered_json& fields);
/// Appends the payload given by the object `fields`; errors name the field.
Result<> read_fields(const MessageRow& message, const nlohmann::ordered_json& fields, Bytes& payload);

/// Single values, strictly; errors say what was expected and found.
Result<std::uint64_t> read_number(const nlohmann::ordered_json& json, std::uint64_t max);
Result<bool> read_flag(const nlohmann::ordered_json& json);
Result<Bytes> read_hex(const nlohmann::ordered_json& json, std::size_t size_max);
/// "expected an array, got 5"
tl::unexpected<Error> wrong(const std::string& expected, const nlohmann::ordered_json& got);
/// The error prefixed with its place.
tl::unexpected<Error> at(std::string_view place, Error error);

}  // namespace hp::sv2
