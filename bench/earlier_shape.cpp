#include "bench/earlier_shape.hpp"

#include "base/clock.hpp"
#include "bench/failure.hpp"
#include "crypto/random.hpp"

namespace hp::bench {
namespace {

constexpr const char* kSchema[] = {R"sql(
CREATE TABLE quote(
  id TEXT PRIMARY KEY, request TEXT NOT NULL UNIQUE, unit TEXT NOT NULL, amount INTEGER NOT NULL, pubkey TEXT NOT NULL,
  created_s INTEGER NOT NULL, paid INTEGER NOT NULL DEFAULT 0, issued INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE payment(
  id INTEGER PRIMARY KEY, quote TEXT NOT NULL REFERENCES quote(id), request TEXT NOT NULL UNIQUE, amount INTEGER NOT NULL,
  paid_s INTEGER NOT NULL
);
)sql"};

store::Database open(const std::string& path) {
    return expect(store::Database::open(path, store::Mode::create, store::Journal::wal, 1, kSchema));
}

}  // namespace

EarlierShape::EarlierShape(const std::string& path)
    : db_{open(path)},
      insert_{db_.prepare(
          "INSERT INTO quote(id, request, unit, amount, pubkey, created_s) VALUES(?,?,'hash',?,?,?)")},
      raise_{db_.prepare("UPDATE quote SET paid = paid + ? WHERE id = ?")},
      pay_{db_.prepare("INSERT INTO payment(quote, request, amount, paid_s) VALUES(?,?,?,?)")} {}

void EarlierShape::make_quote(const ehash::Intent& intent) {
    const std::string id = to_hex(crypto::random_array<16>());
    const std::string request = to_hex(intent.share_hash);
    {
        store::Transaction transaction{db_};
        insert_.bind(id, request, intent.amount, to_hex(intent.locking_key), unix_ms_now() / 1000).run();
        transaction.commit();
    }
    store::Transaction transaction{db_};
    raise_.bind(intent.amount, id).run();
    pay_.bind(id, request, intent.amount, unix_ms_now() / 1000).run();
    transaction.commit();
}

std::uint64_t EarlierShape::quotes() {
    auto count = db_.prepare("SELECT count(*) FROM quote WHERE paid = amount");
    count.step();
    return static_cast<std::uint64_t>(count.integer(0));
}

}  // namespace hp::bench
