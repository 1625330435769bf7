#pragma once

#include "call/names.hpp"
#include "policy/correlation.hpp"
#include "policy/policy.hpp"
#include "policy/problem.hpp"

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace policy {

class Program;
struct Rule;

/// All policies of a configuration, checked, linked and compiled together. Immutable, shared by all
/// threads, replaced whole.
class Set {
public:
    /// Loads whole or not at all, and then says everything that is wrong in the order of the files.
    /// At most 10,000 files of 512 KB and 4,000 names; every other limit is in
    /// docs/reference/policy-language.md.
    [[nodiscard]] static std::expected<std::shared_ptr<const Set>, std::vector<Problem>> load(
        std::span<const File> files, const Lists& lists);

    /// In the order of files and documents; filters are not among them, they are inside the rules.
    [[nodiscard]] std::span<const Policy> policies() const noexcept { return policies_; }
    /// Null when the policy is a rule.
    [[nodiscard]] const Correlation* correlation(PolicyIndex policy) const noexcept;
    /// The correlations, each behind those it refers to, so that one call can complete several.
    [[nodiscard]] std::span<const PolicyIndex> correlations() const noexcept { return ordered_; }
    /// The policy with this id, else with this name.
    [[nodiscard]] const Policy* find(std::string_view id_or_name) const noexcept;

    /// Adds every name that rules compare, correlations group or count by, and alerts are about.
    void want(call::Names& names) const;
    /// SHA-256 over all files and lists, hexadecimal: two sets with one digest match alike.
    [[nodiscard]] const std::string& digest() const noexcept { return digest_; }
    [[nodiscard]] std::span<const Problem> warnings() const noexcept { return warnings_; }

    /// For Matcher and explain.
    [[nodiscard]] const Program& program() const noexcept { return *program_; }
    [[nodiscard]] const Rule* rule(PolicyIndex policy) const noexcept;

    ~Set();

private:
    friend class Linker;
    Set();
    std::vector<Policy> policies_;
    std::vector<std::unique_ptr<const Correlation>> correlations_;  // by policy; null for a rule
    std::vector<std::unique_ptr<const Rule>> rules_;                // by policy
    std::vector<PolicyIndex> ordered_;
    std::vector<Problem> warnings_;
    std::string digest_;
    std::unique_ptr<const Program> program_;
};

}  // namespace policy
