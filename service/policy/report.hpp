#pragma once

#include "policy/problem.hpp"
#include "yaml/node.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace policy {

/// Collects what is wrong with one file, so that reading goes on and all of it is told at once.
class Report {
public:
    Report(std::string file, std::vector<Problem>& out) : file_(std::move(file)), out_(out) {}

    void error(yaml::Mark mark, std::string what);
    void warn(yaml::Mark mark, std::string what);
    /// What is refused in a policy of ours and told of those of others.
    void error_or_warning(bool error_here, yaml::Mark mark, std::string what);
    /// Errors so far, of this file.
    [[nodiscard]] std::size_t errors() const noexcept { return errors_; }
    [[nodiscard]] const std::string& file() const noexcept { return file_; }

private:
    std::string file_;
    std::vector<Problem>& out_;
    std::size_t errors_ = 0;
};

/// "; did you mean 'x'?" for the candidate nearest to what was written, or "" when none is near.
[[nodiscard]] std::string did_you_mean(std::string_view written,
                                       std::span<const std::string_view> candidates);

/// "a, b or c".
[[nodiscard]] std::string one_of(std::span<const std::string_view> candidates);

/// What was written, for a message: control characters replaced, at most 80 bytes.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace policy
