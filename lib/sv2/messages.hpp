// Every known message, as one type list. Everything that covers all messages is made from it: the registry,
// JSON, the table test and the fuzz tests. Roles include the protocols that they speak, not this.
#pragma once
#include "sv2/blocks.hpp"
#include "sv2/common.hpp"
#include "sv2/ehash.hpp"
#include "sv2/extensions.hpp"
#include "sv2/job_declaration.hpp"
#include "sv2/legacy.hpp"
#include "sv2/link.hpp"
#include "sv2/mining.hpp"
#include "sv2/records.hpp"
#include "sv2/templates.hpp"

namespace hp::sv2 {

using AllMessages =
    boost::mp11::mp_append<common::Messages, mining::Messages, job_declaration::Messages, templates::Messages,
                           extensions::Messages, ehash::Messages, link::Messages, records::Messages,
                           blocks::Messages, legacy::Messages>;

}  // namespace hp::sv2
