// The database's layout, for the writer and the reader of this room.
#pragma once
#include <cstdint>

namespace hp::stats {

inline constexpr std::int32_t kApplicationId = 0x48505354;  // "HPST"

// The heard time derived for an older database, in both dialects: minutes with a record count as whole, and
// coarser slots as the sum of the finer ones if those still exist.
inline constexpr const char* kHeardOfRecords = R"sql(
INSERT INTO slot_heard SELECT 0, slot, label, 1152921504606846975 FROM slot_label WHERE level = 0 AND name = 'record';
INSERT INTO slot_heard SELECT 1, slot, label, CASE WHEN slot * 5 < (SELECT kept FROM level WHERE level = 0) THEN 300 ELSE
  coalesce((SELECT 60 * count(*) FROM slot_heard AS finer WHERE finer.level = 0 AND finer.slot >= slot_label.slot * 5
    AND finer.slot < slot_label.slot * 5 + 5 AND finer.source = slot_label.label), 0) END
  FROM slot_label WHERE level = 1 AND name = 'record';
INSERT INTO slot_heard SELECT 2, slot, label, CASE WHEN slot * 12 < (SELECT kept FROM level WHERE level = 1) THEN 3600 ELSE
  coalesce((SELECT CAST(sum(heard) AS BIGINT) FROM slot_heard AS finer WHERE finer.level = 1 AND finer.slot >= slot_label.slot * 12
    AND finer.slot < slot_label.slot * 12 + 12 AND finer.source = slot_label.label), 0) END
  FROM slot_label WHERE level = 2 AND name = 'record';
INSERT INTO slot_heard SELECT 3, slot, label, CASE WHEN slot * 24 < (SELECT kept FROM level WHERE level = 2) THEN 86400 ELSE
  coalesce((SELECT CAST(sum(heard) AS BIGINT) FROM slot_heard AS finer WHERE finer.level = 2 AND finer.slot >= slot_label.slot * 24
    AND finer.slot < slot_label.slot * 24 + 24 AND finer.source = slot_label.label), 0) END
  FROM slot_label WHERE level = 3 AND name = 'record';
)sql";

// Keys begin with the time: a batch touches only the last pages, and old rows are adjacent.
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
    // Current channels and miners (live.hpp).
    R"sql(
CREATE TABLE live(
  source TEXT NOT NULL, connection INTEGER NOT NULL, channel INTEGER NOT NULL,
  opened_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, is_standard INTEGER NOT NULL,
  shares INTEGER NOT NULL, rate REAL NOT NULL, rate_squared REAL NOT NULL, rate_max REAL NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY(source, connection, channel)
) STRICT, WITHOUT ROWID;
)sql",
    // How much of a slot has records from each source: at level 0 a SecondsMask (batch.hpp), above in
    // seconds. And recent refusals (refusals.hpp).
    R"sql(
CREATE TABLE slot_heard(
  level INTEGER NOT NULL, slot INTEGER NOT NULL, source TEXT NOT NULL, heard INTEGER NOT NULL,
  PRIMARY KEY(level, slot, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE refused(
  source TEXT NOT NULL, type TEXT NOT NULL, who TEXT NOT NULL, worker TEXT NOT NULL, reason TEXT NOT NULL,
  count INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, PRIMARY KEY(source, type, who, worker, reason)
) STRICT, WITHOUT ROWID;
)sql",
    kHeardOfRecords};

/// The same tables in PostgreSQL, as after the last of the scripts.
inline constexpr std::int64_t kPostgresVersion = 4;
inline constexpr const char* kPostgresSchema = R"sql(
CREATE TABLE hashpool_stats(version BIGINT NOT NULL);
INSERT INTO hashpool_stats VALUES(4);
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
CREATE TABLE slot_heard(
  level BIGINT NOT NULL, slot BIGINT NOT NULL, source TEXT NOT NULL, heard BIGINT NOT NULL, PRIMARY KEY(level, slot, source)
);
CREATE TABLE refused(
  source TEXT NOT NULL, type TEXT NOT NULL, who TEXT NOT NULL, worker TEXT NOT NULL, reason TEXT NOT NULL,
  count BIGINT NOT NULL, first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, PRIMARY KEY(source, type, who, worker, reason)
);
)sql";
/// From version 3 to 4.
inline constexpr const char* kPostgresUpgrade = R"sql(
CREATE TABLE slot_heard(
  level BIGINT NOT NULL, slot BIGINT NOT NULL, source TEXT NOT NULL, heard BIGINT NOT NULL, PRIMARY KEY(level, slot, source)
);
CREATE TABLE refused(
  source TEXT NOT NULL, type TEXT NOT NULL, who TEXT NOT NULL, worker TEXT NOT NULL, reason TEXT NOT NULL,
  count BIGINT NOT NULL, first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, PRIMARY KEY(source, type, who, worker, reason)
);
UPDATE hashpool_stats SET version = 4;
)sql";

}  // namespace hp::stats
