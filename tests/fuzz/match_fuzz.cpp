// links: policy
// A record of any shape against rules with every modifier, one of whose values comes from the
// input: whatever a record holds, the compiled rules and the plain evaluation agree.
#include "../fake/json_call.hpp"
#include "policy/explain.hpp"
#include "policy/matcher.hpp"
#include "policy/set.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view entries[] = {"f",
                                        "f|contains",
                                        "f|startswith",
                                        "f|endswith",
                                        "f|cased",
                                        "f|contains|cased",
                                        "f|neq",
                                        "f|contains|all|neq",
                                        "f|re",
                                        "f|re|i|m|s",
                                        "f|re|neq",
                                        "f|windash|contains",
                                        "f|base64",
                                        "f|base64offset|contains",
                                        "f|wide|base64offset|contains",
                                        "f|expand",
                                        "f|fieldref",
                                        "f|fieldref|contains",
                                        "f|fieldref|startswith|neq",
                                        "f|cidr",
                                        "a.b.c",
                                        "'|contains'",
                                        "'|cased|startswith'",
                                        "'|re'"};

constexpr std::string_view fixed =
    "title: n\nlogsource: { category: x }\ndetection:\n  n: { f: [1, -2.5, 18446744073709551615] "
    "}\n"
    "  g: { f|gte: 10, f|lt: 1e3 }\n  e: { f|exists: true, g: null }\n  t: { f: true }\n"
    "  d: { f|hour: [0, 23], f|week|neq: 1 }\n  y: { g|year: 2024 }\n  s: { f: '*' }\n"
    "  k: [word, 'a?c*e', 404]\n  c: { f|cidr: [10.0.0.0/8, '2001:db8::/32'] }\n"
    "  condition: [n and not g, e or t, 2 of them, d, y, s and k, c]\n---\n";

/// A double-quoted YAML scalar of any bytes; those that are no ASCII text stand for themselves.
std::string scalar(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\x";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string policies(std::string_view entry, std::string_view value) {
    std::string out(fixed);
    out += "title: v\nlogsource: { category: x }\ndetection:\n  s:\n    ";
    return out + std::string(entry) + ": " + scalar(value) + "\n  condition: s\n";
}

}  // namespace

/// One byte that chooses the entry, its value up to the end of the line, and the record as JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t line = std::min(text.find('\n'), text.size());
    boost::system::error_code failed;
    const auto json = boost::json::parse(text.substr(std::min(line + 1, text.size())), failed);
    if (failed || !json.is_object()) return 0;

    const policy::File file{"p.yaml",
                            policies(entries[data[0] % std::size(entries)], text.substr(0, line))};
    const policy::Lists lists = {{"ops", {"a", "b*", "word"}}};
    const auto set = policy::Set::load({&file, 1}, lists);
    if (!set) return 0;
    auto names = std::make_shared<call::Names>();
    (*set)->want(*names);
    call::Batch batch(names);
    fake::append(batch, json.get_object());
    policy::Matcher matcher(*set, names, true);
    std::vector<policy::PolicyIndex> found;
    matcher.match(batch[0], matcher.route({}), found);
    for (policy::PolicyIndex p = 0; p < (*set)->policies().size(); ++p) {
        const bool matched = std::ranges::find(found, p) != found.end();
        if (policy::explain(**set, p, batch[0]).matched != matched) std::abort();
    }
    return 0;
}
