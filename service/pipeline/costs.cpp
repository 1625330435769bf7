#include "pipeline/costs.hpp"

#include <algorithm>

namespace pipeline {

using std::chrono::nanoseconds;

void Costs::add(policy::PolicyIndex policy, nanoseconds processor_time) {
    if (policy >= spent_.size()) spent_.resize(policy + std::size_t{1});
    spent_[policy] += processor_time;
}

std::vector<Cost> Costs::take(nanoseconds elapsed) {
    std::vector<Cost> out;
    for (std::size_t i = 0; i < spent_.size(); ++i) {
        if (spent_[i].count() == 0) continue;
        out.push_back({static_cast<policy::PolicyIndex>(i),
                       static_cast<double>(spent_[i].count()) /
                           static_cast<double>(std::max<nanoseconds::rep>(1, elapsed.count()))});
    }
    spent_.clear();
    std::ranges::sort(out, [](const Cost& a, const Cost& b) {
        return a.share != b.share ? a.share > b.share : a.policy < b.policy;
    });
    return out;
}

std::vector<Cost> over_budget(const std::vector<Cost>& costs, double each) {
    double together = 0;
    for (const Cost& cost : costs) together += cost.share;
    std::vector<Cost> out;
    for (const Cost& cost : costs) {
        if (cost.share <= each && together <= most_together) break;
        out.push_back(cost);
        together -= cost.share;
    }
    return out;
}

}  // namespace pipeline
