#include "alert/summary.hpp"

#include "alert/evidence.hpp"
#include "alert/grouper.hpp"
#include "policies.hpp"

#include <gtest/gtest.h>

namespace {

using correlate::GroupValue;

std::string sentence(const std::string& policy_text, std::vector<GroupValue> group, double value,
                     bool exact = true) {
    const auto set = fixture::load(policy_text);
    if (set == nullptr) return "";
    auto firing = fixture::firing(*set, "p", 1, std::move(group), value);
    firing.exact = exact;
    return alert::summary_of(*set, firing, alert::subject_of(*set, firing));
}

std::string over(const std::string& body, const std::string& subject = "") {
    return fixture::rule("a") +
           fixture::correlation(
               "p", body, subject.empty() ? "" : "callerprint: { subject: " + subject + " }\n");
}

TEST(Summary, NamesTheNumbersCompared) {
    EXPECT_EQ(sentence(over("    type: value_count\n    group-by: [origin.place]\n"
                            "    timespan: 1h\n    condition: { field: key_uid, gte: 5 }\n",
                            "origin"),
                       {{"origin.place", "of1:ab"}}, 5),
              "5 different keys from origin of1:ab within 1 h; the policy allows fewer than 5");
    EXPECT_EQ(sentence(over("    type: event_count\n    group-by: [tenant_uid]\n"
                            "    timespan: 90s\n    condition: { gt: 2, lt: 9 }\n",
                            "tenant"),
                       {{"tenant_uid", "t1"}}, 3),
              "3 matching calls by tenant t1 within 90 s; the policy flags more than 2 and less "
              "than 9");
    EXPECT_EQ(sentence(over("    type: value_sum\n    timespan: 5m\n"
                            "    condition: { field: mb, gte: 100 }\n"),
                       {}, 100.25),
              "mb added up to 100.25 within 5 min; the policy allows less than 100");
    EXPECT_EQ(sentence(over("    type: value_percentile\n    group-by: [x, y]\n    timespan: 7d\n"
                            "    condition: { field: ms, lt: 3, percentile: 95 }\n"),
                       {{"x", "1"}, {"y", std::nullopt}}, 2.5),
              "percentile 95 of ms was 2.5 for x=1, y=(absent) within 7 d; the policy flags less "
              "than 3");
    EXPECT_EQ(sentence(fixture::rule("p", "callerprint: { subject: tenant }\n"),
                       {{"metadata.tenant_uid", "t1"}}, 1),
              "Title of p: a call by tenant t1");
}

TEST(Summary, TellsARhythmWithItsPeriod) {
    const auto set =
        fixture::load(over("    type: cadence\n    group-by: [src_endpoint.ip]\n    timespan: 1h\n"
                           "    condition: { lte: 0.2 }\n    at-least: 20\n"));
    auto firing = fixture::firing(*set, "p", 1, {{"src_endpoint.ip", "192.0.2.1"}}, 0.031);
    firing.figures = {{"interval_seconds", 0.2}, {"intervals", 120}};
    EXPECT_EQ(alert::summary_of(*set, firing, alert::subject_of(*set, firing)),
              "a matching call every 0.2 s, regular to 0.031 over 120 intervals, for "
              "src_endpoint.ip=192.0.2.1 within 1 h; the policy flags at most 0.2");
    EXPECT_EQ(alert::evidence_of(*set, firing).at("number").at("interval_seconds"), 0.2);
}

TEST(Summary, SaysWhatDidNotCome) {
    EXPECT_EQ(sentence(over("    type: absence\n    group-by: [tenant_uid]\n    timespan: 1h\n",
                            "tenant"),
                       {{"tenant_uid", "t1"}}, 12),
              "no further call by tenant t1 for 1 h, after 12 matching calls");
    EXPECT_EQ(sentence(fixture::rule("off") + fixture::rule("on") +
                           "title: P\nname: p\ncorrelation: { type: absence, rules: [off, on], "
                           "timespan: 30m }\n",
                       {}, 1),
              "'Title of off' was not followed by 'Title of on' within 30 min");
}

TEST(Summary, SaysWhenANumberIsEstimated) {
    EXPECT_EQ(sentence(over("    type: event_count\n    timespan: 24h\n"
                            "    condition: { gte: 20000 }\n"),
                       {}, 20'000, false),
              "about 20000 matching calls within 24 h; the policy allows fewer than 20000");
}

TEST(Summary, SaysBesideWhatElseAValueIsNew) {
    const std::string body =
        "    type: new_value\n    group-by: [key_uid]\n    timespan: 30d\n    condition: { field: ";
    EXPECT_EQ(
        sentence(over(body + "src_endpoint.ip }\n", "key"), {{"key_uid", "k1"}}, 4),
        "a new value of src_endpoint.ip by key k1, not seen for 30 d; 3 others seen since then");
    EXPECT_EQ(sentence(over(body + "[ip, ja4] }\n", "key"), {{"key_uid", "k1"}}, 10'000, false),
              "a new combination of ip, ja4 by key k1, not among the 9999 others seen last within "
              "30 d");
}

TEST(Summary, SaysBothCountsOfARatio) {
    const auto sentence = [](const std::string& more, double value, bool exact) {
        const auto set = fixture::load(fixture::rule("refused") + fixture::rule("called") +
                                       "title: P\nname: p\ncorrelation:\n    type: ratio\n"
                                       "    rules: [refused, called]\n    group-by: [u]\n"
                                       "    timespan: 1h\n    at-least: 20\n" +
                                       more);
        if (set == nullptr) return std::string();
        auto firing = fixture::firing(*set, "p", 1, {{"u", "ann"}}, value);
        firing.total = 50;
        firing.exact = exact;
        return alert::summary_of(*set, firing, alert::subject_of(*set, firing));
    };
    EXPECT_EQ(
        sentence("    condition: { gte: 0.8 }\n", 41.0 / 50, true),
        "41 hits of refused to 50 of called, a ratio of 0.82 for u=ann within 1 h; the policy "
        "allows less than 0.8 from 20 on");
    EXPECT_EQ(
        sentence("    over: all\n    condition: { lt: 0.1 }\n", 0.02, false),
        "1 hit of refused in 50 calls, a ratio of about 0.02 for u=ann within 1 h; the policy "
        "flags less than 0.1 from 20 on");
}

TEST(Summary, ShowsTheBeginningOfAKeyOnly) {
    EXPECT_EQ(sentence(over("    type: event_count\n    group-by: [key_uid]\n    timespan: 1h\n"
                            "    condition: { gt: 1 }\n",
                            "key"),
                       {{"key_uid", "AKIAIOSFODNN7EXAMPLE"}}, 2),
              "2 matching calls by key AKIAIOSF… within 1 h; the policy allows at most 1");
}

TEST(Summary, WhatStrangersWroteStaysOneHarmlessLine) {
    EXPECT_EQ(alert::line_text("a\r\nb\x1b[31m\xe2\x80\xae"
                               "c\xff"),
              "a\xef\xbf\xbd\xef\xbf\xbd"
              "b\xef\xbf\xbd[31m\xef\xbf\xbd"
              "c\xef\xbf\xbd");
    EXPECT_EQ(alert::line_text(std::string(1'000, 'x'), 3), "xxx…");
    EXPECT_EQ(alert::line_text("Zürich 東京"), "Zürich 東京");
}

TEST(Summary, DurationsAndNumbersReadWell) {
    using namespace std::chrono_literals;
    EXPECT_EQ(alert::duration_text(90s), "90 s");
    EXPECT_EQ(alert::duration_text(24h), "24 h");
    EXPECT_EQ(alert::duration_text(48h), "2 d");
    EXPECT_EQ(alert::duration_text(1500ms), "1.5 s");
    EXPECT_EQ(alert::number_text(1e6), "1000000");
    EXPECT_EQ(alert::number_text(1.0 / 3), "0.333333");
}

}  // namespace
