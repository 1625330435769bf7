#include "store/batch_chain.hpp"

#include "coverage/chain.hpp"
#include "coverage/merkle.hpp"
#include "store/coverage.hpp"
#include "store/database.hpp"

namespace {

using store_test::batch;
using store_test::now;

class BatchChain : public store_test::Database {
protected:
    void SetUp() override { ASSERT_TRUE(session_->claim("main", 0, "a")); }

    void commit(std::uint64_t blocks, std::uint64_t records) {
        auto effects = batch(*session_->position("main", 0), 0);
        effects.to = effects.from + blocks;
        effects.records = records;
        effects.arrived = now + std::chrono::seconds(effects.from);
        for (auto block = effects.from; block < effects.to; ++block)
            effects.leaves.push_back(
                coverage::block_leaf(block, base::sha256(std::to_string(block))));
        const auto done = session_->commit(effects);
        ASSERT_TRUE(done) << done.error().reason;
    }
    store::ChainWalk walk() {
        auto walk = store::walk_chain(*session_);
        EXPECT_TRUE(walk) << walk.error().reason;
        return *walk;
    }
    void expect_fault(std::uint64_t n, const std::string& part) {
        const auto found = walk();
        ASSERT_TRUE(found.fault);
        EXPECT_EQ(found.fault->n, n);
        EXPECT_NE(found.fault->what.find(part), std::string::npos) << found.fault->what;
    }
};

TEST_F(BatchChain, IsEmptyBeforeTheFirstBatch) {
    const auto found = walk();
    EXPECT_EQ(found.entries, 0);
    EXPECT_FALSE(found.fault);
    EXPECT_EQ(store::read_coverage(*session_, store_test::hour, store_test::minute)->chain_head,
              "");
}

TEST_F(BatchChain, GoesOnWithEachBatch) {
    for (const std::uint64_t records : {5u, 0u, 7u}) commit(records == 0 ? 1 : 3, records);
    const auto found = walk();
    EXPECT_FALSE(found.fault) << found.fault->what;
    EXPECT_EQ(found.entries, 3);
    EXPECT_EQ(found.first, 1);
    EXPECT_EQ(found.records, 12);
    EXPECT_EQ(found.head,
              value("SELECT head FROM investigate.batch_chain ORDER BY n DESC LIMIT 1"));
    EXPECT_EQ(found.head,
              store::read_coverage(*session_, store_test::hour, store_test::minute)->chain_head);
}

TEST_F(BatchChain, AHeadIsComputedFromWhatTheEntrySays) {
    commit(2, 5);
    const std::vector<base::Digest> leaves{coverage::block_leaf(1, base::sha256("1")),
                                           coverage::block_leaf(2, base::sha256("2"))};
    const coverage::Link link{.from = 1,
                              .to = 3,
                              .records = 5,
                              .at = now + std::chrono::seconds(1),
                              .root = coverage::merkle::root(leaves)};
    EXPECT_EQ(walk().head, base::hex(coverage::head_of({}, link)));
}

TEST_F(BatchChain, ABatchThatIsNotStoredIsNotInIt) {
    commit(1, 1);
    auto late = batch(*session_->position("main", 0), 9);
    late.from = 1;
    EXPECT_FALSE(session_->commit(late));
    EXPECT_EQ(walk().entries, 1);
}

TEST_F(BatchChain, NamesTheFirstEntryThatWasChanged) {
    for (int i = 0; i < 5; ++i) commit(2, 3);
    const auto change = [&](const std::string& set, const std::string& part) {
        rows("CREATE TABLE kept AS SELECT * FROM callerprint.batch_chain");
        rows("UPDATE callerprint.batch_chain SET " + set + " WHERE n = 3");
        expect_fault(3, part);
        rows("DELETE FROM callerprint.batch_chain");
        rows("INSERT INTO callerprint.batch_chain SELECT * FROM kept");
        rows("DROP TABLE kept");
        EXPECT_FALSE(walk().fault);
    };
    change("records = 4", "another head");
    change("at = at + interval '1 microsecond'", "another head");
    change("root = sha256('x')", "another root");
    change("root = '\\x00'", "another root");
    change("leaves = leaves || sha256('x')", "another root");
    change("head = sha256('x')", "another head");
    change("from_offset = from_offset + 1", "does not begin");
}

TEST_F(BatchChain, NamesTheEntryThatIsMissing) {
    for (int i = 0; i < 5; ++i) commit(2, 3);
    rows("DELETE FROM callerprint.batch_chain WHERE n = 5");
    expect_fault(5, "behind the last entry");
    rows("DELETE FROM callerprint.batch_chain WHERE n = 3");
    expect_fault(3, "is missing");
}

TEST_F(BatchChain, BeginsWithTheOldestThatIsKept) {
    for (int i = 0; i < 5; ++i) commit(2, 3);
    rows("DELETE FROM callerprint.batch_chain WHERE n < 3");
    const auto found = walk();
    EXPECT_FALSE(found.fault) << found.fault->what;
    EXPECT_EQ(found.first, 3);
    EXPECT_EQ(found.entries, 3);
}

// The chain as PostgreSQL's own functions make it, longer than what is read at once.
TEST_F(BatchChain, IsWhatAnybodyCanCompute) {
    rows(
        "WITH RECURSIVE chain (n, head) AS ("
        " SELECT 1::bigint, sha256(decode(repeat('00', 32), 'hex') || int8send(1) || int8send(2)"
        " || int8send(0) || sha256('') || int8send(0))"
        " UNION ALL SELECT n + 1, sha256(head || int8send(n + 1) || int8send(n + 2)"
        " || int8send(0) || sha256('') || int8send(0)) FROM chain WHERE n < 1005)"
        " INSERT INTO callerprint.batch_chain"
        " SELECT 'main', 0, n, n, n + 1, 0, '1970-01-01Z', '', sha256(''), head FROM chain");
    rows("UPDATE callerprint.source_position SET next_offset = 1006");
    EXPECT_FALSE(walk().fault) << walk().fault->what;
    EXPECT_EQ(walk().entries, 1'005);
    commit(1, 1);
    EXPECT_EQ(walk().entries, 1'006);
    rows("UPDATE callerprint.batch_chain SET records = 2 WHERE n = 1003");
    expect_fault(1'003, "another head");
}

}  // namespace
