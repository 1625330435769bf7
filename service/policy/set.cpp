#include "policy/set.hpp"

#include "base/assert.hpp"
#include "policy/program.hpp"
#include "policy/rule.hpp"

#include <algorithm>

namespace policy {

Set::Set() = default;
Set::~Set() = default;

const Correlation* Set::correlation(PolicyIndex policy) const noexcept {
    BASE_ASSERT(policy < correlations_.size());
    return correlations_[policy].get();
}

const Rule* Set::rule(PolicyIndex policy) const noexcept {
    BASE_ASSERT(policy < rules_.size());
    return rules_[policy].get();
}

const Policy* Set::find(std::string_view id_or_name) const noexcept {
    auto found = std::ranges::find(policies_, id_or_name, &Policy::id);
    if (found == policies_.end()) found = std::ranges::find(policies_, id_or_name, &Policy::name);
    return found == policies_.end() ? nullptr : &*found;
}

void Set::want(call::Names& names) const {
    for (const Program::Field& field : program_->fields) names.add(field.name);
    for (const auto& correlation : correlations_) {
        if (!correlation) continue;
        for (const auto* list : {&correlation->group_by, &correlation->fields})
            for (const Correlation::Name& name : *list)
                for (std::size_t i = 0; i < name.in_rule.size(); ++i)
                    // The keys of an inner correlation come out of it, not out of calls.
                    if (correlations_[correlation->rules[i]] == nullptr) names.add(name.in_rule[i]);
    }
    for (const Policy& policy : policies_) {
        if (!policy.callerprint.given) continue;
        if (!policy.callerprint.subject_field.empty()) names.add(policy.callerprint.subject_field);
        for (const std::string& field : policy.fields) names.add(field);
    }
}

}  // namespace policy
