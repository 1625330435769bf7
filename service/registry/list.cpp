#include "registry/list.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>

namespace registry {
namespace {

constexpr std::size_t max_values = 1'000'000;
constexpr std::size_t max_value_bytes = 1'024;
constexpr std::size_t max_lines_named = 10;

/// What is wrong with a value, or nothing.
std::string_view fault_of(std::string_view value) noexcept {
    if (value.size() > max_value_bytes) return "longer than 1,024 bytes";
    if (!base::utf8::valid(value)) return "not UTF-8";
    const bool control = std::ranges::any_of(value, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
    });
    return control ? "control characters" : "";
}

}  // namespace

base::Result<std::vector<std::string>> parse_list(std::string_view name, std::string_view text) {
    std::vector<std::string> values;
    boost::unordered_flat_set<std::string_view> seen;
    std::string faults;
    std::size_t found = 0;
    const auto complain = [&](std::size_t line, std::string_view what) {
        if (++found > max_lines_named) return;
        faults += (faults.empty() ? "line " : "; line ") + std::to_string(line) + ": ";
        faults += what;
    };
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::size_t line = 0;
    for (std::size_t at = 0; at < text.size();) {
        ++line;
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view value =
            base::ascii::trimmed(text.substr(at, end - at), base::ascii::is_space);
        at = end + 1;
        if (value.empty() || value.starts_with('#')) continue;
        if (const auto fault = fault_of(value); !fault.empty()) {
            complain(line, fault);
        } else if (!seen.insert(value).second) {
            complain(line, "a value that stands in the list already");
        } else if (values.size() == max_values) {
            complain(line, "more than 1,000,000 values");
            break;
        } else {
            values.emplace_back(value);
        }
    }
    const std::string where = "list " + std::string(name) + ": ";
    if (found > max_lines_named)
        faults += "; and " + std::to_string(found - max_lines_named) + " more lines";
    if (found > 0) return base::fail(base::Fault::invalid, where + faults);
    if (values.empty()) {
        return base::fail(base::Fault::invalid, where + "holds no value; remove it or add one");
    }
    return values;
}

}  // namespace registry
