// The current work: templates and tip from the Template Provider, as jobs for every channel.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "mining/channel.hpp"
#include "mining/extranonce.hpp"
#include "mining/job.hpp"
#include "mining/template.hpp"

namespace hp::pool {

/// One template as jobs of both extranonce lengths, under one job id.
struct JobSet {
    std::uint32_t job_id{};
    std::uint64_t template_id{};
    mining::JobPtr short16;
    mining::JobPtr long32;
    const mining::JobPtr& for_size(std::size_t full_extranonce_size) const {
        return full_extranonce_size == static_cast<std::size_t>(mining::FullExtranonce::short16) ? short16
                                                                                                 : long32;
    }
};
using JobSetPtr = std::shared_ptr<const JobSet>;

class Work {
  public:
    struct Options {
        Bytes payout_script;
        std::string coinbase_tag;
        bool version_rolling_allowed{true};
    };
    explicit Work(Options options) : options_{std::move(options)} {}

    struct NewJobs {
        JobSetPtr jobs;
        bool is_future{};
    };
    /// A template becomes jobs, or is refused and nothing changes.
    Result<NewJobs> on_template(const sv2::templates::NewTemplate& message);
    struct NewTip {
        mining::TipPtr tip;
        JobSetPtr jobs;  ///< the jobs of its template
    };
    /// Refused if its template was never sent (AC-102): the old job stays active.
    Result<NewTip> on_prev_hash(const sv2::templates::SetNewPrevHash& message);

    /// The current jobs under a new id: a changed target applies from a new job on.
    JobSetPtr renewed();
    const JobSetPtr& current() const { return current_; }
    const mining::TipPtr& tip() const { return tip_; }
    /// The newest future job; null if none.
    JobSetPtr future() const { return future_.empty() ? nullptr : future_.rbegin()->second; }

  private:
    Result<JobSetPtr> make_jobs(const mining::Template& from);
    Options options_;
    std::uint32_t next_job_id_{1};
    std::map<std::uint64_t, JobSetPtr> future_;  // by template id
    JobSetPtr current_;
    mining::TipPtr tip_;
};

}  // namespace hp::pool
