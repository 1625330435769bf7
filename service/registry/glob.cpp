#include "registry/registry.hpp"

#include "base/ascii.hpp"

namespace registry {
bool glob_matches(std::string_view glob, std::string_view text) noexcept {
    std::size_t g = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;  // the last `*`, to which a mismatch returns
    std::size_t taken = 0;                      // where the text after it was last tried
    while (t < text.size()) {
        if (g < glob.size() && glob[g] == '*') {
            star = g++;
            taken = t;
        } else if (g < glob.size() &&
                   (glob[g] == '?' || base::ascii::lower(glob[g]) == base::ascii::lower(text[t]))) {
            ++g;
            ++t;
        } else if (star != std::string_view::npos) {
            g = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (g < glob.size() && glob[g] == '*') ++g;
    return g == glob.size();
}

}  // namespace registry
