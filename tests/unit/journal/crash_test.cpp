// Power loss at seeded moments, with and without failing writes and syncs: what was acknowledged is
// read again, once, under its LSN; nothing else than what was once appended is ever read.
#include "journal/bed.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <utility>

namespace journal::test {
namespace {

using Random = ModelFileSystem::Random;

// What must hold of a disk at one moment.
struct Truth {
    std::map<Lsn, std::string> acknowledged;
    std::set<std::string> appended;
    Lsn trimmed = 0;
};

struct Image {
    std::unique_ptr<ModelFileSystem> files;
    Truth truth;
};

// Drives one bed with random groups, trims, ticks and faults, and loses power at random operations.
class Run {
public:
    Run(std::uint64_t seed, bool faults) : random_(seed), faults_(faults) {}

    void drive(ModelFileSystem& files, Truth truth, int steps) {
        truth_ = std::move(truth);
        files.before = [this, &files](Op op, const std::string&) { return before(files, op); };
        Bed bed(files);
        if (!bed.error) {
            check(bed);
            for (int i = 0; i < steps; ++i) step(bed);
            check(bed);
        } else {
            EXPECT_TRUE(faults_) << bed.error->reason;
        }
        files.before = nullptr;
    }

    std::vector<Image> images;

private:
    std::error_code before(ModelFileSystem& files, Op op) {
        if (op != Op::read && random_() % 10 == 0 && images.size() < 30)
            images.push_back({files.after_power_loss(random_()), truth_});
        if (!faults_ || op == Op::read || op == Op::open || random_() % 40 != 0) return {};
        return std::make_error_code(random_() % 3 == 0 ? std::errc::no_space_on_device
                                                       : std::errc::io_error);
    }

    void step(Bed& bed) {
        const std::uint64_t choice = random_() % 10;
        if (choice == 0) return bed.tick();
        if (choice == 1) return trim(bed);
        std::vector<std::string> texts(1 + random_() % 3);
        for (std::string& text : texts) {
            text = std::to_string(random_());
            const std::size_t size = random_() % 8 == 0 ? 3'000 : 40;
            while (text.size() < size) text += std::to_string(random_());
            truth_.appended.insert(text);
        }
        const base::Result<Lsn> first = bed.write(texts);
        if (!first) {
            EXPECT_TRUE(faults_ || first.error().fault == base::Fault::exhausted)
                << first.error().reason;
            return;
        }
        for (std::size_t i = 0; i < texts.size(); ++i) {
            EXPECT_TRUE(truth_.acknowledged.emplace(*first + i, texts[i]).second) << "an LSN twice";
        }
    }

    void trim(Bed& bed) {
        const Lsn end = bed.index->end();
        truth_.trimmed = std::max(truth_.trimmed, end - std::min<Lsn>(end, random_() % 20));
        bed.writer->trim(truth_.trimmed);
    }

    void check(const Bed& bed) const {
        EXPECT_TRUE(bed.index->damage().empty()) << "damage where only power was lost";
        std::map<Lsn, std::string> read;
        std::set<std::string> texts;
        Lsn last = 0;
        for (auto& [lsn, text] : bed.read_all()) {
            EXPECT_GT(lsn, last);
            last = lsn;
            EXPECT_TRUE(truth_.appended.contains(text)) << "what was never appended";
            EXPECT_TRUE(texts.insert(text).second) << "one block under two LSNs";
            read.emplace(lsn, text);
        }
        for (const auto& [lsn, text] : truth_.acknowledged) {
            const auto found = read.find(lsn);
            if (found != read.end())
                EXPECT_EQ(found->second, text) << "lsn " << lsn;
            else
                EXPECT_LT(lsn, truth_.trimmed) << "acknowledged and lost";
        }
        if (!truth_.acknowledged.empty())
            EXPECT_GT(bed.index->end(), truth_.acknowledged.rbegin()->first);
    }

