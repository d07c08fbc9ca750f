#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/url.hpp"
#include "check.hpp"
#include "crypto/sha256.hpp"
#include "log/log.hpp"
#include "net/http.hpp"

namespace hp::hp_stats {
namespace {

namespace fs = std::filesystem;

/// One file per database, window, set of limits and command, so that checks do not share state.
std::string file_name(const CheckOptions& options) {
    std::error_code ignored;
    std::string all = options.database.find("://") != std::string::npos
                          ? options.database
                          : fs::absolute(options.database, ignored).lexically_normal().string();
    const auto add = [&all](const auto& limit) {
        all += '\n';
        if (limit) all += std::to_string(*limit);
    };
    for (const auto* limits : {&options.warn, &options.critical}) {
        add(limits->age_s);
        add(limits->outbox_pending);
        add(limits->mint_away_s);
        add(limits->template_away_s);
        add(limits->alarms);
        add(limits->hashrate_hps);
        add(limits->rejected_percent);
    }
    all += '\n' + std::to_string(options.minutes) + ' ' + std::to_string(options.rejected_min) + '\n' +
           options.run;
    return "check-" + to_hex(crypto::sha256(as_bytes(all))).substr(0, 16);
}

/// --state-file, or a file of the user's or service's; empty if neither has a place.
std::string memory_of(const CheckOptions& options) {
    if (!options.state_file.empty()) return options.state_file;
    const auto directory = [](const char* name) {
        const char* value = std::getenv(name);
        return value != nullptr && *value == '/' ? fs::path{value} : fs::path{};
    };
    fs::path at = directory("STATE_DIRECTORY");  // systemd's
    if (at.empty()) at = directory("XDG_STATE_HOME");
    if (at.empty() && !directory("HOME").empty()) at = directory("HOME") / ".local/state";
    return at.empty() ? std::string{} : (at / "hashpool" / file_name(options)).string();
}

/// OK if there is no file, or it is not ours.
int read_state(const std::string& path) {
    std::string word;
    std::ifstream{path} >> word;
    const auto found = std::find(std::begin(kStates), std::end(kStates), word);
    return found == std::end(kStates) ? 0 : static_cast<int>(found - std::begin(kStates));
}

void write_state(const std::string& path, int state) {
    std::error_code ignored;
    fs::create_directories(fs::path{path}.parent_path(), ignored);
    const std::string making = path + ".new";
    bool good = false;
    {
        std::ofstream out{making, std::ios::trunc};
        out << kStates[state] << '\n' << std::flush;
        good = out.good();
    }
    std::error_code error;
    if (good) fs::rename(making, path, error);
    if (!good || error)
        log::warn("cannot write '{}': the command of --run runs at each check that is not OK", path);
}

int run_command(const CheckOptions& options, int state, int before, const std::string& text) {
    ::setenv("HP_CHECK_STATE", kStates[state], 1);
    ::setenv("HP_CHECK_BEFORE", kStates[before], 1);
    ::setenv("HP_CHECK_TEXT", text.c_str(), 1);
    const int code = std::system(("(" + options.run + "\n) >&2").c_str());
    return WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
}

}  // namespace

void run_at_change(const CheckOptions& options, int state, const std::string& text) {
    const std::string memory = memory_of(options);
    if (memory.empty()) log::warn("no place to store the last state: give --state-file");
    const int before = memory.empty() ? 0 : read_state(memory);
    if (before == state) return;
    if (const int code = run_command(options, state, before, text); code != 0)
        return log::warn("the command of --run ended with {}, and runs again at the next check", code);
    if (!memory.empty()) write_state(memory, state);
}

void ping(const std::string& text_of_url, int state, const std::string& text) {
    const auto url = url_from_text(text_of_url);
    // All but the origin is what tells a watchdog who we are: it is a secret.
    if (!url) return log::warn("ping: the URL is malformed: {}", url.error().what);
    const auto origin = url->origin();
    std::string path = url->path;
    if (state != 0) path += path.ends_with('/') ? "fail" : "/fail";
    if (path.empty()) path = "/";
    if (url->query) path += "?" + *url->query;
    const auto answer = [&]() -> Result<net::HttpResponse> {
        net::Loop loop;
        HP_TRY(const auto client, net::HttpClient::create(loop, origin, {.body_bytes_max = 65'536}));
        return client->request_and_wait(loop, state == 0 ? "GET" : "POST", path, state == 0 ? "" : text);
    }();
    if (!answer)
        log::warn("ping to {}: {}", origin, answer.error().what);
    else if (answer->status / 100 != 2)
        log::warn("ping to {}: HTTP {}", origin, answer->status);
}

}  // namespace hp::hp_stats
