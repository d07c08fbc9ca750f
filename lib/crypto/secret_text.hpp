// Text that nobody may see: seed words, a password, a token. No format string and no stream takes it; who
// needs the characters says reveal(), which a reader of the code can look for. Wiped when it goes.
#pragma once
#include <string>

#include "crypto/random.hpp"

namespace hp::crypto {

class SecretText {
  public:
    SecretText() = default;
    explicit SecretText(std::string text) : text_{std::move(text)} {}
    SecretText(const SecretText&) = default;
    SecretText(SecretText&&) = default;
    SecretText& operator=(const SecretText&) = default;
    SecretText& operator=(SecretText&&) = default;
    ~SecretText() {
        text_.resize(text_.capacity());  // what was moved away may have left characters behind
        wipe({reinterpret_cast<std::uint8_t*>(text_.data()), text_.size()});
    }

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }

  private:
    std::string text_;
};

}  // namespace hp::crypto
