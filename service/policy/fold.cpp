#include "policy/fold.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "policy/fold_table.hpp"

#include <algorithm>
#include <span>

namespace policy {
char32_t fold(char32_t c) noexcept {
    if (c < 0x80) return c >= U'A' && c <= U'Z' ? c + 32 : c;
    const std::span runs(fold_runs, fold_run_count);
    const auto run = std::ranges::lower_bound(runs, c, {}, &FoldRun::last);
    if (run == runs.end() || c < run->first || (c - run->first) % run->step != 0) return c;
    return static_cast<char32_t>(static_cast<std::int64_t>(c) + run->distance);
}

void fold(std::string_view text, std::string& out) {
    const std::size_t start = out.size();
    out.resize(start + text.size());
    char* to = out.data() + start;
    unsigned char high = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        high |= static_cast<unsigned char>(text[i]);
        to[i] = base::ascii::lower(text[i]);
    }
    if (high < 0x80) return;

    out.resize(start);
    for (std::size_t at = 0; at < text.size();) {
        const auto [c, size] = base::utf8::decode(text, at);
        if (c == base::utf8::invalid)
            out += text[at];
        else
            base::utf8::append(out, fold(c));
        at += size;
    }
}

std::string folded(std::string_view text) {
    std::string out;
    fold(text, out);
    return out;
}

}  // namespace policy
