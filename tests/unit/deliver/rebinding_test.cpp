// Names whose answer changes between two questions, ten thousand times, against the calls that
// matter: whatever a name server says, connect() never sees an address that the gate refuses.
#include "deliver/gate.hpp"
#include "http/client.hpp"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;

const std::vector<std::string>& good() {
    static const std::vector<std::string> list{"8.8.8.8", "1.1.1.1", "2606:4700::1111",
                                               "64:ff9b::808:808"};
    return list;
}
const std::vector<std::string>& bad() {
    static const std::vector<std::string> list{"127.0.0.1",
                                               "10.0.0.1",
                                               "169.254.169.254",
                                               "192.168.1.1",
                                               "100.64.0.1",
                                               "0.0.0.0",
                                               "::1",
                                               "fe80::1",
                                               "fd00:ec2::254",
                                               "::ffff:127.0.0.1",
                                               "64:ff9b::7f00:1",
                                               "2002:7f00:1::",
                                               "::127.0.0.1",
                                               "fc00::1",
                                               "::ffff:a9fe:a9fe",
                                               "64:ff9b::a9fe:a9fe",
                                               "100.100.100.200",
                                               "255.255.255.255",
                                               "2001:0:7f00:1::1",
                                               "224.0.0.1"};
    return list;
}

/// The name server: each answer is another one. And what was connected to.
struct World {
    std::mutex mutex;
    std::mt19937 random{1};
    std::size_t questions = 0;
    std::size_t all_good = 0;
    std::vector<std::string> connected;

    std::vector<std::string> answer() {
        const std::lock_guard lock(mutex);
        ++questions;
        std::vector<std::string> out;
        const auto count = 1 + random() % 3;
        bool evil = false;
        for (std::size_t i = 0; i < count; ++i) {
            const auto& list = random() % 2 == 0 ? good() : bad();
            evil = evil || &list == &bad();
            out.push_back(list[random() % list.size()]);
        }
        all_good += evil ? 0 : 1;
        return out;
    }
};

std::atomic<World*> world = nullptr;  // while a test runs; else the system's calls are used

template <class Call>
Call* system_call(const char* name) {
    return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

sockaddr_storage socket_address(const std::string& text, socklen_t& size) {
    const auto address = asio::ip::make_address(text);
    sockaddr_storage out{};
    if (address.is_v4()) {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
        v4->sin_family = AF_INET;
        v4->sin_addr.s_addr = htonl(address.to_v4().to_uint());
        size = sizeof *v4;
    } else {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
        v6->sin6_family = AF_INET6;
        const auto bytes = address.to_v6().to_bytes();
        std::memcpy(v6->sin6_addr.s6_addr, bytes.data(), bytes.size());
        size = sizeof *v6;
    }
    return out;
}

std::string text_of(const sockaddr* address) {
    if (address->sa_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
        return asio::ip::address_v4(ntohl(v4->sin_addr.s_addr)).to_string();
    }
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), v6->sin6_addr.s6_addr, bytes.size());
    return asio::ip::address_v6(bytes).to_string();
}

}  // namespace

// In place of the C library's, for the whole program: the last place before the kernel.

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** list) {
    auto* here = world.load();
    if (here == nullptr)
        return system_call<decltype(getaddrinfo)>("getaddrinfo")(name, service, hints, list);
    *list = nullptr;
    for (const auto& text : here->answer()) {
        auto* entry = static_cast<addrinfo*>(std::calloc(1, sizeof(addrinfo)));
        auto* place = static_cast<sockaddr_storage*>(std::calloc(1, sizeof(sockaddr_storage)));
        *place = socket_address(text, entry->ai_addrlen);
        entry->ai_family = place->ss_family;
        entry->ai_addr = reinterpret_cast<sockaddr*>(place);
        entry->ai_next = *list;
        *list = entry;
    }
    return 0;
}

extern "C" void freeaddrinfo(addrinfo* list) {
    if (world.load() == nullptr) return system_call<decltype(freeaddrinfo)>("freeaddrinfo")(list);
    while (list != nullptr) {
        auto* next = list->ai_next;
        std::free(list->ai_addr);
        std::free(list);
        list = next;
    }
}

extern "C" int connect(int descriptor, const sockaddr* address, socklen_t size) {
    auto* here = world.load();
    if (here == nullptr)
        return system_call<decltype(connect)>("connect")(descriptor, address, size);
    const std::lock_guard lock(here->mutex);
    here->connected.push_back(text_of(address));
    errno = ECONNREFUSED;
    return -1;
}

namespace {

class Rebinding : public testing::Test {
protected:
    Rebinding() { world = &world_; }
    ~Rebinding() override { world = nullptr; }

    void send(const std::string& url) {
        http::ClientRequest request;
        request.url = url;
        request.check = [this](std::string_view address) { return gate_.allows(address, false); };
        asio::co_spawn(context_, client_->send(std::move(request)),
                       [this](const std::exception_ptr& thrown, const auto& answer) {
                           EXPECT_FALSE(thrown);
                           EXPECT_FALSE(answer);
                           ++ended_;
                       });
    }
    void run() {
        context_.restart();
        context_.run();
    }

    World world_;
    deliver::Gate gate_ = *deliver::Gate::make({});
    std::unique_ptr<http::Client> client_ = *http::Client::make({});
    asio::io_context context_;
    std::size_t ended_ = 0;
};

TEST_F(Rebinding, NoRefusedAddressIsEverConnectedTo) {
    constexpr std::size_t tries = 10'000;
    for (std::size_t done = 0; done < tries; done += 50) {
        for (std::size_t i = 0; i < 50; ++i)
            send("https://name" + std::to_string(done + i) + ".example/hook");
        run();
    }
    EXPECT_EQ(ended_, tries);
    EXPECT_EQ(world_.questions, tries) << "asked once a try: what is checked is what is used";
    EXPECT_GT(world_.all_good, 1'000U);
    EXPECT_GE(world_.connected.size(), world_.all_good) << "the others are tried one by one";
    for (const auto& address : world_.connected) {
        EXPECT_TRUE(gate_.allows(address, false)) << address;
        EXPECT_TRUE(std::ranges::find(good(), address) != good().end()) << address;
    }
}

TEST_F(Rebinding, AnAddressInTheUrlIsCheckedLikeOneOfAName) {
    for (const auto& address : bad()) {
        const bool v6 = address.contains(':');
        send("https://" + (v6 ? "[" + address + "]" : address) + "/");
    }
    run();
    EXPECT_EQ(ended_, bad().size());
    EXPECT_TRUE(world_.connected.empty()) << world_.connected[0];
}

}  // namespace
