// Resolves a name and connects, all within one deadline. Internal to this room.
#pragma once
#include "net/address.hpp"
#include "net/loop.hpp"

namespace hp::net {

class Dialer {
  public:
    struct Connected {
        Fd fd;
        std::string peer;
    };
    using OnDone = std::function<void(Result<Connected>)>;
    /// Calls back once, later, unless destroyed before. Errors: "cannot connect to pool.example:3336: …".
    static std::unique_ptr<Dialer> start(Loop& loop, const Endpoint& endpoint, std::int64_t limit_ms,
                                         OnDone done);
    ~Dialer();

  private:
    struct Attempt;
    explicit Dialer(std::shared_ptr<Attempt> attempt);
    std::shared_ptr<Attempt> attempt_;
};

}  // namespace hp::net
