#include "coverage/blindness.hpp"

#include <algorithm>

namespace coverage {

std::vector<Gap> blinding(const Certificate& certificate, const Needs& needs) {
    std::vector<Gap> out;
    for (const Gap& gap : certificate.gaps) {
        if (gap.cause == Cause::no_expectation || gap.cause == Cause::not_retained) continue;
        if (!gap.source.empty() &&
            std::ranges::find(needs.sources, gap.source) == needs.sources.end())
            continue;
        out.push_back(gap);
        out.back().to += needs.reach;
    }
    return out;
}

}  // namespace coverage
