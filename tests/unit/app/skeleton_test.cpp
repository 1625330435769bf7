#include "app/skeleton.hpp"

#include "pipeline/policy_test.hpp"
#include "policy/format.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Skeleton, OfEveryTypeLoadsWithoutWarningAndItsTestsReachAll) {
    for (const auto type : app::skeleton_types()) {
        SCOPED_TRACE(type);
        const auto text = app::skeleton({"many_exports", std::string(type), "prohibited"});
        ASSERT_TRUE(text);
        EXPECT_EQ(policy::format(*text).value_or(""), *text);
        const policy::File file{"new.yaml", *text};
        const auto set = policy::Set::load({&file, 1}, {});
        ASSERT_TRUE(set) << to_text(set.error().front()) << "\n" << *text;
        EXPECT_TRUE((*set)->warnings().empty()) << to_text((*set)->warnings().front());
        const auto* policy = (*set)->find("many_exports");
        ASSERT_NE(policy, nullptr);
        EXPECT_EQ(policy->status, "test") << "it must tell nobody yet";
        EXPECT_EQ(policy->callerprint.family, "prohibited");
        const auto report = pipeline::run_policy_tests(*set, "");
        ASSERT_TRUE(report);
        EXPECT_EQ(report->outcomes.size(), 3u);
        for (const auto& outcome : report->outcomes)
            EXPECT_TRUE(outcome.passed) << outcome.name << ": " << outcome.detail;
        EXPECT_EQ(report->coverage.percent(), 100);
    }
}

TEST(Skeleton, RefusesWhatIsNoName) {
    for (const char* name : {"", "Many", "9lives", "a-b", "a b", "null", "true", "_x"})
        EXPECT_FALSE(app::skeleton({name})) << name;
    EXPECT_FALSE(app::skeleton({std::string(65, 'a')}));
    EXPECT_TRUE(app::skeleton({std::string(64, 'a')}));
}

}  // namespace
