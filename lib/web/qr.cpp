#include "web/qr.hpp"

#include <qrencode.h>

#include <memory>

namespace hp::web {

std::optional<std::string> qr_rows(const std::string& text) {
    const std::unique_ptr<QRcode, void (*)(QRcode*)> code{
        QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L), &QRcode_free};
    if (!code) return {};
    std::string out;
    for (int row = 0; row < code->width; ++row) {
        if (row > 0) out += '/';
        for (int column = 0; column < code->width; ++column)
            out += (code->data[row * code->width + column] & 1) ? '1' : '0';
    }
    return out;
}

}  // namespace hp::web
