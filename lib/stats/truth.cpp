#include "stats/truth.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

/// Lower limit for probabilities: 1e-300 is 37 sigmas.
constexpr double kProbabilityMin = 1e-300;

/// Probability of this Poisson count or fewer (below the mean), or of this or more. Both may be fractions:
/// the sum of weighted shares is counted in shares of the mean weight.
double sigma_of(double count, double mean) {
    namespace math = boost::math;
    const bool is_low = count < mean;
    if (!is_low && count <= 0) return 0;
    const double tail = is_low ? math::gamma_q(count + 1, mean) : math::gamma_p(count, mean);
    const double sigma =
        math::quantile(math::complement(math::normal{}, std::clamp(tail, kProbabilityMin, 0.5)));
    return is_low ? -sigma : sigma;
}

const char* verdict(const Truth& truth, double sigma_max) {
    return !truth.sigma ? "unknown" : !parts(truth, sigma_max) ? "fits" : *truth.sigma < 0 ? "less" : "more";
}

std::string worker_text(const Claim& claim) { return claim.worker ? printable(*claim.worker) : "(all)"; }

}  // namespace

Result<Claim> claim_from_text(std::string_view text) {
    Claim out;
    auto number = text;
    if (const auto at = text.rfind('='); at != std::string_view::npos) {
        out.worker = std::string(text.substr(0, at));
        number = text.substr(at + 1);
    }
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), out.hps);
    const auto rest = number.substr(static_cast<std::size_t>(parsed.ptr - number.data()));
    constexpr std::string_view kPrefixes = "kMGTPEZ";
    const auto prefix = rest.empty() ? 0 : kPrefixes.find(rest[0]);
    if (parsed.ec != std::errc{} || rest.size() > 1 || prefix == std::string_view::npos ||
        !std::isfinite(out.hps) || out.hps <= 0)
        return fail(Errc::usage,
                    "claim '" + printable(text, 300) +
                        "': expected [WORKER=]HPS, above 0, optionally followed by one of kMGTPEZ");
    if (!rest.empty()) out.hps *= std::pow(1000, static_cast<double>(prefix) + 1);
    return out;
}

Truth truth_of(const Claim& claim, const Sums& shares, double seconds, double work_of_one) {
    Truth out{.claim = claim, .measured = estimate(shares, seconds), .shares = shares.count};
    const double weight = shares.work_hashes > 0 ? shares.work_squared / shares.work_hashes : work_of_one;
    if (!out.measured || weight <= 0) return out;
    out.sigma = sigma_of(shares.work_hashes / weight, claim.hps * seconds / weight);
    return out;
}

std::string truth_text(const std::vector<Truth>& truths, double sigma_max, Format format) {
    if (format == Format::json) {
        nlohmann::ordered_json rows = nlohmann::ordered_json::array();
        const auto or_null = [](auto value) { return value ? nlohmann::ordered_json(*value) : nullptr; };
        for (const Truth& t : truths)
            rows.push_back({{"worker", or_null(t.claim.worker)},
                            {"claimed_hps", t.claim.hps},
                            {"measured_hps", t.measured ? nlohmann::ordered_json(t.measured->hps) : nullptr},
                            {"low_hps", t.measured ? nlohmann::ordered_json(t.measured->low_hps) : nullptr},
                            {"high_hps", t.measured ? or_null(t.measured->high_hps) : nullptr},
                            {"shares_accepted", t.shares},
                            {"sigma", or_null(t.sigma)},
                            {"verdict", verdict(t, sigma_max)}});
        const nlohmann::ordered_json out = {{"sigma_max", sigma_max}, {"claims", rows}};
        return out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
    const bool is_csv = format == Format::csv;
    std::string out = is_csv
                          ? "worker,claimed_hps,measured_hps,low_hps,high_hps,shares_accepted,sigma,verdict\n"
                          : "claimed       measured (95 % interval)        sigma  verdict  worker\n";
    for (const Truth& t : truths) {
        if (is_csv) {
            out += (t.claim.worker ? csv_text(*t.claim.worker) : "") + "," + number_text(t.claim.hps) + "," +
                   (t.measured ? number_text(t.measured->hps) : "") + "," +
                   (t.measured ? number_text(t.measured->low_hps) : "") + "," +
                   (t.measured && t.measured->high_hps ? number_text(*t.measured->high_hps) : "") + "," +
                   std::to_string(t.shares) + "," + (t.sigma ? number_text(*t.sigma) : "") + "," +
                   verdict(t, sigma_max) + "\n";
            continue;
        }
        char sigma[16] = "-";
        if (t.sigma) std::snprintf(sigma, sizeof sigma, "%+.1f", *t.sigma);
        char row[128];
        std::snprintf(row, sizeof row, "%-12s  %-30s  %5s  %-7s  ", rate_text(t.claim.hps).c_str(),
                      t.measured ? rate_text(*t.measured).c_str() : "-", sigma, verdict(t, sigma_max));
        out += row + worker_text(t.claim) + "\n";
    }
    return out;
}

}  // namespace hp::stats
