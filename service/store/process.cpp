#include "store/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

namespace store {
namespace {

constexpr std::size_t kept_output = 8 * 1024;

struct Prepared {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    std::vector<gid_t> groups;
    RunAs as;
    bool change_user = false;
};

/// The child between fork and exec: system calls only, since other threads' locks were copied too.
[[noreturn]] void become(const Prepared& prepared, int out) {
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
        ::signal(number, SIG_DFL);
    }
    const bool moved = ::chdir("/") == 0;
    if (prepared.change_user &&
        (::setgroups(prepared.groups.size(), prepared.groups.data()) != 0 ||
         ::setgid(prepared.as.gid) != 0 || ::setuid(prepared.as.uid) != 0)) {
        ::_exit(126);
    }
    ::umask(0077);
    if (moved)
        ::execve(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
    ::_exit(127);
}

/// Reads until the child closes its end. False at the deadline.
bool collect(int in, std::chrono::steady_clock::time_point deadline, std::string& output) {
    char buffer[4096];
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd waiting{in, POLLIN, 0};
        const int ready =
            ::poll(&waiting, 1, static_cast<int>(std::min<long long>(left.count(), 1000)));
        if (ready < 0 && errno != EINTR) return true;
        if (ready <= 0) continue;
        const ssize_t size = ::read(in, buffer, sizeof buffer);
        if (size == 0 || (size < 0 && errno != EINTR)) return true;
        if (size > 0) output.append(buffer, static_cast<std::size_t>(size));
        if (output.size() > 2 * kept_output) output.erase(0, output.size() - kept_output);
    }
}

}  // namespace

base::Result<Finished> run_program(const std::filesystem::path& program,
                                   const std::vector<std::string>& arguments, const RunAs& as,
                                   std::chrono::seconds deadline) {
    std::vector<std::string> texts{program.string()};
    texts.insert(texts.end(), arguments.begin(), arguments.end());
    std::vector<std::string> settings{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/", "PWD=/",
                                      "USER=" + as.user};
    Prepared prepared;
    for (auto& text : texts) prepared.arguments.push_back(text.data());
    for (auto& text : settings) prepared.environment.push_back(text.data());
    prepared.arguments.push_back(nullptr);
    prepared.environment.push_back(nullptr);
    prepared.as = as;
    prepared.change_user = ::geteuid() == 0 && as.uid != 0;
    if (prepared.change_user) {
        int count = 64;
        prepared.groups.resize(64);
        if (::getgrouplist(as.user.c_str(), as.gid, prepared.groups.data(), &count) < 0) count = 0;
        prepared.groups.resize(static_cast<std::size_t>(count));
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return base::fail(base::Fault::unavailable, "no pipe for " + program.string());
    }
    const pid_t child = ::fork();
    if (child == 0) become(prepared, ends[1]);
    ::close(ends[1]);
    if (child < 0) {
        ::close(ends[0]);
        return base::fail(base::Fault::unavailable, "cannot start " + program.string());
    }
    Finished finished;
    const bool in_time =
        collect(ends[0], std::chrono::steady_clock::now() + deadline, finished.output);
    ::close(ends[0]);
    if (!in_time) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time) {
        return base::fail(base::Fault::unavailable, program.string() + " took longer than " +
                                                        std::to_string(deadline.count()) + " s");
    }
    finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (finished.status == 127 || finished.status == 126) {
        return base::fail(base::Fault::invalid,
                          "cannot run " + program.string() + " as user " + as.user);
    }
    return finished;
}

}  // namespace store
