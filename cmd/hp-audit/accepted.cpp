#include "accepted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "audit/files.hpp"
#include "base/clock.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

namespace hp::hp_audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTag = "hashpool/audit-accept/v1";
constexpr std::size_t kSignatureDigits = 128;

Bytes32 message_of(std::string_view json) { return crypto::tagged_hash(kTag, {as_bytes(json)}); }

std::string now_text() {
    const std::time_t now = static_cast<std::time_t>(unix_ms_now() / 1000);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char out[32];
    std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return out;
}

std::optional<audit::Wide> amount_in(const Json& row) {
    const std::string digits = row.value("amount", "");
    if (digits.empty() || digits.size() > 38 || digits.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    audit::Wide amount = 0;
    for (char digit : digits) amount = amount * 10 + (digit - '0');
    return amount;
}

/// The row's acceptance, or why it is ignored.
Result<audit::Acceptance> acceptance_in(std::string_view line, const std::vector<Bytes32>& keys,
                                        const Bytes& store) {
    if (line.size() < kSignatureDigits + 2 || line[kSignatureDigits] != ' ')
        return fail(Errc::invalid, "expected a signature of 128 hex digits and a JSON object");
    const std::string_view json = line.substr(kSignatureDigits + 1);
    HP_TRY(const auto signature, array_from_hex<64>(line.substr(0, kSignatureDigits)));
    if (keys.empty())
        return fail(Errc::invalid, "the mint's link key is unknown: give --mint-key or --config-dir");
    const Bytes32 message = message_of(json);
    const bool is_signed = std::ranges::any_of(
        keys, [&](const Bytes32& key) { return crypto::schnorr_verify(signature, message, key); });
    if (!is_signed) return fail(Errc::invalid, "not signed by a key of the mint");
    const Json row = Json::parse(json, nullptr, false);
    if (!row.is_object()) return fail(Errc::invalid, "expected a JSON object");
    try {
        if (row.value("store", "") != to_hex(store)) return fail(Errc::invalid, "it is for another database");
        const auto id = audit::id_from_text(row.value("invariant", ""));
        const auto amount = amount_in(row);
        if (!id || !amount) return fail(Errc::invalid, "expected an invariant and an amount");
        return audit::Acceptance{
            *id, *amount,
            row.value("at", "") + " by " + row.value("user", "") + ": " + row.value("reason", "")};
    } catch (const nlohmann::json::exception&) {
        return fail(Errc::invalid, "expected strings");
    }
}

}  // namespace

std::string accepted_path(const std::string& mint_database) { return mint_database + ".accepted"; }

Result<> read_accepted(const Options& options, audit::Places& places) {
    for (const auto& mint : places.mints) {
        const std::string path = accepted_path(mint);
        std::ifstream file{path};
        if (!file) {
            if (errno == ENOENT) continue;
            return fail(Errc::io, "'" + printable(path, 4096) + "': " + std::strerror(errno));
        }
        HP_TRY(const auto keys, mint_keys(options));
        HP_TRY(const auto ledger, audit::MintFile::open(mint));
        std::string line;
        for (int number = 1; std::getline(file, line); ++number) {
            // A truncated last row: its writer was killed, or the disk was full.
            auto one = file.eof() ? fail(Errc::invalid, "it is truncated; accept again")
                                  : acceptance_in(line, keys, ledger.store);
            if (one)
                places.acceptances.push_back(std::move(*one));
            else
                places.unverified.push_back(path + ":" + std::to_string(number) +
                                            ": this acceptance does not count: " + one.error().what);
        }
    }
    return {};
}

Result<std::string> append_accepted(const std::string& mint_database, const NewAcceptance& what,
                                    const audit::Report& report, const crypto::SecretKey& key) {
    HP_TRY(const auto ledger, audit::MintFile::open(mint_database));
    const auto id = *audit::id_from_text(what.invariant);
    const auto& totals = report.totals;
    const std::string json = Json{{"v", 1},
                                  {"invariant", what.invariant},
                                  {"amount", audit::to_text(what.amount)},
                                  {"reason", what.reason},
                                  {"at", now_text()},
                                  {"user", what.user},
                                  {"store", to_hex(ledger.store)},
                                  {"sums",
                                   {{"broken_by", audit::to_text(report.invariants()[id].breach_amount)},
                                    {"quoted", audit::to_text(totals.quoted)},
                                    {"issued", audit::to_text(totals.issued)},
                                    {"signed", audit::to_text(totals.signed_amount)},
                                    {"spent", audit::to_text(totals.spent)}}}}
                                 .dump(-1, ' ', true, Json::error_handler_t::replace);
    std::string line =
        to_hex(crypto::schnorr_sign(key, message_of(json), crypto::random_array<32>())) + " " + json + "\n";
    const std::string path = accepted_path(mint_database);
    const int fd = ::open(path.c_str(), O_CREAT | O_APPEND | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    auto error = [&] { return fail(Errc::io, "'" + printable(path, 4096) + "': " + std::strerror(errno)); };
    if (fd < 0) return error();
    // Its owner must be able to read it, like the database.
    struct stat like {};
    if (::geteuid() == 0 && ::stat(mint_database.c_str(), &like) == 0)
        (void)!::fchown(fd, like.st_uid, like.st_gid);
    // Not right after a truncated row: the two would become one invalid row.
    char last = '\n';
    if (const off_t size = ::lseek(fd, 0, SEEK_END);
        size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n')
        line.insert(0, "\n");
    const bool is_written =
        ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
    if (!is_written) {
        auto why = error();
        ::close(fd);
        return why;
    }
    ::close(fd);
    return json;
}

}  // namespace hp::hp_audit
