// Serializes a Beast message. Beast's own write operations take longer to compile than the rest of a file
// that uses them. Only for .cpp files of this room.
#pragma once
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http.hpp>
#include <string>

#include "base/result.hpp"

namespace hp::net {

template <bool kIsRequest>
std::string wire_text(const boost::beast::http::message<kIsRequest, boost::beast::http::string_body>& message,
                      bool head_only = false) {
    boost::beast::http::serializer<kIsRequest, boost::beast::http::string_body> serializer{message};
    serializer.split(head_only);
    std::string out;
    boost::system::error_code error;
    while (!error && !(head_only ? serializer.is_header_done() : serializer.is_done()))
        serializer.next(error, [&](boost::system::error_code&, const auto& buffers) {
            for (const auto part : boost::beast::buffers_range_ref(buffers))
                out.append(static_cast<const char*>(part.data()), part.size());
            serializer.consume(boost::beast::buffer_bytes(buffers));
        });
    HP_ASSERT(!error);  // a body in memory cannot fail
    return out;
}

}  // namespace hp::net
