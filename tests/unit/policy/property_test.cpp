#include "policy/load.hpp"

#include "policy/number.hpp"
#include "policy/wildcard.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <regex>
#include <string>
#include <variant>
#include <vector>

/// The compiled matcher against an evaluator that shares no code with it: recursion for wildcards,
/// doubles for numbers, nothing remembered, nothing indexed.
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
}
template <class T>
const T& pick(Random& random, const std::vector<T>& from) {
    return from[below(random, from.size())];
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

/// Of ASCII and of the three other characters in this test; two of them fold into ASCII.
std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    replace_all(text, "\u212a", "k");  // the Kelvin sign
    replace_all(text, "\u017f", "s");  // the long s
    replace_all(text, "\u00c4", "\u00e4");
    return text;
}

/// `*`, `?` and literal characters; no escapes in this test's alphabet.
bool like(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*')
        return like(pattern.substr(1), text) || (!text.empty() && like(pattern, text.substr(1)));
    if (text.empty()) return false;
    if (pattern[0] == '?') {
        std::size_t size = 1;  // of a code point
        while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
            ++size;
        return like(pattern.substr(1), text.substr(size));
    }
    return pattern[0] == text[0] && like(pattern.substr(1), text.substr(1));
}

struct Item {
    std::string field;
    std::string modifier;  // one of contains ... or empty
    bool all = false, neq = false, cased = false;
    std::vector<std::string> values;  // as YAML writes them: 'text', 1, true, null
};

struct Case {
    std::vector<std::vector<Item>> selections;
    std::string condition;
};

std::vector<boost::json::value> values_at(const boost::json::object& event,
                                          const std::string& field, bool& present) {
    std::vector<boost::json::value> out;
    const auto* found = event.if_contains(field);
    present = found != nullptr;
    if (!present) return out;
    if (!found->is_array()) return {*found};
    for (const auto& element : found->as_array()) out.push_back(element);
    return out;
}

bool text_of(const boost::json::value& value, std::string& out) {
    if (value.is_string())
        out = std::string(value.as_string().c_str());
    else if (value.is_int64())
        out = std::to_string(value.as_int64());
    else if (value.is_bool())
        out = value.as_bool() ? "true" : "false";
    else if (value.is_double())
        out = "1.5";  // the only real in this test
    else
        return false;
    return true;
}

bool number_of(const boost::json::value& value, double& out) {
    if (value.is_int64())
        out = static_cast<double>(value.as_int64());
    else if (value.is_double())
        out = value.as_double();
    else if (value.is_string()) {
        const std::string text(value.as_string().c_str());
        static const std::regex decimal("-?[0-9]+(\\.[0-9]+)?(e[0-9]+)?");
        if (!std::regex_match(text, decimal)) return false;
        out = std::strtod(text.c_str(), nullptr);
    } else
        return false;
    return true;
}

bool value_holds(const Item& item, const std::string& wanted, const boost::json::value& actual) {
    const bool string = wanted.front() == '\'';
    double left = 0;
    if (item.modifier == "lt" || item.modifier == "gte") {
        if (!number_of(actual, left)) return false;
        const double right = std::strtod(wanted.c_str(), nullptr);
        return item.modifier == "lt" ? left < right : left >= right;
    }
    if (wanted == "null") return actual.is_null();
    std::string text;
    if (!text_of(actual, text)) return false;
    if (!string && (wanted == "true" || wanted == "false")) {
        return (actual.is_bool() || actual.is_string()) && lower(text) == wanted;
    }
    if (!string) return number_of(actual, left) && left == std::strtod(wanted.c_str(), nullptr);
    std::string pattern = wanted.substr(1, wanted.size() - 2);
    if (!item.cased) {
        pattern = lower(pattern);
        text = lower(text);
    }
    if (item.modifier == "contains" || item.modifier == "endswith") pattern.insert(0, "*");
    if (item.modifier == "contains" || item.modifier == "startswith") pattern += "*";
    return like(pattern, text);
}

bool item_holds(const Item& item, const boost::json::object& event) {
    bool present = false;
    const auto actual = values_at(event, item.field, present);
    if (item.modifier == "exists") return present == (item.values.front() == "true");
    std::size_t held = 0;
    for (const std::string& wanted : item.values)
        held +=
            (!present && wanted == "null") ||
                    std::ranges::any_of(
                        actual, [&](const auto& value) { return value_holds(item, wanted, value); })
                ? 1
                : 0;
    const bool holds = item.all ? held == item.values.size() : held > 0;
    return holds != item.neq;
}

std::vector<bool> selections_hold(const Case& rule, const boost::json::object& event) {
    std::vector<bool> out;
    for (const auto& items : rule.selections)
        out.push_back(
            std::ranges::all_of(items, [&](const Item& item) { return item_holds(item, event); }));
    return out;
}

