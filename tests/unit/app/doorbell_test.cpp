#include "app/doorbell.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

namespace {

using namespace std::chrono_literals;

class Doorbell : public testing::Test {
protected:
    Doorbell() {
        std::string pattern = (std::filesystem::temp_directory_path() / "bell-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    ~Doorbell() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::future<bool> ring() const {
        return std::async(std::launch::async, [this] { return app::ring(folder_); });
    }

    std::filesystem::path folder_;
    std::stop_source stop_;
};

TEST_F(Doorbell, IsAnsweredWhenTheServerHasLooked) {
    app::Doorbell bell(folder_);
    auto rung = ring();
    bell.wait(stop_.get_token(), 1h);
    EXPECT_EQ(rung.wait_for(0s), std::future_status::timeout) << "not before it has looked";
    bell.answer(true);
    EXPECT_TRUE(rung.get());
}

TEST_F(Doorbell, SaysWhenTheServerCouldNotLook) {
    app::Doorbell bell(folder_);
    auto rung = ring();
    bell.wait(stop_.get_token(), 1h);
    bell.answer(false);
    EXPECT_FALSE(rung.get());
}

TEST_F(Doorbell, RingsInVainWhereNoServerIs) {
    EXPECT_FALSE(app::ring(folder_));
    {
        const app::Doorbell bell(folder_);
    }
    EXPECT_FALSE(app::ring(folder_)) << "the server has stopped";
    EXPECT_FALSE(app::ring(folder_ / std::string(200, 'x'))) << "no socket has so long a name";
}

TEST_F(Doorbell, EndsItsWaitWhenAskedToStop) {
    app::Doorbell bell(folder_);
    std::thread other([this] { stop_.request_stop(); });
    bell.wait(stop_.get_token(), 1h);
    other.join();
    bell.wait(stop_.get_token(), 1h);
    SUCCEED() << "neither wait lasted an hour";
}

TEST_F(Doorbell, TakesThePlaceOfOneLeftBehind) {
    std::ofstream(folder_ / "serve.sock") << "left by a server that was killed";
    app::Doorbell bell(folder_);
    auto rung = ring();
    bell.wait(stop_.get_token(), 1h);
    bell.answer(true);
    EXPECT_TRUE(rung.get());
}

TEST_F(Doorbell, LeavesThatOfARunningServerAlone) {
    app::Doorbell bell(folder_);
    {
        const app::Doorbell second(folder_);
    }
    bell.wait(stop_.get_token(), 1h);  // the second looked whether anybody is there
    bell.answer(true);
    auto rung = ring();
    bell.wait(stop_.get_token(), 1h);
    bell.answer(true);
    EXPECT_TRUE(rung.get());
}

TEST_F(Doorbell, NeverRingsWhereItCannotBeHung) {
    app::Doorbell bell(folder_ / std::string(200, 'x'));
    bell.wait(stop_.get_token(), 1ms);
    bell.answer(true);
}

}  // namespace
