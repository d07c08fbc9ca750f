#include "mint/mint_service.hpp"

#include "log/log.hpp"

namespace hp::mint {

Result<std::unique_ptr<MintService>> MintService::start(net::Loop& loop, ServiceOptions options) {
    std::unique_ptr<MintService> service{new MintService(loop)};
    auto* s = service.get();
    HP_TRY(s->mint_, Mint::open(loop, options.mint));
    HP_TRY(s->api_, Api::listen(loop, *s->mint_, options.http_listen));
    s->link_.emplace(loop, *s->mint_, std::move(options.link));
    s->upkeep_.emplace(loop, *s->mint_,
                       Upkeep::Options{.database = options.mint.database,
                                       .wal_alarm_bytes = options.wal_alarm_bytes,
                                       .is_link_up = [s] { return s->link_->is_up(); }});
    s->mint_->on_fatal = [s](const Error& why) {
        if (s->on_fatal) s->on_fatal(why);
    };
    s->link_->start();
    log::info("serving wallets on http://{}", s->bound().text());
    return service;
}

MintService::~MintService() {
    if (mint_) mint_->drain();
}

void MintService::stop(std::function<void()> stopped) {
    link_->stop();
    api_->stop();
    mint_->drain();
    loop_.post(std::move(stopped));  // behind the answers
}

}  // namespace hp::mint