    Random random_;
    bool faults_;
    Truth truth_;
};

// Three generations: run, lose power, recover and run on, lose power (also within the recovery),
// recover. Returns how many power losses were survived.
int generations(std::uint64_t seed, bool faults) {
    ModelFileSystem files(seed);
    Run first(seed, faults);
    first.drive(files, {}, 60);
    int losses = 0;
    for (Image& image : first.images) {
        ++losses;
        Run second(seed * 1000 + static_cast<std::uint64_t>(losses), faults);
        second.drive(*image.files, image.truth, 15);
        int depth = 0;
        for (Image& again : second.images) {
            if (++depth > 4) break;
            ++losses;
            Run third(seed * 1'000'000 + static_cast<std::uint64_t>(losses), false);
            third.drive(*again.files, again.truth, 3);
        }
        if (::testing::Test::HasFailure()) {
            ADD_FAILURE() << "seed " << seed << (faults ? " with faults" : "");
            return losses;
        }
    }
    return losses;
}

// More in a night's run: CALLERPRINT_CRASH_SEEDS=10000.
std::uint64_t last_seed() {
    const char* text = std::getenv("CALLERPRINT_CRASH_SEEDS");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 40;
}

TEST(Crash, AcknowledgedIsReadableAfterPowerLossAtAnyMoment) {
    int losses = 0;
    for (std::uint64_t seed = 1; seed <= last_seed() && !HasFailure(); ++seed)
        losses += generations(seed, false);
    EXPECT_GE(losses, 2'000);
}

TEST(Crash, AcknowledgedIsReadableWhenWritesAndSyncsFailToo) {
    int losses = 0;
    for (std::uint64_t seed = 1; seed <= last_seed() && !HasFailure(); ++seed)
        losses += generations(seed, true);
    EXPECT_GE(losses, 2'000);
}

// Of two segments that were dropped the second is written anew, while the first may come back.
TEST(Crash, AFileIsNotUsedAgainBeforeTheDiskKnowsThatItsSegmentIsGone) {
    int losses = 0;
    for (std::uint64_t seed = 1; seed <= 16; ++seed) {
        ModelFileSystem files(seed);
        std::vector<std::unique_ptr<ModelFileSystem>> images;
        Bed bed(files);
        const auto until = [&](std::size_t segments) {
            while (bed.index->segments() < segments) bed.write({std::string(60, 'x')}).value();
        };
        until(4);
        bool failing = true;
        files.before = [&](Op op, const std::string&) {
            if (op != Op::read) images.push_back(files.after_power_loss(seed));
            return op == Op::sync_folder && std::exchange(failing, false)
                       ? std::make_error_code(std::errc::io_error)
                       : std::error_code();
        };
        bed.writer->trim(bed.index->end());
        ASSERT_FALSE(failing) << "segments were dropped";
        until(2);
        files.before = nullptr;
        for (const std::unique_ptr<ModelFileSystem>& image : images) {
            const Bed after(*image);
            ASSERT_FALSE(after.error) << after.error->reason;
            ASSERT_TRUE(after.index->damage().empty()) << "seed " << seed;
            ++losses;
        }
    }
    EXPECT_GT(losses, 100);
}

TEST(Crash, AKilledProcessLosesNothingEvenIfThePowerGoesNext) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        ModelFileSystem files(seed);
        std::map<Lsn, std::string> kept;
        {
            Bed bed(files);
            bed.write({"one", "two"}).value();
            // The group that is on its way when the process dies: whole in the page cache only.
            files.before = [](Op op, const std::string& name) {
                return op == Op::sync && name != "mark" ? std::make_error_code(std::errc::io_error)
                                                        : std::error_code();
            };
            static_cast<void>(bed.write({"three"}));
            files.before = nullptr;
        }
        {
            Bed bed(files);
            for (auto& [lsn, text] : bed.read_all()) kept.emplace(lsn, text);
            EXPECT_GE(kept.size(), 2u);
        }
        // Once a recovery has shown a block to a reader, it stays.
        const auto image = files.after_power_loss(seed);
        Bed bed(*image);
        for (auto& [lsn, text] : bed.read_all()) {
            EXPECT_EQ(kept.at(lsn), text);
            kept.erase(lsn);
        }
        EXPECT_EQ(kept.size(), 0u);
    }
}

std::string noise(std::uint64_t seed) {  // does not compress
    Random random(seed);
    std::string out;
    while (out.size() < 1'000) out += std::to_string(random());
    return out;
}

// The process before saw the new segment's name and died before the folder was synced.
TEST(Crash, ASegmentWhoseNameIsOnlySeenIsOnTheDiskBeforeItIsWrittenOn) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        ModelFileSystem files(seed);
        files.before = [](Op op, const std::string&) {
            return op == Op::sync_folder ? std::make_error_code(std::errc::io_error)
                                         : std::error_code();
        };
        static_cast<void>(Bed(files).write({"one"}));
        files.before = nullptr;
        std::vector<std::pair<Lsn, std::string>> told;
        {
            Bed bed(files);
            const Lsn lsn = bed.write({"two"}).value();
            told.emplace_back(lsn, "two");
        }
        const auto image = files.after_power_loss(seed);
        EXPECT_EQ(Bed(*image).read_all(), told);
    }
}

// A new segment's header says which LSNs are not in the one before. Once it may be on the disk,
// whatever its folder's sync returned, the one before must not get those LSNs.
TEST(Crash, ASegmentIsNotWrittenOnceTheNextOneMayBeThere) {
    ModelFileSystem files(1);
    Bed bed(files);
    for (std::uint64_t i = 0; bed.index->bytes_from(0) < 8'000; ++i) bed.write({noise(i)}).value();
    bool failing = true;
    files.before = [&](Op op, const std::string&) {
        return failing && op == Op::sync_folder ? std::make_error_code(std::errc::io_error)
                                                : std::error_code();
    };
    std::vector<std::string> more;
    for (std::uint64_t i = 100; i < 112; ++i) more.push_back(noise(i));
    EXPECT_FALSE(bed.write(more));
    failing = false;
    bed.tick();
    const Lsn small = bed.write({"small"}).value();
    Bed again(files);
    EXPECT_TRUE(again.index->damage().empty());
    EXPECT_EQ(again.read_all().back(), std::pair(small, std::string("small")));
}

}  // namespace
}  // namespace journal::test
