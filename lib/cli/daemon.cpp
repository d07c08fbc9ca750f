#include "cli/daemon.hpp"

#include "cli/secrets.hpp"
#include "log/log.hpp"
#include "net/protection.hpp"
#include "net/sd_notify.hpp"

namespace hp::cli {

Daemon::Daemon(const Command& command, const config::Network& network, std::int64_t stop_ms)
    : command_{command}, network_{network}, stop_ms_{stop_ms}, patience_{loop_} {}

Daemon::~Daemon() {
    parts_.reset();
    if (sink_) sink_->flush(kLastRecordsMs);
}

Result<std::unique_ptr<Daemon>> Daemon::create(const Command& command, const config::Network& network,
                                               std::int64_t stop_ms) {
    HP_TRY(auto protection, net::Protection::from(network.sources_exempt, network.buffer_memory_mib));
    std::unique_ptr<Daemon> daemon{new Daemon(command, network, stop_ms)};
    net::protect(daemon->loop_, std::move(protection));
    daemon->loop_.handle_signals([d = daemon.get()] { d->stop(); }, [&command] { command.reload_log(); });
    return daemon;
}

Result<crypto::SecretKey> Daemon::read_key(const std::string& file) const {
    return read_secret_key(command_.resolve_secret(file), network_.network);
}

Result<recordio::EventSink*> Daemon::open_events(const config::Events& where) {
    HP_TRY(auto options,
           recordio::event_options(command_.resolve_records(where.to), where.framing, where.encoding));
    if (recordio::is_noise_target(options.to)) {
        HP_TRY(options.key, read_key(where.secret_key_file));
    }
    HP_TRY(sink_, recordio::EventSink::open(loop_, options, command_.name()));
    return sink_.get();
}

void Daemon::ready(const std::string& status) {
    if (std::exchange(is_ready_, true)) return;
    net::sd_notify(status.empty() ? "READY=1" : "READY=1\nSTATUS=" + status);
}

void Daemon::end_with(const Error& why) {
    if (!failed_) failed_ = why;
    loop_.stop();
}

void Daemon::stop() {
    net::sd_notify("STOPPING=1");
    log::info("stopping");
    patience_.after(stop_ms_, [this] {
        log::warn("did not stop within {} ms, and ends now", stop_ms_);
        loop_.stop();
    });
    parts_->stop([this] { loop_.stop(); });
}

Result<> Daemon::run(const Start& start) {
    HP_TRY(parts_, start(*this));
    loop_.run();
    if (failed_) return fail(*failed_);
    return {};
}

Result<> serve(const Command& command, const config::Network& network, const Daemon::Start& start) {
    HP_TRY(const auto daemon, Daemon::create(command, network));
    return daemon->run(start);
}

}  // namespace hp::cli
