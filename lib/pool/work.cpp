#include "pool/work.hpp"

namespace hp::pool {
namespace {

constexpr std::size_t kFutureMax = 4;

}  // namespace

Result<JobSetPtr> Work::make_jobs(const mining::Template& from) {
    auto jobs = std::make_shared<JobSet>();
    jobs->job_id = next_job_id_++;
    jobs->template_id = from.template_id;
    auto make = [&](mining::FullExtranonce size) -> Result<mining::JobPtr> {
        HP_TRY(auto job, mining::make_job(from, jobs->job_id, options_.payout_script, options_.coinbase_tag,
                                          static_cast<std::size_t>(size), options_.version_rolling_allowed));
        return std::make_shared<const mining::ExtendedJob>(std::move(job));
    };
    HP_TRY(jobs->short16, make(mining::FullExtranonce::short16));
    HP_TRY(jobs->long32, make(mining::FullExtranonce::long32));
    return jobs;
}

Result<Work::NewJobs> Work::on_template(const sv2::templates::NewTemplate& message) {
    HP_TRY(auto parsed, mining::template_from(message));
    if (!parsed.future_template && !tip_)
        return fail(Errc::protocol, "a template for the current tip before any tip");
    HP_TRY(auto jobs, make_jobs(parsed));
    if (parsed.future_template) {
        if (future_.size() == kFutureMax) future_.erase(future_.begin());
        future_[parsed.template_id] = jobs;
    } else {
        current_ = jobs;
    }
    return NewJobs{jobs, parsed.future_template};
}

Result<Work::NewTip> Work::on_prev_hash(const sv2::templates::SetNewPrevHash& message) {
    HP_TRY(auto tip, mining::tip_from(message));
    auto it = future_.find(message.template_id);
    bool is_current = current_ && current_->template_id == message.template_id;
    if (it == future_.end() && !is_current)
        return fail(Errc::protocol, "SetNewPrevHash names template " + std::to_string(message.template_id) +
                                        ", which was never sent");
    // The active template comes again under a new id: channels treat the old one as stale.
    if (it != future_.end())
        current_ = it->second;
    else
        renewed();
    future_.clear();
    tip_ = std::make_shared<const mining::Tip>(tip);
    return NewTip{tip_, current_};
}

JobSetPtr Work::renewed() {
    if (!current_) return nullptr;
    auto jobs = std::make_shared<JobSet>(*current_);
    jobs->job_id = next_job_id_++;
    auto renew = [&](const mining::JobPtr& job) {
        auto copy = std::make_shared<mining::ExtendedJob>(*job);
        copy->job_id = jobs->job_id;
        return mining::JobPtr{std::move(copy)};
    };
    jobs->short16 = renew(current_->short16);
    jobs->long32 = renew(current_->long32);
    current_ = jobs;
    return jobs;
}

}  // namespace hp::pool
