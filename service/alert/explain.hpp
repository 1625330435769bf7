#pragma once

#include "alert/alert.hpp"
#include "correlate/explain.hpp"

#include <span>

namespace alert {

/// The whole tree, as `explain -o json` gives it: docs/reference/policy-life.md.
[[nodiscard]] boost::json::object to_json(const policy::Set& set,
                                          const correlate::Explained& explained);

/// {id, name, title}, null for what the policy does not state.
[[nodiscard]] boost::json::object policy_names(const policy::Policy& policy);

/// A record behind an alert and what a rule made of it.
struct Reason {
    policy::PolicyIndex rule = 0;
    correlate::RecordRef ref;
    policy::Explanation explanation;
    std::string key;  ///< The call's key; its values are shown by their first characters only.
};

/// Puts the reasons into the change's evidence, under "conditions": which comparison held, or not,
/// on which field with which value. At most 32 comparisons of an alert, those that held first, and
/// of long values the start; no keyword's value, since that would be the record itself.
void attach(Change& change, const policy::Set& set, std::span<const Reason> reasons);

}  // namespace alert
