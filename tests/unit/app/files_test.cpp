#include "app/files.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace {
namespace fs = std::filesystem;

class FilesTest : public ::testing::Test {
protected:
    FilesTest() {
        std::string pattern = (fs::temp_directory_path() / "files-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    ~FilesTest() override { fs::remove_all(folder_); }

    fs::path put(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
        return folder_ / name;
    }

    fs::path folder_;
};

TEST_F(FilesTest, WritingKeepsTheModeAndTheLink) {
    const auto file = put("a", "old");
    fs::permissions(file, fs::perms(0664));
    fs::create_symlink("a", folder_ / "link");
    ASSERT_TRUE(app::write_file(folder_ / "link", "new"));
    EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
    EXPECT_EQ(app::read_file(file, 10).value(), "new");
    EXPECT_EQ(fs::status(file).permissions(), fs::perms(0664));
    EXPECT_FALSE(fs::exists(folder_ / "a.new"));
}

TEST_F(FilesTest, WritingWhereNoFolderIsFails) {
    const auto done = app::write_file(folder_ / "absent/file", "x");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, base::Fault::not_found);
}

TEST_F(FilesTest, AFileThatCannotBeReadHidesNoOther) {
    put("a.yml", "a");
    put("b.yml", std::string(100, 'b'));
    put("c.yml", "c");
    const auto tree = app::read_each({folder_, folder_ / "absent.yml"}, {".yml"}, 50, 10);
    ASSERT_EQ(tree.texts.size(), 2u);
    EXPECT_EQ(tree.texts[1].text, "c");
    ASSERT_EQ(tree.faults.size(), 2u);
    EXPECT_EQ(tree.faults[0].name, (folder_ / "absent.yml").string());
    EXPECT_EQ(tree.faults[0].error.fault, base::Fault::not_found);
    EXPECT_EQ(tree.faults[1].name, (folder_ / "b.yml").string());
    EXPECT_FALSE(app::read_tree({folder_}, {".yml"}, 50, 10));
}

TEST_F(FilesTest, AFolderWithTooManyFilesSaysSo) {
    for (const char* name : {"a.yml", "b.yml", "c.yml"}) put(name, name);
    const auto tree = app::read_each({folder_}, {".yml"}, 50, 2);
    ASSERT_EQ(tree.faults.size(), 1u);
    EXPECT_EQ(tree.faults[0].error.fault, base::Fault::exhausted);
}

}  // namespace
