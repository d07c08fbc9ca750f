// The mint's event records that need more than their caller has at hand (man 5 hp-records).
#pragma once
#include "mint/ledger.hpp"
#include "recordio/events.hpp"
#include "records/mint.hpp"

namespace hp::mint {

class Events : public recordio::Events {
  public:
    /// An HTTP request that ended in an error status. Quote ids are cut off the path; only the body's code is
    /// kept.
    void request_refused(std::string_view path, int status, std::string_view body);
    void ledger_status(const ehash::MintMark& mark, const HeldQuotes& held, const store::LogState& log,
                       bool is_signing, bool is_link_up);
};

}  // namespace hp::mint
