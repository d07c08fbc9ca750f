// hp-stats certify: signed statements of delivered work, made and checked.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "base/bytes.hpp"
#include "cli/secrets.hpp"
#include "crypto/base58.hpp"
#include "crypto/random.hpp"
#include "options.hpp"
#include "records/names.hpp"
#include "stats/certificate.hpp"
#include "stats/names.hpp"
#include "stats/text.hpp"

namespace hp::hp_stats {
namespace {

using namespace records::literals;

struct CertifyOptions {
    Where where;
    std::string from, to, worker, key_file;
    std::string network;           ///< whether a published key is acceptable
    std::string certificate, key;  ///< to check one
};

constexpr std::size_t kCertificateSizeMax = 65'536;

Result<std::string> read_text(const std::string& path) {
    std::ifstream file;
    if (path != "-") file.open(path, std::ios::binary);
    if (path != "-" && !file)
        return fail(Errc::io, "cannot read '" + printable(path, 4096) + "': " + std::strerror(errno));
    std::istream& in = path == "-" ? std::cin : file;
    std::string out(kCertificateSizeMax + 1, '\0');
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    out.resize(static_cast<std::size_t>(in.gcount()));
    if (out.size() > kCertificateSizeMax)
        return fail(Errc::invalid, "'" + printable(path, 4096) + "' is larger than 64 KiB");
    return out;
}

Result<> sign(const CertifyOptions& options, const std::string& database) {
    for (const auto& [option, value] :
         {std::pair{"--from", &options.from}, {"--to", &options.to}, {"--key-file", &options.key_file}})
        if (value->empty()) return fail(Errc::usage, std::string("expected ") + option);
    HP_TRY(const UnixMs from, stats::time_from_text(options.from));
    HP_TRY(const UnixMs to, stats::time_from_text(options.to));
    if (to <= from || to - from < 60'000)
        return fail(Errc::usage, "--to: expected a minute or more after --from");
    HP_TRY(const auto key, cli::read_secret_key(options.key_file, options.network));
    HP_TRY(auto reader, stats::Reader::open(database));
    HP_TRY(const auto s, reader.snapshot((to - from) / 60'000, to));
    // Do not sign what is no longer known to the minute, or not over yet.
    if (s.records == 0 || s.from_ms != from || s.to_ms != to)
        return fail(
            Errc::refused,
            "the records have no window from " + stats::time_text(from) + " to " + stats::time_text(to),
            s.records == 0
                ? "there are none"
                : "the nearest is " + stats::time_text(s.from_ms) + " to " + stats::time_text(s.to_ms));
    stats::Delivery delivery{
        .from_ms = from, .to_ms = to, .issued_ms = unix_ms_now(), .shares = s.sum("share_accepted"_series)};
    if (!options.worker.empty()) {
        HP_DO(stats::check_label(reader, "share_accepted", options.worker));
        const auto& labels = s.labels("share_accepted"_series);
        const auto found = labels.find(options.worker);
        delivery.worker = options.worker;
        delivery.shares = found == labels.end() ? stats::Sums{} : found->second;
    }
    std::fputs(stats::certificate_text(delivery, key, crypto::random_array<32>()).c_str(), stdout);
    return {};
}

Result<> check_certificate(const std::string& path, const std::string& key_text) {
    const auto key = crypto::authority_key_from_text(key_text);
    if (!key) return fail(Errc::usage, "--key: " + key.error().what);
    HP_TRY(const auto text, read_text(path));
    const auto statement = stats::verified_statement(text, *key);
    if (!statement)
        return fail(statement.error().code,
                    (path == "-" ? "stdin" : printable(path, 4096)) + ": " + statement.error().what);
    std::printf("%s\n", statement->c_str());
    return {};
}

}  // namespace

cli::Verb certify(const Program& program) {
    return {
        .name = "certify",
        .summary = "sign a statement of the work delivered between two times, or check one",
        .examples =
            {"hp-stats certify pool.db --from '2026-08-01 12:00' --to '2026-08-01 18:00' --worker rig1 "
             "--key-file secrets/pool-authority.key >work.json",
             "hp-stats certify --check work.json --key "
             "9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<CertifyOptions>();
            add_database(add, options->where);
            const auto check = add.text("--check", options->certificate, "certificate to check; - is stdin")
                                   .value_name("FILE");
            add.text("--key", options->key, "authority key that must have signed it")
                .value_name("KEY")
                .needs(check);
            add.text("--from", options->from, "begin, UTC, to the minute").value_name("TIME").excludes(check);
            add.text("--to", options->to, "end, UTC, to the minute").value_name("TIME").excludes(check);
            add.text("--worker", options->worker, "only this worker's [all together]")
                .value_name("NAME")
                .excludes(check);
            add.text("--key-file", options->key_file, "secret key to sign with, of mode 0600")
                .value_name("FILE")
                .excludes(check);
            add.text("--network", options->network, "a published test key is taken on sim and regtest only")
                .value_name("NAME")
                .excludes(check);
            return [&program, options]() -> Result<> {
                if (options->certificate.empty()) return sign(*options, database_of(options->where, program));
                if (options->key.empty()) return fail(Errc::usage, "--check: expected --key with it");
                return check_certificate(options->certificate, options->key);
            };
        },
        .needs = cli::Needs::own_file,
    };
}

}  // namespace hp::hp_stats
