#include "decode/walker.hpp"

#include "support.hpp"

#include <boost/json.hpp>

#include <random>

namespace decode {
namespace {

namespace json = boost::json;

/// The look-up rules of sigma.md section 7 written down as slowly as they read.
class Oracle {
public:
    static std::string find(const json::object& record, const std::string& path) {
        std::vector<std::string> out;
        if (const json::value* whole = record.if_contains(path)) {
            add(*whole, out);
        } else {
            walk(record, path, out);
        }
        if (out.empty()) return empty_list_ ? (empty_list_ = false, "[]") : "<absent>";
        empty_list_ = false;
        if (out.size() == 1) return out[0];
        std::string text = "[";
        for (const std::string& one : out) text += (text.size() > 1 ? ", " : "") + one;
        return text + "]";
    }

private:
    static void add(const json::value& value, std::vector<std::string>& out) {
        if (value.is_array()) {
            if (value.as_array().empty()) empty_list_ = true;
            for (const json::value& element : value.as_array()) add(element, out);
        } else if (value.is_object()) {
            out.push_back("<object>");
        } else if (value.is_null()) {
            out.push_back("<null>");
        } else if (value.is_string()) {
            out.push_back(std::string(value.as_string()));
        } else {
            out.push_back(json::serialize(value));
        }
    }
    static void walk(const json::value& value, const std::string& path,
                     std::vector<std::string>& out) {
        if (value.is_array()) {
            for (const json::value& element : value.as_array()) walk(element, path, out);
            return;
        }
        if (!value.is_object()) return;
        const std::size_t dot = path.find('.');
        const std::string segment = path.substr(0, dot);
        if (const json::value* found = value.as_object().if_contains(segment)) {
            dot == std::string::npos ? add(*found, out) : walk(*found, path.substr(dot + 1), out);
        } else if (const json::value* rest = value.as_object().if_contains(path)) {
            add(*rest, out);
        }
    }
    static inline bool empty_list_ = false;
};

class Records {
public:
    explicit Records(unsigned seed) : random_(seed) {}

