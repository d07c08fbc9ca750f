// Which fields of which records go into which series. Every type that the programs write is here; man 5
// hp-records has them with all their fields.
#pragma once
#include <span>
#include <string_view>

namespace hp::stats {

/// One series out of one record type; a type may have several. An empty field name: not used.
struct Rule {
    std::string_view type;
    std::string_view series;
    std::string_view label{};         ///< field that the series is divided by
    std::string_view count{};         ///< field to add up; empty: each record counts 1
    std::string_view amount{};        ///< ehash
    std::string_view work{};          ///< expected hashes
    std::string_view latency{};       ///< milliseconds; a record may lack it
    std::string_view latency_name{};  ///< what `latency` is kept as
    std::string_view
        writer{};  ///< program whose silence is a gap in the series; empty: anybody's word will do
};

std::span<const Rule> rules();
/// The `writer` of a series, or empty.
std::string_view writer_of(std::string_view series);

/// Records that say how things are now: the last value of each of their numbers, truths and texts is kept.
bool is_status(std::string_view type);
/// The field that tells several of such records of one program apart, as the mints of a pool; or empty. Its
/// text stands behind the source.
std::string_view status_qualifier(std::string_view type);

}  // namespace hp::stats
