#include "app/junit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::HasSubstr;

TEST(Junit, IsASuiteForEachPolicyWithItsFailures) {
    const policy::File file{"p.yml",
                            "title: A & <B>\nlogsource: { category: c }\n"
                            "detection: { s: { x: 1 }, condition: s }\n"};
    const auto set = policy::Set::load({&file, 1}, {});
    ASSERT_TRUE(set);
    const std::vector<pipeline::TestOutcome> outcomes{
        {0, "first", 5, true, "", {}},
        {0, "\"second\"", 9, false, "expected\n\x01 none", std::chrono::milliseconds(2)}};
    EXPECT_EQ(
        app::junit_xml(**set, outcomes),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"callerprint policy test\" tests=\"2\" failures=\"1\" errors=\"0\" "
        "time=\"0.002000\">\n"
        "  <testsuite name=\"A &amp; &lt;B>\" tests=\"2\" failures=\"1\" errors=\"0\" "
        "time=\"0.002000\">\n"
        "    <testcase classname=\"A &amp; &lt;B>\" name=\"first\" file=\"p.yml\" line=\"5\" "
        "time=\"0.000000\"/>\n"
        "    <testcase classname=\"A &amp; &lt;B>\" name=\"&quot;second&quot;\" file=\"p.yml\" "
        "line=\"9\" time=\"0.002000\">\n"
        "      <failure message=\"expected&#10;\xef\xbf\xbd none\"/>\n"
        "    </testcase>\n  </testsuite>\n</testsuites>\n");
}

TEST(Junit, OfNoTestIsStillADocument) {
    const auto set = policy::Set::load({}, {});
    ASSERT_TRUE(set);
    EXPECT_THAT(app::junit_xml(**set, {}), HasSubstr("tests=\"0\""));
}

}  // namespace