    json::object object(int depth) {
        json::object out;
        for (unsigned i = pick(5); i-- > 0;) out[key()] = value(depth);
        return out;
    }
    std::string path() {
        std::string out = name();
        for (unsigned i = pick(3); i-- > 0;) out += "." + name();
        return out;
    }

private:
    unsigned pick(unsigned below) {
        return std::uniform_int_distribution<unsigned>(0, below - 1)(random_);
    }
    // Few and similar names, so that paths meet records often: same length, same ends, long.
    std::string name() {
        static const std::vector<std::string> names = {"a",
                                                       "b",
                                                       "ab",
                                                       "abcdefgh",
                                                       "abcdefgi",
                                                       "abcdefghi",
                                                       "requestParametersX",
                                                       "requestParametersY",
                                                       "requestXarametersY",
                                                       "key with blank"};
        return names[pick(static_cast<unsigned>(names.size()))];
    }
    std::string key() { return pick(5) == 0 ? name() + "." + name() : name(); }
    json::value value(int depth) {
        switch (pick(depth > 0 ? 8 : 5)) {
            case 0:
                return nullptr;
            case 1:
                return pick(2) == 0;
            case 2:
                return std::int64_t{pick(1000)} - 500;
            case 3:
            case 4:
                return json::value("text" + std::to_string(pick(100)));
            case 5:
            case 6:
                return object(depth - 1);
            default: {
                json::array out;
                for (unsigned i = pick(4); i-- > 0;) out.push_back(value(depth - 1));
                return out;
            }
        }
    }
    std::mt19937 random_;
};

TEST(Walker, FindsWhatASlowLookUpFinds) {
    Records records(20240601);
    for (int round = 0; round < 400; ++round) {
        std::vector<std::string> paths;
        PathTrie trie;
        for (Cell i = 0; i < 12; ++i) {
            paths.push_back(records.path());
            trie.add(paths.back(), i);
        }
        trie.finish();
        Walker walker(trie, paths.size());
        JsonParser parser(64);
        for (int i = 0; i < 10; ++i) {
            const json::object record = records.object(4);
            const std::string text = json::serialize(record);
            ASSERT_FALSE(parser.parse(text, 0));
            const auto cells = walker.walk(parser.tape());
            for (std::size_t p = 0; p < paths.size(); ++p) {
                ASSERT_EQ(test::to_text(cells[p]), Oracle::find(record, paths[p]))
                    << paths[p] << " in " << text;
            }
        }
    }
}

std::string find(std::string_view text, std::string_view path, std::string_view nested = {}) {
    PathTrie trie;
    trie.add(path, 0);
    if (!nested.empty()) trie.mark_json(nested);
    trie.finish();
    Walker walker(trie, 1);
    JsonParser parser(32);
    EXPECT_FALSE(parser.parse(text, 0));
    return test::to_text(walker.walk(parser.tape())[0]);
}

TEST(Walker, PrefersTheFlatKeyWhereverItStands) {
    EXPECT_EQ(find(R"({"a.b":1,"a":{"b":2}})", "a.b"), "1");
    EXPECT_EQ(find(R"({"a":{"b":2},"a.b":1})", "a.b"), "1");
    EXPECT_EQ(find(R"({"a":{"b":2},"a.b":null})", "a.b"), "<null>");
}

TEST(Walker, TriesTheRestAsOneKeyWhereASegmentIsMissing) {
    EXPECT_EQ(find(R"({"a":{"b.c":1}})", "a.b.c"), "1");
    EXPECT_EQ(find(R"({"a":{"b.c":1,"b":{}}})", "a.b.c"), "<absent>");
    EXPECT_EQ(find(R"({"unmapped":{"x.y":"v"}})", "unmapped.x.y"), "v");
}

TEST(Walker, FlattensArraysAndKeepsTheirElementsApart) {
    EXPECT_EQ(find(R"({"a":[{"b":1},{"b":[2,[3]]},4]})", "a.b"), "[1, 2, 3]");
    EXPECT_EQ(find(R"({"a":[]})", "a"), "[]");
    EXPECT_EQ(find(R"({"a":[[],[5]]})", "a"), "5");
    EXPECT_EQ(find(R"({"a":[null,{}]})", "a"), "[<null>, <object>]");
}

TEST(Walker, KeepsAbsentNullAndEmptyApart) {
    EXPECT_EQ(find(R"({})", "a"), "<absent>");
    EXPECT_EQ(find(R"({"a":null})", "a"), "<null>");
    EXPECT_EQ(find(R"({"a":""})", "a"), "");
    EXPECT_EQ(find(R"({"a":{}})", "a"), "<object>");
    EXPECT_EQ(find(R"({"a":5})", "a.b"), "<absent>");
}

TEST(Walker, WalksJsonInTextsWhereTheFormatSaysSo) {
    EXPECT_EQ(find(R"({"p":"{\"x\":{\"y\":7}}"})", "p.x.y", "p"), "7");
    EXPECT_EQ(find(R"({"p":{"x":{"y":7}}})", "p.x.y", "p"), "7");
    EXPECT_EQ(find(R"({"p":"{\"x\":{\"y\":7}}"})", "p.x.y"), "<absent>");
    EXPECT_EQ(find(R"({"p":"{broken"})", "p", "p"), "{broken");
}

TEST(Walker, MatchesKeysByAllTheirBytes) {
    EXPECT_EQ(find(R"({"abcdefghXXijklmnop":1,"abcdefghYYijklmnop":2})", "abcdefghYYijklmnop"),
              "2");
    EXPECT_EQ(find(R"({"a\u0000":1,"a":2})", "a"), "2");
    EXPECT_EQ(find(R"({"\u0061":3})", "a"), "3");
}

}  // namespace
}  // namespace decode
