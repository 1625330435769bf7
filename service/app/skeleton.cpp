#include "app/skeleton.hpp"

#include "base/digest.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace app {
namespace {

constexpr std::string_view types[] = {
    "rule",      "event_count", "value_count", "temporal",         "temporal_ordered",
    "new_value", "value_sum",   "value_avg",   "value_percentile", "value_median",
    "ratio"};
constexpr std::size_t longest_name = 64;

/// A random UUID, version 4.
std::string uuid() {
    std::array<std::uint8_t, 16> bytes{};
    base::random_bytes(bytes);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[bytes[i] >> 4];
        out += digits[bytes[i] & 0x0f];
    }
    return out;
}

bool is_name(std::string_view text) {
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    // What YAML takes for no text.
    if (text == "null" || text == "true" || text == "false") return false;
    return !text.empty() && text.size() <= longest_name && letter(text[0]) &&
           std::ranges::all_of(
               text, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

/// "many_exports" is "Many exports".
std::string title_of(std::string name) {
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    std::ranges::replace(name, '_', ' ');
    return name;
}

/// A call of a test: `more` goes in front, as `at: 1m, ` does.
std::string call(std::string_view more, std::string_view operation, int status,
                 std::string_view behind = "") {
    return "      - { " + std::string(more) +
           "tenant_uid: t-1, api.operation: " + std::string(operation) +
           ", status_id: " + std::to_string(status) + std::string(behind) + " }\n";
}

std::string test(std::string_view name, const std::string& calls, bool fires) {
    return "  - name: " + std::string(name) + "\n    given:\n" + calls +
           "    expect: " + (fires ? "[ { subject: t-1 } ]" : "[]") + "\n";
}

constexpr std::string_view done = "Example.Operation";
constexpr std::string_view next = "Example.Next";
constexpr std::string_view other = "Example.Other";

std::string detection(std::string_view operation) {
    return "logsource: { category: api_call }\ndetection:\n  operation: { api.operation: " +
           std::string(operation) + " }\n  worked: { status_id: 1 }\n" +
           "  condition: operation and worked\n";
}

/// A rule that only the correlation counts.
std::string block(const std::string& name, const std::string& part, const std::string& detection) {
    return "title: " + title_of(name + "_" + part) + "\nid: " + uuid() + "\nname: " + name + "_" +
           part + "\nstatus: test\ndescription: Building block of " + name +
           "; gives no alert of its own.\n" + detection +
           "level: informational\ncallerprint: { keep_calls: false }\n---\n";
}

std::string head(const SkeletonOptions& options) {
    return "title: " + title_of(options.name) + "\nid: " + uuid() + "\nname: " + options.name +
           "\nstatus: test\ndescription: What this finds, and why that matters.\n";
}

std::string tail(const SkeletonOptions& options, const std::string& tests) {
    return "falsepositives:\n  - What else looks like this, for the one who has to judge it.\n"
           "level: medium\ncallerprint:\n  family: " +
           options.family + "\n  subject: tenant\n  quiet: 24h\n  benign: [what_else_it_may_be]\n" +
           "tests:\n" + tests;
}

std::string rule(const SkeletonOptions& options) {
    return head(options) + detection(done) +
           tail(options, test("the operation worked", call("", done, 1), true) +
                             test("near miss - it was refused", call("", done, 2), false) +
                             test("benign twin - another operation", call("", other, 1), false));
}

std::string correlation(const std::string& type, const std::string& rules,
                        const std::string& condition, const std::string& span = "1h\n") {
    return "correlation:\n  type: " + type + "\n  rules: [" + rules +
           "]\n  group-by: [tenant_uid]\n  timespan: " + span +
           (condition.empty() ? "" : "  condition: { " + condition + " }\n");
}

std::string counted(const SkeletonOptions& options, const std::string& condition,
                    const std::string& tests) {
    return block(options.name, "call", detection(done)) + head(options) +
           correlation(options.type, options.name + "_call", condition) + tail(options, tests);
}

std::string event_count(const SkeletonOptions& options) {
    return counted(
        options, "gte: 5",
        test("five calls within an hour", call("", done, 1, ", repeat: 5, every: 10m"), true) +
            test("near miss - the fifth was refused",
                 call("", done, 1, ", repeat: 4, every: 10m") + call("at: 45m, ", done, 2), false) +
            test("benign twin - another operation", call("", other, 1, ", repeat: 9, every: 1m"),
                 false));
}

std::string value_count(const SkeletonOptions& options) {
    const auto from = [](int host) {
        return ", src_endpoint.ip: 198.51.100." + std::to_string(host);
    };
    const auto three = [&](std::string_view operation, int last) {
        return call("", operation, 1, from(1)) + call("at: 1m, ", operation, 1, from(2)) +
               call("at: 2m, ", operation, last, from(3));
    };
    return counted(options, "field: src_endpoint.ip, gte: 3",
                   test("three addresses within an hour", three(done, 1), true) +
                       test("near miss - from the third it was refused", three(done, 2), false) +
                       test("benign twin - another operation", three(other, 1), false));
}

/// Sums, averages and the like of one number; 60 and 60 are too much, 40 and 50 are not.
std::string value_of(const SkeletonOptions& options) {
    const auto units = [](int number) { return ", usage.units: " + std::to_string(number); };
    const std::string condition = options.type == "value_sum" ? "field: usage.units, gt: 100"
                                  : options.type == "value_percentile"
                                      ? "field: usage.units, percentile: 95, gt: 50"
                                      : "field: usage.units, gt: 50";
    return counted(
        options, condition,
        test("two large calls within an hour",
             call("", done, 1, units(60)) + call("at: 1m, ", done, 1, units(60)), true) +
            test("near miss - the largest was refused",
                 call("", done, 1, units(40)) + call("at: 1m, ", done, 1, units(50)) +
                     call("at: 2m, ", done, 2, units(900)),
                 false) +
            test("benign twin - another operation", call("", other, 1, units(900)), false));
}

std::string temporal(const SkeletonOptions& options) {
    const bool ordered = options.type == "temporal_ordered";
    const std::string twin = ordered ? test("benign twin - the other way round",
                                            call("", next, 1) + call("at: 1m, ", done, 1), false)
                                     : test("benign twin - too long after",
                                            call("", done, 1) + call("at: 2h, ", next, 1), false);
    return block(options.name, "first", detection(done)) +
           block(options.name, "second", detection(next)) + head(options) +
           correlation(options.type, options.name + "_first, " + options.name + "_second", "") +
           tail(options, test("one after the other within an hour",
                              call("", done, 1) + call("at: 1m, ", next, 1), true) +
                             test("near miss - the second was refused",
                                  call("", done, 1) + call("at: 1m, ", next, 2), false) +
                             twin);
}

std::string new_value(const SkeletonOptions& options) {
    const std::string usual =
        call("", done, 1, ", src_endpoint.ip: 198.51.100.1, repeat: 9, every: 1d");
    const auto later = [](std::string_view operation, int status) {
        return call("at: 9d, ", operation, status, ", src_endpoint.ip: 198.51.100.2");
    };
    return block(options.name, "call", detection(done)) + head(options) +
           correlation(options.type, options.name + "_call", "field: src_endpoint.ip",
                       "30d\n  learn: 7d\n") +
           tail(options,
                test("an address after nine days from another", usual + later(done, 1), true) +
                    test("near miss - it was refused", usual + later(done, 2), false) +
                    test("benign twin - another operation", usual + later(other, 1), false));
}

/// Of the first rule's hits in the second's.
std::string ratio(const SkeletonOptions& options) {
    const std::string log_source = "logsource: { category: api_call }\ndetection:\n";
    const std::string operation = "  operation: { api.operation: " + std::string(done) + " }\n";
    const auto refused = [](std::string_view of) {
        return call("at: 10m, ", of, 2, ", repeat: 4, every: 1m");
    };
    const auto worked = [](std::string_view of, int times) {
        return call("", of, 1, ", repeat: " + std::to_string(times) + ", every: 1m");
    };
    return block(options.name, "refused",
                 log_source + operation +
                     "  refused: { status_id: 2 }\n  condition: operation and refused\n") +
           block(options.name, "call", log_source + operation + "  condition: operation\n") +
           head(options) +
           correlation(options.type, options.name + "_refused, " + options.name + "_call",
                       "gte: 0.8", "1h\n  at-least: 5\n") +
           tail(options,
                test("four of five within an hour were refused", worked(done, 1) + refused(done),
                     true) +
                    test("near miss - four of six", worked(done, 2) + refused(done), false) +
                    test("benign twin - another operation", refused(other), false));
}

}  // namespace

std::span<const std::string_view> skeleton_types() noexcept {
    return types;
}

base::Result<std::string> skeleton(const SkeletonOptions& options) {
    if (!is_name(options.name)) {
        return base::fail(base::Fault::invalid,
                          "a name is at most 64 lower-case letters, digits and _, and starts with "
                          "a letter, such as many_exports");
    }
    if (options.type == "rule") return rule(options);
    if (options.type == "event_count") return event_count(options);
    if (options.type == "value_count") return value_count(options);
    if (options.type.starts_with("temporal")) return temporal(options);
    if (options.type == "new_value") return new_value(options);
    if (options.type == "ratio") return ratio(options);
    return value_of(options);
}

}  // namespace app
