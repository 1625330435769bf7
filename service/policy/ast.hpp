#pragma once

#include "policy/modifier.hpp"
#include "policy/report.hpp"
#include "yaml/node.hpp"

#include <string>
#include <vector>

namespace policy {

/// Second stage: the detection of a rule or filter as it is written, every part with its place.

/// `field|modifier|modifier: value`, or keywords, whose field is "*".
struct Item {
    std::string field;  ///< Canonical name.
    bool keyword = false;
    std::vector<Modifier> modifiers;
    std::vector<yaml::Node> values;  ///< Scalars and nulls; at least one.
    yaml::Mark mark;
};

/// A search identifier: at least one of its blocks holds, and a block holds when all its items do.
struct Selection {
    std::string name;
    std::vector<std::vector<Item>> blocks;
    yaml::Mark mark;
};

struct ConditionText {
    std::string text;
    yaml::Mark mark;
};

struct Ast {
    std::vector<Selection> selections;
    std::vector<ConditionText> conditions;  ///< One or more, ORed.
};

/// Reads `detection:` or `filter:`; `skip` is a key besides condition that names no selection.
[[nodiscard]] Ast read_detection(const yaml::Node& detection, yaml::Mark mark,
                                 std::string_view skip, Report& report);

}  // namespace policy
