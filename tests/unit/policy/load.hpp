#pragma once

#include "../../fake/json_call.hpp"
#include "policy/explain.hpp"
#include "policy/matcher.hpp"
#include "policy/set.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Shorthand for tests of the language: load a text, ask about an event.
namespace test {

inline std::string problems_text(const std::vector<policy::Problem>& problems) {
    std::string out;
    for (const auto& problem : problems) out += policy::to_text(problem) + "\n";
    return out;
}

inline std::shared_ptr<const policy::Set> load(std::string_view text,
                                               const policy::Lists& lists = {}) {
    const policy::File file{"p.yaml", std::string(text)};
    auto set = policy::Set::load({&file, 1}, lists);
    EXPECT_TRUE(set) << (set ? "" : problems_text(set.error())) << "\n" << text;
    return set ? *set : nullptr;
}

/// The problems of a text that must be refused, one a line.
inline std::string refused(std::string_view text, const policy::Lists& lists = {}) {
    const policy::File file{"p.yaml", std::string(text)};
    const auto set = policy::Set::load({&file, 1}, lists);
    EXPECT_FALSE(set) << "taken: " << text;
    return set ? "" : problems_text(set.error());
}

/// A rule around the lines of its detection, which are indented by two.
inline std::string rule(std::string_view detection) {
    return "title: t\nlogsource: { category: api_call }\ndetection:\n" + std::string(detection);
}

/// A rule of one selection, given its entries, one a line.
inline std::string selection(std::string_view entries) {
    std::string out = "  selection:\n";
    for (std::size_t at = 0; at < entries.size();) {
        const std::size_t end = std::min(entries.find('\n', at), entries.size());
        out += "    " + std::string(entries.substr(at, end - at)) + "\n";
        at = end + 1;
    }
    return rule(out + "  condition: selection\n");
}

inline boost::json::object event(std::string_view json) {
    return boost::json::parse(boost::json::string_view(json.data(), json.size())).as_object();
}

/// Which policies of a set hold on an event, whatever its log source.
inline std::vector<policy::PolicyIndex> matches(const std::shared_ptr<const policy::Set>& set,
                                                const boost::json::object& object) {
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    call::Batch batch(names);
    fake::append(batch, object);
    policy::Matcher matcher(set, names, true);
    std::vector<policy::PolicyIndex> out;
    matcher.match(batch[0], matcher.route({}), out);
    for (policy::PolicyIndex i = 0; i < set->policies().size(); ++i) {
        if (set->correlation(i) != nullptr) continue;
        const bool explained = policy::explain(*set, i, batch[0]).matched;
        EXPECT_EQ(explained, std::ranges::find(out, i) != out.end())
            << "explain and match differ on policy " << i;
    }
    return out;
}

/// Whether the first policy of the text holds on the event.
inline bool holds(std::string_view text, std::string_view json, const policy::Lists& lists = {}) {
    const auto set = load(text, lists);
    if (!set) return false;
    const auto found = matches(set, event(json));
    return !found.empty() && found.front() == 0;
}

}  // namespace test
