#include "pipeline/feeds.hpp"

#include "policy/explain.hpp"

#include <algorithm>

namespace pipeline {

bool feeds(const decode::Formats& formats, const policy::Set& policies, const std::string& format,
           policy::PolicyIndex policy) {
    const auto* known = formats.find(format);
    if (known == nullptr) return true;
    if (const auto* correlation = policies.correlation(policy)) {
        return std::ranges::any_of(correlation->rules, [&](policy::PolicyIndex rule) {
            return feeds(formats, policies, format, rule);
        });
    }
    const auto& source = known->log_source();
    return policy::mismatches(policies.policies()[policy].log_source,
                              {source.product, source.service, source.category})
        .empty();
}

}  // namespace pipeline
