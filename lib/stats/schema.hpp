// The database's layout, for the writer and the reader of this room.
#pragma once
#include <cstdint>

namespace hp::stats {

inline constexpr std::int32_t kApplicationId = 0x48505354;  // "HPST"

// Keys begin with the time: a batch touches the last pages only, and what is old goes in one piece.
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
)sql",
    // Slots of several lengths (levels.hpp) for the minutes, and what error bars need.
    R"sql(
CREATE TABLE level(
  level INTEGER PRIMARY KEY, kept INTEGER NOT NULL, complete INTEGER NOT NULL
) STRICT;
INSERT INTO level VALUES(0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0);
CREATE TABLE slot_total(
  level INTEGER NOT NULL, slot INTEGER NOT NULL, name TEXT NOT NULL,
  count INTEGER NOT NULL, amount INTEGER NOT NULL, work_hashes REAL NOT NULL, work_squared REAL NOT NULL, work_max REAL NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY(level, slot, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE slot_label(
  level INTEGER NOT NULL, slot INTEGER NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL,
  count INTEGER NOT NULL, amount INTEGER NOT NULL, work_hashes REAL NOT NULL, work_squared REAL NOT NULL, work_max REAL NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY(level, slot, name, label)
) STRICT, WITHOUT ROWID;
CREATE TABLE slot_latency(
  level INTEGER NOT NULL, slot INTEGER NOT NULL, name TEXT NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(level, slot, name, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE slot_gauge(
  level INTEGER NOT NULL, slot INTEGER NOT NULL, source TEXT NOT NULL, field TEXT NOT NULL,
  low REAL NOT NULL, high REAL NOT NULL, last REAL NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY(level, slot, source, field)
) STRICT, WITHOUT ROWID;
INSERT INTO slot_label SELECT 0, minute, name, label, count, amount, work_hashes,
  work_hashes * work_hashes / max(count, 1), work_hashes / max(count, 1), last_ms FROM minute;
INSERT INTO slot_total SELECT 0, minute, name, sum(count), CAST(min(total(amount), 9e18) AS INTEGER), sum(work_hashes),
  sum(work_hashes * work_hashes / max(count, 1)), max(work_hashes / max(count, 1)), max(last_ms) FROM minute GROUP BY minute, name;
INSERT INTO slot_latency SELECT 0, minute, name, bucket, count FROM latency_minute;
DROP TABLE minute;
DROP TABLE latency_minute;
ALTER TABLE total ADD COLUMN work_squared REAL NOT NULL DEFAULT 0;
ALTER TABLE total ADD COLUMN work_max REAL NOT NULL DEFAULT 0;
UPDATE total SET work_squared = work_hashes * work_hashes / max(count, 1), work_max = work_hashes / max(count, 1);
)sql",
    // Channels and miners that are there (live.hpp).
    R"sql(
CREATE TABLE live(
  source TEXT NOT NULL, connection INTEGER NOT NULL, channel INTEGER NOT NULL,
  opened_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, is_standard INTEGER NOT NULL,
  shares INTEGER NOT NULL, rate REAL NOT NULL, rate_squared REAL NOT NULL, rate_max REAL NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY(source, connection, channel)
) STRICT, WITHOUT ROWID;
)sql"};

/// The same tables in PostgreSQL, as the last of the scripts leaves them.
inline constexpr std::int64_t kPostgresVersion = 3;
inline constexpr const char* kPostgresSchema = R"sql(
CREATE TABLE hashpool_stats(version BIGINT NOT NULL);
INSERT INTO hashpool_stats VALUES(3);
CREATE TABLE intake(
  records BIGINT NOT NULL, unknown BIGINT NOT NULL, damaged BIGINT NOT NULL, first_ms BIGINT, last_ms BIGINT
);
INSERT INTO intake VALUES(0, 0, 0, NULL, NULL);
CREATE TABLE total(
  name TEXT NOT NULL, label TEXT NOT NULL, count BIGINT NOT NULL, amount BIGINT NOT NULL,
  work_hashes DOUBLE PRECISION NOT NULL, last_ms BIGINT NOT NULL,
  work_squared DOUBLE PRECISION NOT NULL, work_max DOUBLE PRECISION NOT NULL, PRIMARY KEY(name, label)
);
CREATE TABLE latency_total(
  name TEXT NOT NULL, bucket BIGINT NOT NULL, count BIGINT NOT NULL, PRIMARY KEY(name, bucket)
);
CREATE TABLE gauge(
  source TEXT NOT NULL, field TEXT NOT NULL, json TEXT NOT NULL, ts_ms BIGINT NOT NULL, PRIMARY KEY(source, field)
);
CREATE TABLE level(level BIGINT PRIMARY KEY, kept BIGINT NOT NULL, complete BIGINT NOT NULL);
INSERT INTO level VALUES(0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0);
CREATE TABLE slot_total(
  level BIGINT NOT NULL, slot BIGINT NOT NULL, name TEXT NOT NULL, count BIGINT NOT NULL, amount BIGINT NOT NULL,
  work_hashes DOUBLE PRECISION NOT NULL, work_squared DOUBLE PRECISION NOT NULL, work_max DOUBLE PRECISION NOT NULL,
  last_ms BIGINT NOT NULL, PRIMARY KEY(level, slot, name)
);
CREATE TABLE slot_label(
  level BIGINT NOT NULL, slot BIGINT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL,
  count BIGINT NOT NULL, amount BIGINT NOT NULL, work_hashes DOUBLE PRECISION NOT NULL,
  work_squared DOUBLE PRECISION NOT NULL, work_max DOUBLE PRECISION NOT NULL, last_ms BIGINT NOT NULL,
  PRIMARY KEY(level, slot, name, label)
);
CREATE TABLE slot_latency(
  level BIGINT NOT NULL, slot BIGINT NOT NULL, name TEXT NOT NULL, bucket BIGINT NOT NULL, count BIGINT NOT NULL,
  PRIMARY KEY(level, slot, name, bucket)
);
CREATE TABLE slot_gauge(
  level BIGINT NOT NULL, slot BIGINT NOT NULL, source TEXT NOT NULL, field TEXT NOT NULL,
  low DOUBLE PRECISION NOT NULL, high DOUBLE PRECISION NOT NULL, last DOUBLE PRECISION NOT NULL,
  last_ms BIGINT NOT NULL, PRIMARY KEY(level, slot, source, field)
);
CREATE TABLE live(
  source TEXT NOT NULL, connection BIGINT NOT NULL, channel BIGINT NOT NULL,
  opened_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL, is_standard BIGINT NOT NULL,
  shares BIGINT NOT NULL, rate DOUBLE PRECISION NOT NULL, rate_squared DOUBLE PRECISION NOT NULL,
  rate_max DOUBLE PRECISION NOT NULL, json TEXT NOT NULL, PRIMARY KEY(source, connection, channel)
);
)sql";

}  // namespace hp::stats
