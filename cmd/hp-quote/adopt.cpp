// hp-quote adopt: a new identity for an outbox that came from a backup.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "places.hpp"
#include "pool/outbox.hpp"

namespace hp::hp_quote {
namespace {

struct AdoptOptions {
    Places places;
    bool json{false};
};

Result<> run_adopt(AdoptOptions& options) {
    HP_DO(use_usual_dir(options.places));
    HP_TRY(auto path, path_of(options.places, Part::outbox));
    HP_TRY(auto db, pool::open_outbox_file(path, store::Mode::existing));
    try {
        pool::adopt_outbox(db, unix_ms_now());
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(path, 4096) + "': " + error.what());
    }
    if (options.json)
        std::printf("%s\n", nlohmann::ordered_json{{"adopted", path}}.dump().c_str());
    else
        std::printf("'%s' has a new store id: every row will be sent to its mint again\n", path.c_str());
    return {};
}

}  // namespace

cli::Verb adopt() {
    return {
        .name = "adopt",
        .summary = "give an outbox that was restored from a backup a new identity; the pool is stopped",
        .examples = {"hp-quote adopt --outbox data/outbox.db"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<AdoptOptions>();
            add_outbox(add, options->places);
            add_config_dir(add, options->places.config_dir, "take the outbox from pool.toml there");
            add.json(options->json);
            return [options] { return run_adopt(*options); };
        },
    };
}

}  // namespace hp::hp_quote
