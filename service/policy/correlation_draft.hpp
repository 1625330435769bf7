#pragma once

#include "policy/condition.hpp"
#include "policy/correlation.hpp"
#include "policy/report.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace policy {

struct Reference {
    std::string text;
    yaml::Mark mark;
};

/// A correlation as it is written, before the names of its rules are resolved.
struct CorrelationDraft {
    Correlation correlation;  ///< Type, time span, bounds, percentile, options of single types.
    std::vector<Reference> rules;
    std::vector<Reference> group_by;
    std::vector<Reference> fields;
    struct Alias {
        yaml::Mark mark;
        std::vector<std::pair<Reference, std::string>> in_rule;
    };
    std::map<std::string, Alias> aliases;
    std::optional<ConditionText> expression;
    bool generate = false;
    yaml::Mark mark;
    yaml::Mark timespan_mark;
    yaml::Mark condition_mark;
    yaml::Mark learn_mark;  ///< Unless `learn` is not written.
    yaml::Mark interval_mark;
    /// In a policy of ours what has no effect is refused; of others it is told.
    bool ours = false;
};

/// Reads `correlation:` and reports everything wrong with it (sigma.md sections 13 and 15).
[[nodiscard]] CorrelationDraft read_correlation(const yaml::Node& root, Report& report);

}  // namespace policy