/// The conditions of this test and what they mean for three selections.
const std::vector<std::string> conditions = {"s0 and s1 or s2",
                                             "s0 and not s1",
                                             "not (s0 or s1) and not s2",
                                             "1 of s*",
                                             "all of s*",
                                             "2 of them",
                                             "s0 or not s1 and s2",
                                             "not s0",
                                             "s0",
                                             "not 1 of s*"};

bool condition_holds(const std::string& condition, const std::vector<bool>& s) {
    const auto index = std::ranges::find(conditions, condition) - conditions.begin();
    const int held = static_cast<int>(std::ranges::count(s, true));
    switch (index) {
        case 0:
            return (s[0] && s[1]) || s[2];
        case 1:
            return s[0] && !s[1];
        case 2:
            return !(s[0] || s[1]) && !s[2];
        case 3:
            return held >= 1;
        case 4:
            return held == 3;
        case 5:
            return held >= 2;
        case 6:
            return s[0] || (!s[1] && s[2]);
        case 7:
            return !s[0];
        case 8:
            return s[0];
        default:
            return held == 0;
    }
}

const std::vector<std::string> fields = {"a", "b", "c.d", "E"};
const std::vector<std::string> texts = {"",
                                        "a",
                                        "ab",
                                        "ABC",
                                        "abcabc",
                                        "b",
                                        "x-y",
                                        "1",
                                        "1.5",
                                        "true",
                                        "bc",
                                        "aab",
                                        "ca",
                                        "abcd",
                                        "False",
                                        "cabcabd",
                                        "1.0",
                                        "K",
                                        "\u212a",
                                        "Fal\u017fe",
                                        "\u00c4B",
                                        "\u00e4b",
                                        std::string(70, 'A'),
                                        "-1",
                                        "1e0"};
const std::vector<std::string> patterns = {"'a'",
                                           "'ab'",
                                           "'*b*'",
                                           "'a?c'",
                                           "'*c'",
                                           "'A*'",
                                           "''",
                                           "'*'",
                                           "'abc'",
                                           "'a*b*c'",
                                           "'?*?'",
                                           "'1'",
                                           "'true'",
                                           "'abca'",
                                           "'cd'",
                                           "'*ab*bc*'",
                                           "'1.5'",
                                           "'k'",
                                           "'\u212a'",
                                           "'false'",
                                           "'\u00e4B'",
                                           "'-1'",
                                           "'" + std::string(70, 'a') + "'"};

Item random_item(Random& random) {
    Item item;
    item.field = pick(random, fields);
    const std::vector<std::string> modifiers = {
        "", "", "", "contains", "startswith", "endswith", "exists", "lt", "gte", "contains"};
    item.modifier = pick(random, modifiers);
    if (item.modifier == "exists") {
        item.values = {below(random, 2) == 0 ? "true" : "false"};
        return item;
    }
    item.neq = below(random, 5) == 0;
    const bool numeric = item.modifier == "lt" || item.modifier == "gte";
    const std::size_t count = 1 + below(random, below(random, 4) == 0 ? 14 : 3);
    item.all = count > 1 && below(random, 4) == 0;
    const bool string = !item.modifier.empty();
    item.cased = string && !numeric && below(random, 4) == 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::vector<std::string> plain = {"1", "2", "1.5", "true", "false", "null", "-1"};
        if (numeric)
            item.values.push_back(pick(random, std::vector<std::string>{"1", "0", "1.5"}));
        else if (!string && below(random, 3) == 0)
            item.values.push_back(pick(random, plain));
        else
            item.values.push_back(pick(random, patterns));
    }
    return item;
}

std::string yaml_of(const Case& rule) {
    std::string out;
    for (std::size_t s = 0; s < rule.selections.size(); ++s) {
        out += "  s" + std::to_string(s) + ":\n";
        for (const Item& item : rule.selections[s]) {
            out += "    " + item.field;
            if (!item.modifier.empty()) out += "|" + item.modifier;
            if (item.cased) out += "|cased";
            if (item.neq) out += "|neq";
            if (item.all) out += "|all";
            out += ":";
            for (const auto& value : item.values)
                out += item.values.size() == 1 ? " " + value : "\n      - " + value;
            out += "\n";
        }
    }
    return test::rule(out + "  condition: " + rule.condition + "\n");
}

Case random_case(Random& random) {
    Case out;
    for (int s = 0; s < 3; ++s) {
        auto& items = out.selections.emplace_back();
        items.push_back(random_item(random));
        if (below(random, 2) == 0) {
            Item second = random_item(random);
            const auto same = [&](const Item& item) { return item.field == second.field; };
            if (std::ranges::none_of(items, same)) items.push_back(second);
        }
    }
    out.condition = pick(random, conditions);
    return out;
}

