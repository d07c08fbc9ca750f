#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "config/keys.hpp"
#include "config/limits.hpp"
#include "config/load.hpp"
#include "config/roles.hpp"
#include "directory.hpp"
#include "setup.hpp"
#include "units.hpp"

namespace hp::hp_config {
namespace {

struct MemoryOptions {
    std::string dir;
    std::vector<std::string> tools;
    std::string write;     ///< folder of systemd units; empty: print
    bool defaults{false};  ///< for a configuration without any key set
    bool json{false};
};

constexpr std::uint64_t kMiB = 1u << 20;
constexpr const char* kDropIn = "20-memory.conf";

std::string mib(std::uint64_t bytes) { return std::to_string(bytes / kMiB) + "M"; }

std::string drop_in(const config::Memory& memory, const std::string& dir) {
    std::string out = "# By hp-config memory " + dir + ":";
    for (const auto& part : memory.parts) out += "\n#   " + part.what + ": " + mib(part.bytes + kMiB - 1);
    return out + "\n[Service]\nMemoryHigh=" + mib(memory.high()) + "\nMemoryMax=" + mib(memory.max()) + "\n";
}

Result<> write_drop_in(const std::string& root, const std::string& unit, const std::string& text) {
    namespace fs = std::filesystem;
    const fs::path folder = fs::path(root) / (unit + ".service.d");
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return fail(Errc::io, "cannot make '" + folder.string() + "': " + error.message());
    const fs::path path = folder / kDropIn, fresh = folder / (std::string(".") + kDropIn);
    std::ofstream file{fresh, std::ios::trunc};
    file << text;
    file.close();
    if (!file) return fail(Errc::io, "cannot write '" + fresh.string() + "'");
    fs::rename(fresh, path, error);
    if (error) return fail(Errc::io, "cannot write '" + path.string() + "': " + error.message());
    std::printf("%s\n", path.c_str());
    return {};
}

Result<> run_memory(const MemoryOptions& options) {
    config::Network network;
    auto tools = options.tools;
    if (!options.defaults) {
        HP_TRY(const auto setup, read_setup(options.dir, options.tools));
        if (setup->is_wrong())
            return fail(Errc::usage, "'" + setup->dir + "' has problems",
                        "'hp-config check " + setup->dir + "' shows them");
        network = setup->values.network;
        if (tools.empty() && !setup->roles.empty()) tools = config::programs_of(setup->roles);
    }
    const auto suffix = unit_suffix(options.dir);
    if (!options.write.empty() && !suffix)
        return fail(Errc::usage, "no unit reads '" + printable(options.dir) + "'",
                    "units read /etc/hashpool and the directories in it");
    for (const auto& one : config::memory_of(network)) {
        if (!tools.empty() && std::ranges::find(tools, one.program) == tools.end()) continue;
        if (!options.write.empty()) {
            for (const auto& unit : units_of(one.program, suffix))
                HP_DO(write_drop_in(options.write, unit, drop_in(one, options.dir)));
        } else if (options.json) {
            nlohmann::ordered_json line{
                {"program", one.program}, {"high_bytes", one.high()}, {"max_bytes", one.max()}};
            for (const auto& part : one.parts) line["parts"][part.what] = part.bytes;
            std::printf("%s\n", line.dump().c_str());
        } else {
            std::printf("%s MemoryHigh=%s MemoryMax=%s\n", one.program.c_str(), mib(one.high()).c_str(),
                        mib(one.max()).c_str());
        }
    }
    std::fflush(stdout);
    return {};
}

}  // namespace

cli::Verb memory() {
    return {
        .name = "memory",
        .summary = "work out MemoryHigh= and MemoryMax= of the systemd units from the configured limits",
        .examples = {"hp-config memory ./demo", "hp-config memory /etc/hashpool --write /etc/systemd/system"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto directory = std::make_shared<Directory>();
            auto options = std::make_shared<MemoryOptions>();
            add_usual_directory(add, *directory);
            add_for(add, options->tools);
            add.json(options->json, "print JSON");
            add.text("--write", options->write,
                     "write a drop-in for each unit of DIR below this folder, and print its path")
                .value_name("FOLDER");
            add.flag("--defaults", options->defaults, "of the defaults, without DIR: what the units have");
            return [directory, options]() -> Result<> {
                HP_TRY(options->dir, directory->usual());
                return run_memory(*options);
            };
        },
    };
}

}  // namespace hp::hp_config
