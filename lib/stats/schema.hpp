// The database's layout, for the writer and the reader of this room.
#pragma once
#include <cstdint>

namespace hp::stats {

inline constexpr std::int32_t kApplicationId = 0x48505354;  // "HPST"

// Keys begin with the minute: a batch touches the last pages only, and old minutes go in one piece.
inline constexpr const char* kSchema[] = {
    R"sql(
CREATE TABLE intake(
  records INTEGER NOT NULL, unknown INTEGER NOT NULL, damaged INTEGER NOT NULL, first_ms INTEGER, last_ms INTEGER
) STRICT;
INSERT INTO intake VALUES(0, 0, 0, NULL, NULL);
CREATE TABLE minute(
  minute INTEGER NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL,
  count INTEGER NOT NULL, amount INTEGER NOT NULL, work_hashes REAL NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY(minute, name, label)
) STRICT, WITHOUT ROWID;
CREATE TABLE total(
  name TEXT NOT NULL, label TEXT NOT NULL,
  count INTEGER NOT NULL, amount INTEGER NOT NULL, work_hashes REAL NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY(name, label)
) STRICT, WITHOUT ROWID;
CREATE TABLE latency_minute(
  minute INTEGER NOT NULL, name TEXT NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(minute, name, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE latency_total(
  name TEXT NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(name, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE gauge(
  source TEXT NOT NULL, field TEXT NOT NULL, json TEXT NOT NULL, ts_ms INTEGER NOT NULL, PRIMARY KEY(source, field)
) STRICT, WITHOUT ROWID;
)sql"};

}  // namespace hp::stats
