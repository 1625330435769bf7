#include "journal/journal.hpp"

#include "journal/file_system.hpp"
#include "journal/recovery.hpp"
#include "metrics/registry.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

namespace journal {
namespace {

using namespace std::chrono_literals;

class JournalTest : public ::testing::Test {
protected:
    JournalTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "journal-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    ~JournalTest() override { std::filesystem::remove_all(folder_); }

    Journal::Options options() const {
        Journal::Options options;
        options.folder = folder_ / "j";
        options.segment_bytes = 64 * 1024;
        options.quota_bytes = 64 * 64 * 1024;
        options.ballast_bytes = 0;
        options.retain_bytes = 0;
        return options;
    }
    std::unique_ptr<Journal> open(Journal::Options options) const {
        auto journal = Journal::open(std::move(options));
        EXPECT_TRUE(journal) << journal.error().reason;
        return journal ? std::move(*journal) : nullptr;
    }
    std::unique_ptr<Journal> open() const { return open(options()); }

    static Block block(std::string lines) {
        Block one;
        one.source = "s";
        one.records = 1;
        one.lines = std::move(lines);
        return one;
    }
    static base::Result<Lsn> append(Journal& journal, const std::vector<Block>& blocks) {
        std::promise<base::Result<Lsn>> promise;
        journal.append(blocks, [&](base::Result<Lsn> lsn) { promise.set_value(std::move(lsn)); });
        return promise.get_future().get();
    }

