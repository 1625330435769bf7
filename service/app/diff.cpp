#include "app/diff.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace app {
namespace {

constexpr std::size_t around = 3;             // lines shown beside a change
constexpr std::size_t most_cells = 16 << 20;  // of the table of common subsequences

struct Edit {
    char sign = ' ';  // ' ', '-', '+'
    std::string_view line;
};

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1);
        out.push_back(text.substr(0, end + 1));
        text.remove_prefix(end + 1);
    }
    return out;
}

using Lines = std::vector<std::string_view>;

/// The edits of what lies between a common start and a common end.
void add_middle(const Lines& a, std::size_t begin, std::size_t a_end, const Lines& b,
                std::size_t b_end, std::vector<Edit>& out) {
    const std::size_t n = a_end - begin;
    const std::size_t m = b_end - begin;
    std::size_t i = 0;
    std::size_t j = 0;
    if ((n + 1) * (m + 1) <= most_cells) {
        // Length of the longest common subsequence of what is left from (i, j).
        std::vector<std::uint32_t> table((n + 1) * (m + 1));
        const auto cell = [&](std::size_t x, std::size_t y) -> std::uint32_t& {
            return table[x * (m + 1) + y];
        };
        for (std::size_t x = n; x-- > 0;)
            for (std::size_t y = m; y-- > 0;)
                cell(x, y) = a[begin + x] == b[begin + y]
                                 ? cell(x + 1, y + 1) + 1
                                 : std::max(cell(x + 1, y), cell(x, y + 1));
        while (i < n && j < m) {
            if (a[begin + i] == b[begin + j]) {
                out.push_back({' ', a[begin + i]});
                ++i, ++j;
            } else if (cell(i + 1, j) >= cell(i, j + 1)) {
                out.push_back({'-', a[begin + i++]});
            } else {
                out.push_back({'+', b[begin + j++]});
            }
        }
    }
    for (; i < n; ++i) out.push_back({'-', a[begin + i]});
    for (; j < m; ++j) out.push_back({'+', b[begin + j]});
}

std::vector<Edit> edits_of(const Lines& a, const Lines& b) {
    std::size_t begin = 0;
    while (begin < std::min(a.size(), b.size()) && a[begin] == b[begin]) ++begin;
    std::size_t a_end = a.size();
    std::size_t b_end = b.size();
    while (a_end > begin && b_end > begin && a[a_end - 1] == b[b_end - 1]) --a_end, --b_end;
    std::vector<Edit> out;
    for (std::size_t i = 0; i < begin; ++i) out.push_back({' ', a[i]});
    add_middle(a, begin, a_end, b, b_end, out);
    for (std::size_t i = a_end; i < a.size(); ++i) out.push_back({' ', a[i]});
    return out;
}

std::string range(std::size_t before, std::size_t count) {
    return std::to_string(count == 0 ? before : before + 1) +
           (count == 1 ? "" : "," + std::to_string(count));
}

}  // namespace

std::string unified_diff(std::string_view name, std::string_view from, std::string_view to) {
    if (from == to) return "";
    const auto a = lines_of(from);
    const auto b = lines_of(to);
    const auto edits = edits_of(a, b);
    std::string out = "--- " + std::string(name) + "\n+++ " + std::string(name) + "\n";
    std::size_t a_line = 0;
    std::size_t b_line = 0;
    for (std::size_t at = 0; at < edits.size();) {
        std::size_t change = at;
        while (change < edits.size() && edits[change].sign == ' ') ++change;
        if (change == edits.size()) break;
        const std::size_t begin = std::max(at, change - std::min(change, around));
        a_line += begin - at;
        b_line += begin - at;
        std::size_t end = change;  // behind the last change of the hunk
        for (std::size_t i = change; i < edits.size() && i < end + 2 * around + 1; ++i)
            if (edits[i].sign != ' ') end = i + 1;
        end = std::min(end + around, edits.size());
        std::string body;
        std::size_t a_count = 0;
        std::size_t b_count = 0;
        for (std::size_t i = begin; i < end; ++i) {
            a_count += edits[i].sign != '+' ? 1 : 0;
            b_count += edits[i].sign != '-' ? 1 : 0;
            body += edits[i].sign + std::string(edits[i].line);
            if (!edits[i].line.ends_with('\n')) body += "\n\\ No newline at end of file\n";
        }
        out += "@@ -" + range(a_line, a_count) + " +" + range(b_line, b_count) + " @@\n" + body;
        a_line += a_count;
        b_line += b_count;
        at = end;
    }
    return out;
}

}  // namespace app
