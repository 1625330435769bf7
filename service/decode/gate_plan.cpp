#include "decode/gate_plan.hpp"

namespace decode {

GatePlan::GatePlan(const FormatModel& format, const Limits& limits) : model(format) {
    PathCells paths(format);
    for (const std::string& path : format.time) time.push_back(paths.spelled(path));
    for (const Unwrap& unwrap : format.unwraps) {
        envelopes.push_back({.unwrap = &unwrap,
                             .cell = paths.exact(unwrap.path),
                             .when = paths.spelled(unwrap.when)});
    }
    for (const Conditions& conditions : format.set_aside) {
        set_aside.push_back(paths.spelled(conditions));
    }
    paths.finish(trie, columns);
    reader = std::make_unique<RecordReader>(format, trie, paths.count(), columns, limits);
}

}  // namespace decode
