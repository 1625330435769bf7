#include "store/leaks.hpp"

#include "store/answers.hpp"
#include "store/database.hpp"
#include "store/registry_table.hpp"

namespace {

using store_test::hour;
using store_test::minute;
using store_test::now;

class LeakReports : public store_test::Database {
protected:
    std::vector<registry::Leak> fresh(const std::vector<registry::Leak>& leaks) {
        auto out =
            store::begin_leak_report(*session_, "reporter:host", "key-1", R"({"n":1})", leaks);
        EXPECT_TRUE(out) << out.error().reason;
        return *out;
    }
    static registry::Leak leak(std::string key, std::string source) {
        return {.key = std::move(key),
                .key_hash = {},
                .first_seen = minute,
                .source = std::move(source)};
    }
};

TEST_F(LeakReports, TellsWhatTheRegistryDoesNotHave) {
    const auto a = leak("k1", "host a"), b = leak("k1", "host b"), c = leak("k2", "host a");
    EXPECT_EQ(fresh({a, b, a}), (std::vector{a, b})) << "a report may name a place twice";
    registry::Rows rows;
    rows.leaks = {a};
    // Of a credential that is known by its hash alone, this says nothing.
    rows.leaks.push_back({.key = {}, .key_hash = "kh_x", .first_seen = hour, .source = "host b"});
    ASSERT_TRUE(store::RegistryTable(*session_).import(rows, now, "ann"));
    EXPECT_EQ(fresh({a, b, c}), (std::vector{b, c}));
    EXPECT_EQ(fresh({}), std::vector<registry::Leak>());
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.audit WHERE actor = 'reporter:host'"
                    " AND action = 'leak.report' AND object = 'key-1' AND details = '{\"n\": 1}'"),
              "3");
}

TEST_F(LeakReports, KnowsForWhichCaseWhoWasAnswered) {
    store::Answers answers(*session_);
    EXPECT_EQ(answers.answered("reporter:host", "leak:x"), false);
    const store::StoredAnswer answer{.id = "w-1",
                                     .asked_by = "reporter:host",
                                     .case_ref = "leak:x",
                                     .from = hour,
                                     .to = minute,
                                     .as_of = {},
                                     .use = "used",
                                     .licence = "unclear",
                                     .confidence = 1,
                                     .statement = "yes",
                                     .record = "{}"};
    ASSERT_TRUE(answers.save(answer, now));
    EXPECT_EQ(answers.answered("reporter:host", "leak:x"), true);
    EXPECT_EQ(answers.answered("reporter:host", "leak:y"), false);
    EXPECT_EQ(answers.answered("ann", "leak:x"), false);
}

}  // namespace
