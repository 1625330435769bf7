#include "app/explain_text.hpp"

#include "alert/summary.hpp"
#include "base/log.hpp"

#include <set>
#include <utility>
#include <vector>

namespace app {
namespace {

class Tree {
public:
    explicit Tree(const policy::Set& set) : set_(set) {}

    void add(const correlate::Explained& explained, std::size_t depth) {
        if (set_.correlation(explained.policy) == nullptr)
            add_rule(explained, depth);
        else
            add_correlation(explained, depth);
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    void line(std::size_t depth, bool held, const std::string& text) {
        out_.append(depth * 2, ' ');
        out_ += held ? "+ " : "- ";
        out_ += base::log::safe(text) + '\n';
    }

    [[nodiscard]] std::string title_of(policy::PolicyIndex index) const {
        const auto& policy = set_.policies()[index];
        return policy.title + (policy.name.empty() ? "" : " (" + policy.name + ")");
    }

    static std::string parts(const std::vector<correlate::GroupValue>& values) {
        std::string out;
        for (const auto& [name, value] : values)
            out += (out.empty() ? "" : ", ") + name + "=" + value.value_or("(absent)");
        return out;
    }

    void add_rule(const correlate::Explained& explained, std::size_t depth) {
        const bool told = !told_.insert(explained.policy).second;
        line(depth, explained.matched,
             (explained.matched ? "matched: " : "not matched: ") + title_of(explained.policy) +
                 (told ? ", as above" : ""));
        if (told) return;
        if (explained.log_source.empty()) line(depth + 1, true, "log source fits");
        for (const auto& mismatch : explained.log_source)
            line(depth + 1, false,
                 "log source differs: " + std::string(mismatch.dimension) + " is " +
                     mismatch.wanted + " in the rule and " + mismatch.got + " of the record");
        const auto& rule = explained.rule;
        line(depth + 1, rule.matched,
             (rule.matched ? "condition holds: " : "condition fails: ") + rule.condition);
        for (const auto& selection : rule.selections) add_selection(rule, selection, depth + 2);
    }

    void add_selection(const policy::Explanation& rule, const policy::SelectionFinding& selection,
                       std::size_t depth) {
        line(depth, selection.held, selection.name + (selection.held ? " holds" : " fails"));
        std::uint32_t block = 0;
        for (const auto& finding : rule.findings) {
            if (finding.selection != selection.name) continue;
            if (finding.block != block) {
                out_.append((depth + 1) * 2, ' ');
                out_ += "or\n";
            }
            block = finding.block;
            line(depth + 1, finding.held,
                 (finding.field == "*" ? "any value" : finding.field) + " " + finding.op + " " +
                     finding.expected + (finding.held ? ": holds, it is " : ": fails, it is ") +
                     finding.actual);
        }
    }

    void add_correlation(const correlate::Explained& explained, std::size_t depth) {
        const auto& correlation = *set_.correlation(explained.policy);
        line(depth, explained.matched,
             (explained.matched ? "counts: " : "does not count: ") + title_of(explained.policy) +
                 ", " + std::string(policy::name(correlation.type)) + " within " +
                 alert::duration_text(correlation.timespan));
        for (const auto& rule : explained.rules) {
            if (rule.matched && !correlation.group_by.empty())
                line(depth + 1, true, "in the group " + parts(rule.group));
            if (rule.matched && !correlation.fields.empty())
                line(depth + 1, true, "with the value " + parts(rule.values));
            add(rule, depth + 1);
        }
    }

    const policy::Set& set_;
    std::set<policy::PolicyIndex> told_;
    std::string out_;
};

}  // namespace

std::string explain_text(const policy::Set& set, std::span<const correlate::Explained> explained) {
    Tree tree(set);
    for (const auto& each : explained) tree.add(each, 1);
    return tree.take();
}

}  // namespace app
