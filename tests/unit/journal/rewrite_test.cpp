// What a person asked to have erased is gone from every file, and nothing else is: whatever fails,
// and whenever the power goes.
#include "journal/rewrite.hpp"

#include "journal/bed.hpp"
#include "journal/checksum.hpp"
#include "journal/journal.hpp"
#include "journal/scan.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <future>
#include <iterator>
#include <set>
#include <thread>

namespace journal::test {
namespace {

using Blocks = std::vector<std::pair<Lsn, std::string>>;
using namespace std::chrono_literals;

// Stands in the files as it is: it does not compress. Every third is of the person.
std::string text_of(std::size_t number, std::size_t size = 700) {
    ModelFileSystem::Random random(number + 1);
    std::string out = std::to_string(number) + (number % 3 == 0 ? " person " : " other ");
    while (out.size() < size) out += static_cast<char>(random());
    return out;
}

bool of_person(const std::string& text) {
    return text.find(" person ") != std::string::npos;
}

std::string erased(const std::string& text) {
    return text.substr(0, text.find(' ')) + " erased";
}

bool erase(Block& block) {
    if (!of_person(block.lines)) return false;
    block.lines = erased(block.lines);
    return true;
}

Blocks all_erased(Blocks blocks) {
    for (auto& [lsn, text] : blocks)
        if (of_person(text)) text = erased(text);
    return blocks;
}

void fill(Bed& bed, std::size_t groups, std::size_t from = 0) {
    for (std::size_t i = from; i < from + groups; ++i)
        ASSERT_TRUE(bed.write({text_of(2 * i), text_of(2 * i + 1)}));
}

// The last bytes of each of the person's texts below `count`, in any file?
std::string found_in(const std::map<std::string, std::string>& files, std::size_t count) {
    for (std::size_t number = 0; number < count; number += 3) {
        const std::string text = text_of(number);
        for (const auto& [name, bytes] : files)
            for (const std::size_t at : {text.size() - 24, text.size() / 2})
                if (bytes.find(text.substr(at, 24)) != std::string::npos)
                    return std::to_string(number) + " in " + name;
    }
    return "";
}

std::map<std::string, std::string> segments_of(const ModelFileSystem& files) {
    auto out = files.contents();
    std::erase_if(out, [](const auto& one) { return !segment_of(one.first); });
    return out;
}

std::error_code io_error() {
    return std::make_error_code(std::errc::io_error);
}

TEST(Rewrite, ChangedBlocksAreReadBackUnderTheirLsnAndTimeAndOthersByteForByte) {
    ModelFileSystem files(1);
    Bed bed(files);
    std::vector<base::WallTime> times;
    for (std::size_t i = 0; i < 70; ++i) {
        Block block;
        block.source = "s";
        block.client = "person";
        block.batch_id = "b";
        block.idempotency = i;
        block.records = static_cast<std::uint32_t>(i);
        block.received = fixed_now() + std::chrono::seconds(i);
        block.lines = text_of(i);
        times.push_back(block.received);
        const Encoded encoded = encode(block).value();
        const Encoded* one = &encoded;
        ASSERT_TRUE(bed.writer->write({&one, 1}, bed.now));
    }
    ASSERT_GE(bed.index->segments(), 3u);
    const auto read = [&] {
        std::vector<Entry> out;
        Reader reader(bed.index, 0);
        reader.want_digests();
        while (auto entry = reader.next().value()) out.push_back(*std::move(entry));
        return out;
    };
    const std::vector<Entry> before = read();
    const Uuid uuid = bed.index->row_from(1)->segment->header.uuid;
    std::vector<std::string> given;
    const base::Result<Rewritten> done = bed.rewrite(60, [&](Block& block) {
        given.push_back(block.lines);
        if (!erase(block)) return false;
        block.client = "nobody";
        block.records = 9;
        block.received = {};
        return true;
    });
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_EQ(done->blocks, 20u);
    EXPECT_GE(done->segments, 3u);
    EXPECT_NE(bed.index->row_from(1)->segment->header.uuid, uuid);
    ASSERT_EQ(given.size(), 59u);
    for (std::size_t i = 0; i < given.size(); ++i) EXPECT_EQ(given[i], text_of(i));
    const std::vector<Entry> after = read();
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
        const bool changed = i < 59 && i % 3 == 0;
        EXPECT_EQ(after[i].lsn, i + 1);
        EXPECT_EQ(after[i].digest == before[i].digest, !changed) << i;
        EXPECT_EQ(after[i].block.lines, changed ? erased(text_of(i)) : text_of(i));
        EXPECT_EQ(after[i].block.client, changed ? "nobody" : "person");
        EXPECT_EQ(after[i].block.records, i);
        EXPECT_EQ(after[i].block.received, times[i]);
        EXPECT_EQ(after[i].block.idempotency, i);
    }
}

TEST(Rewrite, AStartAfterwardsReadsAllAndNamesNoDamage) {
    ModelFileSystem files(1);
    Blocks wanted;
    {
        Bed bed(files);
        fill(bed, 40);
        wanted = all_erased(bed.read_all());
        ASSERT_TRUE(bed.rewrite(1'000, erase));
        EXPECT_EQ(bed.read_all(), wanted);
        const Lsn next = bed.write({"more"}).value();
        EXPECT_EQ(next, 81u);
        wanted.emplace_back(next, "more");
    }
    for (int start = 0; start < 2; ++start) {
        Bed bed(files);
        EXPECT_TRUE(bed.index->damage().empty());
        EXPECT_EQ(bed.read_all(), wanted);
        for (Lsn from = 1; from < 82; ++from) EXPECT_EQ(bed.read_all(from).front().first, from);
        EXPECT_EQ(bed.write({"again"}).value(), wanted.back().first + 1);
        wanted.emplace_back(wanted.back().first + 1, "again");
    }
}

TEST(Rewrite, AReaderInTheMiddleNeitherSkipsNorRepeats) {
    for (std::size_t stop = 0; stop <= 80; ++stop) {
        ModelFileSystem files(1);
        Bed bed(files);
        fill(bed, 30);
        Reader reader(bed.index, 0, stop % 2 == 0 ? Window::long_piece : 1'000);
        Entry entry;
        Lsn next = 1;
        const auto read = [&](std::size_t count) {
            for (; count > 0 && reader.next(entry).value(); --count) {
                ASSERT_EQ(entry.lsn, next++) << "stopped after " << stop;
                const std::string text = text_of(entry.lsn - 1);
                ASSERT_TRUE(entry.block.lines == text || entry.block.lines == erased(text));
            }
        };
        read(std::min<std::size_t>(stop, 60));
        fill(bed, 10, 30);  // into the segment that the reader may be in
        read(stop - std::min<std::size_t>(stop, 60));
        ASSERT_TRUE(bed.rewrite(1'000, erase));
        fill(bed, 5, 40);
        read(1'000);
        EXPECT_EQ(next, 91u) << "stopped after " << stop;
    }
}

TEST(Rewrite, AFileInWhichNothingChangesIsNotTouched) {
    ModelFileSystem files(1);
    Bed bed(files);
    fill(bed, 40);
    const auto before = segments_of(files);
    std::set<std::string> touched;
    files.before = [&](Op op, const std::string& name) {
        if (op != Op::read && op != Op::sync_folder) touched.insert(name);
        return std::error_code();
    };
    const auto done = bed.rewrite(1'000, [](Block& block) {
        block.lines = "forgotten, since it is not wanted";
        return false;
    });
    ASSERT_TRUE(done);
    EXPECT_EQ(done->segments + done->blocks, 0u);
    EXPECT_EQ(touched, std::set<std::string>());
    EXPECT_EQ(segments_of(files), before);
    // One block in the second segment: the first and the third stay as they are.
    const Lsn second = bed.index->row_from(2)->segment->header.first;
    ASSERT_TRUE(bed.rewrite(1'000, [&](Block& block) {
        if (block.lines != text_of(second)) return false;
        block.lines = "x";
        return true;
    }));
    for (const auto& [name, bytes] : segments_of(files)) {
        if (before.contains(name))
            EXPECT_EQ(bytes == before.at(name), name != segment_name(second)) << name;
    }
}

// Old bytes stand in spares, behind the durable part of recycled files, in segments whose group
// failed, and in segments that are dropped while others are rewritten.
TEST(Rewrite, NoFileHoldsTheOldTextAfterwards) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        ModelFileSystem files(seed);
        Bed bed(files, {20, 0, small_segment, 4'096});
        fill(bed, 60);
        bed.writer->trim(bed.index->end());
        fill(bed, 18 + seed, 60);  // a recycled file, with the text of its earlier life behind
        int failures = static_cast<int>(seed % 4);
        files.before = [&](Op op, const std::string& name) {
            return op == Op::sync && name != "mark" && failures-- > 0 ? io_error()
                                                                      : std::error_code();
        };
        static_cast<void>(bed.write({text_of(210)}));
        files.before = nullptr;
        files.put("00000000000000000777.log.damaged", "for a person");
        ASSERT_NE(found_in(files.contents(), 240), "");
        const Blocks wanted = all_erased(bed.read_all());
        bed.writer->begin_rewrite(1'000, erase);
        std::optional<base::Result<Rewritten>> outcome;
        for (int step = 0; !outcome; ++step) {
            if (step == 3) bed.writer->trim(seed % 2 == 0 ? bed.index->end() : 0);
            outcome = bed.writer->rewrite_some();
        }
        ASSERT_TRUE(*outcome) << outcome->error().reason;
        EXPECT_EQ((*outcome)->set_aside, 1u);
        EXPECT_EQ(found_in(files.contents(), 240), "") << "seed " << seed;
        for (std::uint64_t loss = 1; loss <= 10; ++loss)
            EXPECT_EQ(found_in(files.after_power_loss(loss)->contents(), 240), "");
        const Blocks left = bed.read_all();
        ASSERT_LE(left.size(), wanted.size());
        EXPECT_TRUE(std::equal(left.rbegin(), left.rend(), wanted.rbegin()));
        bed.tick();
        EXPECT_TRUE(bed.write({"goes on"}));
        EXPECT_TRUE(Bed(files).index->damage().empty());
    }
}

// All of a segment's blocks as they were, or all as they are to be.
void expect_old_or_new(const Bed& bed, const Blocks& old, const std::string& what) {
    ASSERT_FALSE(bed.error) << what << ": " << bed.error->reason;
    EXPECT_TRUE(bed.index->damage().empty()) << what;
    const Blocks now = bed.read_all();
    ASSERT_EQ(now.size(), old.size()) << what;
    std::map<Lsn, std::set<bool>> kinds;  // by the segment's first LSN
    for (std::size_t i = 0; i < now.size(); ++i) {
        ASSERT_EQ(now[i].first, old[i].first) << what;
        const std::string& text = old[i].second;
        if (of_person(text))
            kinds[bed.index->locate(now[i].first)->segment->header.first].insert(now[i].second ==
                                                                                 text);
        const bool fits =
            now[i].second == text || (of_person(text) && now[i].second == erased(text));
        ASSERT_TRUE(fits) << what << ", lsn " << now[i].first;
    }
    for (const auto& [segment, kind] : kinds) EXPECT_EQ(kind.size(), 1u) << what;
}

// Rewrites once more, on what is left: it must be gone then, and nothing else.
void expect_erasable(ModelFileSystem& files, Bed& bed, const Blocks& old, const std::string& what) {
    bed.tick();
    const base::Result<Rewritten> again = bed.rewrite(10'000, erase);
    ASSERT_TRUE(again) << what << ": " << again.error().reason;
    EXPECT_EQ(bed.read_all(), all_erased(old)) << what;
    EXPECT_EQ(found_in(files.contents(), 200), "") << what;
    ASSERT_TRUE(bed.write({"goes on"})) << what;
}

TEST(Rewrite, PowerLossAtEveryOperationLeavesOldOrNewAndLosesNothing) {
    struct Image {
        std::unique_ptr<ModelFileSystem> files;
        Blocks blocks;
    };
    std::size_t losses = 0;
    for (std::uint64_t seed = 1; seed <= 6 && !HasFailure(); ++seed) {
        ModelFileSystem files(seed);
        std::vector<Image> images;
        Bed bed(files, {12, 0, small_segment, 4'096});
        fill(bed, 30);
        bed.writer->trim(bed.index->end());
        fill(bed, 20, 30);
        Blocks blocks = bed.read_all();
        files.before = [&](Op op, const std::string&) {
            for (std::uint64_t loss = 0; op != Op::read && loss < 6; ++loss)
                images.push_back({files.after_power_loss(seed * 100 + images.size()), blocks});
            return std::error_code();
        };
        bed.writer->begin_rewrite(bed.index->end(), erase);
        while (!bed.writer->rewrite_some()) {
            // What is on its way when the power goes may be there and was not acknowledged.
            if (seed % 2 == 0) continue;
            const auto hook = std::exchange(files.before, nullptr);
            const std::string text = text_of(1'000 + images.size() * 3 + 1);
            blocks.emplace_back(bed.write({text}).value(), text);
            files.before = hook;
        }
        files.before = nullptr;
        images.push_back({files.after_power_loss(seed), blocks});
        for (std::size_t i = 0; i < images.size() && !HasFailure(); ++i, ++losses) {
            const std::string what = "seed " + std::to_string(seed) + ", loss " + std::to_string(i);
            Bed after(*images[i].files, {12, 0, small_segment, 4'096});
            expect_old_or_new(after, images[i].blocks, what);
            EXPECT_FALSE(images[i].files->contents().contains("new.tmp")) << what;
            expect_erasable(*images[i].files, after, images[i].blocks, what);
        }
    }
    EXPECT_GT(losses, 1'000u);
}

TEST(Rewrite, AnyOperationMayFailAndTheNextRewriteEndsIt) {
    std::size_t failed = 0;
    for (std::size_t at = 1;; ++at) {
        ModelFileSystem files(at);
        Bed bed(files, {12, 0, small_segment, 4'096});
        fill(bed, 30);
        bed.writer->trim(bed.index->end());
        fill(bed, 20, 30);
        const Blocks blocks = bed.read_all();
        std::size_t operation = 0;
        files.before = [&](Op op, const std::string&) {
            if (op == Op::read || ++operation != at) return std::error_code();
            return at % 2 == 0 ? io_error() : std::make_error_code(std::errc::no_space_on_device);
        };
        const base::Result<Rewritten> done = bed.rewrite(1'000, erase);
        files.before = nullptr;
        if (operation < at) break;
        const std::string what = "operation " + std::to_string(at);
        if (!done) {
            ++failed;
            EXPECT_NE(done.error().fault, base::Fault::invalid) << what;
        } else {
            EXPECT_EQ(found_in(files.contents(), 200), "") << what;
        }
        auto contents = files.contents();
        EXPECT_TRUE(contents.contains("ballast")) << what;
        EXPECT_EQ(contents["new.tmp"].find_first_not_of('\0', segment_header_bytes),
                  std::string::npos)
            << what << ": half a copy";
        expect_old_or_new(bed, blocks, what);
        for (std::uint64_t loss = 1; loss <= 6; ++loss) {
            const auto image = files.after_power_loss(loss);
            Bed after(*image, {12, 0, small_segment, 4'096});
            expect_old_or_new(after, blocks, what + ", then a power loss");
        }
        expect_erasable(files, bed, blocks, what);
        for (std::uint64_t loss = 1; loss <= 6; ++loss)
            EXPECT_EQ(found_in(files.after_power_loss(loss)->contents(), 200), "") << what;
    }
    EXPECT_GT(failed, 20u);
}

std::vector<std::array<std::string, 3>> names_of(const std::vector<Damage>& damage) {
    std::vector<std::array<std::string, 3>> out;
    for (const Damage& one : damage)
        out.push_back({std::to_string(one.first), std::to_string(one.end), one.file});
    return out;
}

// Each segment by itself tells that its groups are whole.
void expect_sound(const Bed& bed) {
    for (Lsn first = 0; const auto row = bed.index->row_from(first);
         first = row->segment->header.first + 1) {
        const Io<Scan> found = scan(*row->segment, row->bytes);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->first_gap, 0u);
        for (const Scan::Item& item : found->blocks) EXPECT_TRUE(item.committed) << item.lsn;
    }
}

TEST(Rewrite, DamageStaysTheSameDamage) {
    ModelFileSystem whole(1);
    {
        Bed bed(whole);
        fill(bed, 40);
        bed.writer->close();
    }
    ModelFileSystem::Random random(3);
    for (int i = 0; i < 150 && !HasFailure(); ++i) {
        ModelFileSystem files(1);
        for (const auto& [name, bytes] : whole.contents()) files.put(name, bytes);
        auto segments = segments_of(files);
        for (std::uint64_t hits = 1 + random() % 3; hits > 0; --hits) {
            auto hit = std::next(segments.begin(),
                                 static_cast<std::ptrdiff_t>(random() % segments.size()));
            hit->second[segment_header_bytes + random() % 11'000] ^= 1;
            files.put(hit->first, hit->second);
        }
        std::vector<std::array<std::string, 3>> damage;
        Blocks wanted;
        {
            Bed bed(files);
            damage = names_of(bed.index->damage());
            wanted = all_erased(bed.read_all());
            const base::Result<Rewritten> done = bed.rewrite(1'000, erase);
            ASSERT_TRUE(done) << done.error().reason;
            EXPECT_EQ(bed.read_all(), wanted);
            EXPECT_EQ(names_of(bed.index->damage()), damage);
            EXPECT_EQ(found_in(files.contents(), 80), "") << "of a damaged block, too";
            expect_sound(bed);
            const auto again = bed.rewrite(1'000, erase);
            EXPECT_EQ(again.value().segments, 0u) << "nothing is left to do";
            EXPECT_EQ(bed.write({"more"}).value(), 81u);
        }
        Bed bed(files);
        EXPECT_EQ(names_of(bed.index->damage()), damage);
        wanted.emplace_back(81, "more");
        EXPECT_EQ(bed.read_all(), wanted);
    }
}

void break_block(ModelFileSystem& files, const std::string& name, const std::string& text) {
    std::string bytes = files.contents().at(name);
    const std::size_t at = bytes.find(text.substr(300, 30));
    ASSERT_NE(at, std::string::npos);
    bytes[at + 100] = static_cast<char>(bytes[at + 100] ^ 1);
    files.put(name, bytes);
}

TEST(Rewrite, ADamagedBlockIsGoneWhenNothingElseChanges) {
    ModelFileSystem files(1);
    {
        Bed bed(files);
        ASSERT_TRUE(bed.write({text_of(1), text_of(3), text_of(4)}));
        ASSERT_TRUE(bed.write({text_of(5)}));
        bed.writer->close();
    }
    break_block(files, segment_name(1), text_of(3));
    Bed bed(files);
    const auto damage = names_of(bed.index->damage());
    ASSERT_EQ(damage.size(), 1u);
    const base::Result<Rewritten> done = bed.rewrite(1'000, erase);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->segments, 1u);
    EXPECT_EQ(done->blocks, 0u);
    EXPECT_EQ(found_in(files.contents(), 10), "");
    EXPECT_EQ(bed.read_all(), (Blocks{{1, text_of(1)}, {3, text_of(4)}, {4, text_of(5)}}));
    EXPECT_EQ(names_of(Bed(files).index->damage()), damage);
}

// All of the newest segment is damaged and nobody writes on in it: the next one is called
// otherwise.
TEST(Rewrite, ASegmentThatIsAllDamageIsEmptiedToo) {
    ModelFileSystem files(1);
    {
        Bed bed(files);
        for (std::size_t i = 1; bed.index->segments() < 2; i += 3) bed.write({text_of(i)}).value();
        ASSERT_TRUE(bed.rewrite(1'000, erase));
        bed.writer->close();
    }
    std::string last;
    {
        Bed bed(files);
        last = bed.index->row_from(2)->segment->path.filename().string();
        break_block(files, last, bed.read_all().back().second);
        std::string bytes = files.contents().at(last);
        bytes.replace(9'000, 700, text_of(9));  // whatever an earlier life left
        files.put(last, bytes);
    }
    Bed bed(files);
    const auto damage = names_of(bed.index->damage());
    ASSERT_EQ(damage.size(), 1u);
    ASSERT_NE(found_in(files.contents(), 10), "");
    ASSERT_TRUE(bed.rewrite(1'000, erase));
    EXPECT_EQ(found_in(files.contents(), 10), "");
    EXPECT_EQ(found_in(files.after_power_loss(1)->contents(), 10), "");
    EXPECT_TRUE(files.contents().contains(last)) << "its header";
    Bed again(files);
    EXPECT_EQ(names_of(again.index->damage()), damage);
    EXPECT_EQ(again.read_all(), bed.read_all());
}

// The newest segment is empty, and a used file takes its name on a disk that then fails.
TEST(Rewrite, AUsedFileThatTookTheNewestNameInVainHoldsNothing) {
    ModelFileSystem files(1);
    std::size_t count = 0;
    {
        Bed bed(files);
        while (bed.index->segments() < 3) bed.write({text_of(count++)}).value();
        const auto change_last = [&](Block& block) {
            const bool last = block.lines == text_of(count - 1);
            if (last) block.lines = "changed";
            return last;
        };
        ASSERT_TRUE(bed.rewrite(1'000, change_last));
        ASSERT_EQ(bed.index->segments(), 4u);
    }
    const std::string newest = segments_of(files).rbegin()->first;
    files.before = [&](Op op, const std::string& name) {
        return op == Op::allocate && name == newest ? io_error() : std::error_code();
    };
    Bed bed(files);
    files.before = nullptr;
    bed.writer->trim(bed.index->end());  // the first one's file is the next to be used
    ASSERT_EQ(bed.index->segments(), 1u);
    ASSERT_EQ(found_in(segments_of(files), count), "");
    bool renamed = false;
    files.before = [&](Op op, const std::string&) {
        renamed = renamed || op == Op::rename;
        return op == Op::sync_folder && renamed
                   ? std::make_error_code(std::errc::no_space_on_device)
                   : std::error_code();
    };
    EXPECT_FALSE(bed.write({text_of(2)}));
    files.before = nullptr;
    ASSERT_NE(found_in(segments_of(files), count), "") << "the used file has the name";
    ASSERT_TRUE(bed.rewrite(1'000, erase));
    EXPECT_EQ(found_in(files.contents(), count), "");
    EXPECT_EQ(found_in(files.after_power_loss(1)->contents(), count), "");
}

// In a segment of which no block changes: behind what is durable.
TEST(Rewrite, WhatAFailedGroupLeftIsGoneWhenNothingElseChanges) {
    for (const bool first_group : {false, true}) {
        ModelFileSystem files(1);
        Bed bed(files);
        if (!first_group) ASSERT_TRUE(bed.write({text_of(1)}));
        bool named = !first_group;  // a segment may begin, and its group's sync fails
        files.before = [&](Op op, const std::string& name) {
            if (op == Op::open || op == Op::sync_folder) named = op == Op::sync_folder;
            return op == Op::sync && named && name != "mark" ? io_error() : std::error_code();
        };
        EXPECT_FALSE(bed.write({text_of(3)}));
        bed.tick();
        EXPECT_FALSE(bed.write({text_of(6)}));
        files.before = nullptr;
        ASSERT_NE(found_in(files.contents(), 10), "");
        const base::Result<Rewritten> done = bed.rewrite(1'000, erase);
        ASSERT_TRUE(done) << done.error().reason;
        EXPECT_EQ(found_in(files.contents(), 10), "");
        bed.tick();
        const Lsn next = bed.write({text_of(2)}).value();
        Blocks wanted = {{1, text_of(1)}, {next, text_of(2)}};
        if (first_group) wanted.erase(wanted.begin());
        EXPECT_EQ(bed.read_all(), wanted);
        Bed again(files);
        EXPECT_EQ(again.read_all(), wanted);
        EXPECT_TRUE(again.index->damage().empty());
    }
}

TEST(Rewrite, AFileThatCannotBeRemovedIsAnErrorUntilItIs) {
    ModelFileSystem files(1);
    Bed bed(files);
    fill(bed, 20);
    bool failing = true;
    files.before = [&](Op op, const std::string& name) {
        const bool gone = op == Op::remove || op == Op::rename;
        return failing && gone && name == segment_name(1) ? io_error() : std::error_code();
    };
    bed.writer->trim(bed.index->end());
    EXPECT_EQ(bed.rewrite(1'000, erase).error().fault, base::Fault::unavailable);
    failing = false;
    ASSERT_TRUE(bed.rewrite(1'000, erase));
    EXPECT_EQ(found_in(files.contents(), 40), "");
    EXPECT_TRUE(Bed(files).index->damage().empty());
}

TEST(Rewrite, TheRoomThatTheBallastLeftIsForTheOthers) {
    ModelFileSystem files(1);
    const std::uint64_t ballast = 3 * small_segment;
    files.capacity = 10 * small_segment;
    Bed bed(files, {30, 0, small_segment, ballast});
    for (std::size_t i = 0; bed.write({text_of(i)}); ++i) {
    }
    ASSERT_FALSE(files.contents().contains("ballast"));
    const auto before = segments_of(files);
    EXPECT_EQ(bed.rewrite(1'000, erase).error().fault, base::Fault::exhausted);
    EXPECT_EQ(segments_of(files), before);
    EXPECT_GE(files.capacity - files.used(), ballast);
    files.capacity += 3 * small_segment;
    bed.tick();
    EXPECT_TRUE(files.contents().contains("ballast"));
    EXPECT_TRUE(bed.rewrite(1'000, erase));
    EXPECT_EQ(found_in(files.contents(), 200), "");
}

TEST(Rewrite, WhatCannotBeReadIsNamedBeforeItIsGivenUp) {
    for (const bool comes_back : {false, true}) {
        ModelFileSystem files(1);
        {
            Bed bed(files);
            fill(bed, 30);
        }
        Bed bed(files);
        const Blocks old = bed.read_all();
        files.bad_pages.insert({segment_name(1), 2});
        const base::Result<Rewritten> first = bed.rewrite(1'000, erase);
        ASSERT_FALSE(first);
        EXPECT_EQ(first.error().fault, base::Fault::unavailable);
        const std::vector<Damage> damage = bed.index->damage();
        ASSERT_EQ(damage.size(), 1u);
        if (comes_back) files.bad_pages.clear();
        const Lsn end = bed.index->row_from(1)->end;
        ASSERT_TRUE(bed.rewrite(1'000, erase));
        EXPECT_EQ(bed.index->row_from(1)->end, end);
        files.bad_pages.clear();
        Blocks wanted = all_erased(old);
        if (!comes_back)
            std::erase_if(wanted, [&](const auto& one) {
                return damage[0].first <= one.first && one.first < damage[0].end;
            });
        EXPECT_EQ(bed.read_all(), wanted);
        Bed again(files);
        EXPECT_EQ(again.read_all(), wanted);
        EXPECT_EQ(again.index->damage().size(), comes_back ? 0u : 1u);
    }
}

TEST(Rewrite, AFullDiskKeepsTheOldAndALaterCallSucceeds) {
    ModelFileSystem files(1);
    Bed bed(files, {12, 0, small_segment, 4'096});
    fill(bed, 40);
    const Blocks old = bed.read_all();
    const auto before = segments_of(files);
    files.capacity = files.used() + 3'000;
    const base::Result<Rewritten> full = bed.rewrite(1'000, erase);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().fault, base::Fault::exhausted);
    EXPECT_EQ(segments_of(files), before);
    EXPECT_FALSE(files.contents().contains("new.tmp"));
    EXPECT_EQ(bed.read_all(), old);
    EXPECT_TRUE(files.contents().contains("ballast"));
    EXPECT_FALSE(bed.writer->trouble());
    files.capacity = 0;
    expect_erasable(files, bed, old, "with room");
}

TEST(Rewrite, AFullQuotaKeepsTheNewestSegmentAndTakesWhatIsOnlyEvidence) {
    ModelFileSystem files(1);
    Bed bed(files, {3, 0, small_segment, 0, 8 * small_segment});
    fill(bed, 20);
    ASSERT_EQ(bed.index->segments(), 3u);
    const base::Result<Rewritten> full = bed.rewrite(1'000, erase);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().fault, base::Fault::exhausted);
    EXPECT_EQ(bed.read_all().size(), 40u);
    bed.writer->trim(bed.index->end());
    ASSERT_EQ(bed.index->segments(), 3u) << "kept for evidence";
    ASSERT_TRUE(bed.rewrite(1'000, erase));
    EXPECT_EQ(bed.index->segments(), 3u);
    EXPECT_EQ(found_in(files.contents(), 40), "");
    EXPECT_TRUE(Bed(files).index->damage().empty());
}

TEST(Rewrite, ALongerTextMakesALargerFileThatIsNotUsedAgain) {
    ModelFileSystem files(1);
    Bed bed(files, 12);
    fill(bed, 40);
    Blocks wanted = bed.read_all();
    for (auto& [lsn, text] : wanted) text = text_of(5'000 + lsn, 2'000);
    Lsn lsn = 1;
    ASSERT_TRUE(bed.rewrite(1'000, [&](Block& block) {
        block.lines = text_of(5'000 + lsn++, 2'000);
        return true;
    }));
    EXPECT_EQ(bed.read_all(), wanted);
    EXPECT_GT(files.contents().at(segment_name(1)).size(), 2 * small_segment);
    const auto image = files.after_power_loss(1);
    image->erase(bed.index->row_from(81)->segment->path.filename().string());  // a large one last
    {
        Bed after(*image, 12);
        EXPECT_TRUE(after.index->damage().empty());
        EXPECT_EQ(after.read_all(), wanted);
        EXPECT_EQ(after.write({"more"}).value(), 81u);
    }
    fill(bed, 30, 40);
    bed.writer->trim(bed.index->end());
    for (const auto& [name, bytes] : files.contents())
        if (name.starts_with("spare-")) EXPECT_EQ(bytes.size(), small_segment);
    fill(bed, 60, 70);
    EXPECT_EQ(bed.read_all().back().second, text_of(259));
}

TEST(Rewrite, ABlockAboveTheLimitsChangesNothing) {
    ModelFileSystem files(1);
    Bed bed(files);
    fill(bed, 30);
    const auto before = segments_of(files);
    int given = 0;
    const base::Result<Rewritten> done = bed.rewrite(1'000, [&](Block& block) {
        block.lines.assign(++given == 3 ? max_block_bytes + 1 : 1, 'x');
        return true;
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, base::Fault::invalid);
    EXPECT_EQ(given, 3);
    EXPECT_EQ(segments_of(files), before);
    EXPECT_FALSE(files.contents().contains("new.tmp"));
}

TEST(Rewrite, ABlockThatNobodyCanReadIsKeptAndCounted) {
    ModelFileSystem files(1);
    Bed bed(files);
    ASSERT_TRUE(bed.write({text_of(0)}));
    Encoded strange;
    strange.payload = "of a later version";
    strange.checksum = checksum(strange.payload);
    const Encoded* one = &strange;
    ASSERT_TRUE(bed.writer->write({&one, 1}, bed.now));
    const base::Result<Rewritten> done = bed.rewrite(1'000, erase);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->blocks, 1u);
    EXPECT_EQ(done->undecodable, 1u);
    EXPECT_NE(files.contents().at(segment_name(1)).find(strange.payload), std::string::npos);
}

TEST(Rewrite, AppendsGoOnBetweenTwoSegments) {
    ModelFileSystem files(1);
    Bed bed(files, 20);
    fill(bed, 60);
    Blocks wanted = all_erased(bed.read_all());
    bed.writer->begin_rewrite(1'000, erase);
    std::size_t number = 1'002;
    std::optional<base::Result<Rewritten>> outcome;
    while (!(outcome = bed.writer->rewrite_some())) {
        const std::string text = text_of(number += 3);  // the person's, too, and too late
        wanted.emplace_back(bed.write({text}).value(), text);
        bed.tick();
    }
    ASSERT_TRUE(*outcome);
    EXPECT_GT(number, 1'015u);
    EXPECT_EQ(bed.read_all(), wanted);
    EXPECT_EQ(Bed(files, 20).read_all(), wanted);
}

class RewriteJournal : public ::testing::Test {
protected:
    RewriteJournal() {
        std::string pattern = (std::filesystem::temp_directory_path() / "rewrite-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        options_.folder = std::filesystem::path(pattern) / "j";
        options_.segment_bytes = 64 * 1024;
        options_.quota_bytes = 64 * options_.segment_bytes;
        options_.ballast_bytes = 0;
        options_.retain_bytes = 0;
    }
    ~RewriteJournal() override { std::filesystem::remove_all(options_.folder.parent_path()); }

    static void append(Journal& journal, std::size_t number) {
        Block block;
        block.lines = text_of(number);
        std::promise<base::Result<Lsn>> answer;
        journal.append({block}, [&](base::Result<Lsn> lsn) { answer.set_value(std::move(lsn)); });
        ASSERT_EQ(answer.get_future().get().value(), number + 1);
    }
    static std::future<base::Result<Rewritten>> rewrite(Journal& journal, Change change) {
        auto answer = std::make_shared<std::promise<base::Result<Rewritten>>>();
        journal.rewrite(journal.end(), std::move(change), [answer](base::Result<Rewritten> done) {
            answer->set_value(std::move(done));
        });
        return answer->get_future();
    }

    Journal::Options options_;
};

TEST_F(RewriteJournal, ErasesFromRealFilesWhileOthersAppendAndRead) {
    auto journal = std::move(Journal::open(options_).value());
    for (std::size_t i = 0; i < 300; ++i) append(*journal, i);
    journal->trim(150);
    while (journal->first() == 1) std::this_thread::sleep_for(1ms);  // its file is a spare now
    std::atomic<bool> stop{false};
    std::jthread follower([&] {
        Reader reader = journal->read_from(0);
        Entry entry;
        for (Lsn next = reader.position(); !stop || next <= 600;) {
            const base::Result<bool> found = reader.next(entry);
            ASSERT_TRUE(found);
            if (!*found) {
                journal->wait_for(next, std::chrono::steady_clock::now() + 50ms);
                continue;
            }
            ASSERT_EQ(entry.lsn, next++);
        }
    });
    auto done = rewrite(*journal, erase);
    for (std::size_t i = 300; i < 600; ++i) append(*journal, i);
    const base::Result<Rewritten> outcome = done.get();
    ASSERT_TRUE(outcome) << outcome.error().reason;
    EXPECT_GT(outcome->segments, 1u);
    ASSERT_TRUE(rewrite(*journal, erase).get());
    stop = true;
    follower.join();
    EXPECT_TRUE(journal->damage().empty());
    EXPECT_EQ(journal->at(301).value().lines, erased(text_of(300)));
    std::map<std::string, std::string> files;
    for (const auto& file : std::filesystem::directory_iterator(options_.folder)) {
        std::ifstream in(file.path(), std::ios::binary);
        files[file.path().filename().string()].assign(std::istreambuf_iterator<char>(in), {});
    }
    EXPECT_GT(files.size(), 4u);
    EXPECT_EQ(found_in(files, 600), "");
}

TEST_F(RewriteJournal, OneIsAtWorkAtATimeAndClosingEndsIt) {
    auto journal = std::move(Journal::open(options_).value());
    for (std::size_t i = 0; i < 300; ++i) append(*journal, i);
    std::promise<void> started;
    std::promise<void> go_on;
    bool first = true;
    auto one = rewrite(*journal, [&](Block&) {
        if (std::exchange(first, false)) {
            started.set_value();
            go_on.get_future().wait();
        }
        return false;
    });
    started.get_future().wait();
    EXPECT_EQ(rewrite(*journal, erase).get().error().fault, base::Fault::exhausted);
    std::jthread closing([&] { journal.reset(); });
    std::this_thread::sleep_for(50ms);  // the first segment ends after that
    go_on.set_value();
    closing.join();
    EXPECT_EQ(one.get().error().fault, base::Fault::unavailable);
}

}  // namespace
}  // namespace journal::test
