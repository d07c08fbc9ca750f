// hp-upgrade FILE VERSION: opens a pool's database like a program whose schema is two steps newer. None
// exists yet; but migration from one schema to the next, with the backup before it, is already in lib/store,
// and money depends on it.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "store/sqlite.hpp"

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: hp-upgrade FILE VERSION\n", stderr);
        return 2;
    }
    constexpr std::int32_t application_id = 0x48504f58;  // "HPOX"
    std::vector<const char*> schema(static_cast<std::size_t>(std::atoi(argv[2])), "");
    schema.push_back("ALTER TABLE share ADD COLUMN note TEXT; UPDATE share SET note = 'upgraded'");
    schema.push_back(
        "CREATE TABLE upgraded(n INTEGER) STRICT; INSERT INTO upgraded SELECT count(*) FROM outbox");
    auto db = hp::store::Database::open(argv[1], hp::store::Mode::existing, hp::store::Journal::wal,
                                        application_id, schema);
    if (db) return 0;
    std::fprintf(stderr, "hp-upgrade: error: %s\n", db.error().what.c_str());
    return 1;
}
