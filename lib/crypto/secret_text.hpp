// Secret text: seed words, a password, a token. It cannot be formatted or streamed; code that needs the
// characters calls reveal(), which is easy to grep for. Wiped on destruction.
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
        text_.resize(text_.capacity());  // a moved-from string may still hold characters
        wipe({reinterpret_cast<std::uint8_t*>(text_.data()), text_.size()});
    }

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }

  private:
    std::string text_;
};

}  // namespace hp::crypto
