// The mint's event records (man 5 hp-records).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "mint/ledger.hpp"

namespace hp::net {
class EventSink;
}

namespace hp::mint {

class Events {
  public:
    enum class Kind { mint, swap };
    void to(net::EventSink* sink) { sink_ = sink; }
    /// Ehash was issued against quotes, or swapped. Once a request: an answer given again makes no record.
    void signed_outputs(Kind kind, std::uint64_t amount, std::size_t outputs);
    void quotes_created(std::uint64_t created, std::uint64_t replayed, std::uint64_t refused,
                        std::uint64_t amount);
    /// An HTTP request that ended in an error status. Quote ids are cut off the path; of the body the code is
    /// kept.
    void request_refused(std::string_view path, int status, std::string_view body);
    void link_up(const std::string& peer, std::uint64_t session_id);
    void link_down(const std::string& reason);
    /// The pool gave `count` numbers to other shares than before: its outbox is an old copy.
    void pool_rollback(const std::string& peer, std::uint64_t count);
    /// Quotes that were lost with a database were made again, and wait for the operator.
    void quotes_held(std::uint64_t count);
    void quotes_released(std::uint64_t count, const std::string& by);
    void alarm(const std::string& what);
    void ledger_status(const ehash::MintMark& mark, const HeldQuotes& held, const store::LogState& log,
                       bool is_signing, bool is_link_up);

  private:
    net::EventSink* sink_{nullptr};
};

}  // namespace hp::mint
