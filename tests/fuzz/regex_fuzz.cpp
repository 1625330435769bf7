// Patterns of policies: refused with a place, or compiled within their bounds; and a text that
// matches holds the literal that it is said to need.
// links: policy
#include "base/assert.hpp"
#include "policy/fold.hpp"
#include "policy/regex.hpp"
#include "policy/set.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <string>

namespace {

/// In YAML between double quotes.
std::string quoted(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
            out += c;
        } else {
            out += "\\x";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out + '"';
}

}  // namespace

/// The pattern, a line break, and a text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const auto end = std::min(all.find('\n'), all.size());
    const std::string pattern(all.substr(0, end));
    const std::string text(end < all.size() ? all.substr(end + 1) : std::string_view());
    const policy::File file{"p.yaml",
                            "title: t\nid: 11111111-2222-4333-8444-555555555555\nname: n\n"
                            "status: stable\nlevel: high\nlogsource: { category: api_call }\n"
                            "detection:\n  s: { api.operation|re: " +
                                quoted(pattern) +
                                " }\n  condition: s\n"
                                "callerprint: { family: abuse, subject: key, quiet: 24h }\n"};
    const auto set = policy::Set::load({&file, 1}, {});
    if (!set) BASE_ASSERT(!set.error().empty());
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    const re2::RE2 plain(pattern, options);
    if (plain.ok() && pattern.size() <= 1'024 && re2::RE2::PartialMatch(text, plain))
        BASE_ASSERT(policy::folded(text).contains(policy::required_literal(pattern)));
    return 0;
}
