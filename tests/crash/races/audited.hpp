// lib/audit's verdict on a closed store.
#pragma once
#include "audit/audit.hpp"

namespace hp::crash {

/// The first breach, or nothing.
inline std::string audited(const audit::Places& places) {
    auto report = audit::audit(places);
    if (!report) return "audit: " + report.error().what;
    for (const auto& one : report->invariants())
        if (one.breach_count > 0)
            return std::string("audit: ") + one.id + ": " +
                   (one.breaches.empty() ? one.what : one.breaches.front());
    return {};
}

}  // namespace hp::crash
