// A journal's files are damaged while it is closed: what is read then is what was written, and what
// is not read is named, exactly.
#include "journal/bed.hpp"

#include <gtest/gtest.h>

#include <random>

namespace journal::test {
namespace {

using Files = std::map<std::string, std::string>;
using Blocks = std::vector<std::pair<Lsn, std::string>>;

// Three segments and a part of a fourth; recycled ones among them when `recycled`.
Files healthy(bool recycled) {
    ModelFileSystem files(1);
    Bed bed(files, 8);
    std::mt19937_64 random(5);
    const int groups = recycled ? 160 : 90;
    for (int i = 0; i < groups; ++i) {
        std::vector<std::string> texts(1 + random() % 3);
        for (std::string& text : texts)
            while (text.size() < 200) text += std::to_string(random());
        bed.write(texts).value();
        if (recycled && i == 80) bed.writer->trim(bed.index->end());
    }
    bed.writer->close();
    return files.contents();
}

void load(ModelFileSystem& files, const Files& contents) {
    for (const auto& [name, bytes] : contents) files.put(name, bytes);
}

Blocks read_healthy(const Files& contents) {
    ModelFileSystem files(1);
    load(files, contents);
    return Bed(files).read_all();
}

std::vector<std::string> segments_of(const Files& contents) {
    std::vector<std::string> out;
    for (const auto& [name, bytes] : contents)
        if (name.ends_with(".log")) out.push_back(name);
    return out;
}

// Opens the damaged files and compares with what was there.
void expect_exact(const Files& damaged, const Blocks& before, const std::string& what,
                  int openings = 2) {
    ModelFileSystem files(1);
    load(files, damaged);
    const Lsn end = before.back().first + 1;
    for (int opening = 0; opening < openings; ++opening) {  // the second after a write
        Bed bed(files);
        ASSERT_FALSE(bed.error) << what << ": " << bed.error->reason;
        EXPECT_GE(bed.index->end(), end) << what;
        std::map<Lsn, std::string> readable;
        for (auto& [lsn, text] : bed.read_all()) readable.emplace(lsn, text);
        for (const auto& [lsn, text] : before) {
            bool named = false;
            for (const Damage& one : bed.index->damage())
                named = named || (one.first <= lsn && lsn < one.end);
            const auto found = readable.find(lsn);
            if (found != readable.end()) {
                EXPECT_EQ(found->second, text) << what << ", lsn " << lsn;
                EXPECT_FALSE(named) << what << ", lsn " << lsn << " is readable and called lost";
            } else {
                EXPECT_TRUE(named) << what << ", lsn " << lsn << " is lost and not named";
            }
        }
        for (const Damage& one : bed.index->damage()) EXPECT_LE(one.end, end) << what;
        const base::Result<Lsn> next = bed.write({"after"});
        ASSERT_TRUE(next) << what;
        EXPECT_GE(*next, end) << what << ": an LSN is used twice";
    }
}

TEST(Damage, FlippedBitsLoseNoMoreThanTheirBlocks) {
    for (const bool recycled : {false, true}) {
        const Files contents = healthy(recycled);
        const Blocks before = read_healthy(contents);
        const std::vector<std::string> names = segments_of(contents);
        std::mt19937_64 random(7);
        for (int i = 0; i < 400 && !::testing::Test::HasFailure(); ++i) {
            Files damaged = contents;
            std::string& bytes = damaged[names[random() % names.size()]];
            const std::size_t bit = random() % (bytes.size() * 8);
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
            expect_exact(damaged, before, "bit " + std::to_string(bit));
        }
    }
}

TEST(Damage, ZeroedSectorsAreNamed) {
    const Files contents = healthy(true);
    const Blocks before = read_healthy(contents);
    const std::vector<std::string> names = segments_of(contents);
    std::mt19937_64 random(8);
    for (int i = 0; i < 400 && !HasFailure(); ++i) {
        Files damaged = contents;
        std::string& bytes = damaged[names[random() % names.size()]];
        const std::size_t size = i % 2 == 0 ? 512 : 4096;
        const std::size_t at = random() % (bytes.size() / size) * size;
        bytes.replace(at, size, size, '\0');
        expect_exact(damaged, before, "zeros at " + std::to_string(at));
    }
}

TEST(Damage, AFileCutAnywhereLosesItsEndOnly) {
    const Files contents = healthy(false);
    const Blocks before = read_healthy(contents);
    std::mt19937_64 random(9);
    for (const std::string& name : segments_of(contents))
        for (std::size_t at = 0; at < contents.at(name).size() && !HasFailure();
             at += 1 + random() % 97) {
            Files damaged = contents;
            damaged[name].resize(at);
            expect_exact(damaged, before, name + " cut at " + std::to_string(at));
        }
}

TEST(Damage, SwappedSegmentsAreReadInTheirOrder) {
    const Files contents = healthy(false);
    const Blocks before = read_healthy(contents);
    const std::vector<std::string> names = segments_of(contents);
    ASSERT_GE(names.size(), 3u);
    for (std::size_t i = 0; i < names.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            Files damaged = contents;
            std::swap(damaged[names[i]], damaged[names[j]]);
            ModelFileSystem files(1);
            load(files, damaged);
            EXPECT_EQ(Bed(files).read_all(), before);
            expect_exact(damaged, before, "swapped");
        }
}

TEST(Damage, AMissingMiddleSegmentIsNamedAndAMissingOldestIsNormal) {
    const Files contents = healthy(false);
    const Blocks before = read_healthy(contents);
    const std::vector<std::string> names = segments_of(contents);
    Files damaged = contents;
    damaged.erase(names[1]);
    expect_exact(damaged, before, "missing middle");

    Files trimmed = contents;
    trimmed.erase(names[0]);
    ModelFileSystem files(1);
    load(files, trimmed);
    Bed bed(files);
    EXPECT_TRUE(bed.index->damage().empty());
    EXPECT_GT(bed.index->first(), 1u);
    EXPECT_EQ(bed.read_all().back(), before.back());
}

TEST(Damage, AWholeGroupCountsAlthoughWhatStandsBeforeItIsDamaged) {
    ModelFileSystem files(1);
    {
        Bed bed(files);
        bed.write({"one"}).value();
        bed.write({"two"}).value();
        bed.write({"three"}).value();
    }
    Files contents = files.contents();
    contents.erase("mark");  // nothing proves the last group but itself
    std::string& bytes = contents.at(segment_name(1));
    bytes[bytes.find("two")] = 'T';
    ModelFileSystem damaged(2);
    load(damaged, contents);
    Bed bed(damaged);
    EXPECT_EQ(bed.read_all(), (Blocks{{1, "one"}, {3, "three"}}));
    ASSERT_EQ(bed.index->damage().size(), 1u);
    EXPECT_EQ(bed.index->damage()[0].first, 2u);
    EXPECT_EQ(bed.index->damage()[0].end, 3u);
}

// A write that the disk has lost: the file begins as it did in an earlier life.
TEST(Damage, AHeaderOfAnEarlierLifeIsDamage) {
    const Files older = healthy(false);
    const Files contents = healthy(true);
    const Blocks before = read_healthy(contents);
    for (const std::string& name : segments_of(contents)) {
        Files damaged = contents;
        damaged[name].replace(0, 4096, older.at(segment_name(1)), 0, 4096);
        expect_exact(damaged, before, name + " begins with a header of before");
    }
}

TEST(Damage, ABadSectorTakesOnlyWhatStandsInIt) {
    const Files contents = healthy(false);
    const Blocks before = read_healthy(contents);
    ModelFileSystem files(1);
    load(files, contents);
    const std::string name = segments_of(contents)[1];
    files.bad_pages.insert({name, 2});
    Bed bed(files);
    ASSERT_FALSE(bed.error);
    EXPECT_TRUE(files.contents().contains(name)) << "the rest of the segment is good";
    const std::size_t read = bed.read_all().size();
    std::size_t lost = 0;
    for (const Damage& one : bed.index->damage()) lost += one.end - one.first;
    EXPECT_EQ(read + lost, before.size());
    EXPECT_GT(lost, 0u);
    EXPECT_LT(lost, 30u);
}

TEST(Damage, ADiskThatCannotBeReadAtAllIsLeftAsItIs) {
    ModelFileSystem files(1);
    load(files, healthy(false));
    const Files before = files.contents();
    files.before = [](Op op, const std::string& name) {
        return op == Op::read && name != "mark" ? std::make_error_code(std::errc::io_error)
                                                : std::error_code();
    };
    Bed bed(files);
    ASSERT_TRUE(bed.error);
    EXPECT_EQ(bed.error->fault, base::Fault::unavailable);
    EXPECT_EQ(files.contents(), before);
}

TEST(Damage, AReadThatFailsOnceLosesNothing) {
    const Files contents = healthy(false);
    const Blocks before = read_healthy(contents);
    for (int failing = 0; failing < 12; ++failing) {
        ModelFileSystem files(1);
        load(files, contents);
        int reads = 0;
        files.before = [&](Op op, const std::string& name) {
            return op == Op::read && name != "mark" && reads++ == failing
                       ? std::make_error_code(std::errc::io_error)
                       : std::error_code();
        };
        Bed bed(files);
        ASSERT_FALSE(bed.error);
        EXPECT_EQ(bed.read_all(), before);
        EXPECT_TRUE(bed.index->damage().empty());
    }
}

TEST(Damage, EverythingGoneIsNamedByWhatTheMarkKnew) {
    const Files contents = healthy(false);
    const Blocks before = read_healthy(contents);
    Files damaged = contents;
    for (const std::string& name : segments_of(contents)) damaged.erase(name);
    // Later the gap looks like a trimmed journal: once, and loudly.
    expect_exact(damaged, before, "all segments missing", 1);
}

TEST(Damage, ABrokenMarkFileDoesNoHarm) {
    const Files contents = healthy(false);
    const Blocks before = read_healthy(contents);
    for (const std::size_t at : {std::size_t{3}, std::size_t{4099}}) {
        Files damaged = contents;
        std::string& mark = damaged.at("mark");
        if (at < mark.size()) mark[at] = static_cast<char>(~mark[at]);
        ModelFileSystem files(1);
        load(files, damaged);
        Bed bed(files);
        EXPECT_EQ(bed.read_all(), before);
        EXPECT_TRUE(bed.index->damage().empty());
    }
}

TEST(Damage, APositionBeyondTheEndIsNamedAndNeverUsedAgain) {
    ModelFileSystem files(1);
    {
        Bed(files).write({"one"}).value();
    }
    Bed bed(files, 8, 10);
    ASSERT_EQ(bed.index->damage().size(), 1u);
    EXPECT_EQ(bed.index->damage()[0].first, 2u);
    EXPECT_EQ(bed.index->damage()[0].end, 10u);
    EXPECT_EQ(bed.write({"two"}).value(), 10u);
    EXPECT_EQ(bed.read_all().size(), 2u);
}

TEST(Damage, ARunningReaderStepsOverWhatRotsUnderIt) {
    ModelFileSystem files(1);
    Bed bed(files);
    for (int i = 0; i < 6; ++i) bed.write({"block " + std::to_string(i)}).value();
    Files contents = files.contents();
    const std::size_t at = contents.at(segment_name(1)).find("block 2");
    ASSERT_NE(at, std::string::npos);
    Io<std::unique_ptr<File>> file =
        files.open("/journal/" + segment_name(1), FileSystem::Open::existing);
    const std::vector<std::string_view> pieces{"BLOCK"};
    ASSERT_FALSE((*file)->write(at, pieces));
    EXPECT_EQ(bed.read_all().size(), 5u);
    ASSERT_EQ(bed.index->damage().size(), 1u);
    EXPECT_EQ(bed.index->damage()[0].first, 3u);
    EXPECT_EQ(bed.index->damage()[0].end, 4u);
}

}  // namespace
}  // namespace journal::test
