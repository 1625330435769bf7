#include "generate/stage.hpp"

namespace generate {
namespace {

/// What may be said where nothing that fits is left in the log.
std::vector<std::string_view> negatives(const Asked& asked, const Stage::Marks& marks,
                                        bool hidden) {
    // What nobody has acknowledged to be missing may have held it.
    std::vector<std::string_view> out{hidden || !marks.searchable ? "cannot_say" : "not_observed"};
    if (marks.fits_many || marks.decoys_kept > 0) {
        // Something fits, and nothing tells whether it is the party.
        out = {"inconclusive"};
    } else if (asked.route == Route::proxy) {
        out.emplace_back("inconclusive");
    } else if (marks.customer && !hidden) {
        out = {"not_observed", "cannot_say"};
    }
    return out;
}

}  // namespace

void settle(Asked& asked, const Stage::Marks& marks, bool hidden) {
    const bool seen = asked.kept > 0 && asked.route != Route::proxy;
    if (!seen) {
        asked.use = negatives(asked, marks, hidden);
        asked.licence = {"not_applicable"};
        return;
    }
    asked.use = {"used", "likely_used"};
    asked.licence = marks.licence;
    if (marks.weak) asked.use.emplace_back("inconclusive");
    if (marks.weak || marks.gated_kept == 0) asked.licence.emplace_back("not_applicable");
}

}  // namespace generate
