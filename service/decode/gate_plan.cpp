#include "decode/gate_plan.hpp"

#include <xxhash.h>

#include <algorithm>

namespace decode {

GatePlan::GatePlan(const FormatModel& format, const Limits& limits, std::uint64_t key)
    : model(format), id_key(key), id_writer(format, id) {
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
    call::Names names;
    names.add(call::Field::metadata_uid);
    id.want(format, names, paths);
    paths.finish(trie, columns);
    reader = std::make_unique<RecordReader>(format, trie, paths.count(), columns, limits);
}

std::uint64_t GatePlan::event_id() {
    const std::string_view text = id_writer.only_text(reader->cells());
    if (text.empty()) return 0;
    return std::max<std::uint64_t>(1, XXH3_64bits_withSeed(text.data(), text.size(), id_key));
}

}  // namespace decode
