// hp-quote amount: what a share is worth.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "bitcoin/header.hpp"
#include "ehash/valuation.hpp"
#include "verbs.hpp"

namespace hp::hp_quote {
namespace {

struct AmountOptions {
    std::string header, hash, target;
    std::string valuation{"target/unit_bits=32"};
    bool json{false};
};

/// No real hash or target has more; then the byte order is reversed.
constexpr unsigned kZeroBitsMax = 128;

/// Displayed hashes and targets begin with zeros, but targets often end with zeros too: takes the byte order
/// with more leading zero bits, as long as that is plausible. Little-endian (header byte order).
Result<Bytes32> bytes_of_either_order(std::string_view name, std::string_view hex) {
    const auto forward = array_from_hex<32>(hex);
    if (!forward)
        return fail(Errc::usage, std::string(name) + " '" + printable(hex, 80) + "' is not 64 hex digits");
    Bytes32 reversed = *forward;
    std::reverse(reversed.begin(), reversed.end());
    const auto believable_zeros = [](const Bytes32& number) {
        const unsigned zeros = bitcoin::leading_zero_bits(number);
        return zeros > kZeroBitsMax ? 0 : zeros;
    };
    // Equal: as displayed, since that is what people copy.
    return believable_zeros(*forward) > believable_zeros(reversed) ? *forward : reversed;
}

Result<Bytes32> share_hash(const AmountOptions& options) {
    if (options.header.empty() == options.hash.empty())
        return fail(Errc::usage, "expected either a header or --hash", "try 'hp-quote amount --help'");
    if (!options.hash.empty()) return bytes_of_either_order("--hash", options.hash);
    const auto header = array_from_hex<bitcoin::kHeaderSize>(options.header);
    if (!header)
        return fail(Errc::usage, "expected a header of 160 hex digits, got " +
                                     std::to_string(options.header.size()) + " characters");
    return bitcoin::header_hash(*header);
}

Result<> run_amount(const AmountOptions& options) {
    auto valuation = ehash::Valuation::from_text(options.valuation);
    if (!valuation) return fail(Errc::usage, "--valuation: " + valuation.error().what);
    HP_TRY(const auto hash, share_hash(options));
    std::optional<bitcoin::Target> target;
    if (!options.target.empty()) {
        HP_TRY(target, bytes_of_either_order("--target", options.target));
        if (!bitcoin::meets(hash, *target))
            return fail(Errc::invalid, "the hash " + to_hex_reversed(hash) + " does not meet the target " +
                                           to_hex_reversed(*target));
    } else if (valuation->rule == ehash::Valuation::Rule::target) {
        return fail(Errc::usage,
                    "the rule 'target' needs --target: it pays for the target, not for the hash");
    }
    const auto amount = valuation->amount(hash, target.value_or(bitcoin::Target{}));
    nlohmann::ordered_json out = {{"amount", amount},
                                  {"valuation", valuation->text()},
                                  {"share_hash", to_hex(hash)},
                                  {"share_hash_displayed", to_hex_reversed(hash)},
                                  {"leading_zero_bits", bitcoin::leading_zero_bits(hash)}};
    if (target) {
        out["target_displayed"] = to_hex_reversed(*target);
        out["work_hashes"] = bitcoin::work_from_target(*target);
    }
    if (options.json) {
        std::printf("%s\n", out.dump().c_str());
        return {};
    }
    for (const auto& [name, value] : out.items())
        std::printf("%s %s\n", name.c_str(),
                    value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
    return {};
}

}  // namespace

cli::Verb amount() {
    return {
        .name = "amount",
        .summary = "tell what a share is worth",
        .examples =
            {"hp-quote amount --hash 00000000000000000001f3b3a43ee2ab9a44bbf17a6ccb0b0ad0c1c9d7e0c9f1 "
             "--target 00000000ffff0000000000000000000000000000000000000000000000000000"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<AmountOptions>();
            add.text("HEADER", options->header, "block header, 160 hex digits");
            add.text("--hash", options->hash, "share hash instead of the header, in either byte order")
                .value_name("HEX64");
            add.text("--target", options->target,
                     "target that the share is credited at, in either byte order")
                .value_name("HEX64");
            add.text("--valuation", options->valuation, "as on the link [" + options->valuation + "]")
                .value_name("TEXT");
            add.json(options->json);
            return [options] { return run_amount(*options); };
        },
    };
}

}  // namespace hp::hp_quote
