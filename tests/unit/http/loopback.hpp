#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace loopback {

/// An io_context and the one thread that runs it.
class Loop {
public:
    Loop() : guard_(context_.get_executor()), thread_([this] { context_.run(); }) {}
    ~Loop() { end(); }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] boost::asio::io_context& context() { return context_; }

    /// Runs the coroutine there and waits for what it returns.
    template <class T>
    T run(boost::asio::awaitable<T> task) {
        return boost::asio::co_spawn(context_, std::move(task), boost::asio::use_future).get();
    }

    void end() {
        guard_.reset();
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::thread thread_;
};

/// A blocking TCP peer that sends exactly what it is told.
class Peer {
public:
    explicit Peer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ =
            ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    explicit Peer(int accepted, bool) : fd_(accepted), connected_(true) {}
    ~Peer() { close(); }
    Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
    Peer& operator=(Peer&&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] int descriptor() const { return fd_; }

    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void finish() const { ::shutdown(fd_, SHUT_WR); }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

    /// All bytes until the other side closes; nothing when it has not within `patience`.
    std::optional<std::string> read_all(
        std::chrono::milliseconds patience = std::chrono::seconds(10)) const {
        std::string out;
        while (true) {
            auto part = read_some(patience);
            if (!part) return std::nullopt;
            if (part->empty()) return out;
            out += *part;
        }
    }

    /// Bytes until `end` was seen; what there is when the other side closes or is silent.
    [[nodiscard]] std::string read_until(std::string_view end) const {
        std::string out;
        while (out.find(end) == std::string::npos) {
            const auto part = read_some(std::chrono::seconds(10));
            if (!part || part->empty()) break;
            out += *part;
        }
        return out;
    }

private:
    /// Empty at the end (a reset counts as one); nothing after `patience`.
    [[nodiscard]] std::optional<std::string> read_some(std::chrono::milliseconds patience) const {
        pollfd wait{fd_, POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
        char buffer[16 * 1024];
        const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
        return std::string(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
    }

    int fd_;
    bool connected_ = false;
};

/// Listens on a free loopback port and accepts by hand.
class Listener {
public:
    Listener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        if (::bind(fd_, plain, size) == 0 && ::listen(fd_, 16) == 0 &&
            ::getsockname(fd_, plain, &size) == 0) {
            port_ = ntohs(address.sin_port);
        }
    }
    ~Listener() { ::close(fd_); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] Peer accept() const { return Peer(::accept(fd_, nullptr, nullptr), true); }

private:
    int fd_;
    std::uint16_t port_ = 0;
};

}  // namespace loopback
