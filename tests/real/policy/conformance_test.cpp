#include "../../fake/json_call.hpp"
#include "policy/explain.hpp"
#include "policy/matcher.hpp"
#include "policy/set.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <fstream>
#include <string>
#include <vector>

namespace {

std::vector<boost::json::object> vectors(const std::string& name) {
    std::ifstream file(std::string(CALLERPRINT_ROOT) + "/../shared/conformance/" + name);
    EXPECT_TRUE(file) << name;
    std::vector<boost::json::object> out;
    for (std::string line; std::getline(file, line);)
        if (!line.empty()) out.push_back(boost::json::parse(line).as_object());
    return out;
}

std::string text_of(const boost::json::object& vector, std::string_view key) {
    const auto& text = vector.at(boost::json::string_view(key.data(), key.size())).as_string();
    return {text.data(), text.size()};
}

TEST(Conformance, EveryRuleVectorHoldsAsExpected) {
    for (const auto& vector : vectors("rule_vectors.jsonl")) {
        SCOPED_TRACE(text_of(vector, "name"));
        const policy::File file{"rule.yaml", text_of(vector, "rule")};
        const auto set = policy::Set::load({&file, 1}, {});
        ASSERT_TRUE(set) << policy::to_text(set.error().front());
        auto names = std::make_shared<call::Names>();
        (*set)->want(*names);
        call::Batch batch(names);
        fake::append(batch, vector.at("event").as_object());
        policy::Matcher matcher(*set, names, true);
        std::vector<policy::PolicyIndex> found;
        matcher.match(batch[0], matcher.route({}), found);
        EXPECT_EQ(!found.empty(), vector.at("expected").as_bool());
        EXPECT_EQ(policy::explain(**set, 0, batch[0]).matched, vector.at("expected").as_bool());
    }
}

TEST(Conformance, EveryLoadErrorVectorIsRefusedWithAPlace) {
    for (const auto& vector : vectors("load_error_vectors.jsonl")) {
        SCOPED_TRACE(text_of(vector, "name"));
        const policy::File file{"rule.yaml", text_of(vector, "rule")};
        const auto set = policy::Set::load({&file, 1}, {});
        ASSERT_FALSE(set);
        EXPECT_GT(set.error().front().line, 0u);
    }
}

TEST(Conformance, EveryCorrelationVectorLoads) {
    for (const auto& vector : vectors("correlation_vectors.jsonl")) {
        SCOPED_TRACE(text_of(vector, "name"));
        const policy::File file{"rule.yaml", text_of(vector, "rules")};
        const auto set = policy::Set::load({&file, 1}, {});
        EXPECT_TRUE(set) << policy::to_text(set.error().front());
    }
}

}  // namespace
