// https: whose certificate is believed. The server is OpenSSL on a thread, with a certificate made here.
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>

#include "net/http.hpp"
#include "net/lines.hpp"
#include "net_fixture.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::test;

namespace {

/// One certificate, signed by itself, for "localhost" (or another name).
struct Certificate {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x509 = X509_new();

    explicit Certificate(const std::string& name, long valid_from_s = -60) {
        X509_set_version(x509, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509), valid_from_s);
        X509_gmtime_adj(X509_getm_notAfter(x509), valid_from_s + 3600);
        X509_set_pubkey(x509, key);
        X509_NAME* subject = X509_get_subject_name(x509);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("hp test"), -1, -1, 0);
        X509_set_issuer_name(x509, subject);
        X509_EXTENSION* names =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
        X509_add_ext(x509, names, -1);
        X509_EXTENSION_free(names);
        REQUIRE(X509_sign(x509, key, EVP_sha256()) > 0);
    }
    ~Certificate() {
        X509_free(x509);
        EVP_PKEY_free(key);
    }
    void write(const std::string& path) const {
        FILE* file = std::fopen(path.c_str(), "w");
        REQUIRE(file);
        PEM_write_X509(file, x509);
        std::fclose(file);
    }
};

/// Takes one connection, and one request if the handshake succeeds.
class TlsServer {
  public:
    explicit TlsServer(const Certificate& certificate) : context_{SSL_CTX_new(TLS_server_method())} {
        SSL_CTX_use_certificate(context_, certificate.x509);
        SSL_CTX_use_PrivateKey(context_, certificate.key);
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(fd_, 8) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~TlsServer() {
        if (thread_.joinable()) thread_.join();
        ::close(fd_);
        SSL_CTX_free(context_);
    }
    std::uint16_t port() const { return port_; }
    /// The name that the client asked for; waits for the connection's end.
    const std::string& server_name() {
        thread_.join();
        return server_name_;
    }

  private:
    void serve() {
        int fd = ::accept(fd_, nullptr, nullptr);
        SSL* ssl = SSL_new(context_);
        SSL_set_fd(ssl, fd);
        char request[4096];
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0) {
            if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) server_name_ = name;
            const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
            SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        }
        SSL_free(ssl);
        ::close(fd);
    }

    SSL_CTX* context_;
    int fd_{-1};
    std::uint16_t port_{0};
    std::string server_name_;
    std::thread thread_;
};

Result<HttpResponse> ask(const TlsServer& server, const std::string& host = "localhost") {
    Loop loop;
    auto client = HttpClient::create(loop, "https://" + host + ":" + std::to_string(server.port()), {});
    REQUIRE_MESSAGE(client, client.error().what);
    return (*client)->request_and_wait(loop, "GET", "/", "");
}

/// Makes a certificate one of the machine's authorities for the time of a test.
struct Trusting {
    std::string path =
        (std::filesystem::temp_directory_path() / ("hp-ca-" + std::to_string(::getpid()))).string();
    explicit Trusting(const Certificate& certificate) {
        certificate.write(path);
        ::setenv("SSL_CERT_FILE", path.c_str(), 1);
    }
    ~Trusting() {
        ::unsetenv("SSL_CERT_FILE");
        std::filesystem::remove(path);
    }
};

}  // namespace

TEST_CASE("https asks a server that an authority of this machine vouches for") {
    Certificate certificate{"localhost"};
    Trusting trusting{certificate};
    TlsServer server{certificate};
    auto answer = ask(server);
    REQUIRE_MESSAGE(answer, answer.error().what);
    CHECK(answer->body == "secret");
    CHECK(server.server_name() == "localhost");  // SNI
}

TEST_CASE("https refuses whom nobody vouches for, another host's certificate, and an old one") {
    Certificate good{"localhost"};
    SUBCASE("unknown authority") {
        TlsServer server{good};
        auto answer = ask(server);
        REQUIRE_FALSE(answer);
        CHECK(has(answer.error().what, "TLS with localhost:"));
        CHECK(has(answer.error().hint, "authority of this machine"));
    }
    SUBCASE("another host's") {
        Certificate other{"elsewhere.example"};
        Trusting trusting{other};
        TlsServer server{other};
        CHECK_FALSE(ask(server));
    }
    SUBCASE("a name's certificate for an address") {
        Trusting trusting{good};
        TlsServer server{good};
        CHECK_FALSE(ask(server, "127.0.0.1"));
    }
    SUBCASE("expired") {
        Certificate old{"localhost", -7200};
        Trusting trusting{old};
        TlsServer server{old};
        CHECK_FALSE(ask(server));
    }
}

TEST_CASE("https to a server without TLS is told so, and nothing about certificates") {
    Loop loop;
    SUBCASE("one that answers in plain HTTP") {
        auto server =
            HttpServer::listen(loop, any_port(), {}, false,
                               [](const HttpRequest&, const HttpServer::Reply& reply) { reply({}); });
        REQUIRE(server);
        auto client = HttpClient::create(loop, "https://" + (*server)->bound().text(), {});
        REQUIRE(client);
        const auto answer = (*client)->request_and_wait(loop, "GET", "/", "");
        REQUIRE_FALSE(answer);
        CHECK(has(answer.error().what, " does not speak TLS"));
        CHECK(has(answer.error().hint, "http:// URL"));
    }
    SUBCASE("one that waits for a line") {
        std::vector<std::shared_ptr<LineConnection>> held;
        auto silent = LineListener::listen(loop, any_port(), {},
                                           [&](auto connection) { held.push_back(std::move(connection)); });
        REQUIRE(silent);
        auto client = HttpClient::create(loop, "https://" + (*silent)->bound().text(), {.request_ms = 50});
        REQUIRE(client);
        const auto answer = (*client)->request_and_wait(loop, "GET", "/", "");
        REQUIRE_FALSE(answer);
        CHECK(has(answer.error().what, "within 50 ms to begin TLS"));
        CHECK(has(answer.error().hint, "http:// URL"));
    }
}
