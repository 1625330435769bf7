#include "decode/detector.hpp"

#include "decode/access_line.hpp"

namespace decode {

Detector::Detector(const Formats& formats) {
    static const FormatModel no_spellings;
    PathCells paths(no_spellings);
    for (const Format* format : formats.detectable()) {
        const FormatModel& model = format->model();
        if (model.lines == FormatModel::Lines::access) {
            access_ = format;
            continue;
        }
        for (const Conditions& conditions : model.detect) {
            recognisers_.push_back({.format = format, .conditions = paths.spelled(conditions)});
        }
        for (const Unwrap& unwrap : model.unwraps) envelopes_.push_back(&unwrap);
    }
    std::array<std::vector<Cell>, column_count> no_columns;
    paths.finish(trie_, no_columns);
    walker_ = std::make_unique<Walker>(trie_, paths.count());
}

const Format* Detector::detect(std::string_view record, JsonParser& parser) {
    if (parser.parse(record, 0) || parser.tape().type(Tape::root) != '{') return nullptr;
    const auto cells = walker_->walk(parser.tape());
    const Recogniser* best = nullptr;
    for (const Recogniser& recogniser : recognisers_) {
        if (best != nullptr && recogniser.conditions.size() <= best->conditions.size()) continue;
        if (holds(recogniser.conditions, cells)) best = &recogniser;
    }
    return best == nullptr ? nullptr : best->format;
}

const Format* Detector::detect_line(std::string_view line) const {
    return access_ != nullptr && read_access_line(line) ? access_ : nullptr;
}

}  // namespace decode
