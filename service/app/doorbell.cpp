#include "app/doorbell.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

namespace app {
namespace {

constexpr const char* file_name = "serve.sock";
constexpr char looked_byte = '1';
constexpr timeval patience{.tv_sec = 3, .tv_usec = 0};

/// Nothing when the path is longer than the 107 bytes that a socket's may have.
std::optional<sockaddr_un> address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

const sockaddr* plain(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

Doorbell::Doorbell(const std::filesystem::path& data_dir)
    : path_(data_dir / file_name), stopping_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    BASE_ASSERT(stopping_ >= 0);
    const auto address = address_of(path_);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    // A server that is about to learn that another has this folder leaves the other's bell alone.
    const bool taken = address && ::connect(fd, plain(*address), sizeof *address) == 0;
    if (!taken) ::unlink(path_.c_str());
    if (!address || taken || fd < 0 || ::bind(fd, plain(*address), sizeof *address) != 0 ||
        ::chmod(path_.c_str(), 0600) != 0 || ::listen(fd, max_waiting) != 0) {
        const std::string reason = !address ? "too long"
                                   : taken  ? "another server's"
                                            : std::system_category().message(errno);
        base::log::warn("doorbell.not_hung", {{"path", path_.string()}, {"reason", reason}});
        if (fd >= 0) ::close(fd);
        return;
    }
    listening_ = fd;
}

Doorbell::~Doorbell() {
    answer(false);
    if (listening_ >= 0) {
        ::unlink(path_.c_str());
        ::close(listening_);
    }
    ::close(stopping_);
}

void Doorbell::wait(const std::stop_token& stop, std::chrono::milliseconds at_most) {
    const std::stop_callback wake(stop, [this] {
        const std::uint64_t one = 1;
        static_cast<void>(!::write(stopping_, &one, sizeof one));
    });
    std::array<pollfd, 2> wanted{{{stopping_, POLLIN, 0}, {listening_, POLLIN, 0}}};
    if (::poll(wanted.data(), wanted.size(), static_cast<int>(at_most.count())) <= 0) return;
    if (wanted[1].revents != 0) take();
}

void Doorbell::take() {
    while (true) {
        const int peer = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (peer < 0) return;
        if (rang_.size() < max_waiting) {
            rang_.push_back(peer);
        } else {
            ::close(peer);
        }
    }
}

void Doorbell::answer(bool looked) {
    for (const int peer : rang_) {
        if (looked) static_cast<void>(::send(peer, &looked_byte, 1, MSG_NOSIGNAL));
        ::close(peer);
    }
    rang_.clear();
}

bool ring(const std::filesystem::path& data_dir) {
    const auto address = address_of(data_dir / file_name);
    if (!address) return false;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // connect waits as long
    char answer = 0;
    const bool looked = ::connect(fd, plain(*address), sizeof *address) == 0 &&
                        ::recv(fd, &answer, 1, 0) == 1 && answer == looked_byte;
    ::close(fd);
    return looked;
}

}  // namespace app
