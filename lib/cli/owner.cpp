#include "cli/owner.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace hp::cli {
namespace {

constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

tl::unexpected<Error> unreadable(const std::string& path) {
    return fail(Errc::io, "cannot access '" + path + "': " + std::generic_category().message(errno));
}

tl::unexpected<Error> of_another(const std::string& path, uid_t owner) {
    return fail(Errc::usage,
                "'" + path + "' belongs to " + user_text(owner) + ", expected " + user_text(::geteuid()),
                "choose a directory of your own, or one that does not exist yet");
}

}  // namespace

std::string user_text(uid_t uid) {
    const std::string number = "uid " + std::to_string(uid);
    const passwd* known = ::getpwuid(uid);
    return known == nullptr ? number : std::string(known->pw_name) + " (" + number + ")";
}

Result<> check_own_directory(const std::string& path) {
    struct stat link {
    }, info{};
    if (::lstat(path.c_str(), &link) != 0 || ::stat(path.c_str(), &info) != 0) return unreadable(path);
    if (link.st_uid != 0 && link.st_uid != ::geteuid()) return of_another(path, link.st_uid);
    if (!S_ISDIR(info.st_mode)) return fail(Errc::usage, "'" + path + "' is not a directory");
    if (info.st_uid != ::geteuid()) return of_another(path, info.st_uid);
    if ((info.st_mode & kOthersWrite) == 0) return {};
    char octal[8];
    std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(info.st_mode & 07777));
    return fail(
        Errc::usage, "'" + path + "' has mode " + octal + ", writable for others, expected at most 0755",
        "choose a directory that does not exist yet; or, if nobody else has written to it, chmod go-w '" +
            path + "'");
}

Result<> check_own_file(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return unreadable(path);
    if (info.st_uid != ::geteuid()) return of_another(path, info.st_uid);
    if (!S_ISREG(info.st_mode)) return fail(Errc::usage, "'" + path + "' is not a regular file");
    return {};
}

bool is_closed_directory(const std::string& path) {
    struct stat info {};
    return ::stat(path.empty() ? "." : path.c_str(), &info) == 0 &&
           (info.st_uid == 0 || info.st_uid == ::geteuid()) && (info.st_mode & kOthersWrite) == 0;
}

}  // namespace hp::cli
