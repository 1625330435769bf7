#include "deliver/payload.hpp"

#include "base/utf8.hpp"

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <string>

namespace {

alert::Alert sample() {
    alert::Alert alert;
    alert.id = "abcdefghijklmnopqrstuvwxyz";
    alert.policy_id = "11111111-2222-3333-4444-555555555555";
    alert.policy_name = "resold-key";
    alert.policy_title = "A key used from two places";
    alert.level = "high";
    alert.tenant = "acme";
    alert.subject = {"key", "AKIAIOSFODNN7EXAMPLE"};
    alert.summary = "One key came from 2 countries within 5 minutes.";
    alert.opened = base::event_time(1'700'000'000'000'000);
    alert.last_seen = base::event_time(1'700'000'100'000'000);
    alert.count = 3;
    alert.group = {{"actor.user.credential_uid", "AKIAIOSFODNN7EXAMPLE"}};
    alert.evidence = {{"values", boost::json::array{1, 2}},
                      {"group", {{"who", "AKIAIOSFODNN7EXAMPLE"}}},
                      {"sample", boost::json::array{{{"key_uid", "AKIAIOSFODNN7ANOTHER"}}}}};
    return alert;
}

deliver::Event opened() {
    return {.type = "alert.opened", .at = base::wall_time(1'700'000'200'000'000), .state = "open"};
}

TEST(Payload, HasTypeTimeAndWhatRoutesIt) {
    const auto text = deliver::standard_payload(opened(), sample(), "https://cp.example", false);
    const auto body = boost::json::parse(text).as_object();
    EXPECT_EQ(body.size(), 3U);
    EXPECT_EQ(body.at("type"), "alert.opened");
    EXPECT_EQ(body.at("timestamp"), "2023-11-14T22:16:40Z");
    const auto& data = body.at("data").as_object();
    EXPECT_EQ(data.at("url"), "https://cp.example/alerts/abcdefghijklmnopqrstuvwxyz");
    EXPECT_EQ(data.at("level"), "high");
    EXPECT_EQ(data.at("state"), "open");
    EXPECT_EQ(data.at("count"), 3);
    EXPECT_EQ(data.at("policy").at("title"), "A key used from two places");
    EXPECT_FALSE(data.contains("evidence"));
    EXPECT_FALSE(data.contains("disposition"));
}

TEST(Payload, NeverHoldsAWholeKey) {
    for (const bool full : {false, true}) {
        const auto text = deliver::standard_payload(opened(), sample(), "", full);
        EXPECT_EQ(text.find("AKIAIOSFODNN7EXAMPLE"), std::string::npos);
        EXPECT_EQ(text.find("AKIAIOSFODNN7ANOTHER"), std::string::npos);
        EXPECT_NE(text.find("AKIA\u2026MPLE"), std::string::npos);
    }
    EXPECT_EQ(deliver::masked("short"), "\u2026");
    EXPECT_EQ(deliver::masked(""), "");
}

TEST(Payload, StaysWithinItsLimit) {
    auto alert = sample();
    const auto fitting = deliver::standard_payload(opened(), alert, "", true);
    EXPECT_NE(fitting.find("\"evidence\""), std::string::npos);
    alert.evidence["long"] = std::string(30'000, 'x');
    alert.summary = std::string(50'000, '"');
    alert.policy_title.clear();
    for (int i = 0; i < 9'000; ++i) alert.policy_title += "\xc3\xa9";
    alert.tenant = std::string(9'000, '\x01');
    alert.subject = {"tenant", std::string(9'000, '\x02')};
    const auto text = deliver::standard_payload(opened(), alert, "", true);
    EXPECT_LE(text.size(), deliver::max_payload_bytes);
    EXPECT_TRUE(base::utf8::valid(text));
    EXPECT_TRUE(boost::json::parse(text).is_object());
}

}  // namespace
