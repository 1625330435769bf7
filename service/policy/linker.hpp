#pragma once

#include "policy/correlation_draft.hpp"
#include "policy/rule.hpp"
#include "policy/set.hpp"
#include "policy/source.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace policy {

/// Last stage: all documents of all files become one Set. Names are resolved here, filters are
/// joined to the rules they restrict, and what can only be seen with everything at hand is checked.
class Linker {
public:
    Linker(std::span<const File> files, const Lists& lists);
    [[nodiscard]] std::expected<std::shared_ptr<const Set>, std::vector<Problem>> link();

private:
    struct Filter {
        std::string title;
        LogSource log_source;
        std::vector<Reference> rules;
        bool any_rule = false;
        Rule rule;
        std::size_t file = 0;
        yaml::Mark mark;

        /// Whether every call that `of` selects is one that the filter's log source selects.
        [[nodiscard]] bool covers(const LogSource& of) const;
    };

    void read(std::size_t file);
    void read(const Document& document, std::size_t file, Report& report);
    void read_filter(const Document& document, std::size_t file, Report& report);
    void check_unique(PolicyIndex policy, const yaml::Node& root, Report& report);
    [[nodiscard]] std::optional<PolicyIndex> resolve(const Reference& reference, Report& report);
    void resolve_correlation(PolicyIndex policy);
    void resolve_expression(PolicyIndex policy, Correlation& correlation,
                            std::vector<std::string>& names, Report& report);
    std::vector<Correlation::Name> resolve_names(const std::vector<Reference>& references,
                                                 const CorrelationDraft& draft,
                                                 const Correlation& correlation, Report& report);
    void check_aliases(PolicyIndex policy, const Correlation& correlation, Report& report);
    void resolve_options(PolicyIndex policy, Correlation& correlation, Report& report);
    void resolve_weights(PolicyIndex policy, Correlation& correlation, Report& report);
    void check_extent(PolicyIndex policy, const Correlation& correlation, Report& report);
    void order_correlations();
    bool visit(PolicyIndex policy, std::vector<int>& state);
    void apply_filters();
    void decide_generate();
    void check_effects();
    void check_inert();
    void check_condition(PolicyIndex policy, Report& report);
    void check_shown(PolicyIndex policy, const std::vector<Correlation::Name>& names,
                     const std::vector<Reference>& written, Report& report);
    void check_filter(const Filter& filter, std::span<const PolicyIndex> listed, bool restricts,
                      Report& report);
    void check_late(PolicyIndex policy, Report& report);
    void check_subject(PolicyIndex policy, Report& report);
    void check_geography();
    void check_names();
    [[nodiscard]] bool geography_only(PolicyIndex policy) const;
    [[nodiscard]] std::string digest() const;
    [[nodiscard]] Report report_of(PolicyIndex policy);
    [[nodiscard]] yaml::Mark mark_of(PolicyIndex policy) const;
    void sort_problems();

    std::span<const File> files_;
    const Lists& lists_;
    RuleContext context_;
    std::vector<Problem> problems_;
    std::shared_ptr<Set> set_;
    std::vector<std::optional<CorrelationDraft>> drafts_;  // by policy
    std::vector<std::unique_ptr<Rule>> rules_;             // by policy
    std::vector<std::unique_ptr<Correlation>> correlations_;
    std::vector<Filter> filters_;
    std::unordered_map<std::string, PolicyIndex> by_id_;
    std::unordered_map<std::string, PolicyIndex> by_name_;
};

}  // namespace policy
