// The pages' data from hp-stats: requested once a second whatever the number of viewers, and pushed to all of
// them.
#pragma once
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "crypto/secret_text.hpp"
#include "net/http.hpp"
#include "web/liveness.hpp"

namespace hp::web {

class Feed {
  public:
    struct Options {
        net::Endpoint stats;
        crypto::SecretText token;  ///< of hp-stats; empty: none
        std::string clients_path;  ///< the lists of current clients and workers
        std::string workers_path;  ///< and those of the last hour
        std::int64_t period_ms{1'000};
    };
    static Result<std::unique_ptr<Feed>> start(net::Loop& loop, Options options);

    /// One JSON object: "stats" (state "ok", "stale" or "away"; since_ms; error; as_of_ms, of the newest
    /// record in the figures; now_ms), "sources" (for each program with status records the time of the last
    /// one, last_ms, and whether it is heard), and the last received "global" and "figures", and "clients",
    /// "workers" and "refused" if the token's scope permits them; or null.
    std::string state_json() const;
    /// The stream gets an event now and at every change.
    void subscribe(std::shared_ptr<net::HttpStream> stream);
    /// Answers with hp-stats' history of the hash rate over the span ("1h", "24h", "7d"), at most a few
    /// seconds old.
    void history(const std::string& span, net::HttpServer::Reply reply);
    /// The available spans.
    static bool is_span(std::string_view span);

  private:
    struct Cached {
        std::string body;
        SteadyMs at_ms{};
        std::vector<net::HttpServer::Reply> waiting;
    };
    Feed(net::Loop& loop, Options options);
    void ask();
    void ask_for_names();
    void on_answer(std::string& into, const Result<net::HttpResponse>& answer);
    void look_at(const nlohmann::json& global);
    void publish();
    void set_away(const std::string& why);

    Options options_;
    std::unique_ptr<net::HttpClient> client_;
    net::Timer timer_;
    int outstanding_{0};
    std::string failure_;           ///< of this round
    std::string global_, figures_;  ///< of this round
    std::string state_{"away"}, error_{"no answer yet"};
    UnixMs since_ms_{}, as_of_ms_{};
    Liveness liveness_;
    std::string shown_global_{"null"}, shown_figures_{"null"};
    /// A list of names, requested less often the longer its answer takes.
    struct Names {
        std::string path;
        std::string shown{"null"};
        bool is_asked{false};
        SteadyMs due_ms{0};
    };
    Names clients_, workers_, refused_;
    std::vector<std::shared_ptr<net::HttpStream>> streams_;
    std::map<std::string, Cached> histories_;
};

}  // namespace hp::web
