#include "app/ingest_state.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace {

class IngestState : public testing::Test {
protected:
    IngestState() {
        std::string pattern = (std::filesystem::temp_directory_path() / "state-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    ~IngestState() override { std::filesystem::remove_all(folder_); }

    void write() const { std::ofstream(folder_ / "calls") << "{}\n"; }
    app::IngestState open() const {
        return app::IngestState::open(folder_ / "state", folder_ / "calls", "here");
    }

    std::filesystem::path folder_;
};

TEST_F(IngestState, GoesOnWhereAFileThatGrowsWasLeft) {
    write();
    open().acknowledge(3);
    std::ofstream(folder_ / "calls", std::ios::app) << "{}\n";
    EXPECT_EQ(open().acknowledged(), 3U);
}

// A file system gives the number of a deleted file to the next one. Births are told by the kernel's
// tick, up to 10 ms: nobody reads, sends and deletes a file within one.
TEST_F(IngestState, BeginsAtTheStartOfANewFileOfTheSameNameAndNumber) {
    for (int i = 0; i < 20; ++i) {
        write();
        auto state = open();
        ASSERT_EQ(state.acknowledged(), 0U) << i;
        state.acknowledge(3);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        std::filesystem::remove(folder_ / "calls");
    }
}

}  // namespace
