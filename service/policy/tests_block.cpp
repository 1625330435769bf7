#include "policy/date.hpp"
#include "policy/header.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace policy {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view case_keys[] = {"name", "registry", "given", "expect"};
constexpr std::size_t most_calls = 10'000;
constexpr std::size_t most_rows = 1'000;

boost::json::value json_of(const yaml::Node& node) {
    if (node.is_null()) return nullptr;
    if (node.is_map()) {
        boost::json::object out;
        for (const yaml::Entry& entry : node.entries()) out[entry.key] = json_of(entry.value);
        return out;
    }
    if (node.is_sequence()) {
        boost::json::array out;
        for (const yaml::Node& item : node.items()) out.push_back(json_of(item));
        return out;
    }
    if (const auto value = node.as_bool()) return *value;
    if (const auto value = node.as_int()) return *value;
    if (const auto value = node.as_unsigned()) return *value;
    if (const auto value = node.as_double(); value && !node.looks_integer()) return *value;
    return boost::json::value(node.text());
}

/// A value of a registry row: an import knows texts and lists of texts only, so a uid may be
/// written without quotes.
boost::json::value row_value(const yaml::Node& node) {
    if (node.is_null()) return nullptr;
    if (node.is_scalar()) return boost::json::value(node.text());
    if (!node.is_sequence()) return json_of(node);  // the import says what is wrong with it
    boost::json::array out;
    for (const yaml::Node& item : node.items()) out.push_back(row_value(item));
    return out;
}

/// As parse_span, and "0s".
std::optional<std::chrono::microseconds> offset_of(std::string_view text) {
    if (text == "0s" || text == "0") return 0us;
    return parse_span(text);
}

class TestReader {
public:
    TestReader(Report& report) : report_(report) {}

    TestCase read(const yaml::Node& node) {
        TestCase out;
        out.line = node.mark().line;
        for (const yaml::Entry& entry : node.entries())
            if (std::ranges::find(case_keys, entry.key) == std::end(case_keys))
                report_.error(entry.key_mark, "a test has no key " + quoted(entry.key) +
                                                  did_you_mean(entry.key, case_keys) +
                                                  " It has name, registry, given and expect");
        const yaml::Node* name = node.find("name");
        if (name == nullptr || !name->is_scalar() || name->text().empty())
            report_.error(node.mark(), "a test needs a 'name' that says what it shows");
        else
            out.name = name->text();
        read_registry(node, out);
        read_given(node, out);
        read_expect(node, out);
        return out;
    }

private:
    void read_registry(const yaml::Node& node, TestCase& out) {
        const yaml::Node* rows = node.find("registry");
        if (rows == nullptr) return;
        const bool good = rows->is_sequence() && !rows->items().empty() &&
                          rows->items().size() <= most_rows &&
                          std::ranges::all_of(rows->items(), &yaml::Node::is_map);
        if (!good) {
            report_.error(
                rows->mark(),
                "'registry' is a list of at most 1,000 rows as in an import file, such as "
                "{ kind: tenant, uid: t1 }");
            return;
        }
        for (const yaml::Node& row : rows->items()) {
            auto& made = out.registry.emplace_back();
            for (const yaml::Entry& entry : row.entries()) made[entry.key] = row_value(entry.value);
        }
    }

    void read_given(const yaml::Node& node, TestCase& out) {
        const yaml::Node* given = node.find("given");
        if (given == nullptr || !given->is_sequence() || given->items().empty()) {
            report_.error(given == nullptr ? node.mark() : given->mark(),
                          "a test needs 'given': a list of calls, each a map of names to values");
            return;
        }
        for (const yaml::Node& item : given->items()) {
            if (!item.is_map())
                report_.error(item.mark(), "a call is a map of names to values");
            else
                read_call(item, out);
        }
    }

    void read_call(const yaml::Node& item, TestCase& out) {
        TestCall call;
        for (const yaml::Entry& entry : item.entries()) {
            if (entry.key == "at") {
                read_time(entry.value, call);
            } else if (entry.key == "repeat") {
                const auto count = entry.value.as_int();
                if (!count || *count < 1 || *count > static_cast<std::int64_t>(most_calls))
                    report_.error(entry.value.mark(), "'repeat' is a number from 1 to 10000");
                else
                    call.repeat = static_cast<std::size_t>(*count);
            } else if (entry.key == "every") {
                const auto span = offset_of(entry.value.text());
                if (!span)
                    report_.error(entry.value.mark(), "'every' is a time such as 1s or 5m");
                else
                    call.every = *span;
            } else {
                call.values[entry.key] = json_of(entry.value);
            }
        }
        std::size_t calls = call.repeat;
        for (const TestCall& before : out.given) calls += before.repeat;
        if (calls > most_calls) report_.error(item.mark(), "a test has at most 10,000 calls");
        out.given.push_back(std::move(call));
    }

    void read_time(const yaml::Node& node, TestCall& call) {
        call.at = parse_time(node.text());
        if (call.at) return;
        if (const auto offset = offset_of(node.text()))
            call.after = *offset;
        else
            report_.error(node.mark(),
                          "'at' is an offset such as 90s or a time such as "
                          "2024-06-01T00:00:00Z");
    }

    void read_expect(const yaml::Node& node, TestCase& out) {
        const yaml::Node* expect = node.find("expect");
        if (expect == nullptr || !expect->is_sequence()) {
            report_.error(expect == nullptr ? node.mark() : expect->mark(),
                          "a test needs 'expect': a list of alerts, such as [ { subject: t1 } ], "
                          "or [] for none");
            return;
        }
        for (const yaml::Node& item : expect->items()) {
            if (!item.is_map()) {
                report_.error(item.mark(), "an expected alert is a map such as { subject: t1 }");
                continue;
            }
            auto& alert = out.expect.emplace_back();
            for (const yaml::Entry& entry : item.entries()) {
                if (entry.value.is_scalar())
                    alert.emplace_back(entry.key, entry.value.text());
                else
                    report_.error(entry.value.mark(), "what an alert shows is compared as text");
            }
        }
    }

    Report& report_;
};

}  // namespace

std::vector<TestCase> read_tests(const yaml::Node& block, Report& report) {
    std::vector<TestCase> out;
    if (!block.is_sequence()) {
        report.error(block.mark(), "'tests' is a list of tests with name, given and expect");
        return out;
    }
    TestReader reader(report);
    for (const yaml::Node& item : block.items()) {
        if (item.is_map())
            out.push_back(reader.read(item));
        else
            report.error(item.mark(), "a test is a map with name, given and expect");
    }
    return out;
}

}  // namespace policy
