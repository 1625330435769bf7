#include "journal/archive.hpp"

#include "journal/bed.hpp"

#include <gtest/gtest.h>

namespace journal {
namespace {

std::vector<std::string> texts(const Archive& archive) {
    std::vector<std::string> out;
    auto reader = archive.read();
    Entry entry;
    while (reader.next(entry).value_or(false)) out.push_back(entry.block.lines);
    return out;
}

class ArchiveTest : public ::testing::Test {
protected:
    base::Result<Archive> open() { return Archive::open("/journal", &files_); }
    test::ModelFileSystem files_{1};
};

TEST_F(ArchiveTest, ShowsWhatIsThereWhileAnotherWritesOn) {
    test::Bed bed(files_);
    ASSERT_TRUE(bed.write({"a", "b"}));
    const auto archive = open();
    ASSERT_TRUE(archive) << archive.error().reason;
    ASSERT_TRUE(bed.write({"c"}));
    EXPECT_EQ(texts(*archive), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(texts(*open()), (std::vector<std::string>{"a", "b", "c"}));
    ASSERT_TRUE(bed.write({"d"}));  // nothing of the writer's was touched
    EXPECT_EQ(texts(*open()), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST_F(ArchiveTest, ReadsOverSegments) {
    test::Bed bed(files_);
    std::vector<std::string> written;
    for (int i = 0; i < 40; ++i) {
        written.push_back(std::string(900, static_cast<char>('a' + i % 26)) +
                          std::to_string(i * 7919));
        ASSERT_TRUE(bed.write({written.back()}));
    }
    const auto archive = open();
    ASSERT_TRUE(archive);
    EXPECT_EQ(texts(*archive), written);
    EXPECT_EQ(archive->first(), 1u);
    EXPECT_EQ(archive->end(), 41u);
}

TEST_F(ArchiveTest, OfAnEmptyFolderHoldsNothing) {
    const auto archive = open();
    ASSERT_TRUE(archive);
    EXPECT_EQ(archive->first(), archive->end());
    EXPECT_TRUE(texts(*archive).empty());
}

}  // namespace
}  // namespace journal
