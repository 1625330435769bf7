#include "policy/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <functional>

/// No pattern, whatever the record holds, costs more than in proportion to the record. The claim
/// is about ratios of processor time of this thread: four times the record may take at most eight
/// times as long, where a quadratic pattern takes sixteen.
namespace {

using test::rule;
using test::selection;

double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// The least processor time that one match takes. The smallest of many runs is what the work
/// takes; the rest is what others on the machine add.
double cost(const std::shared_ptr<const policy::Set>& set, const boost::json::object& record) {
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    call::Batch batch(names);
    fake::append(batch, record);
    policy::Matcher matcher(set, names, true);
    const auto route = matcher.route({});
    std::vector<policy::PolicyIndex> out;
    double best = 1e9;
    for (int i = 0; i < 12; ++i) {
        const double start = processor_seconds();
        matcher.match(batch[0], route, out);
        best = std::min(best, processor_seconds() - start);
    }
    EXPECT_TRUE(out.empty());
    return best;
}

using Record = std::function<boost::json::object(std::size_t bytes)>;

/// A disturbed measurement is taken again; a quadratic pattern stays quadratic.
void expect_linear(const std::string& text, const Record& record, std::string_view name) {
    const auto set = test::load(text);
    ASSERT_TRUE(set);
    double ratio = 0;
    for (int attempt = 0; attempt < 5; ++attempt) {
        ratio = cost(set, record(128 * 1024)) / cost(set, record(32 * 1024));
        if (ratio < 8) return;
    }
    ADD_FAILURE() << name.substr(0, 60) << ": four times the record costs " << ratio << " times";
}

std::string repeated(std::string_view part, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += part;
    return out;
}

boost::json::array list_of(std::string_view text, std::size_t count) {
    boost::json::array out;
    for (std::size_t i = 0; i < count; ++i) out.emplace_back(boost::json::string_view(text));
    return out;
}

boost::json::object one_text(std::size_t bytes) {
    return {{"f", std::string(bytes, 'a')}};
}
boost::json::object beyond_ascii(std::size_t bytes) {
    return {{"f", repeated("\u00e4", bytes / 2)}};
}
boost::json::object two_texts(std::size_t bytes) {
    return {{"f", std::string(bytes, 'a')}, {"g", std::string(bytes / 4, 'a') + "b"}};
}
boost::json::object two_lists(std::size_t bytes) {
    return {{"f", list_of("aaaaaaaa", bytes / 8)}, {"g", list_of("aaab", bytes / 8)}};
}

TEST(Linear, WildcardsInOneText) {
    for (const std::string& entry :
         {"f: '*" + repeated("a*", 200) + "b'", "f|contains: '" + repeated("a?", 200) + "b'",
          "f|contains: '" + repeated("?", 500) + "b'", "f|cased: '*" + repeated("a*", 200) + "b*c'",
          "f: '" + repeated("a*", 200) + "ba'", "f|endswith: '" + repeated("?a", 200) + "b'",
          std::string("f|contains: '*?*?*?*?b'"),
          "f|windash|contains: '" + repeated(" -a", 8) + "'"})
        expect_linear(selection(entry), one_text, entry);
}

TEST(Linear, WildcardsInTextBeyondAscii) {
    for (const std::string& entry : {"f: '*" + repeated("\u00c4*", 100) + "b'",
                                     "f|contains: '" + repeated("\u00e4?", 100) + "b'",
                                     "f|endswith: '" + repeated("\u00e4", 100) + "?b'"})
        expect_linear(selection(entry), beyond_ascii, entry);
}

TEST(Linear, LiteralsInOneText) {
    for (const std::string& entry :
         {"f|contains: '" + std::string(900, 'a') + "b'",
          "f|contains: 'b" + std::string(900, 'a') + "'",
          "f|contains|cased: '" + std::string(900, 'a') + "b'", std::string("f|contains: ab"),
          "f|contains|all: ['" + std::string(30, 'a') + "', '" + std::string(31, 'a') + "b']",
          "f|base64offset|contains: '" + std::string(99, 'a') + "'"})
        expect_linear(selection(entry), one_text, entry);
}

TEST(Linear, RegularExpressions) {
    for (const char* entry :
         {"f|re: '(a+)+$b'", "f|re: '(a|aa)+b'", "f|re: '(.*a){20}b'", "f|re|i: '(a?){30}a{30}b'"})
        expect_linear(selection(entry), one_text, entry);
}

TEST(Linear, FieldsComparedWithFields) {
    for (const char* entry : {"f|fieldref: g", "f|fieldref|contains: g", "f|fieldref|startswith: g",
                              "f|fieldref|endswith: g", "f|fieldref|contains|cased: g"}) {
        expect_linear(selection(entry), two_texts, entry);
        expect_linear(selection(entry), two_lists, entry);
    }
}

TEST(Linear, KeywordsInLongLists) {
    for (const char* words : {"['*a?c*', 'ac']", "{'|re': '(a+)+c'}", "{'|all': [aaaa, ac]}"})
        expect_linear(rule("  k: " + std::string(words) + "\n  condition: k\n"), two_lists, words);
}

}  // namespace
