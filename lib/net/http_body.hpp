// A request's body for Beast's parser that grows as data arrives: Beast's own string_body reserves what the
// peer announces. Only for .cpp files of this room.
#pragma once
#include <algorithm>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>
#include <string>

namespace hp::net {

struct GrowingBody {
    using value_type = std::string;
    static std::uint64_t size(const value_type& body) { return body.size(); }

    class reader {
      public:
        template <bool kIsRequest, class Fields>
        reader(boost::beast::http::header<kIsRequest, Fields>&, value_type& body) : body_{body} {}
        void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) { error = {}; }
        template <class Buffers>
        std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
            error = {};
            const std::size_t size = boost::beast::buffer_bytes(buffers), needed = body_.size() + size;
            // Grow by a quarter, while std::string would double: a peer should hold only what it has sent.
            if (needed > body_.capacity()) {
                std::string grown;
                grown.reserve(std::max(needed, body_.size() + body_.size() / 4));
                grown.append(body_);
                body_ = std::move(grown);
            }
            for (const auto part : boost::beast::buffers_range_ref(buffers))
                body_.append(static_cast<const char*>(part.data()), part.size());
            return size;
        }
        void finish(boost::system::error_code& error) { error = {}; }

      private:
        value_type& body_;
    };
};

}  // namespace hp::net
