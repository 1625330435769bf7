#include "app/junit.hpp"

#include "base/utf8.hpp"

#include <cstdio>

namespace app {
namespace {

/// Fit for an attribute in double quotes. Characters that XML 1.0 cannot hold become U+FFFD.
std::string attribute(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto decoded = base::utf8::decode(text, at);
        at += decoded.size;
        switch (decoded.code_point) {
            case U'&':
                out += "&amp;";
                continue;
            case U'<':
                out += "&lt;";
                continue;
            case U'"':
                out += "&quot;";
                continue;
            case U'\n':
                out += "&#10;";
                continue;
            case U'\t':
                out += "&#9;";
                continue;
            default:
                break;
        }
        const bool fits = decoded.code_point != base::utf8::invalid && decoded.code_point >= 0x20 &&
                          decoded.code_point != 0xfffe && decoded.code_point != 0xffff;
        base::utf8::append(out, fits ? decoded.code_point : U'\xfffd');
    }
    return out;
}

std::string seconds(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", value);
    return text;
}

struct Counts {
    std::size_t tests = 0;
    std::size_t failures = 0;
    double took = 0;

    void add(const pipeline::TestOutcome& outcome) {
        ++tests;
        failures += outcome.passed ? 0 : 1;
        took += outcome.took.count();
    }
    [[nodiscard]] std::string attributes() const {
        return " tests=\"" + std::to_string(tests) + "\" failures=\"" + std::to_string(failures) +
               "\" errors=\"0\" time=\"" + seconds(took) + "\"";
    }
};

std::string test_case(const policy::Policy& policy, const pipeline::TestOutcome& outcome) {
    std::string out = "    <testcase classname=\"" +
                      attribute(policy.name.empty() ? policy.title : policy.name) + "\" name=\"" +
                      attribute(outcome.name) + "\" file=\"" + attribute(policy.file) +
                      "\" line=\"" + std::to_string(outcome.line) + "\" time=\"" +
                      seconds(outcome.took.count()) + "\"";
    if (outcome.passed) return out + "/>\n";
    return out + ">\n      <failure message=\"" + attribute(outcome.detail) +
           "\"/>\n    </testcase>\n";
}

}  // namespace

std::string junit_xml(const policy::Set& set, std::span<const pipeline::TestOutcome> outcomes) {
    Counts all;
    std::string suites;
    for (std::size_t begin = 0; begin < outcomes.size();) {
        const auto& policy = set.policies()[outcomes[begin].policy];
        Counts counts;
        std::string cases;
        std::size_t end = begin;
        for (; end < outcomes.size() && outcomes[end].policy == outcomes[begin].policy; ++end) {
            counts.add(outcomes[end]);
            all.add(outcomes[end]);
            cases += test_case(policy, outcomes[end]);
        }
        suites += "  <testsuite name=\"" + attribute(policy.title) + "\"" + counts.attributes() +
                  ">\n" + cases + "  </testsuite>\n";
        begin = end;
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"callerprint policy "
           "test\"" +
           all.attributes() + ">\n" + suites + "</testsuites>\n";
}

}  // namespace app