    std::filesystem::path folder_;
};

TEST_F(JournalTest, AnAppendIsReadBackAlsoAfterReopening) {
    {
        const auto journal = open();
        EXPECT_EQ(append(*journal, {block("a"), block("b")}).value(), 1u);
        EXPECT_EQ(append(*journal, {block("c")}).value(), 3u);
        EXPECT_EQ(journal->end(), 4u);
        EXPECT_EQ(journal->at(2).value().lines, "b");
    }
    const auto journal = open();
    Reader reader = journal->read_from(0);
    for (const char* expected : {"a", "b", "c"}) {
        const auto entry = reader.next();
        ASSERT_TRUE(entry && *entry);
        EXPECT_EQ((*entry)->block.lines, expected);
    }
    EXPECT_FALSE(*reader.next());
    EXPECT_EQ(append(*journal, {block("d")}).value(), 4u);
    EXPECT_EQ((*reader.next())->lsn, 4u) << "a reader goes on where it stood";
    EXPECT_EQ(journal->at(9).error().fault, base::Fault::not_found);
}

TEST_F(JournalTest, TheFolderIsOursAloneAndNotShared) {
    const auto journal = open();
    struct stat info{};
    ASSERT_EQ(::stat((folder_ / "j").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    const auto second = Journal::open(options());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, base::Fault::conflict);
}

TEST_F(JournalTest, OptionsOutOfRangeAreRefused) {
    auto wrong = options();
    wrong.segment_bytes = 1000;
    EXPECT_EQ(Journal::open(wrong).error().fault, base::Fault::invalid);
    wrong = options();
    wrong.quota_bytes = wrong.segment_bytes;
    EXPECT_FALSE(Journal::open(wrong));
    wrong = options();
    wrong.group_delay = 1s;
    EXPECT_FALSE(Journal::open(wrong));
}

TEST_F(JournalTest, EmptyAndOversizedAppendsAreRefused) {
    const auto journal = open();
    EXPECT_EQ(append(*journal, {}).error().fault, base::Fault::invalid);
    std::vector<Encoded> big(1);
    big[0].payload.assign(70'000, 'x');
    std::promise<base::Fault> promise;
    journal->append(std::move(big),
                    [&](base::Result<Lsn> lsn) { promise.set_value(lsn.error().fault); });
    EXPECT_EQ(promise.get_future().get(), base::Fault::invalid);
}

TEST_F(JournalTest, ManyThreadsAppendWhileReadersFollow) {
    constexpr int threads = 4;
    constexpr int appends = 150;
    auto some = options();
    some.group_delay = 100us;
    const auto journal = open(some);
    std::atomic<int> acknowledged{0};
    std::vector<std::jthread> writers;
    for (int t = 0; t < threads; ++t)
        writers.emplace_back([&, t] {
            for (int i = 0; i < appends; ++i)
                journal->append({block(std::to_string(t) + "-" + std::to_string(i)), block("x")},
                                [&](base::Result<Lsn> lsn) { acknowledged += lsn.has_value(); });
        });
    std::set<std::string> seen;
    std::jthread follower([&] {
        Reader reader = journal->read_from(0);
        Entry entry;
        Lsn expected = 1;
        while (seen.size() < threads * appends + 1) {
            const base::Result<bool> found = reader.next(entry);
            ASSERT_TRUE(found);
            if (!*found) {
                journal->wait_for(reader.position(), std::chrono::steady_clock::now() + 100ms);
                continue;
            }
            EXPECT_EQ(entry.lsn, expected++);
            EXPECT_LT(entry.lsn, journal->end());
            seen.insert(entry.block.lines);
        }
    });
    writers.clear();
    follower.join();
    EXPECT_EQ(seen.size(), threads * appends + 1u);
    while (acknowledged < threads * appends) std::this_thread::yield();
    EXPECT_EQ(journal->end(), 1u + 2 * threads * appends);
}

TEST_F(JournalTest, AReaderSurvivesTheRecyclingOfItsSegment) {
    const auto journal = open();
    std::atomic<bool> stop{false};
    std::jthread reader_thread([&] {
        while (!stop) {
            Reader reader = journal->read_from(0);
            Entry entry;
            Lsn last = 0;
            for (int i = 0; i < 50; ++i) {
                const base::Result<bool> found = reader.next(entry);
                ASSERT_TRUE(found) << found.error().reason;
                if (!*found) break;
                EXPECT_GT(entry.lsn, last);
                EXPECT_TRUE(entry.block.lines.starts_with(std::to_string(entry.lsn) + ":"));
                last = entry.lsn;
            }
        }
    });
    for (Lsn lsn = 1; lsn <= 400; ++lsn) {
        std::string lines = std::to_string(lsn) + ":";
        for (Lsn i = lsn * 977; lines.size() < 6'000; i = i * 6364136223846793005u + 1)
            lines += std::to_string(i);
        ASSERT_EQ(append(*journal, {block(lines)}).value(), lsn);
        journal->trim(lsn);
    }
    stop = true;
    reader_thread.join();
    EXPECT_TRUE(journal->damage().empty());
    EXPECT_GT(journal->first(), 300u);
    EXPECT_EQ(journal->at(1).error().fault, base::Fault::not_found);
}

TEST_F(JournalTest, WaitEndsAtTheDeadlineAndOnNewBlocks) {
    const auto journal = open();
    EXPECT_FALSE(journal->wait_for(1, std::chrono::steady_clock::now() + 1ms));
    std::jthread waiter(
        [&] { EXPECT_TRUE(journal->wait_for(1, std::chrono::steady_clock::now() + 10s)); });
    append(*journal, {block("a")}).value();
}

TEST_F(JournalTest, ClosingWritesWhatIsQueued) {
    std::atomic<int> good{0};
    {
        const auto journal = open();
        for (int i = 0; i < 100; ++i)
            journal->append({block("x")}, [&](base::Result<Lsn> lsn) { good += lsn.has_value(); });
    }
    EXPECT_EQ(good, 100);
    EXPECT_EQ(open()->end(), 101u);
}

TEST_F(JournalTest, AFullQuotaIsReportedAndTrimRecovers) {
    auto some = options();
    some.quota_bytes = 2 * some.segment_bytes;
    some.retry_interval = 5ms;
    const auto journal = open(some);
    std::vector<Encoded> large(1);
    large[0].payload.assign(30'000, 'x');  // no block inside: only its size matters here
    base::Fault fault{};
    for (int i = 0; i < 10; ++i) {
        std::promise<base::Result<Lsn>> promise;
        journal->append(large, [&](base::Result<Lsn> lsn) { promise.set_value(std::move(lsn)); });
        const base::Result<Lsn> lsn = promise.get_future().get();
        if (lsn) continue;
        fault = lsn.error().fault;
        break;
    }
    EXPECT_EQ(fault, base::Fault::exhausted);
    EXPECT_EQ(journal->accepting().error().fault, base::Fault::exhausted);
    EXPECT_GT(journal->backlog_bytes(), 60'000u);
    journal->trim(journal->end());
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!append(*journal, {block("a")}) && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_TRUE(journal->accepting());
}

TEST_F(JournalTest, CountsWhatItWrites) {
    metrics::Registry registry;
    auto journal = Journal::open(options(), &registry);
    ASSERT_TRUE(journal);
    append(**journal, {block("a"), block("b")}).value();
    journal->reset();
    const std::string page = registry.page();
    EXPECT_NE(page.find("callerprint_journal_blocks_total 2"), std::string::npos) << page;
    EXPECT_NE(page.find("callerprint_journal_groups_total 1"), std::string::npos);
}

}  // namespace
}  // namespace journal
