#include "policy/report.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <numeric>

namespace policy {
namespace {

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = std::exchange(last, row);
    }
    return last[b.size()];
}

constexpr std::size_t longest_word = 40;

}  // namespace

void Report::error(yaml::Mark mark, std::string what) {
    ++errors_;
    out_.push_back({file_, mark.line, mark.column, false, std::move(what)});
}

void Report::warn(yaml::Mark mark, std::string what) {
    out_.push_back({file_, mark.line, mark.column, true, std::move(what)});
}

void Report::error_or_warning(bool error_here, yaml::Mark mark, std::string what) {
    if (error_here)
        error(mark, std::move(what));
    else
        warn(mark, std::move(what));
}

std::string did_you_mean(std::string_view written, std::span<const std::string_view> candidates) {
    if (written.empty() || written.size() > longest_word) return "";
    std::string_view nearest;
    std::size_t best = std::min<std::size_t>(3, 1 + written.size() / 4);
    for (const std::string_view candidate : candidates) {
        if (candidate == written || candidate.size() > longest_word) continue;
        const std::size_t edits = distance(written, candidate);
        if (edits < best || (edits == best && nearest.empty())) {
            best = edits;
            nearest = candidate;
        }
    }
    return nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
}

std::string one_of(std::span<const std::string_view> candidates) {
    std::string out;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (i > 0) out += i + 1 == candidates.size() ? " or " : ", ";
        out += candidates[i];
    }
    return out;
}

std::string quoted(std::string_view text) {
    const bool cut = text.size() > 80;
    return "'" + base::log::safe(text.substr(0, 80)) + (cut ? "...'" : "'");
}

}  // namespace policy
