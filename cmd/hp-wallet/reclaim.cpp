// hp-wallet reclaim: a token back that nobody has received.
#include "opened.hpp"

namespace hp::hp_wallet {
namespace {

struct ReclaimOptions {
    std::int64_t id{0};
    bool json{false};
};

Result<> run_reclaim(const Program& program, const ReclaimOptions& options) {
    HP_TRY(const auto opened, Opened::open(program));
    HP_TRY(const auto amount, opened->wait_for<std::uint64_t>(
                                  [&](auto done) { opened->wallet().reclaim(options.id, std::move(done)); }));
    if (options.json)
        print(Json{{"id", options.id}, {"amount", amount}, {"unit", program.shared.unit}});
    else
        print(std::to_string(amount));
    return {};
}

}  // namespace

cli::Verb reclaim(const Program& program) {
    return {
        .name = "reclaim",
        .summary = "take back a token that nobody has received",
        .examples = {"hp-wallet reclaim 3"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<ReclaimOptions>();
            add.whole("ID", options->id, "its number in 'hp-wallet tokens'", 1).required();
            add.json(options->json);
            return [&program, options] { return run_reclaim(program, *options); };
        },
    };
}

}  // namespace hp::hp_wallet
