#include "journal/writer.hpp"

#include "journal/bed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace journal::test {
namespace {

std::string filler(std::size_t i) {  // stored as it is: too short to compress well
    std::string text = std::to_string(i);
    for (std::size_t seed = i * 7919 + 1; text.size() < 700; seed = seed * 6364136223846793005u + 1)
        text += std::to_string(seed);
    return text;
}

// Writes until the quota refuses; how many groups went in.
std::size_t fill(Bed& bed) {
    for (std::size_t i = 0;; ++i)
        if (!bed.write({filler(i)})) return i;
}

TEST(Writer, AFullQuotaIsExhaustedUntilTrimMakesRoom) {
    ModelFileSystem files(1);
    Bed bed(files, 3);
    const std::size_t groups = fill(bed);
    EXPECT_GT(groups, 30u);
    EXPECT_EQ(bed.write({"x"}).error().fault, base::Fault::exhausted);
    bed.writer->trim(bed.index->end());
    bed.tick();
    EXPECT_FALSE(bed.writer->trouble());
    EXPECT_TRUE(bed.write({filler(0)}));
    EXPECT_GT(bed.index->first(), 1u);
}

TEST(Writer, TrimmedSegmentsAreUsedAgain) {
    ModelFileSystem files(1);
    Bed bed(files, 3);
    for (std::size_t i = 0; i < 200; ++i) {
        bed.write({filler(i)}).value();
        bed.writer->trim(bed.index->end());
    }
    std::size_t held = 0;
    for (const auto& [name, bytes] : files.contents()) held += bytes.size() >= small_segment;
    EXPECT_LE(held, 3u + 1u) << "segments and spares";
    EXPECT_EQ(bed.read_all().back().second, filler(199));
}

TEST(Writer, TheNextSegmentIsPreparedAhead) {
    ModelFileSystem files(1);
    Bed bed(files);
    const auto spares = [&] {
        std::size_t count = 0;
        for (const auto& [name, bytes] : files.contents()) count += name.starts_with("spare-");
        return count;
    };
    bed.write({filler(1)}).value();
    bed.tick();
    EXPECT_EQ(spares(), 0u);
    for (std::size_t i = 0; i < 12; ++i) bed.write({filler(i)}).value();
    bed.tick();
    EXPECT_EQ(spares(), 1u);
}

TEST(Writer, RetentionKeepsBytesAndAgeBelowTheTrimPoint) {
    ModelFileSystem files(1);
    Io<Mark> mark = Mark::open(files, "/journal/mark");
    Recovered recovered;
    auto index = std::make_shared<Index>(std::deque<IndexRow>{}, 1, std::vector<Damage>{});
    Writer::Options options;
    options.folder = "/journal";
    options.segment_bytes = small_segment;
    options.quota_bytes = 40 * small_segment;
    options.retain_bytes = 3 * small_segment;
    options.retain_age = std::chrono::hours(1);
    static base::WallTime now;
    now = fixed_now();
    options.now = [] { return now; };
    Writer writer(files, options, index, recovered, std::move(*mark), Probe());
    for (std::size_t i = 0; i < 250; ++i) {
        Block block;
        block.lines = filler(i);
        block.received = now;
        const Encoded encoded = encode(block).value();
        const Encoded* one = &encoded;
        ASSERT_TRUE(writer.write({&one, 1}, {}));
    }
    const std::size_t before = index->segments();
    ASSERT_GT(before, 6u);
    writer.trim(index->end());
    EXPECT_LT(index->segments(), before);
    EXPECT_GE(index->segments(), 3u);
    now += std::chrono::hours(2);
    writer.trim(index->end());
    EXPECT_EQ(index->segments(), 1u);
}

TEST(Writer, AFailedSyncMovesTheGroupToANewSegment) {
    ModelFileSystem files(1);
    Bed bed(files);
    bed.write({"one"}).value();
    int failures = 1;
    files.before = [&](Op op, const std::string& name) {
        if (op != Op::sync || name == "mark" || failures-- <= 0) return std::error_code();
        return std::make_error_code(std::errc::io_error);
    };
    const base::Result<Lsn> second = bed.write({"two", "three"});
    ASSERT_TRUE(second) << "the second segment's sync is good";
    EXPECT_EQ(*second, 4u) << "2 and 3 are void";
    EXPECT_EQ(bed.read_all().size(), 3u);
    EXPECT_TRUE(files.contents().contains(segment_name(4)));
    files.before = nullptr;
    Bed again(files);
    EXPECT_EQ(again.read_all(), bed.read_all());
    EXPECT_TRUE(again.index->damage().empty());
}

TEST(Writer, ADiskThatFailsTwiceIsTriedAgainByItself) {
    ModelFileSystem files(1);
    Bed bed(files);
    bed.write({"one"}).value();
    bool failing = true;
    files.before = [&](Op op, const std::string&) {
        return failing && op == Op::sync ? std::make_error_code(std::errc::io_error)
                                         : std::error_code();
    };
    EXPECT_EQ(bed.write({"two"}).error().fault, base::Fault::unavailable);
    failing = false;
    EXPECT_FALSE(bed.write({"two"})) << "refused at once until the disk is tried again";
    bed.tick();
    EXPECT_FALSE(bed.writer->trouble());
    ASSERT_TRUE(bed.write({"three"}));
    EXPECT_EQ(bed.read_all().size(), 2u);
}

TEST(Writer, ASpareThatFoundNoRoomIsTriedAgainOnceAnIntervalAndToldOfOnce) {
    ModelFileSystem files(1);
    Bed bed(files);
    for (std::size_t i = 0; i < 12; ++i) bed.write({filler(i)}).value();
    int tries = 0;
    files.before = [&](Op op, const std::string& name) {
        if (op != Op::allocate || !name.starts_with("spare-")) return std::error_code();
        ++tries;
        return std::make_error_code(std::errc::no_space_on_device);
    };
    testing::internal::CaptureStderr();
    for (int i = 0; i < 1'000; ++i) {
        bed.now += std::chrono::milliseconds(10);
        bed.writer->tick(bed.now);
    }
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(tries, 20) << "10 s, and 500 ms between two";
    std::size_t told = 0;
    for (auto at = log.find("journal.no_spare"); at != log.npos;
         at = log.find("journal.no_spare", at + 1))
        ++told;
    EXPECT_EQ(told, 1u) << log;
    files.before = nullptr;
    bed.now += std::chrono::seconds(1);
    bed.writer->tick(bed.now);
    EXPECT_TRUE(std::ranges::any_of(
        files.contents(), [](const auto& file) { return file.first.starts_with("spare-"); }));
}

TEST(Writer, AFullDiskGivesTheBallastBackAndTakesItAgain) {
    ModelFileSystem files(1);
    Io<Mark> mark = Mark::open(files, "/journal/mark");
    Recovered recovered;
    auto index = std::make_shared<Index>(std::deque<IndexRow>{}, 1, std::vector<Damage>{});
    Writer::Options options;
    options.folder = "/journal";
    options.segment_bytes = small_segment;
    options.quota_bytes = 4 * small_segment;
    options.ballast_bytes = 10'000;
    Writer writer(files, options, index, recovered, std::move(*mark), Probe());
    EXPECT_TRUE(files.contents().contains("ballast"));
    bool full = true;
    files.before = [&](Op op, const std::string&) {
        return full && op == Op::allocate ? std::make_error_code(std::errc::no_space_on_device)
                                          : std::error_code();
    };
    const Encoded encoded = encode(Block()).value();
    const Encoded* one = &encoded;
    Writer::Steady now{};
    EXPECT_EQ(writer.write({&one, 1}, now).error().fault, base::Fault::exhausted);
    EXPECT_FALSE(files.contents().contains("ballast"));
    now += std::chrono::seconds(1);
    writer.tick(now);
    EXPECT_TRUE(writer.trouble()) << "still full";
    full = false;
    now += std::chrono::seconds(1);
    writer.tick(now);
    EXPECT_FALSE(writer.trouble());
    EXPECT_TRUE(files.contents().contains("ballast"));
    EXPECT_TRUE(writer.write({&one, 1}, now));
}

TEST(Writer, NoRetryTakesTheRoomOfTheBallast) {
    ModelFileSystem files(1);
    const std::uint64_t ballast = small_segment + 4'000;
    files.capacity = 3 * small_segment + ballast + 9'000;
    Bed bed(files, {8, 0, small_segment, ballast});
    EXPECT_LT(fill(bed), 100u);
    EXPECT_FALSE(files.contents().contains("ballast"));
    for (int i = 0; i < 5; ++i) {
        EXPECT_GE(files.capacity - files.used(), ballast) << "it is for the others";
        bed.now += std::chrono::seconds(1);
        EXPECT_EQ(bed.write({filler(1)}).error().fault, base::Fault::exhausted);
        bed.tick();
    }
    files.capacity += 2 * small_segment;
    bed.tick();
    EXPECT_FALSE(bed.writer->trouble());
    EXPECT_TRUE(files.contents().contains("ballast"));
}

TEST(Writer, AFullDiskTakesWhatIsOnlyKeptForEvidence) {
    ModelFileSystem files(1);
    files.capacity = 4 * small_segment;
    Bed bed(files, {8, 0, small_segment, 0, 8 * small_segment});
    for (std::size_t i = 0; i < 300; ++i) {
        ASSERT_TRUE(bed.write({filler(i)})) << i;
        bed.writer->trim(bed.index->end());
    }
    EXPECT_EQ(bed.read_all().back().second, filler(299));
}

// A disk that is full of segments that nobody needs any more, and what the ballast had is somebody
// else's.
void fill_with_evidence(ModelFileSystem& files, Bed& bed) {
    fill(bed);
    ASSERT_FALSE(files.contents().contains("ballast"));
    files.capacity = files.used();
    bed.writer->trim(bed.index->end());
    bed.tick();
    ASSERT_FALSE(bed.writer->trouble());
}

TEST(Writer, EvidenceThatFillsTheDiskMakesRoomForTheBallast) {
    ModelFileSystem files(1);
    files.capacity = 12 * small_segment;
    Bed bed(files, {32, 0, small_segment, small_segment, 32 * small_segment});
    fill_with_evidence(files, bed);
    const std::size_t before = bed.index->segments();
    for (int i = 0; i < 10; ++i) bed.tick();
    EXPECT_TRUE(files.contents().contains("ballast"));
    EXPECT_GE(bed.index->segments() + 2, before) << "a spare and the ballast";
    EXPECT_TRUE(bed.write({filler(0)}));
}

TEST(Writer, EvidenceIsNotGivenUpAgainAndAgainForABallastThatFails) {
    ModelFileSystem files(1);
    files.capacity = 12 * small_segment;
    Bed bed(files, {32, 0, small_segment, small_segment, 32 * small_segment});
    fill_with_evidence(files, bed);
    files.before = [](Op op, const std::string& name) {  // somebody is quicker
        return op == Op::allocate && name == "ballast"
                   ? std::make_error_code(std::errc::no_space_on_device)
                   : std::error_code();
    };
    for (int i = 0; i < 10; ++i) bed.tick();
    const std::size_t left = bed.index->segments();
    EXPECT_GE(left, 3U);
    for (int i = 0; i < 40; ++i) {
        files.capacity = files.used();
        bed.tick();
    }
    EXPECT_EQ(bed.index->segments(), left);
}

TEST(Writer, AFullDiskDropsNothingBehindASegmentThatCannotBeRemoved) {
    ModelFileSystem files(1);
    Bed bed(files, {8, 0, small_segment, 1'000});
    for (std::size_t i = 0; bed.index->segments() < 5; ++i) bed.write({filler(i)}).value();
    const std::string oldest = segment_name(1);
    files.before = [&](Op op, const std::string& name) {
        if (op == Op::allocate) return std::make_error_code(std::errc::no_space_on_device);
        const bool gone = op == Op::rename || op == Op::remove;
        return gone && name == oldest ? std::make_error_code(std::errc::io_error)
                                      : std::error_code();
    };
    bed.writer->trim(bed.index->end());
    fill(bed);
    for (int i = 0; i < 5; ++i) bed.tick();
    files.before = nullptr;
    ASSERT_TRUE(files.contents().contains(oldest));
    EXPECT_TRUE(Bed(files).index->damage().empty()) << "it was trimmed, not lost";
}

TEST(Writer, ABallastThatFoundNoRoomAtTheStartIsMadeLater) {
    ModelFileSystem files(1);
    files.capacity = 20'000;
    Bed bed(files, {8, 0, small_segment, 50'000});
    files.capacity = 0;
    bed.tick();
    EXPECT_EQ(files.contents().at("ballast").size(), 50'000u);
}

TEST(Writer, AFileThatCannotBeRemovedIsNoDamageOnceItCan) {
    ModelFileSystem files(1);
    Bed bed(files, 3);
    bool failing = true;
    files.before = [&](Op op, const std::string& name) {
        return failing && (op == Op::remove || op == Op::rename) && name == segment_name(1)
                   ? std::make_error_code(std::errc::io_error)
                   : std::error_code();
    };
    for (std::size_t i = 0; i < 20; ++i) bed.write({filler(i)}).value();
    bed.writer->trim(bed.index->end());
    failing = false;
    for (std::size_t i = 0; i < 60; ++i) {
        bed.tick();
        bed.writer->trim(bed.index->end());
        bed.write({filler(i)}).value();
    }
    EXPECT_FALSE(files.contents().contains(segment_name(1)));
    EXPECT_TRUE(Bed(files).index->damage().empty());
}

TEST(Writer, AnEmptySegmentOfAnEarlierStartIsTrimmedInItsTurn) {
    ModelFileSystem files(1);
    const auto failed = std::make_error_code(std::errc::io_error);
    int writes = 0;
    files.before = [&](Op op, const std::string& name) {
        if (op == Op::remove && segment_of(name)) return failed;
        // A header and a group, twice: no group gets through.
        return op == Op::write && name != "mark" && ++writes % 2 == 0 ? failed : std::error_code();
    };
    {
        Bed bed(files);
        EXPECT_FALSE(bed.write({"one"}));
        bed.tick();
    }
    ASSERT_TRUE(files.contents().contains(segment_name(2)));
    ASSERT_TRUE(files.contents().contains(segment_name(3)));
    files.drop_locks();
    writes = 0;
    files.before = [&](Op op, const std::string& name) {
        return op == Op::write && segment_of(name) && ++writes == 1 ? failed : std::error_code();
    };
    Bed bed(files);
    for (std::size_t i = 0; i < 20; ++i) bed.write({filler(i)}).value();
    bed.writer->trim(bed.index->end());
    bed.tick();
    EXPECT_FALSE(files.contents().contains(segment_name(2)));
    EXPECT_TRUE(Bed(files).index->damage().empty()) << "what was trimmed is not lost";
}

TEST(Writer, ANewerFormatIsRefusedWithoutAWrite) {
    ModelFileSystem files(1);
    {
        Bed(files).write({"one"}).value();
    }
    SegmentHeader header;
    header.version = format_version + 1;
    header.first = 2;
    header.void_from = 2;
    files.put(segment_name(2), to_bytes(header));
    files.put("new.tmp", "half-made");
    const auto before = files.contents();
    Bed bed(files);
    ASSERT_TRUE(bed.error);
    EXPECT_EQ(bed.error->fault, base::Fault::invalid);
    EXPECT_NE(bed.error->reason.find("journal format 2"), std::string::npos);
    EXPECT_EQ(files.contents(), before);
}

TEST(Writer, ATornTailIsCutAndWrittenOn) {
    ModelFileSystem files(1);
    {
        Bed(files).write({"one"}).value();
    }
    auto contents = files.contents();
    contents.erase("mark");  // so that nothing proves the last group
    std::string& bytes = contents.at(segment_name(1));
    bytes[segment_header_bytes + 50] = 'X';
    ModelFileSystem torn(2);
    for (const auto& [name, text] : contents) torn.put(name, text);
    Bed bed(torn);
    EXPECT_TRUE(bed.index->damage().empty());
    EXPECT_TRUE(bed.read_all().empty());
    EXPECT_EQ(bed.write({"two"}).value(), 1u) << "written on in the same segment";
    EXPECT_EQ(bed.read_all().size(), 1u);
}

}  // namespace
}  // namespace journal::test
