// How the earlier Hashpool creates a quote, on bare SQLite as durable as ours: one transaction creates it, a
// second one pays it, and the next quote waits for both. Keys are random text, as there. Its RPC, JSON and
// thread hops are omitted: this is an upper bound for it.
#pragma once
#include <string>

#include "ehash/intent.hpp"
#include "store/sqlite.hpp"

namespace hp::bench {

class EarlierShape {
  public:
    explicit EarlierShape(const std::string& path);
    void make_quote(const ehash::Intent& intent);
    std::uint64_t quotes();

  private:
    store::Database db_;
    store::Statement insert_, raise_, pay_;
};

}  // namespace hp::bench
