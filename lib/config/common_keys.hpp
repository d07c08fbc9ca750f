// Keys that the files of several programs have: where records and logs go. See keys.hpp.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/rule.hpp"

namespace hp::config {

/// Where a program's event records go; part of the struct of every program that writes them.
struct Events {
    std::string secret_key_file;
    std::string to{};
    std::string framing = "lines";
    std::string encoding = "json";

    template <class V>
    void describe(V&& v) {
        v("events", to,
          "where event records go: - (stdout), a file or FIFO, unix:PATH (a socket of hp-stats ingest), "
          "tcp://HOST:PORT/KEY (a remote hp-stats ingest over Noise, with its authority key), or empty for "
          "nowhere",
          records().or_empty());
        v("framing", framing, "framing of event records: lines, or length in front of each",
          one_of({"lines", "length"}));
        v("encoding", encoding, "encoding of event records: json, or msgpack (with framing length only)",
          one_of({"json", "msgpack"}));
        v("events_secret_key_file", secret_key_file,
          "file with the key that authenticates this writer to a remote collector, mode 0600", secret_file());
    }
};

/// Where a program's log goes; part of the struct of every service that has its own file.
struct Log {
    std::string level = "info";
    std::string file;
    std::string format = "text";

    template <class V>
    void describe(V&& v) {
        v("log_level", level,
          "lowest level that is logged: LEVEL for all modules, MODULE=LEVEL for one; read again at SIGHUP",
          log_levels());
        v("log_file", file, "log file in place of stderr; reopened at SIGHUP", path());
        v("log_format", format, "format of log lines: text, json (an object) or logfmt",
          one_of({"text", "json", "logfmt"}));
    }
};

}  // namespace hp::config