boost::json::value random_scalar(Random& random) {
    switch (below(random, 8)) {
        case 0:
            return nullptr;
        case 1:
            return static_cast<std::int64_t>(below(random, 4)) - 1;
        case 2:
            return 1.5;
        case 3:
            return below(random, 2) == 0;
        case 4:
            return boost::json::object{};
        default:
            return boost::json::value(boost::json::string(pick(random, texts)));
    }
}

boost::json::object random_event(Random& random) {
    boost::json::object out;
    for (const auto& field : fields) {
        const auto kind = below(random, 5);
        if (kind == 0) continue;
        if (kind != 1) {
            out[field] = random_scalar(random);
            continue;
        }
        boost::json::array list;
        for (std::size_t i = below(random, 4); i > 0; --i) list.push_back(random_scalar(random));
        out[field] = list;
    }
    return out;
}

TEST(Property, CompiledRulesHoldWhenTheSlowEvaluatorSaysSo) {
    Random random(20240601);
    std::size_t held = 0;
    for (int round = 0; round < 40; ++round) {
        std::vector<Case> rules;
        std::vector<policy::File> files;
        for (int i = 0; i < 25; ++i) {
            rules.push_back(random_case(random));
            files.push_back({"r" + std::to_string(i), yaml_of(rules.back())});
        }
        const auto set = policy::Set::load(files, {});
        ASSERT_TRUE(set) << test::problems_text(set.error());
        auto names = std::make_shared<call::Names>();
        (*set)->want(*names);
        policy::Matcher matcher(*set, names, true);
        const auto route = matcher.route({});
        call::Batch batch(names);
        std::vector<boost::json::object> events;
        for (int i = 0; i < 20; ++i) fake::append(batch, events.emplace_back(random_event(random)));
        std::vector<policy::PolicyIndex> found, expected;
        for (std::size_t e = 0; e < events.size(); ++e) {
            matcher.match(batch[e], route, found);
            expected.clear();
            for (policy::PolicyIndex r = 0; r < rules.size(); ++r) {
                const bool holds =
                    condition_holds(rules[r].condition, selections_hold(rules[r], events[e]));
                if (holds) expected.push_back(r);
                EXPECT_EQ(policy::explain(**set, r, batch[e]).matched, holds)
                    << files[r].text << boost::json::serialize(events[e]);
            }
            held += expected.size();
            ASSERT_EQ(found, expected)
                << boost::json::serialize(events[e]) << "\n"
                << [&] {
                       std::string text;
                       for (policy::PolicyIndex r = 0; r < rules.size(); ++r)
                           if (std::ranges::count(found, r) != std::ranges::count(expected, r))
                               text += files[r].text;
                       return text;
                   }();
        }
    }
    EXPECT_GT(held, 2'000u);
}

TEST(Property, WildcardsMatchAsRecursionDoes) {
    Random random(7);
    const std::string alphabet = "aab*?";
    for (int i = 0; i < 20'000; ++i) {
        std::string pattern, text;
        for (std::size_t n = below(random, 9); n > 0; --n)
            pattern += alphabet[below(random, alphabet.size())];
        for (std::size_t n = below(random, 14); n > 0; --n) text += alphabet[below(random, 3)];
        const policy::Wildcard wildcard(policy::Pattern::parse(pattern));
        ASSERT_EQ(wildcard.matches(text), like(pattern, text)) << pattern << " on " << text;
    }
}

TEST(Property, NumbersCompareAsLongDoublesDo) {
    // 64 bits of mantissa hold every 64-bit integer and every double exactly.
    static_assert(std::numeric_limits<long double>::digits >= 64);
    const std::vector<std::variant<std::int64_t, std::uint64_t, double>> values = {
        std::int64_t{0},
        std::int64_t{-1},
        INT64_MIN,
        INT64_MAX,
        (std::int64_t{1} << 53),
        (std::int64_t{1} << 53) + 1,
        UINT64_MAX,
        std::uint64_t{1} << 63,
        0.5,
        -0.5,
        -0.0,
        9007199254740992.0,
        9223372036854775808.0,
        18446744073709551616.0,
        -9223372036854775808.0,
        1e300,
        -1e300,
        1e-300,
        -9223372036854777856.0,
        std::int64_t{-2},
        -1.5};
    for (const auto& a : values)
        for (const auto& b : values) {
            const auto number = [](auto v) { return policy::Number::of(v); };
            const auto exact = [](auto v) { return static_cast<long double>(v); };
            const auto left = std::visit(number, a), right = std::visit(number, b);
            const long double x = std::visit(exact, a), y = std::visit(exact, b);
            EXPECT_EQ(left == right, x == y) << left.text() << " " << right.text();
            EXPECT_EQ(left < right, x < y) << left.text() << " " << right.text();
            if (left == right) {
                EXPECT_EQ(left.hash_key(), right.hash_key());
            }
        }
}

}  // namespace
