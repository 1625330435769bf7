#include "generate/cloudtrail.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <set>
#include <string>

namespace {

using generate::CloudTrail;

TEST(CloudTrail, LooksLikeTheRealThing) {
    auto made = CloudTrail::make({.calls = 10'000, .keys = 500, .addresses = 1'000});
    ASSERT_TRUE(made.has_value());
    std::string line;
    std::size_t bytes = 0, count = 0, errors = 0;
    std::set<std::string> keys, operations, agents, sources, addresses;
    while ((*made)->next(line)) {
        const auto record = boost::json::parse(line).as_object();
        ++count;
        bytes += line.size();
        errors += record.contains("errorCode") ? 1 : 0;
        keys.emplace(record.at("userIdentity").at("accessKeyId").as_string());
        addresses.emplace(record.at("sourceIPAddress").as_string());
        sources.emplace(record.at("eventSource").as_string());
        agents.emplace(record.at("userAgent").as_string());
        operations.insert(std::string(record.at("eventSource").as_string()) +
                          std::string(record.at("eventName").as_string()));
    }
    EXPECT_EQ(count, 10'000U);
    EXPECT_NEAR(static_cast<double>(bytes) / 10'000, 840, 120);
    EXPECT_NEAR(static_cast<double>(errors) / 10'000, 0.06, 0.01);
    EXPECT_EQ(sources.size(), 18U);
    EXPECT_EQ(agents.size(), 14U);
    EXPECT_GT(operations.size(), 380U);
    EXPECT_GT(keys.size(), 450U);
    EXPECT_LE(keys.size(), 500U);
    EXPECT_GT(addresses.size(), 750U);
}

TEST(CloudTrail, SameSeedGivesTheSameRecords) {
    auto first = CloudTrail::make({.seed = 3, .calls = 100});
    auto second = CloudTrail::make({.seed = 3, .calls = 100});
    std::string a, b;
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE((*first)->next(a));
        ASSERT_TRUE((*second)->next(b));
        EXPECT_EQ(a, b);
    }
    EXPECT_FALSE((*first)->next(a));
}

TEST(CloudTrail, RefusesNoKeys) {
    EXPECT_FALSE(CloudTrail::make({.keys = 0}).has_value());
}

}  // namespace
